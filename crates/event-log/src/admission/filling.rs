//! Taking records over as another log admitted them: the same rule, read backwards from what it led to.
//!
//! Numbers are not given but checked: each must be the one that the rule would have given next.

use std::ops::Range;

use super::{Accepted, Admission, Known, StreamHead};
use crate::append::Appended;
use crate::partition::partition_of;
use crate::proposal::{APPEND_EVENTS_MAX, check_record};
use crate::record::{Metadata, Recorded, StreamName};

/// One append of those taken over: to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Its places.
    pub accepted: Accepted,
    /// Which of the records are its.
    pub records: Range<usize>,
}

/// Why records are not taken over. Nothing of the batch may be written then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTaken<E> {
    /// They are not the partition's next, not whole appends, or not what their leaves say.
    Invalid {
        /// Which record, and what is wrong with it.
        reason: String,
    },
    /// What is known can't be looked up.
    Failed(E),
}

impl<E> From<E> for NotTaken<E> {
    fn from(error: E) -> Self {
        Self::Failed(error)
    }
}

/// Ends with what is wrong with a record.
macro_rules! refuse {
    ($($reason:tt)+) => {
        return Err(NotTaken::Invalid { reason: format!($($reason)+) })
    };
}

impl<K: Known> Admission<'_, K> {
    /// Takes over what another log of so many partitions has admitted: the next records of one partition, in order, whole
    /// appends. What is answered here goes into the log as it is, all or none of it.
    ///
    /// That the last append is whole can't be seen from its records: who hands them in cuts where another append begins, or
    /// at the end of the other log. The rest of an append cut elsewhere is refused.
    pub fn take_over(&mut self, records: &[Recorded], partitions: u32) -> Result<Vec<Taken>, NotTaken<K::Error>> {
        let mut taken = Vec::new();
        let mut next = 0;
        for append in records.chunk_by(|one, next| request(one) == request(next)) {
            let accepted = self.take_append(append, partitions)?;
            taken.push(Taken { accepted, records: next..next + append.len() });
            next += append.len();
        }
        if let Some(other) = records.iter().find(|other| other.partition != records[0].partition) {
            refuse!("records of partition {} among those of {}", other.partition, records[0].partition);
        }
        Ok(taken)
    }

    fn take_append(&mut self, append: &[Recorded], partitions: u32) -> Result<Accepted, NotTaken<K::Error>> {
        let (first, last) = (&append[0], &append[append.len() - 1]);
        let (stream, metadata) = (&first.record.header.stream, &first.record.header.metadata);
        let place = format!("position {} of partition {}", first.position, first.partition);
        if first.partition != partition_of(&stream.project, partitions) {
            refuse!("{place}: {} belongs to another partition", StreamName(stream));
        }
        if append.len() > APPEND_EVENTS_MAX {
            refuse!("{place}: an append of {} events", append.len());
        }
        let end = self.end(first.partition)?;
        if first.position != end.position + 1 {
            refuse!("{place}: the next one is {}", end.position + 1);
        }
        if metadata.recorded_at < end.recorded_at {
            refuse!("{place}: it was recorded before the one before it");
        }
        let before = match self.head(first.partition, stream)? {
            None => self.found(first.partition, stream, first.position)?,
            Some(head) => match self.request(first.partition, stream, head, metadata.request_id)? {
                None => head,
                Some(_) => refuse!("{place}: the log has an append of its request id: they are taken over whole"),
            },
        };
        for (n, recorded) in (0..).zip(append) {
            self.check_taken(recorded, first, before, n)
                .map_err(|wrong| NotTaken::Invalid { reason: format!("{place}, record {}: {wrong}", n + 1) })?;
        }
        let leaves: Vec<_> = append.iter().map(|recorded| recorded.leaf).collect();
        let head = StreamHead { revision: before.revision + leaves.len() as u64, ..before };
        let appended = Appended {
            partition: last.partition,
            position: last.position,
            leaf: last.leaf,
            ordinal: head.ordinal,
            first_revision: before.revision + 1,
            revision: head.revision,
            recorded_at: metadata.recorded_at,
            replayed: false,
        };
        self.enter(stream, (metadata.request_id, metadata.fingerprint), head, &appended);
        Ok(Accepted { appended, head, leaves })
    }

    /// What is wrong with the n-th record, from 0, of an append to a stream that was at `before`.
    fn check_taken(&mut self, recorded: &Recorded, first: &Recorded, before: StreamHead, n: u64) -> Result<(), String> {
        let (header, body) = (&recorded.record.header, &recorded.record.body);
        check_record(&recorded.record)?;
        if recorded.position != first.position + n {
            return Err(format!("position {} in the place of {}", recorded.position, first.position + n));
        }
        let expected = (before.revision + 1 + n, before.ordinal);
        if (header.revision, header.ordinal) != expected {
            let (revision, ordinal) = expected;
            let name = StreamName(&header.stream);
            return Err(format!(
                "{name} at revision {} and ordinal {}, not {revision} and {ordinal}",
                header.revision, header.ordinal
            ));
        }
        let request = Metadata { occurred_at: header.metadata.occurred_at, ..first.record.header.metadata.clone() };
        if header.metadata != request {
            return Err("its metadata are not those of its append".to_owned());
        }
        if !body.matches_its_hashes() {
            return Err("its body is not what was hashed".to_owned());
        }
        if recorded.record.leaf_in(&mut self.scratch) != recorded.leaf {
            return Err("its leaf is another record's".to_owned());
        }
        Ok(())
    }
}

/// What the records of one append have in common, and no other's have.
fn request(recorded: &Recorded) -> (&crate::StreamId, uuid::Uuid) {
    (&recorded.record.header.stream, recorded.record.header.metadata.request_id)
}

#[cfg(test)]
#[path = "filling_tests.rs"]
mod tests;
