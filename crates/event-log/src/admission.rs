//! The one admission rule: what enters a log, and as what.
//!
//! Every log decides by [`Admission::admit`], whatever carries it: SQLite's appender for each batch, PostgreSQL's, and
//! every node that reads a Kafka topic. It is a pure function of what the log holds ([`Known`]) and the proposals before:
//! 1. a request id that was used in this stream: the same fingerprint is answered as before, another is refused;
//! 2. the stream's revision, then each stream relied on: another one than expected is a conflict;
//! 3. else accepted: the next positions of the partition, the next revisions of the stream, for a new stream the next
//!    ordinal of its project and kind, and `recorded_at` raised to the partition's last.
//!
//! What is refused changes nothing, so a conflict fails only its own.

mod filling;

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use uuid::Uuid;

use crate::append::{AppendError, Appended};
use crate::leaf::LeafFields;
use crate::log::{KnownRequest, PartitionId};
use crate::proposal::Proposal;
use crate::record::{Body, Header, Leaf, Metadata, Record, Recorded, StreamId, Texts};

pub use filling::{NotTaken, Taken};

/// The version of the rule in this file.
pub const RULE_VERSION: u32 = 1;

/// What the log holds, as admission asks for it. Answers come from durable state or from a cache of it, never from
/// proposals still being admitted: those [`Admission`] remembers itself.
pub trait Known {
    /// Why the log can't answer; the whole batch fails with it.
    type Error;

    /// The partition's last record; the default for an empty one.
    fn partition(&mut self, partition: PartitionId) -> Result<PartitionHead, Self::Error>;

    /// The stream's last state; `None` for a stream without records.
    fn stream(&mut self, partition: PartitionId, stream: &StreamId) -> Result<Option<StreamHead>, Self::Error>;

    /// What the request was answered in this stream, which has records.
    fn request(
        &mut self,
        partition: PartitionId,
        stream: &StreamId,
        head: StreamHead,
        request_id: Uuid,
    ) -> Result<Option<KnownRequest>, Self::Error>;

    /// A number for a new stream, whose first record is at this position; asked once for each.
    fn number_stream(&mut self, partition: PartitionId, position: u64) -> Result<u64, Self::Error>;

    /// The last ordinal within (project, kind); 0 where there is none.
    fn last_ordinal(&mut self, project: &str, kind: &str) -> Result<u64, Self::Error>;
}

/// Where a partition ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionHead {
    /// Its last position; 0 when it is empty.
    pub position: u64,
    /// Its last `recorded_at`, in microseconds since 1970; `i64::MIN` when it is empty.
    pub recorded_at: i64,
}

/// Where a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamHead {
    /// The number that its storage gave it ([`Known::number_stream`]); no promise to anybody else.
    pub number: u64,
    /// Its ordinal within (project, kind).
    pub ordinal: u64,
    /// Its last revision.
    pub revision: u64,
}

/// What becomes of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It enters the log: to be written.
    Accepted(Accepted),
    /// Its request had been admitted before: this is the answer from then. Nothing is to be written.
    Replayed(Appended),
    /// It doesn't enter the log.
    Refused(AppendError),
}

/// An accepted proposal's places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What its caller is answered, once it is durable.
    pub appended: Appended,
    /// The stream's head after it.
    pub head: StreamHead,
    /// The leaf of each of its events.
    pub leaves: Vec<Leaf>,
}

/// What a batch changed: for the caches of whoever has made it durable.
#[derive(Debug, Default)]
pub struct Changes {
    /// Heads of the partitions that grew.
    pub partitions: HashMap<PartitionId, PartitionHead, RandomState>,
    /// Heads of the streams that grew.
    pub streams: HashMap<StreamId, StreamChange, RandomState>,
    /// Last ordinals of each (project, kind) that got a new stream.
    pub ordinals: HashMap<(Arc<str>, Arc<str>), u64, RandomState>,
}

/// A stream that grew.
#[derive(Debug)]
pub struct StreamChange {
    /// Its head.
    pub head: StreamHead,
    /// The requests that made it grow, in order.
    pub requests: Vec<(Uuid, KnownRequest)>,
}

