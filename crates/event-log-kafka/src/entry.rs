//! What a record of the topic is: the stored format, as Protocol Buffers.
//!
//! ```text
//! Entry      1 format (uint32: 1)   2 node (fixed64)   3 number (fixed64)
//!            one of: 4 Proposal, 5 Filled, 6 Found, 7 Versions (activate), 8 Mark (seal), 9 Mark (open), 10 Mark (pass)
//! Proposal   1 rule version   2 record version   3 position   4 running hash (32 bytes)   5 Stream   6 expected revision
//!            7 Guard*   8 actor   9 request id (16)   10 fingerprint (32)   11 correlation id (0 or 16)
//!            12 causation id (0 or 16)   13 traceparent (absent or not empty)   14 recorded_at (sfixed64, µs)   15 Event*
//! Stream     1 project   2 kind   3 id
//! Guard      1 Stream   2 revision
//! Event      1 event id (16)   2 type   3 schema version   4 occurred_at (sfixed64, µs)   5 facts   6 Texts (absent: never any)
//! Texts      1 SHA-256 of salt and texts (32)   2 key id (16)   3 sealed (empty: erased before they came here)
//! Filled     1 Record*
//! Record     1 position   2 leaf (32)   3 ordinal   4 revision   5 Stream   6 actor   7 request id   8 fingerprint
//!            9 correlation id   10 causation id   11 traceparent   12 recorded_at   13 Event
//! Found      1 log id (16)   2 partitions   3 Versions   4 filling (bool)
//! Versions   1 rule   2 record
//! ```
//!
//! `node` and `number` name the entry, so that who wrote it knows it again when it is read; the same entry may be in the topic
//! more than once. `position` and `running hash` say what the proposer had applied. A format above the known one means that an
//! upgrade is needed; whatever can't be decoded otherwise is damage.

mod proposal;
mod record;

use std::sync::Arc;

use event_log::{NewEvent, StreamId, Versions};
use uuid::Uuid;

/// The format written here, and the newest one known.
pub(crate) const FORMAT: u32 = 1;

/// A record of the topic.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StoredEntry {
    #[prost(uint32, tag = "1")]
    pub(crate) format: u32,
    #[prost(fixed64, tag = "2")]
    pub(crate) node: u64,
    #[prost(fixed64, tag = "3")]
    pub(crate) number: u64,
    #[prost(oneof = "StoredBody", tags = "4, 5, 6, 7, 8, 9, 10")]
    pub(crate) body: Option<StoredBody>,
}

/// A record's name, without what it says.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct StoredName {
    #[prost(fixed64, tag = "2")]
    pub(crate) node: u64,
    #[prost(fixed64, tag = "3")]
    pub(crate) number: u64,
}

