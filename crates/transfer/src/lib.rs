//! Walks whole logs: verifies them, exports and imports them, copies one log into another.
//!
//! All of it works over the contracts [`event_log::EventLog`] and [`event_log::Maintain`], so it is the same for every kind of
//! log. What it walks may be larger than memory: it holds some pages at a time, tells how far it is, and may be stopped at any
//! moment by dropping its future. Run again, it goes on or begins anew; neither leaves anything wrong.
//!
//! - [`verify`] recomputes every hash and number of a log, and compares all ways of finding a record with each other.
//! - [`export`] writes a log as a file of JSON lines, [`Import`] fills a log from one. The format is told in `docs/log-format.md`.
//! - [`copy`] moves a log to another storage while it is written to.
//!
//! What never happens here: a look into a body, a storage by name (files of logs and connections belong to the logs' own crates), the
//! wall clock, randomness. No log takes appends before it was compared with the one whose place it takes.
//!
//! # Recipes
//!
//! **To verify one thing more**: `verify/records.rs` for what a record tells by itself and beside the one before it,
//! `verify/lookups.rs` for what another way of reading answers; and a log in `tests/it/verify.rs` that is wrong in just that.
//!
//! **To change the file's format**: a new `VERSION` in `format.rs`, which still reads the one before; `docs/log-format.md`; an example
//! of the one before as a golden file in the tests.

mod blocking;
mod compare;
mod copy;
mod error;
mod export;
mod format;
mod import;
mod pages;
mod verify;

pub use copy::{Copied, copy};
pub use error::{Side, TransferError};
pub use export::{Exported, export};
pub use format::{Header, VERSION};
pub use import::{Import, Imported};
pub use verify::{Finding, Pass, Place, Verified, VerifyError, VerifyOptions, verify};

/// How far something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub step: Step,
    /// How much of this step is done: records, of a file read bytes.
    pub done: u64,
    /// Of how many; of a log that is written to meanwhile, of how many there were when the step began.
    pub total: u64,
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Hashes and numbers are recomputed.
    Records,
    /// All ways of finding a record are compared.
    Lookups,
    /// Records are written to a file.
    Exporting,
    /// Records are read from a file.
    Importing,
    /// Records go from one log to the other.
    Copying,
    /// Both logs' records are compared.
    Comparing,
}

/// Whoever wants to know how far something is.
pub type Watcher<'w> = &'w mut (dyn FnMut(Progress) + Send);
