//! What `append` takes and answers.

use std::sync::Arc;

use uuid::Uuid;

use crate::record::{Leaf, StreamId};

/// A proposal: events for one stream, admitted all or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// Where they go.
    pub stream: StreamId,
    /// The revision that the stream must have; 0: it must not exist yet.
    pub expected: u64,
    /// Streams of the same partition that the decision relied on, with the revision it saw. At most 4.
    pub unchanged: Vec<Expected>,
    /// 1 to 64 events, 2 MiB encoded at most.
    pub events: Vec<NewEvent>,
    /// The person or system that acts.
    pub actor: Arc<str>,
    /// Names this request within the stream, for ever.
    pub request_id: Uuid,
    /// SHA-256 over the command.
    pub fingerprint: [u8; 32],
    /// Groups what belongs to one business transaction.
    pub correlation_id: Option<Uuid>,
    /// The event that caused this one.
    pub causation_id: Option<Uuid>,
    /// W3C trace context of the call.
    pub traceparent: Option<Arc<str>>,
    /// The proposer's clock, in microseconds since 1970; admission raises it to the partition's last one.
    pub recorded_at: i64,
}

/// A stream and the revision a decision relied on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The stream.
    pub stream: StreamId,
    /// Its revision; 0: it does not exist.
    pub revision: u64,
}

/// An event as proposed. Payloads are at most 1 MiB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// UUIDv7, made by the proposer.
    pub event_id: Uuid,
    /// The event's type.
    pub event_type: Arc<str>,
    /// Version of its stored shape.
    pub schema_version: u16,
    /// When it happened, in microseconds since 1970.
    pub occurred_at: i64,
    /// JSON without free text.
    pub facts: Vec<u8>,
    /// JSON of the free texts; empty where there are none.
    pub texts: Vec<u8>,
    /// 32 random bytes where there are texts, else empty.
    pub salt: Vec<u8>,
}

/// An accepted append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The partition it is in.
    pub partition: u32,
    /// Position of its last event.
    pub position: u64,
    /// Leaf of its last event.
    pub leaf: Leaf,
    /// The stream's ordinal.
    pub ordinal: u64,
    /// The stream's revision after its first event.
    pub first_revision: u64,
    /// The stream's revision after its last event.
    pub revision: u64,
    /// When it entered the log, in microseconds since 1970.
    pub recorded_at: i64,
    /// True: this request id had been admitted before, and this is what it was answered then.
    pub replayed: bool,
}

/// Why an append was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The stream, or one of those relied on, is at another revision. Decide anew.
    #[error("{} is at revision {actual}, not {expected}", crate::StreamName(stream))]
    Conflict {
        /// The stream that moved.
        stream: StreamId,
        /// The revision the proposal named.
        expected: u64,
        /// Its revision now.
        actual: u64,
    },
    /// The request id was used in this stream for another command.
    #[error("request id {request_id} was used for another command")]
    RequestIdReused {
        /// The id.
        request_id: Uuid,
    },
    /// The proposal breaks a bound or is malformed: a mistake of the proposer.
    #[error("{reason}")]
    Invalid {
        /// Which bound, and by how much.
        reason: String,
    },
    /// It may or may not have been admitted; a retry with the same request id settles it.
    #[error("the outcome is unknown; a retry with the same request id settles it")]
    Unknown(#[source] LogError),
    /// It was not admitted: the log could not.
    #[error("not appended")]
    Failed(#[source] LogError),
}

/// Why a log can't serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// More is waiting than the queue's bound. Try again shortly.
    #[error("the log's queue is full")]
    Overloaded,
    /// Its storage can't be reached or written to at present (disk full, read-only, locked, closed). Try again later.
    #[error("the log is unavailable: {reason}")]
    Unavailable {
        /// What the storage says.
        reason: String,
    },
    /// What is stored is not what was written. Nothing more is served until someone has looked.
    #[error("the log's data is damaged: {reason}")]
    DataLoss {
        /// What, and where.
        reason: String,
    },
    /// It was written by a newer version than this one.
    #[error("upgrade needed: {reason}")]
    UpgradeNeeded {
        /// Which version is met, and which is known.
        reason: String,
    },
    /// Another log has taken its place. Nothing more is appended to this one.
    #[error("the log has moved: another one has taken its place")]
    Moved,
}