/// What it says.
#[derive(Clone, PartialEq, prost::Oneof)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are proposals")]
pub(crate) enum StoredBody {
    #[prost(message, tag = "4")]
    Proposal(StoredProposal),
    #[prost(message, tag = "5")]
    Filled(StoredFilled),
    #[prost(message, tag = "6")]
    Found(StoredFound),
    #[prost(message, tag = "7")]
    Activate(StoredVersions),
    #[prost(message, tag = "8")]
    Seal(StoredMark),
    #[prost(message, tag = "9")]
    Open(StoredMark),
    #[prost(message, tag = "10")]
    Pass(StoredMark),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StoredProposal {
    #[prost(uint32, tag = "1")]
    pub(crate) rule_version: u32,
    #[prost(uint32, tag = "2")]
    pub(crate) record_version: u32,
    #[prost(uint64, tag = "3")]
    pub(crate) position: u64,
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) running_hash: Vec<u8>,
    #[prost(message, optional, tag = "5")]
    pub(crate) stream: Option<StoredStream>,
    #[prost(uint64, tag = "6")]
    pub(crate) expected: u64,
    #[prost(message, repeated, tag = "7")]
    pub(crate) unchanged: Vec<StoredGuard>,
    #[prost(string, tag = "8")]
    pub(crate) actor: String,
    #[prost(bytes = "vec", tag = "9")]
    pub(crate) request_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "10")]
    pub(crate) fingerprint: Vec<u8>,
    #[prost(bytes = "vec", tag = "11")]
    pub(crate) correlation_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "12")]
    pub(crate) causation_id: Vec<u8>,
    #[prost(string, optional, tag = "13")]
    pub(crate) traceparent: Option<String>,
    #[prost(sfixed64, tag = "14")]
    pub(crate) recorded_at: i64,
    #[prost(message, repeated, tag = "15")]
    pub(crate) events: Vec<StoredEvent>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StoredStream {
    #[prost(string, tag = "1")]
    pub(crate) project: String,
    #[prost(string, tag = "2")]
    pub(crate) kind: String,
    #[prost(string, tag = "3")]
    pub(crate) id: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StoredGuard {
    #[prost(message, optional, tag = "1")]
    pub(crate) stream: Option<StoredStream>,
    #[prost(uint64, tag = "2")]
    pub(crate) revision: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StoredEvent {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) event_id: Vec<u8>,
    #[prost(string, tag = "2")]
    pub(crate) event_type: String,
    #[prost(uint32, tag = "3")]
    pub(crate) schema_version: u32,
    #[prost(sfixed64, tag = "4")]
    pub(crate) occurred_at: i64,
    #[prost(bytes = "vec", tag = "5")]
    pub(crate) facts: Vec<u8>,
    #[prost(message, optional, tag = "6")]
    pub(crate) texts: Option<StoredTexts>,
}

/// Texts and their salt, sealed.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StoredTexts {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) hash: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) key_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) sealed: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StoredFilled {
    #[prost(message, repeated, tag = "1")]
    pub(crate) records: Vec<StoredRecord>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StoredRecord {
    #[prost(uint64, tag = "1")]
    pub(crate) position: u64,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) leaf: Vec<u8>,
    #[prost(uint64, tag = "3")]
    pub(crate) ordinal: u64,
    #[prost(uint64, tag = "4")]
    pub(crate) revision: u64,
    #[prost(message, optional, tag = "5")]
    pub(crate) stream: Option<StoredStream>,
    #[prost(string, tag = "6")]
    pub(crate) actor: String,
    #[prost(bytes = "vec", tag = "7")]
    pub(crate) request_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "8")]
    pub(crate) fingerprint: Vec<u8>,
    #[prost(bytes = "vec", tag = "9")]
    pub(crate) correlation_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "10")]
    pub(crate) causation_id: Vec<u8>,
    #[prost(string, optional, tag = "11")]
    pub(crate) traceparent: Option<String>,
    #[prost(sfixed64, tag = "12")]
    pub(crate) recorded_at: i64,
    #[prost(message, optional, tag = "13")]
    pub(crate) event: Option<StoredEvent>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StoredFound {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) log_id: Vec<u8>,
    #[prost(uint32, tag = "2")]
    pub(crate) partitions: u32,
    #[prost(message, optional, tag = "3")]
    pub(crate) versions: Option<StoredVersions>,
    #[prost(bool, tag = "4")]
    pub(crate) filling: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct StoredVersions {
    #[prost(uint32, tag = "1")]
    pub(crate) rule: u32,
    #[prost(uint32, tag = "2")]
    pub(crate) record: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct StoredMark {}

/// What can't be a record of the topic, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(pub(crate) String);

impl StoredEvent {
    /// The event with its texts as they are sealed.
    pub(crate) fn of(event: &NewEvent, texts: Option<StoredTexts>) -> Self {
        Self {
            event_id: event.event_id.as_bytes().to_vec(),
            event_type: (*event.event_type).to_owned(),
            schema_version: event.schema_version.into(),
            occurred_at: event.occurred_at,
            facts: event.facts.clone(),
            texts,
        }
    }
}

impl StoredStream {
    pub(crate) fn of(stream: &StreamId) -> Self {
        let owned = |name: &Arc<str>| (**name).to_owned();
        Self { project: owned(&stream.project), kind: owned(&stream.kind), id: owned(&stream.id) }
    }

    pub(crate) fn into_stream(self) -> StreamId {
        StreamId { project: self.project.into(), kind: self.kind.into(), id: self.id.into() }
    }
}

impl From<Versions> for StoredVersions {
    fn from(Versions { rule, record }: Versions) -> Self {
        Self { rule, record }
    }
}

impl From<StoredVersions> for Versions {
    fn from(StoredVersions { rule, record }: StoredVersions) -> Self {
        Self { rule, record }
    }
}

/// The 32 bytes that `what` has.
pub(crate) fn hash(bytes: &[u8], what: &str) -> Result<[u8; 32], Malformed> {
    bytes.try_into().map_err(|_| Malformed(format!("{what} of {} bytes", bytes.len())))
}

/// The id that `what` is.
pub(crate) fn id(bytes: &[u8], what: &str) -> Result<Uuid, Malformed> {
    Uuid::from_slice(bytes).map_err(|_| Malformed(format!("{what} of {} bytes", bytes.len())))
}

pub(crate) fn stream(stored: Option<StoredStream>) -> Result<StreamId, Malformed> {
    stored.map(StoredStream::into_stream).ok_or_else(|| Malformed("no stream where there must be one".to_owned()))
}

fn optional_id(id: Option<Uuid>) -> Vec<u8> {
    id.map(|id| id.as_bytes().to_vec()).unwrap_or_default()
}

fn into_optional_id(bytes: &[u8], what: &str) -> Result<Option<Uuid>, Malformed> {
    if bytes.is_empty() { Ok(None) } else { id(bytes, what).map(Some) }
}

fn schema_version(version: u32) -> Result<u16, Malformed> {
    version.try_into().map_err(|_| Malformed(format!("schema version {version}")))
}

#[cfg(test)]
#[path = "entry_tests.rs"]
mod tests;
