//! The event log's contract: what every log promises, whatever carries it.
//!
//! Streams of records in partitions, appended atomically under an expected revision, answered once per request id, read
//! without gaps. [`EventLog`] is the contract, [`Maintain`] what operators do (versions, sealing, filling), [`admission`] the
//! one rule by which every log decides what enters it, [`memory`] the log that lives in memory, and `contract` the suite
//! that every log must pass (behind the cargo feature `contract`).
//!
//! What never happens here: IO, the wall clock, randomness; and the log never looks inside a body: it sees bytes, never issues.
//!
//! # Recipes
//!
//! **To add a log**: a crate `event-log-NAME` that implements [`EventLog`] and [`Maintain`] over [`admission::Admission`] (which
//! also checks what a log is filled with), a `contract::Factory` for `contract::run` in its tests with everything of it that
//! this kind of log has, and one arm in `services/snaglog`, where the log's URL is read.
//!
//! **To add a promise**: the sentence in the doc of [`EventLog`] or [`Maintain`]; a case in the file of its subject in
//! `contract/`, and its line in `contract::cases`; in `contract/broken_tests/` a log that breaks it, and its line in `flaws`
//! (a test fails without). Then `docs/log.md`, whose table names the test of each promise.
//!
//! **To measure something more of a log**: a field of [`Stats`] (what it has in hand) or [`Batch`] (what it did), and every log; its
//! metric is in `services/snaglog`.
//!
//! **To change the rule**: `admission.rs` with a new [`admission::RULE_VERSION`], the old rule beside it; the sequence in
//! `contract/model.rs`, which tells the rule again without it; `admission/filling.rs`, which tells it backwards.

pub mod admission;
mod append;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod leaf;
mod log;
mod maintain;
mod mark;
pub mod memory;
mod observe;
mod partition;
mod proposal;
mod record;

pub use append::{Append, AppendError, Appended, Expected, LogError, NewEvent};
pub use log::{EventLog, Identity, KnownRequest, PAGE_BYTES_MAX, Page, PartitionId};
pub use maintain::{FillError, Founding, Maintain, Phase, Versions};
pub use mark::{Change, Mark};
pub use memory::MemoryLog;
pub use observe::{Batch, Begun, Observed, Observer, PoolStats, QueueStats, Stats};
pub use partition::partition_of;
pub use proposal::{
    APPEND_BYTES_MAX, APPEND_EVENTS_MAX, BodyHashes, ID_BYTES_MAX, NAME_BYTES_MAX, PAYLOAD_BYTES_MAX, Proposal,
    SALT_BYTES, UNCHANGED_MAX,
};
pub use record::{Body, Header, Leaf, Metadata, Record, Recorded, StreamId, StreamName, Texts};
