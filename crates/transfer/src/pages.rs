//! Reads a partition in pages of whole appends.

use event_log::{EventLog, LogError, PartitionId, Recorded};

use crate::error::{Side, TransferError};

/// Most records read at once; a log's page may be shorter.
pub(crate) const PAGE_RECORDS: usize = 1000;
const _: () = assert!(PAGE_RECORDS > event_log::APPEND_EVENTS_MAX, "a page holds one append at least");

/// How far each partition reaches, once all that was acknowledged before can be read.
pub(crate) async fn heads(log: &dyn EventLog) -> Result<Vec<u64>, LogError> {
    let mut heads = Vec::new();
    for partition in 0..log.identity().partitions {
        heads.push(log.barrier(partition).await?);
    }
    Ok(heads)
}

/// A reader of one partition up to a position at which an append ends.
pub(crate) struct Appends<'l> {
    log: &'l dyn EventLog,
    side: Side,
    partition: PartitionId,
    /// The last position read.
    after: u64,
    to: u64,
    /// The beginning of an append whose end may be on the next page.
    begun: Vec<Recorded>,
    scratch: Vec<u8>,
}

impl<'l> Appends<'l> {
    /// Everything after `after` up to `to`.
    pub(crate) fn new(log: &'l dyn EventLog, side: Side, partition: PartitionId, after: u64, to: u64) -> Self {
        Self { log, side, partition, after, to, begun: Vec::new(), scratch: Vec::new() }
    }

    /// The next records, whole appends only, checked to be the next ones and to be what their leaves say; empty at the end.
    pub(crate) async fn next(&mut self) -> Result<Vec<Recorded>, TransferError> {
        while self.after < self.to {
            let room = usize::try_from(self.to - self.after).unwrap_or(usize::MAX);
            let page = self.log.read_partition(self.partition, self.after, room.min(PAGE_RECORDS)).await;
            let page = page.map_err(TransferError::log(self.side))?;
            if page.records.is_empty() {
                return Err(self.damaged(self.after + 1, "it is missing, though the log says that it goes on"));
            }
            for recorded in page.records {
                self.check(&recorded)?;
                self.after = recorded.position;
                self.begun.push(recorded);
            }
            let whole = if self.after == self.to { self.begun.len() } else { last_append(&self.begun) };
            if whole > 0 {
                let begun = self.begun.split_off(whole);
                return Ok(std::mem::replace(&mut self.begun, begun));
            }
        }
        Ok(Vec::new())
    }

    fn check(&mut self, recorded: &Recorded) -> Result<(), TransferError> {
        let expected = self.after + 1;
        if (recorded.partition, recorded.position) != (self.partition, expected) {
            let what = format!("partition {} position {} is in its place", recorded.partition, recorded.position);
            return Err(self.damaged(expected, what));
        }
        if recorded.record.leaf_in(&mut self.scratch) != recorded.leaf || !recorded.record.body.matches_its_hashes() {
            return Err(self.damaged(expected, "the record is not the one that was written"));
        }
        Ok(())
    }

    fn damaged(&self, position: u64, what: impl Into<String>) -> TransferError {
        TransferError::Damaged { side: self.side, partition: self.partition, position, what: what.into() }
    }
}

/// Where the last append among these records begins: the request id and the stream that its records share.
fn last_append(records: &[Recorded]) -> usize {
    let Some(last) = records.last() else { return 0 };
    let others = records.iter().rposition(|recorded| !same_append(recorded, last));
    others.map_or(0, |index| index + 1)
}

/// Whether two neighbours are of one append: a request id is used for one append of a stream, ever.
pub(crate) fn same_append(one: &Recorded, other: &Recorded) -> bool {
    let (one, other) = (&one.record.header, &other.record.header);
    one.metadata.request_id == other.metadata.request_id && one.stream == other.stream
}
