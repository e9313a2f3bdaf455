//! Watching a view: its rows as they are, then as they change.
//!
//! A [`Watch`] gives [`Step`]s: first the rows that are there (a snapshot), or what changed since a place it is resumed from; then, after each
//! advance of the view, the current rows of what changed, and the keys of those that fell out of the filter. A step that has a [`Place`] is
//! complete: whoever has applied all steps up to it holds exactly what the filter finds there, and may resume from it.
//!
//! One task per view and partition (the tail) reads what changed, once after each advance however many watch, into a bounded
//! ring. A watcher takes its steps out of the ring at its own pace. Whom the ring has overtaken is told so with the place to resume from
//! ([`Ended::Behind`]); nobody else notices.
//!
//! With the changes comes what the scope asks for beside them, counts for instance: read together with them, so that it is true of the same
//! place.
//!
//! A table that is watched has the columns [`PROJECT`] and [`POSITION`] (that of the last event that changed the row), indexed together, and never
//! loses a row. The rows of a parked stream stand still; when one is taken up again, what its events changed lies behind places that
//! were told before, so watches begin anew ([`Ended::Anew`]), as they do when the view was rebuilt: that shows in the
//! [generation](view_store::Answer::generation) of its tables, which is part of each place.
//!
//! What never happens here: gRPC, the log (a [`Lineage`] is asked whether a checkpoint is of it), a write, an unbounded buffer.
//!
//! # Recipes
//!
//! **To watch another table**: the columns and the index above, then a [`Scope`] of it; see `crates/grpc/src/watches.rs`.
//!
//! **To change a bound**: [`Bounds`], and the flag or the doc that tells it.

mod changes;
mod read;
mod ring;
mod scope;
mod tail;
mod watch;
mod watches;

pub use changes::Changes;
pub use scope::{Filter, POSITION, PROJECT, Scope};
pub use watch::{Ended, Place, Start, Step, Watch};
pub use watches::{Full, Lineage, LineageError, Watches};

/// Bounds of all watches together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// So many may watch at once. Default: 10,000.
    pub watchers_max: usize,
    /// A ring holds about so many bytes of changed rows, and its newest batch in any case. Default: 4 MiB.
    pub ring_bytes_max: usize,
    /// A ring holds at most so many batches. Default: 1,024.
    pub ring_batches_max: usize,
    /// After reading what changed, a tail waits so long before it looks again: what changes meanwhile comes together. Default: 10 ms.
    pub pace_ms: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { watchers_max: 10_000, ring_bytes_max: 4 * 1024 * 1024, ring_batches_max: 1024, pace_ms: 10 }
    }
}

/// So many rows of a project a step reads at most.
pub(crate) const STEP_ROWS_MAX: u32 = 100;
/// Who resumes is told of at most so many rows; where more have changed, a snapshot is cheaper.
pub(crate) const RESUME_ROWS_MAX: usize = 10_000;
/// What a watcher has not taken yet is told together until it has about so many bytes.
pub(crate) const STEP_BYTES: usize = 1024 * 1024;
/// A tail looks at the view at least so often: a parked stream that was taken up again does not advance it.
pub(crate) const LOOK_MS: u64 = 2_000;
/// Where that has failed for so long, the next bookmark is none: watches end instead of saying that nothing has changed.
pub(crate) const BLIND_MS: u64 = 10_000;
const _: () = assert!(LOOK_MS * 2 < BLIND_MS, "a look may be late");
