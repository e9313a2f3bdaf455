//! Read models as data and pure folds.
//!
//! A view ([`view::View`]) is a name, a version, tables ([`table`]) and a fold from events to [`row::Change`]s of them; [`ALL`] are
//! the views there are. What is read back is a [`row::Select`], data too, made by a [`query::Query`]: a store knows tables and
//! rows, never issues or boards. [`folding`] folds batches of events with documents in hand.
//!
//! What never happens here: IO, SQL, the wall clock, randomness; and no fold sees a stream but its own.
//!
//! # Recipes
//!
//! **To add a view**: a file `NAME.rs` (start from [`issue`]) with its rows as [`record`]s, its `SCHEMA`, its [`view::View`] and its
//! queries; one line in [`ALL`]; a story in `crates/projector/tests`, where everything is delivered twice and in odd batches.
//!
//! **To add a field to an issue's answers**: the field in `domain::issue::Issue` and its fold, the column in `issue/tables.rs` (or the
//! part in `issue/details.rs`), both ways in `issue/stored.rs`, [`issue::SCHEMA`]'s version; then `proto/` and `grpc`.
//!
//! **To add a filter or an order**: `issue/list.rs`; for one that must not pass over what it leaves out, an index in
//! `issue/tables.rs` and the version.
//!
//! **To change what an event does to a view** (in `domain`'s fold, too): raise the version of its schema. The next start
//! folds it from the log into tables of its own; until it has caught up, queries are refused as being rebuilt. The tables of the
//! version before stay in the store, asked by nobody, until that is deleted.

pub mod board;
pub mod folding;
pub mod issue;
pub mod query;
pub mod record;
pub mod row;
pub mod table;
pub mod view;

/// What a fold is given: a runner of views needs no more of the domain.
pub use domain::{Recorded, StreamKind, StreamRef};
pub use folding::{AnyView, Folding};
pub use query::Query;
pub use view::{Unappliable, View};

/// Every view there is.
pub static ALL: &[&dyn AnyView] = &[&issue::Issues];
