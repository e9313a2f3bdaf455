//! What a command brings with it, and what it is answered.

use std::sync::Arc;

use domain::ids::PersonId;
use domain::issue::{self, Closing};
use domain::text::Text;
use domain::{Fact, Origin, StreamRef};
use event_log::Leaf;
use jiff::Timestamp;
use uuid::Uuid;

/// What a service gives: the clock, ids, randomness.
pub trait Environment: Send + Sync + 'static {
    /// The moment it is. What is finer than a microsecond is cut off.
    fn now(&self) -> Timestamp;

    /// A new event's id, a UUIDv7.
    fn event_id(&self) -> Uuid;

    /// 32 random bytes, by which an event's texts are salted.
    fn salt(&self) -> [u8; 32];
}

/// Bounds, for those who need others than the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How much memory the states and keys remembered may take, in bytes as estimated. Default: 64 MiB.
    pub cache_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { cache_bytes: 64 * 1024 * 1024 }
    }
}

/// Who asks, under which id, and what the command rests on beside its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Names this request within the stream it goes to, for ever. A retry with the same id gets the first answer.
    pub id: Uuid,
    /// SHA-256 over method, actor and the decoded command before defaults: tells a retry from another command under the same id.
    pub fingerprint: [u8; 32],
    /// Who acts. Of imports: who did it there.
    pub actor: PersonId,
    /// The revision that the stream must have, if the caller cares; 0: it must not exist.
    pub expected_revision: Option<u64>,
    /// When it happened, where it is recorded late. What is finer than a microsecond is cut off.
    pub occurred_at: Option<Timestamp>,
    /// Why it is recorded late, where that takes back a recorded breach.
    pub late_reason: Option<Text>,
    /// Set where the fact is imported.
    pub origin: Option<Origin>,
    /// W3C trace context of the call. At most 128 bytes.
    pub traceparent: Option<Arc<str>>,
}

/// An accepted command.
#[derive(Debug)]
pub struct Done<S> {
    /// The state after this command: also where this was answered before and more has happened since.
    pub state: Arc<S>,
    /// The stream's revision after this command.
    pub revision: u64,
    /// Where its last event is.
    pub at: Place,
    /// True: this request had been answered before, and nothing was added.
    pub replayed: bool,
}

/// A stream as it stands.
#[derive(Debug)]
pub struct Found<S> {
    /// Its state.
    pub state: Arc<S>,
    /// Its revision.
    pub revision: u64,
    /// Where its last event is.
    pub at: Place,
}

/// Where an event is in the log: what a consistency token is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its partition.
    pub partition: u32,
    /// Its position there.
    pub position: u64,
    /// Its record's leaf.
    pub leaf: Leaf,
    /// Its stream.
    pub stream: StreamRef,
}

impl<S> Clone for Done<S> {
    fn clone(&self) -> Self {
        let Self { state, revision, at, replayed } = self;
        Self { state: Arc::clone(state), revision: *revision, at: at.clone(), replayed: *replayed }
    }
}

impl<S> Clone for Found<S> {
    fn clone(&self) -> Self {
        let Self { state, revision, at } = self;
        Self { state: Arc::clone(state), revision: *revision, at: at.clone() }
    }
}

/// The command with its times as the log keeps them: only one has a time in it.
pub(crate) fn with_times_as_kept(command: issue::Command) -> issue::Command {
    match command {
        issue::Command::CloseIssue { closing: Fact::Known(Closing::DataApplied { at: Some(at), by }) } => {
            let closing = Closing::DataApplied { at: Some(as_kept(at)), by };
            issue::Command::CloseIssue { closing: Fact::Known(closing) }
        }
        command => command,
    }
}

/// The time as the log keeps it, in microseconds: what is decided now must be what is folded later.
pub(crate) fn as_kept(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}
