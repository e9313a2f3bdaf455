//! The event log's contract: what every log promises, whatever carries it.
//!
//! Streams of records in partitions, appended atomically under an expected revision, answered once per request id, read
//! without gaps. [`EventLog`] is the contract, [`admission`] the one rule by which every log decides what enters it,
//! [`memory`] the log that lives in memory, and `contract` the suite that every log must pass (behind the cargo feature `contract`).
//!
//! What never happens here: IO, the wall clock, randomness; and the log never looks inside a body: it sees bytes, never issues.
//!
//! # Recipes
//!
//! **To add a log**: a crate `event-log-NAME` that implements [`EventLog`] over [`admission::Admission`], a factory for
//! `contract::run` in its tests, and one arm in `services/snaglog`, where the log's URL is read.
//!
//! **To add a promise**: a case in `contract`, beside it a broken log that the case catches, and the sentence in [`EventLog`]'s doc.

pub mod admission;
mod append;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod leaf;
mod log;
mod maintain;
pub mod memory;
mod partition;
mod proposal;
mod record;

pub use append::{Append, AppendError, Appended, Expected, LogError, NewEvent};
pub use log::{EventLog, Identity, KnownRequest, PAGE_BYTES_MAX, Page, PartitionId};
pub use maintain::{FillError, Founding, Maintain, Phase, Versions};
pub use memory::MemoryLog;
pub use partition::partition_of;
pub use proposal::{
    APPEND_BYTES_MAX, APPEND_EVENTS_MAX, BodyHashes, ID_BYTES_MAX, NAME_BYTES_MAX, PAYLOAD_BYTES_MAX, Proposal,
    SALT_BYTES, UNCHANGED_MAX,
};
pub use record::{Body, Header, Leaf, Metadata, Record, Recorded, StreamId, StreamName, Texts};
