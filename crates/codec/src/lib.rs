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
//! (`issue/*.rs`, `project.rs`, `team.rs`, `release.rs`; `issue.rs` names the group); an example in `tests/it/examples/`; then
//! `SNAGLOG_GOLDEN=write cargo test -p codec` writes its golden file.
//!
//! **To change an event's stored shape** (a field more or less, another name, a value more in an enum: an older build must ask
//! for an upgrade, not stumble): copy the shape to `…V2` and its changed parts likewise, and let the old ones only be read; write `impl From<…V1> for …V2`, the
//! upcaster; raise the version in `registry.rs`; add the arm of version 2 to `decode` and send version 1 through the upcaster;
//! write the new golden file as above. The old one stays, its example in `tests/it/examples/old.rs` says what it means today. Golden files are never rewritten. The first
//! such step is `IssueAccepted`, in `issue/ownership.rs`.

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

pub use decode::{StoredEvent, decode, encode};
pub use envelope::Encoded;
pub use error::{DecodeError, Fault, Place, Unknown};
pub use registry::event_types;
pub use stream::{MalformedStream, stream_id, stream_ref};
pub use texts::ERASED;