/// The admission of one batch.
#[derive(Debug)]
pub struct Admission<'k, K> {
    known: &'k mut K,
    changes: Changes,
    scratch: Vec<u8>,
}

impl<'k, K: Known> Admission<'k, K> {
    /// Begins a batch over what the log holds.
    pub fn new(known: &'k mut K) -> Self {
        Self { known, changes: Changes::default(), scratch: Vec::with_capacity(1024) }
    }

    /// Decides the next proposal of the batch, in the light of those before it.
    ///
    /// Fails only when what is known can't be looked up; then nothing of the batch may be written.
    pub fn admit(&mut self, proposal: &Proposal) -> Result<Decision, K::Error> {
        let append = proposal.append();
        let head = self.head(proposal.partition(), &append.stream)?;
        if let Some(head) = head
            && let Some(known) = self.request(proposal.partition(), &append.stream, head, append.request_id)?
        {
            return Ok(if known.fingerprint == append.fingerprint {
                Decision::Replayed(Appended { replayed: true, ..known.appended })
            } else {
                Decision::Refused(AppendError::RequestIdReused { request_id: append.request_id })
            });
        }
        let revision = head.map_or(0, |head| head.revision);
        if revision != append.expected {
            return Ok(conflict(&append.stream, append.expected, revision));
        }
        for guard in &append.unchanged {
            let actual = self.head(proposal.partition(), &guard.stream)?.map_or(0, |head| head.revision);
            if actual != guard.revision {
                return Ok(conflict(&guard.stream, guard.revision, actual));
            }
        }
        self.accept(proposal, head).map(Decision::Accepted)
    }

    /// Ends the batch: what it changed.
    pub fn finish(self) -> Changes {
        self.changes
    }

    fn head(&mut self, partition: PartitionId, stream: &StreamId) -> Result<Option<StreamHead>, K::Error> {
        match self.changes.streams.get(stream) {
            Some(change) => Ok(Some(change.head)),
            None => self.known.stream(partition, stream),
        }
    }

    fn request(
        &mut self,
        partition: PartitionId,
        stream: &StreamId,
        head: StreamHead,
        request_id: Uuid,
    ) -> Result<Option<KnownRequest>, K::Error> {
        if let Some(change) = self.changes.streams.get(stream) {
            if let Some((_, known)) = change.requests.iter().find(|(id, _)| *id == request_id) {
                return Ok(Some(known.clone()));
            }
            if change.is_new() {
                // The log knows nothing of it.
                return Ok(None);
            }
        }
        self.known.request(partition, stream, head, request_id)
    }

    fn accept(&mut self, proposal: &Proposal, head: Option<StreamHead>) -> Result<Accepted, K::Error> {
        let append = proposal.append();
        let end = self.end(proposal.partition())?;
        let before = match head {
            Some(head) => head,
            None => self.found(proposal.partition(), &append.stream, end.position + 1)?,
        };
        let recorded_at = append.recorded_at.max(end.recorded_at);
        let leaves = self.leaves(proposal, before, recorded_at);
        let events = leaves.len() as u64;
        let head = StreamHead { revision: before.revision + events, ..before };
        let appended = Appended {
            partition: proposal.partition(),
            position: end.position + events,
            leaf: leaves.last().copied().unwrap_or_default(),
            ordinal: head.ordinal,
            first_revision: before.revision + 1,
            revision: head.revision,
            recorded_at,
            replayed: false,
        };
        self.enter(&append.stream, (append.request_id, append.fingerprint), head, &appended);
        Ok(Accepted { appended, head, leaves })
    }

    /// Where the partition ends, in the light of what was admitted before.
    fn end(&mut self, partition: PartitionId) -> Result<PartitionHead, K::Error> {
        match self.changes.partitions.get(&partition) {
            Some(end) => Ok(*end),
            None => self.known.partition(partition),
        }
    }

