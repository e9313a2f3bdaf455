//! The check at opening: the last record of each partition is whole, and every index leads to it. It costs the same however long
//! the log is.

use event_log::{Identity, LogError, PartitionId, StreamName};
use rusqlite::Connection;

use crate::error::of_sqlite;
use crate::lookup::Heads;
use crate::reader::Reader;

/// No stream is without events.
const LAST_STREAMS: &str = "SELECT (SELECT max(stream) FROM streams), (SELECT max(stream) FROM events)";

/// Fails with [`LogError::DataLoss`], and where.
pub(crate) fn check(connection: &Connection, identity: Identity, heads: &Heads) -> Result<(), LogError> {
    let streams = || -> rusqlite::Result<(Option<i64>, Option<i64>)> {
        connection.query_row(LAST_STREAMS, [], |row| Ok((row.get(0)?, row.get(1)?)))
    };
    let (last, last_written) = streams().map_err(|error| of_sqlite(&error, "looking up the last stream"))?;
    if last != last_written {
        let reason = format!("the last stream is {last:?}, and the last event's {last_written:?}");
        return Err(LogError::DataLoss { reason });
    }
    for (partition, head) in (0..identity.partitions).zip(heads.positions()) {
        if head > 0 {
            check_end(Reader::on(connection), partition, head)?;
        }
    }
    Ok(())
}

fn check_end(reader: Reader<'_>, partition: PartitionId, head: u64) -> Result<(), LogError> {
    let damaged = |what: &str| LogError::DataLoss { reason: format!("partition {partition} position {head}: {what}") };
    // The page compares it with its leaf.
    let page = reader.partition_page(partition, head - 1, 1)?;
    let [last] = page.records.as_slice() else {
        return Err(damaged("the last record is not where it was found"));
    };
    let header = &last.record.header;
    let stream = &header.stream;
    let of_stream = reader.stream_page(stream, header.revision - 1, 1)?;
    if of_stream.records != page.records || !of_stream.end {
        return Err(damaged(&format!("{} does not end with it", StreamName(stream))));
    }
    let request = reader.request(stream, header.metadata.request_id)?;
    if request.is_none_or(|known| known.appended.position != head || known.appended.partition != partition) {
        return Err(damaged("its append is not whole"));
    }
    if reader.ordinal(&stream.project, &stream.kind, header.ordinal)?.as_ref() != Some(stream) {
        return Err(damaged(&format!("its ordinal does not lead to {}", StreamName(stream))));
    }
    Ok(())
}
