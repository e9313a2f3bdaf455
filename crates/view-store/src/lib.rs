//! The view store's contract: what every store of read models promises, whatever carries it.
//!
//! A store makes tables from their description, loads rows by key, commits changed rows together with the checkpoint they
//! bring the view to, and answers selects beside the checkpoints they are true of. [`ViewStore`] is the contract, [`memory`] the
//! store that lives in memory, [`paging`] how a page of a select is read by ranges, and `contract` (feature `contract`) the suite
//! that every store must pass.
//!
//! What never happens here: IO, SQL, the wall clock; and no store knows what a row means: it sees tables, never issues.
//!
//! # Recipes
//!
//! **To add a store**: a crate `view-store-NAME` that implements [`ViewStore`] (start from [`memory`]; [`check`] and [`advances`]
//! are shared), a `contract::Factory` for `contract::run` in its tests, and one arm in `services/snaglog`.
//!
//! **To add a promise**: the sentence in [`ViewStore`]'s doc, a case in `contract`, beside it a broken store that the case
//! catches (`contract/broken_tests.rs`), then every store.
//!
//! **To add a kind of column**: `Kind` and `Value` in `views`, `contract::tables`, then every store's types and bindings.

pub mod advances;
pub mod check;
mod commit;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod lease;
pub mod memory;
pub mod paging;
mod stats;
mod store;

pub use commit::{CommitError, Park, ViewCommit};
pub use lease::{Claim, Holder, Lease, Share, Term};
pub use stats::{PoolStats, Stats};
pub use store::{
    Answer, Checkpoint, PARKED_ANSWER_MAX, PREPARED_LASTS, Parked, PartitionId, Prepared, StoreError, Stored,
    SwapError, ViewStore,
};
pub use views::table::{Schema, ViewId};
