//! Read models as data and pure folds.
//!
//! A view ([`view::View`]) is a name, a version, tables ([`table`]) and a fold from events to [`row::Change`]s of them; [`ALL`] are
//! the views there are. What is read back is a [`row::Select`], data too, made by a [`query::Query`]: a store knows tables and
//! rows, never issues or boards. [`folding`] folds batches of events with documents in hand.
//!
//! What never happens here: IO, SQL, the wall clock, randomness; and no fold sees a stream but its own, and the one that rules it where
//! its view names one ([`view::View::ruler`]).
//!
//! # Recipes
//!
//! **To add a view**: a file `NAME.rs` (start from [`issue`]) with its rows as [`record`]s, its `SCHEMA`, its [`view::View`] and its
//! queries; one line in [`ALL`] (`CONTRIBUTING.md` works one out); a story in `crates/projector/tests`, where everything is delivered
//! twice and in odd batches.
//!
//! **To fold streams by what another one of their project says** (issues by the project's policies, say): one view folds both kinds; its document
//! is an enum of the two, its table's key tells them apart; [`view::View::ruler`] names the other's stream and key, and [`view::View::fold_ruled`] reads it.
//! Read of it only what was settled when the event was recorded. Its story: `crates/projector/tests/stories/ruled.rs`.
//!
//! **To pass over events that change nothing of a view**: [`view::View::picks`]; they cost neither a load nor a row.
//!
//! **To add a field to an issue's answers**: the field in `domain::issue::Issue` and its fold, the column in `issue/tables.rs` (or the
//! part in `issue/details.rs`), both ways in `issue/stored.rs`, [`issue::SCHEMA`]'s version; then `proto/` and `grpc`.
//!
//! **To add a filter or an order**: `issue/list.rs`; for one that must not pass over what it leaves out, an index in
//! `issue/tables.rs` and the version.
//!
//! **To filter or group boards by more**: a dimension in `issue/facets.rs`, where it is counted; `board/card.rs`, where a card tells it; an index in
//! `issue/tables.rs` and its name in `board/access.rs` where few issues must be found among many.
//!
//! **To let a search find by more**: a column of words in `search.rs` and where its tokens come from in `search/document.rs`, its name in
//! `search/syntax.rs`, [`search::SCHEMA`]'s version; for a filter, `search/found.rs`; then `proto/` and `grpc`.
//!
//! **To change what an event does to a view** (in `domain`'s fold, too): raise the version of its schema. The next start
//! folds it from the log into tables of its own; until it has caught up, queries are refused as being rebuilt (`snaglog view prepare` builds
//! them before). The tables of the version before go ten minutes after the last node that used them.

pub mod board;
#[cfg(test)]
pub mod example;
#[cfg(test)]
mod example_tests;
pub mod flow;
pub mod folding;
pub mod inbox;
pub mod issue;
pub mod people;
pub mod production;
pub mod query;
pub mod record;
pub mod row;
pub mod search;
pub mod shifts;
pub mod sla;
pub mod table;
pub mod view;

/// What a fold is given: a runner of views needs no more of the domain.
pub use domain::{Recorded, StreamKind, StreamRef};
pub use folding::{AnyView, Folding};
pub use query::Query;
pub use view::{Ruler, Unappliable, View};

/// Every view there is.
pub static ALL: &[&dyn AnyView] =
    &[&issue::Issues, &search::SearchView, &flow::Flow, &production::Production, &sla::Sla, &shifts::Shifts];
