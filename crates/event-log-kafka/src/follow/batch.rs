//! What was fetched and not yet applied.

use event_log::PartitionId;
use event_log_sqlite::replica::{Entry, Run};
use rdkafka::message::BorrowedMessage;

/// What was fetched and not yet applied.
#[derive(Default)]
pub(super) struct Batch<'c> {
    pub(super) runs: Vec<(Run, Vec<Option<u64>>, BorrowedMessage<'c>)>,
    pub(super) records: usize,
    pub(super) bytes: usize,
}

impl<'c> Batch<'c> {
    pub(super) fn add(
        &mut self,
        partition: PartitionId,
        offset: u64,
        entry: Entry,
        number: Option<u64>,
        message: BorrowedMessage<'c>,
    ) {
        self.records += 1;
        self.bytes += message.payload_len();
        if let Some((run, numbers, last)) = self.runs.iter_mut().find(|(run, ..)| run.partition == partition) {
            run.entries.push(entry);
            run.next_offset = offset + 1;
            numbers.push(number);
            *last = message;
        } else {
            let run = Run { partition, entries: vec![entry], next_offset: offset + 1, last_digest: [0; 32] };
            self.runs.push((run, vec![number], message));
        }
    }
}
