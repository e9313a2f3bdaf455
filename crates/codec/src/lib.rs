//! Stored shapes of events: only this crate knows what an event looks like in the log.
//!
//! [`encode`] puts an event of the domain into JSON: *facts* without free text or contact data, kept for ever, and *texts*,
//! which can be erased. [`decode`] makes the event again, from every version of every shape that was ever written. An erased
//! text reads [`ERASED`] where one was, and stays absent where none was.
//!
//! - A shape is a struct `…V1` of this crate, with its names spelled out: renaming something in the domain changes nothing that
//!   is stored. Fields that a shape does not have are refused, so that nothing is dropped in silence.
//! - What was not told is stored as such: a fact is `{"known": …}` or `"not_known"`, which is not the same as an absent field.
//! - Times are microseconds since 1970, as in the log's headers. Ids are parsed again, and a word that the domain no longer
//!   accepts is an error with its field.
//! - An unknown event type, or a version above the known, is [`DecodeError::UpgradeNeeded`]: a newer build wrote it.
//!
//! What never happens here: IO, the wall clock, randomness; no decision, no fold; nothing of a text in a fact, an error or a log line.
//!
//! # Recipes
//!
//! **To add an event**: a line in `registry.rs`; its shape, an arm of `encode` and one of `decode` in the file of its group
//! (`issue/*.rs`, `project.rs`, `team.rs`, `release.rs`; `issue.rs` says which group has it); an example in
//! `tests/it/examples/`, and more where it has an enum of its own; a strategy in `tests/it/round_trip/`. Then
//! `SNAGLOG_GOLDEN=write cargo test -p codec what_is_written` writes the golden files that are missing, never one that is there.
//!
//! **To change an event's stored shape** (a field more or less, another name, also a value more in an enum: an older build must
//! ask for an upgrade, not stumble), in this order:
//! 1. in the file of its group copy the shape to `…V2`, and its parts that change; the old ones are only read from now on;
//! 2. write the upcaster, `impl From<…V1> for …V2`; `encode` makes version 2; `decode` has an arm for each version, and sends
//!    version 1 through the upcaster;
//! 3. raise the version in `registry.rs`;
//! 4. move its examples to `tests/it/examples/old.rs`, where they say what the old version means today, and write examples of the
//!    new one; write their golden files as above. The old files stay as they are: what is in them is in logs.
//!
//! `IssueAccepted` went this way first, in `issue/ownership.rs`. No release has written its version 1: it keeps the way walked.

mod clocks;
mod decode;
mod envelope;
mod error;
mod issue;
mod project;
mod registry;
mod release;
mod stream;
mod team;
mod texts;
mod words;

pub use decode::{StoredEvent, decode, encode, recall};
pub use envelope::Encoded;
pub use error::{DecodeError, Fault, Place, RecallError, Unknown};
pub use registry::event_types;
pub use stream::{MalformedStream, stream_id, stream_ref};
pub use texts::ERASED;
