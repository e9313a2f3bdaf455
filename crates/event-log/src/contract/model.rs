//! A log as plainly as it can be told: a list of records, and what follows from it by looking through all of them.
//!
//! It shares nothing with [`crate::admission`], which every log is built on: where the rule itself is wrong, this differs.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::append::{Append, AppendError, Appended};
use crate::leaf::{facts_hash, texts_hash};
use crate::partition::partition_of;
use crate::record::{Body, Header, Metadata, Record, Recorded, StreamId, Texts};

/// A log that takes appends one after the other, of proposals within the bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) partitions: u32,
    /// In the order in which they were admitted.
    pub(super) records: Vec<Arc<Recorded>>,
}

impl Model {
    pub(super) fn new(partitions: u32) -> Self {
        Self { partitions, records: Vec::new() }
    }

    /// What the log answers, and does.
    pub(super) fn append(&mut self, append: &Append) -> Result<Appended, AppendError> {
        if let Some(before) = self.answered(append) {
            return before;
        }
        let own = std::iter::once((&append.stream, append.expected));
        let guards = append.unchanged.iter().map(|guard| (&guard.stream, guard.revision));
        for (stream, expected) in own.chain(guards) {
            let actual = self.stream(stream).count() as u64;
            if actual != expected {
                return Err(AppendError::Conflict { stream: stream.clone(), expected, actual });
            }
        }
        let ordinal = self.ordinal(&append.stream);
        let partition = partition_of(&append.stream.project, self.partitions);
        let last = self.partition(partition).map(|last| last.record.header.metadata.recorded_at).last();
        let recorded_at = append.recorded_at.max(last.unwrap_or(i64::MIN));
        for event in &append.events {
            let record = Record {
                header: Header {
                    stream: append.stream.clone(),
                    ordinal,
                    revision: self.stream(&append.stream).count() as u64 + 1,
                    event_id: event.event_id,
                    event_type: Arc::clone(&event.event_type),
                    schema_version: event.schema_version,
                    metadata: Metadata {
                        actor: Arc::clone(&append.actor),
                        request_id: append.request_id,
                        fingerprint: append.fingerprint,
                        correlation_id: append.correlation_id,
                        causation_id: append.causation_id,
                        traceparent: append.traceparent.clone(),
                        occurred_at: event.occurred_at,
                        recorded_at,
                    },
                },
                body: Body {
                    facts: event.facts.clone(),
                    facts_hash: facts_hash(&event.facts),
                    texts: Some(Texts { salt: event.salt.clone(), json: event.texts.clone() }),
                    texts_hash: texts_hash(&event.salt, &event.texts),
                },
            };
            let position = self.partition(partition).count() as u64 + 1;
            self.records.push(Arc::new(Recorded { partition, position, leaf: record.leaf(), record }));
        }
        match self.answered(append) {
            Some(Ok(first)) => Ok(Appended { replayed: false, ..first }),
            other => unreachable!("an append has events, and they were entered just now: {other:?}"),
        }
    }

    /// What the request was answered, if it was admitted; that it was another one's, if it is not the same.
    pub(super) fn answered(&self, append: &Append) -> Option<Result<Appended, AppendError>> {
        let request_id = append.request_id;
        let mut of_request =
            self.stream(&append.stream).filter(|record| record.record.header.metadata.request_id == request_id);
        let first = of_request.next()?;
        let last = of_request.last().unwrap_or(first);
        let metadata = &first.record.header.metadata;
        if metadata.fingerprint != append.fingerprint {
            return Some(Err(AppendError::RequestIdReused { request_id }));
        }
        Some(Ok(Appended {
            partition: last.partition,
            position: last.position,
            leaf: last.leaf,
            ordinal: last.record.header.ordinal,
            first_revision: first.record.header.revision,
            revision: last.record.header.revision,
            recorded_at: metadata.recorded_at,
            replayed: true,
        }))
    }

    /// The stream's records.
    pub(super) fn stream(&self, stream: &StreamId) -> impl Iterator<Item = &Recorded> {
        self.records.iter().map(|record| &**record).filter(move |record| record.record.header.stream == *stream)
    }

    /// The partition's records.
    pub(super) fn partition(&self, partition: u32) -> impl Iterator<Item = &Recorded> {
        self.records.iter().map(|record| &**record).filter(move |record| record.partition == partition)
    }

    /// The streams of this project and kind, in the order of their ordinals.
    pub(super) fn streams(&self, project: &str, kind: &str) -> impl Iterator<Item = &StreamId> {
        let firsts = self.records.iter().map(|record| &record.record.header).filter(|header| header.revision == 1);
        let streams = firsts.map(|header| &header.stream);
        streams.filter(move |stream| &*stream.project == project && &*stream.kind == kind)
    }

    /// The stream's ordinal; the next one, if it has none.
    fn ordinal(&self, stream: &StreamId) -> u64 {
        (1..)
            .zip(self.streams(&stream.project, &stream.kind))
            .find(|(_, known)| *known == stream)
            .map_or_else(|| self.streams(&stream.project, &stream.kind).count() as u64 + 1, |(ordinal, _)| ordinal)
    }
}

/// Leaves commit to everything but the order, and that is theirs here.
impl Hash for Model {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for record in &self.records {
            record.leaf.hash(state);
        }
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
