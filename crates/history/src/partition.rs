//! A partition's recorded events, for projectors.

use std::sync::Arc;

use codec::DecodeError;
use domain::Recorded;
use event_log::{EventLog, Leaf, PartitionId, StreamId};

use crate::error::HistoryError;

/// Some of a partition, in order, without a gap.
#[derive(Debug)]
pub struct PartitionPage {
    /// Contiguous records.
    pub records: Vec<PartitionRecord>,
    /// True: nothing followed them when they were read.
    pub end: bool,
}

/// A record of a partition, decoded or not.
#[derive(Debug)]
pub struct PartitionRecord {
    /// Its number within the partition.
    pub position: u64,
    /// Its leaf: with the position what a checkpoint is made of.
    pub leaf: Leaf,
    /// The stream it belongs to, as the log names it.
    pub stream: StreamId,
    /// The W3C trace context of the call that recorded it.
    pub traceparent: Option<Arc<str>>,
    /// The event; or why there is none: then the stream is parked, or, where an upgrade is needed, the projector stops.
    pub event: Result<Recorded, DecodeError>,
}

impl PartitionPage {
    /// Position and leaf of the last record: the checkpoint of whoever has folded the page. `None` for an empty one.
    pub fn last(&self) -> Option<(u64, Leaf)> {
        self.records.last().map(|record| (record.position, record.leaf))
    }
}

/// Reads a partition's records after a position (0: from its start), at most `limit` (0 counts as 1); the log may end a page
/// earlier, by its size. A record that can't be decoded is in it as well: positions have no gaps.
pub async fn partition_page(
    log: &dyn EventLog,
    partition: PartitionId,
    after: u64,
    limit: usize,
) -> Result<PartitionPage, HistoryError> {
    let page = log
        .read_partition(partition, after, limit)
        .await
        .map_err(|source| HistoryError::Log { what: format!("partition {partition}"), source })?;
    let records = page.records.iter().map(|record| PartitionRecord {
        position: record.position,
        leaf: record.leaf,
        stream: record.record.header.stream.clone(),
        traceparent: record.record.header.metadata.traceparent.clone(),
        event: codec::decode(record),
    });
    Ok(PartitionPage { records: records.collect(), end: page.end })
}
