//! The log's newest records, kept in memory: whoever follows the log closely, or a stream that moved lately, reads them here, without asking
//! the database.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use event_log::{PAGE_BYTES_MAX, Page, PartitionId, Recorded, StreamId};
use foldhash::fast::RandomState;

use crate::recent::Recent;

/// Streams of one partition whose end is kept though it is not among the records.
const ENDS_MAX: usize = 512;
/// Most records that are kept of one partition.
const TAIL_RECORDS_MAX: usize = 8192;
/// Most bytes of a stream's page: it is copied where the writer waits, and others of this thread.
const STREAM_PAGE_BYTES_MAX: usize = 256 * 1024;

/// The newest records of each partition, without a gap between them.
#[derive(Debug)]
pub(crate) struct Tails {
    partitions: Vec<Mutex<Tail>>,
    /// Most bytes that are kept of one partition's bodies.
    bytes_max: usize,
}

#[derive(Debug)]
struct Tail {
    records: VecDeque<Recorded>,
    /// The positions of each stream's records that are here: its last ones, without a gap between them.
    streams: HashMap<StreamId, VecDeque<u64>, RandomState>,
    /// Streams that were read to their end: which revision that was, and as of which position.
    ends: Recent<StreamId, (u64, u64)>,
    bytes: usize,
}

impl Default for Tail {
    fn default() -> Self {
        Self { records: VecDeque::new(), streams: HashMap::default(), ends: Recent::new(ENDS_MAX), bytes: 0 }
    }
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

    /// The records after `after`, if all of them up to what is committed are here. That is asked while nothing is added: records come one by
    /// one, after their commit is known, and half an append is no answer.
    pub(crate) fn page(
        &self,
        partition: PartitionId,
        after: u64,
        limit: usize,
        committed: impl FnOnce() -> u64,
    ) -> Option<Page> {
        self.with(partition, |tail| tail.has(committed()).then(|| tail.page(after, limit)).flatten()).flatten()
    }

    /// The stream's records after revision `after`, likewise, if its last one is here, or is known to be older than all that is.
    pub(crate) fn stream_page(
        &self,
        (partition, stream): (PartitionId, &StreamId),
        after: u64,
        limit: usize,
        committed: impl FnOnce() -> u64,
    ) -> Option<Page> {
        let page = |tail: &mut Tail| tail.has(committed()).then(|| tail.stream_page(stream, after, limit)).flatten();
        self.with(partition, page).flatten()
    }

    /// As of this position the stream ended with this revision: as long as the records since are here, and none is of it, it still does.
    pub(crate) fn ended(&self, (partition, stream): (PartitionId, &StreamId), revision: u64, position: u64) {
        self.with(partition, |tail| tail.ends.put(stream.clone(), (revision, position)));
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
        let stream = &record.record.header.stream;
        match self.streams.get_mut(stream) {
            Some(positions) => positions.push_back(record.position),
            None => drop(self.streams.insert(stream.clone(), VecDeque::from([record.position]))),
        }
        self.records.push_back(record);
        while self.bytes > bytes_max || self.records.len() > TAIL_RECORDS_MAX {
            let Some(oldest) = self.records.pop_front() else { return };
            self.bytes -= bytes(&oldest);
            self.forget(&oldest.record.header.stream);
        }
    }

    /// A stream's oldest record here is gone.
    fn forget(&mut self, stream: &StreamId) {
        if let Some(positions) = self.streams.get_mut(stream) {
            positions.pop_front();
            if positions.is_empty() {
                self.streams.remove(stream);
            }
        }
    }

    /// Does it reach as far?
    fn has(&self, committed: u64) -> bool {
        self.records.back().is_some_and(|last| last.position >= committed)
    }

    fn page(&self, after: u64, limit: usize) -> Option<Page> {
        let skipped = self.place(after + 1)?;
        (skipped < self.records.len()).then(|| page(self.records.range(skipped..), limit, PAGE_BYTES_MAX))
    }

    fn stream_page(&mut self, stream: &StreamId, after: u64, limit: usize) -> Option<Page> {
        let Some(positions) = self.streams.get(stream) else {
            let (revision, position) = *self.ends.get_mut(stream)?;
            let still = after >= revision && self.records.front()?.position <= position + 1;
            return still.then(|| Page { records: Vec::new(), end: true });
        };
        let first = self.records.get(self.place(*positions.front()?)?)?.record.header.revision;
        let skipped = usize::try_from(after.saturating_add(1).checked_sub(first)?).ok()?.min(positions.len());
        let records = positions.range(skipped..).filter_map(|position| self.records.get(self.place(*position)?));
        Some(page(records, limit, STREAM_PAGE_BYTES_MAX))
    }

    /// Where the record of this position is, or would be.
    fn place(&self, position: u64) -> Option<usize> {
        usize::try_from(position.checked_sub(self.records.front()?.position)?).ok()
    }
}

/// As many of these as a page may have, one at least.
fn page<'a>(records: impl Iterator<Item = &'a Recorded>, limit: usize, bytes_max: usize) -> Page {
    // At once as large as it can become: records are large, and a tail has thousands.
    let (mut page, mut size) = (Vec::with_capacity(records.size_hint().1.unwrap_or(0).min(limit)), 0);
    for record in records {
        let full = page.len() >= limit || size + bytes(record) > bytes_max;
        if full && !page.is_empty() {
            return Page { records: page, end: false };
        }
        size += bytes(record);
        page.push(record.clone());
    }
    Page { records: page, end: true }
}

fn bytes(record: &Recorded) -> usize {
    let body = &record.record.body;
    body.facts.len() + body.texts.as_ref().map_or(0, |texts| texts.json.len() + texts.salt.len())
}

#[cfg(test)]
mod tests;