    /// The head, still without records, of a stream that begins at this position.
    fn found(&mut self, partition: PartitionId, stream: &StreamId, position: u64) -> Result<StreamHead, K::Error> {
        let number = self.known.number_stream(partition, position)?;
        Ok(StreamHead { number, ordinal: self.next_ordinal(stream)?, revision: 0 })
    }

    /// Remembers what was admitted, for those after it.
    fn enter(
        &mut self,
        stream: &StreamId,
        (request_id, fingerprint): (Uuid, [u8; 32]),
        head: StreamHead,
        appended: &Appended,
    ) {
        let end = PartitionHead { position: appended.position, recorded_at: appended.recorded_at };
        self.changes.partitions.insert(appended.partition, end);
        let answer = Appended { replayed: true, ..appended.clone() };
        let request = (request_id, KnownRequest { fingerprint, appended: answer });
        if let Some(change) = self.changes.streams.get_mut(stream) {
            change.head = head;
            change.requests.push(request);
        } else {
            self.changes.streams.insert(stream.clone(), StreamChange { head, requests: vec![request] });
        }
    }

    fn next_ordinal(&mut self, stream: &StreamId) -> Result<u64, K::Error> {
        let key = (Arc::clone(&stream.project), Arc::clone(&stream.kind));
        if let Some(last) = self.changes.ordinals.get_mut(&key) {
            *last += 1;
            return Ok(*last);
        }
        let next = self.known.last_ordinal(&stream.project, &stream.kind)? + 1;
        self.changes.ordinals.insert(key, next);
        Ok(next)
    }

    fn leaves(&mut self, proposal: &Proposal, before: StreamHead, recorded_at: i64) -> Vec<Leaf> {
        let append = proposal.append();
        let mut leaves = Vec::with_capacity(append.events.len());
        for (revision, (event, hashes)) in (before.revision + 1..).zip(proposal.events()) {
            let fields = LeafFields {
                stream: &append.stream,
                ordinal: before.ordinal,
                revision,
                event_id: event.event_id,
                event_type: &event.event_type,
                schema_version: event.schema_version,
                actor: &append.actor,
                request_id: append.request_id,
                fingerprint: &append.fingerprint,
                correlation_id: append.correlation_id,
                causation_id: append.causation_id,
                traceparent: append.traceparent.as_deref(),
                occurred_at: event.occurred_at,
                recorded_at,
                facts_hash: &hashes.facts,
                texts_hash: &hashes.texts,
            };
            leaves.push(fields.leaf(&mut self.scratch));
        }
        leaves
    }
}

impl StreamChange {
    /// Whether the stream was made by this batch.
    pub fn is_new(&self) -> bool {
        self.requests.first().is_some_and(|(_, first)| first.appended.first_revision == 1)
    }
}

impl Accepted {
    /// The records of `proposal`, which this is the acceptance of.
    pub fn into_records(self, proposal: Proposal) -> impl Iterator<Item = Recorded> {
        let (append, bodies) = proposal.into_parts();
        let Appended { partition, position, ordinal, first_revision, recorded_at, .. } = self.appended;
        let first_position = position + 1 - self.leaves.len() as u64;
        append.events.into_iter().zip(bodies).zip(self.leaves).zip(0..).map(move |(((event, hashes), leaf), n)| {
            let whole = hashes.are_of(&event);
            Recorded {
                partition,
                position: first_position + n,
                leaf,
                record: Record {
                    header: Header {
                        stream: append.stream.clone(),
                        ordinal,
                        revision: first_revision + n,
                        event_id: event.event_id,
                        event_type: event.event_type,
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
                        facts: event.facts,
                        facts_hash: hashes.facts,
                        texts: whole.then_some(Texts { salt: event.salt, json: event.texts }),
                        texts_hash: hashes.texts,
                    },
                },
            }
        })
    }
}

impl Default for PartitionHead {
    fn default() -> Self {
        Self { position: 0, recorded_at: i64::MIN }
    }
}

fn conflict(stream: &StreamId, expected: u64, actual: u64) -> Decision {
    Decision::Refused(AppendError::Conflict { stream: stream.clone(), expected, actual })
}

#[cfg(test)]
#[path = "admission_tests.rs"]
mod tests;
