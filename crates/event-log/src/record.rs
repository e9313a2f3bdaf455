//! Records: what a log keeps, and the leaf hash that commits to it.

use std::sync::Arc;

use uuid::Uuid;

/// A stream's full name: a project, a kind ("issue", "project", …) and an id unique within both.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId {
    /// The project it belongs to, and by it the partition. 1–64 bytes.
    pub project: Arc<str>,
    /// What it is a stream of. 1–64 bytes.
    pub kind: Arc<str>,
    /// Unique within project and kind. 1–128 bytes.
    pub id: Arc<str>,
}

/// A stream as messages name it: `kind/project/id`.
pub struct StreamName<'a>(pub &'a StreamId);

/// Everything of a record but its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The stream it belongs to.
    pub stream: StreamId,
    /// The stream's ordinal: dense from 1 within (project, kind).
    pub ordinal: u64,
    /// Dense from 1 within the stream.
    pub revision: u64,
    /// The event's own id, a UUIDv7 made by the proposer.
    pub event_id: Uuid,
    /// The event's type, "IssueFiled". 1–64 bytes.
    pub event_type: Arc<str>,
    /// Version of the stored shape of this event type, from 1.
    pub schema_version: u16,
    /// Who, why and when.
    pub metadata: Metadata,
}

/// Who caused a record, under which request, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// The person or system that acted. 1–128 bytes.
    pub actor: Arc<str>,
    /// The request that appended it: never used again in this stream for another command.
    pub request_id: Uuid,
    /// SHA-256 over the command, by which a repeated request is told from a reused id.
    pub fingerprint: [u8; 32],
    /// Groups what belongs to one business transaction.
    pub correlation_id: Option<Uuid>,
    /// The event that caused this one.
    pub causation_id: Option<Uuid>,
    /// W3C trace context of the call. At most 128 bytes.
    pub traceparent: Option<Arc<str>>,
    /// When it happened, in microseconds since 1970.
    pub occurred_at: i64,
    /// When it entered the log, in microseconds since 1970: never less than the record before it in its partition.
    pub recorded_at: i64,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// JSON without free text or contact data: kept for ever.
    pub facts: Vec<u8>,
    /// SHA-256 of `facts`.
    pub facts_hash: [u8; 32],
    /// The free texts; `None` once they were erased.
    pub texts: Option<Texts>,
    /// SHA-256 of salt and texts: it stays when they are erased, and so does every proof.
    pub texts_hash: [u8; 32],
}

/// Free texts with the salt that keeps their hash from being guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// Random, 32 bytes; empty where there are no texts.
    pub salt: Vec<u8>,
    /// JSON; empty where the event has no texts.
    pub json: Vec<u8>,
}

/// SHA-256 over a record: what proofs are built on.
pub type Leaf = [u8; 32];

/// A record as admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Everything but the body.
    pub header: Header,
    /// What it says.
    pub body: Body,
}

/// A record with its place in the log. The place is beside the record, not in its leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The partition, from 0.
    pub partition: u32,
    /// Dense from 1 within the partition.
    pub position: u64,
    /// The record's leaf hash.
    pub leaf: Leaf,
    /// The record.
    pub record: Record,
}

impl std::fmt::Display for StreamName<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.0.kind, self.0.project, self.0.id)
    }
}
