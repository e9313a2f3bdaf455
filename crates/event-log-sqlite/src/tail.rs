//! The log's newest records, kept in memory: whoever follows the log closely reads them here, without asking the database.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use event_log::{PAGE_BYTES_MAX, Page, PartitionId, Recorded};

/// Most records that are kept of one partition.
const TAIL_RECORDS_MAX: usize = 8192;

/// The newest records of each partition, without a gap between them.
#[derive(Debug)]
pub(crate) struct Tails {
    partitions: Vec<Mutex<Tail>>,
    /// Most bytes that are kept of one partition's bodies.
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct Tail {
    records: VecDeque<Recorded>,
    bytes: usize,
}

impl Tails {
    pub(crate) fn new(partitions: u32, bytes_max: usize) -> Self {
        Self { partitions: (0..partitions).map(|_| Mutex::default()).collect(), bytes_max }
    }

    /// Takes committed records, in order. One that does not follow the last makes the tail begin anew.
    pub(crate) fn extend(&self, records: impl IntoIterator<Item = Recorded>) {
        // Not a loop: a record is large, and so moved less often.
        records.into_iter().for_each(|record| {
            self.with(record.partition, |tail| tail.push(record, self.bytes_max));
        });
    }

    /// Forgets everything: what is in the log is not what was thought.
    pub(crate) fn clear(&self) {
        for tail in &self.partitions {
            *tail.lock().unwrap_or_else(PoisonError::into_inner) = Tail::default();
        }
    }

    /// The records after `after`, if all of them up to `committed` are here.
    pub(crate) fn page(&self, partition: PartitionId, after: u64, limit: usize, committed: u64) -> Option<Page> {
        let page = |tail: &mut Tail| {
            let whole = tail.records.back().is_some_and(|last| last.position >= committed);
            whole.then(|| tail.page(after, limit.max(1))).flatten()
        };
        self.with(partition, page).flatten()
    }

    fn with<T>(&self, partition: PartitionId, use_it: impl FnOnce(&mut Tail) -> T) -> Option<T> {
        let tail = self.partitions.get(partition as usize)?;
        Some(use_it(&mut tail.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Tail {
    fn push(&mut self, record: Recorded, bytes_max: usize) {
        if self.records.back().is_some_and(|last| last.position + 1 != record.position) {
            *self = Self::default();
        }
        self.bytes += bytes(&record);
        self.records.push_back(record);
        while self.bytes > bytes_max || self.records.len() > TAIL_RECORDS_MAX {
            let Some(oldest) = self.records.pop_front() else { return };
            self.bytes -= bytes(&oldest);
        }
    }

    fn page(&self, after: u64, limit: usize) -> Option<Page> {
        let first = self.records.front()?.position;
        let skipped = usize::try_from((after + 1).checked_sub(first)?).ok()?;
        if skipped >= self.records.len() {
            return None;
        }
        let mut size = 0;
        let fits = |record: &&Recorded| {
            let before = size;
            size += bytes(record);
            before == 0 || size <= PAGE_BYTES_MAX
        };
        let records: Vec<_> = self.records.range(skipped..).take(limit).take_while(fits).cloned().collect();
        let end = skipped + records.len() == self.records.len();
        Some(Page { records, end })
    }
}

fn bytes(record: &Recorded) -> usize {
    let body = &record.record.body;
    body.facts.len() + body.texts.as_ref().map_or(0, |texts| texts.json.len() + texts.salt.len())
}
