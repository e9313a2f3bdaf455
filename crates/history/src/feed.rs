//! A partition's recorded events, for subscribers: only what they want is decoded.

use std::sync::Arc;

use codec::DecodeError;
use domain::Recorded;
use event_log::{EventLog, Header, Leaf, PartitionId, StreamId};
use uuid::Uuid;

use crate::error::HistoryError;

/// What is wanted of some of a partition, in order.
#[derive(Debug)]
pub struct FeedPage {
    /// The records that are wanted.
    pub records: Vec<FeedRecord>,
    /// Position and leaf of the last record looked at, wanted or not; `None`: nothing follows.
    pub last: Option<(u64, Leaf)>,
}

/// A record with what the log keeps beside the event.
#[derive(Debug)]
pub struct FeedRecord {
    /// The partition it is in.
    pub partition: PartitionId,
    /// Its number within the partition.
    pub position: u64,
    /// SHA-256 over the record.
    pub leaf: Leaf,
    /// The stream it belongs to, as the log names it.
    pub stream: StreamId,
    /// Its number within the stream.
    pub revision: u64,
    /// Its own id, a UUIDv7.
    pub event_id: Uuid,
    /// Its type's name, such as `IssueFiled`.
    pub event_type: Arc<str>,
    /// The request that recorded it.
    pub request_id: Uuid,
    /// The trace that it was recorded in.
    pub traceparent: Option<Arc<str>>,
    /// True: its texts were erased; what stands for them in the event says nothing.
    pub texts_erased: bool,
    /// The event, or why there is none.
    pub event: Result<Recorded, DecodeError>,
}

/// Reads a partition's records after a position (0: from its start), at most `limit` (0 counts as 1); the log may end a page earlier,
/// by its size. What isn't wanted is passed over without being decoded.
pub async fn feed_page(
    log: &dyn EventLog,
    partition: PartitionId,
    after: u64,
    limit: usize,
    wanted: impl Fn(&Header) -> bool,
) -> Result<FeedPage, HistoryError> {
    let page = log
        .read_partition(partition, after, limit)
        .await
        .map_err(|source| HistoryError::Log { what: format!("partition {partition}"), source })?;
    let last = page.records.last().map(|record| (record.position, record.leaf));
    let wanted = page.records.iter().filter(|record| wanted(&record.record.header));
    Ok(FeedPage { records: wanted.map(feed_record).collect(), last })
}

fn feed_record(record: &event_log::Recorded) -> FeedRecord {
    let header = &record.record.header;
    FeedRecord {
        partition: record.partition,
        position: record.position,
        leaf: record.leaf,
        stream: header.stream.clone(),
        revision: header.revision,
        event_id: header.event_id,
        event_type: Arc::clone(&header.event_type),
        request_id: header.metadata.request_id,
        traceparent: header.metadata.traceparent.clone(),
        texts_erased: record.record.body.texts.is_none(),
        event: codec::decode(record),
    }
}
