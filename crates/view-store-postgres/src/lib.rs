//! Views in PostgreSQL: the [`ViewStore`](view_store::ViewStore) that any number of nodes share.
//!
//! Each view's tables stand in the store's schema (`?schema=NAME`, else `snaglog_views`) under `VIEW_vVERSION_TABLE`, with typed columns and
//! comments, so that `psql` or Grafana read them directly. A commit is one transaction: one statement compares leases and
//! checkpoints and moves them (`commit`), then each table takes its rows in bulk (`write`). What a commit's changes come to, row by
//! row, is reckoned before (`net`). An answer's selects are read in one snapshot (`read`). Nodes hear of each other's commits by `NOTIFY`,
//! outside of the commit's transaction, and look once a second by themselves (`follow`).
//!
//! The store is disposable: sessions commit with `synchronous_commit=off`, so that after a crash of the server the latest commits may be
//! gone, rows and checkpoints together, and are folded again.
//!
//! What never happens here: anything that knows what a row means; a write in its caller's task (who goes away cancels nothing); `NOTIFY`
//! in a commit's transaction; a lease reckoned by a node's clock; a number of a lease given twice.
//!
//! # Recipes
//!
//! **To add a kind of column**: its type in `ddl`, its binding and reading in `value`.
//!
//! **To add a condition**: its text in `select`; the contract suite's generator covers it.
//!
//! **To change the store's own tables** (checkpoints, parked, leases): a new file in `migrations/` (those released are never changed), which
//! old nodes must be able to work with while they are replaced.

mod beside;
mod commit;
mod ddl;
mod error;
mod follow;
mod lease;
mod net;
mod open;
#[cfg(test)]
mod plans;
mod read;
mod select;
mod sql;
mod state;
mod store;
mod tables;
mod value;
mod words;
mod write;

pub use error::OpenError;
pub use store::{Options, PostgresViews};
