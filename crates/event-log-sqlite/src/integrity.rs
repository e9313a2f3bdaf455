//! What only SQLite can break: its pages, and the indexes over its tables. What records say is checked by reading them.

use std::path::Path;

use event_log::{LogError, Versions};
use rusqlite::{Connection, OptionalExtension, params};

use crate::backup::Progress;
use crate::connect::{self, Opened};
use crate::error::of_sqlite;
use crate::lookup::Heads;
use crate::schema::{key, partition, position};

/// Rows compared with the indexes in one transaction.
const ROWS_A_STEP: u64 = 10_000;

/// The first event of a range of keys that an index does not lead to.
const LOST_EVENT: &str = "SELECT key FROM events AS row NOT INDEXED WHERE key > ?1 AND key <= ?2 AND (NOT EXISTS ( \
         SELECT 1 FROM events AS entry INDEXED BY events_by_stream \
         WHERE entry.stream = row.stream AND entry.revision = row.revision AND entry.key = row.key \
     ) OR (append_events IS NOT NULL AND NOT EXISTS ( \
         SELECT 1 FROM events AS entry INDEXED BY events_by_request \
         WHERE entry.stream = row.stream AND entry.request_id = row.request_id AND entry.append_events IS NOT NULL \
         AND entry.key = row.key \
     )) OR NOT EXISTS (SELECT 1 FROM streams WHERE streams.stream = row.stream)) ORDER BY key LIMIT 1";
/// The first stream of a range that an index, or its first event, does not lead to.
const LOST_STREAM: &str = "SELECT kind || '/' || project || '/' || id FROM streams AS row NOT INDEXED \
     WHERE stream > ?1 AND stream <= ?2 AND (NOT EXISTS ( \
         SELECT 1 FROM streams AS entry INDEXED BY streams_by_name \
         WHERE entry.project = row.project AND entry.kind = row.kind AND entry.id = row.id AND entry.stream = row.stream \
     ) OR NOT EXISTS ( \
         SELECT 1 FROM streams AS entry INDEXED BY streams_by_ordinal \
         WHERE entry.project = row.project AND entry.kind = row.kind AND entry.ordinal = row.ordinal \
         AND entry.stream = row.stream \
     ) OR NOT EXISTS (SELECT 1 FROM events WHERE events.stream = row.stream AND events.revision = 1)) \
     ORDER BY stream LIMIT 1";
/// An index and the table it is of: as many entries as rows.
const COUNTS: [(&str, &str); 4] = [
    (
        "events_by_stream",
        "SELECT (SELECT count(*) FROM events INDEXED BY events_by_stream WHERE stream IS NOT NULL) \
         = (SELECT count(*) FROM events NOT INDEXED)",
    ),
    (
        "events_by_request",
        "SELECT (SELECT count(*) FROM events INDEXED BY events_by_request WHERE append_events IS NOT NULL) \
         = (SELECT count(*) FROM events NOT INDEXED WHERE append_events IS NOT NULL)",
    ),
    (
        "streams_by_name",
        "SELECT (SELECT count(*) FROM streams INDEXED BY streams_by_name WHERE project IS NOT NULL) \
         = (SELECT count(*) FROM streams NOT INDEXED)",
    ),
    (
        "streams_by_ordinal",
        "SELECT (SELECT count(*) FROM streams INDEXED BY streams_by_ordinal WHERE project IS NOT NULL) \
         = (SELECT count(*) FROM streams NOT INDEXED)",
    ),
];

/// Goes through the whole file of the log at `path`, or of a backup, whether or not another process serves it: every page, every
/// row's place in every index. Blocks until it is done; `progress` counts rows, and comes last to the pages.
///
/// Fails with [`LogError::DataLoss`], and the first place: a partition and position, a stream, or what SQLite says of a page.
pub fn check_integrity(path: &Path, mut progress: impl FnMut(Progress)) -> Result<(), LogError> {
    let connection = connect::open_for_reading(path).map_err(|error| of_sqlite(&error, "opening the log"))?;
    let Opened { connection, identity, .. } = connect::look(path, connection, Versions::KNOWN)?;
    let doing = "reading the log's heads";
    let heads = Heads::read(&connection, identity.partitions).map_err(|error| of_sqlite(&error, doing))?;
    let streams: u64 = connection
        .query_row("SELECT coalesce(max(stream), 0) FROM streams", [], |row| row.get::<_, i64>(0))
        .map_err(|error| of_sqlite(&error, doing))?
        .cast_unsigned();
    let mut progress = Counted { done: 0, of: heads.positions().sum::<u64>() + streams, tell: &mut progress };
    for (partition, head) in (0..).zip(heads.positions()) {
        check_rows(&mut progress, head, |after, to| {
            lost_event(&connection, key(partition, after), key(partition, to))
        })?;
    }
    check_rows(&mut progress, streams, |after, to| lost_stream(&connection, after, to))?;
    for (index, as_many) in COUNTS {
        let doing = format!("counting the entries of the index {index}");
        let sound: bool =
            connection.query_row(as_many, [], |row| row.get(0)).map_err(|error| of_sqlite(&error, &doing))?;
        if !sound {
            return Err(LogError::DataLoss {
                reason: format!("the index {index} has other entries than its table rows"),
            });
        }
    }
    check_pages(&connection)
}

/// Goes through the numbers from 1 to `last`, some at a time.
fn check_rows(
    progress: &mut Counted<'_>,
    last: u64,
    mut first_lost: impl FnMut(u64, u64) -> Result<Option<String>, LogError>,
) -> Result<(), LogError> {
    let mut after = 0;
    while after < last {
        let to = last.min(after + ROWS_A_STEP);
        if let Some(lost) = first_lost(after, to)? {
            return Err(LogError::DataLoss { reason: format!("{lost}: not every index leads to it") });
        }
        progress.add(to - after);
        after = to;
    }
    Ok(())
}

fn lost_event(connection: &Connection, after: i64, to: i64) -> Result<Option<String>, LogError> {
    let place = |key: i64| format!("partition {} position {}", partition(key), position(key));
    let lost = || {
        let mut statement = connection.prepare_cached(LOST_EVENT)?;
        statement.query_row(params![after, to], |row| row.get(0)).optional()
    };
    let lost = lost().map_err(|error| of_sqlite(&error, &format!("looking up what follows {}", place(after))))?;
    Ok(lost.map(place))
}

fn lost_stream(connection: &Connection, after: u64, to: u64) -> Result<Option<String>, LogError> {
    let lost = || {
        let mut statement = connection.prepare_cached(LOST_STREAM)?;
        statement.query_row(params![after.cast_signed(), to.cast_signed()], |row| row.get(0)).optional()
    };
    lost().map_err(|error| of_sqlite(&error, &format!("looking up what follows stream {after}")))
}

/// Every page, as SQLite checks them.
fn check_pages(connection: &Connection) -> Result<(), LogError> {
    let doing = "checking the pages";
    let found: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|error| of_sqlite(&error, doing))?;
    if found == "ok" { Ok(()) } else { Err(LogError::DataLoss { reason: format!("{doing}: {found}") }) }
}

/// Counts up, and tells.
struct Counted<'t> {
    done: u64,
    of: u64,
    tell: &'t mut dyn FnMut(Progress),
}

impl Counted<'_> {
    fn add(&mut self, rows: u64) {
        self.done += rows;
        (self.tell)(Progress { done: self.done, of: self.of });
    }
}
