//! Views in SQLite: the [`ViewStore`](view_store::ViewStore) of one machine, a file beside the log's.
//!
//! One connection writes, on a thread of its own (`writer`); a few others read (`readers`), each read in one short
//! transaction, so that in WAL mode neither ever waits for the other. The file is disposable: `synchronous=NORMAL`, and whatever
//! is wrong with it, it can be deleted and is rebuilt from the log.
//!
//! What never happens here: anything that knows what a row means; a write outside the writer's thread; a statement whose text
//! grows with the data.
//!
//! The tables are made to be read directly: `sqlite3 views.db .schema` shows each with its comments.
//!
//! # Recipes
//!
//! **To add a kind of column**: its type in `ddl`, its binding and reading in `value`.
//!
//! **To add a condition**: its text in `select`; the contract suite's generator covers it.
//!
//! **To change how views' tables come and go** (made, dropped, swapped): `tables`.
//!
//! **To change the file's own tables** (checkpoints, parked): `open::OWN_TABLES` and `open::FORMAT`; an older file is then
//! [`OpenError::OtherFormat`], and its owner deletes it.

mod apply;
mod ddl;
mod fault;
mod open;
mod readers;
mod select;
mod sql;
mod store;
mod tables;
mod value;
mod words;
mod writer;

pub use open::OpenError;
pub use store::SqliteViews;
