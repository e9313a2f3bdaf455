//! What Snaglog knows of production issues: deciders, and the words they are told in.
//!
//! A decider is an initial state (`None`: the stream does not exist), [`evolve`](issue::evolve) that folds an event into it and can't
//! refuse, and [`decide`](issue::decide) that answers a command with what happened, or with the named rule it breaks. There is one for each kind of
//! stream: [`issue`], [`project`], [`team`], [`release`].
//!
//! What never happens here: IO, the wall clock, randomness, async, serialisation. Time and what is known of other streams come in as
//! arguments; the domain can't fail, only reject.
//!
//! # What holds everywhere
//!
//! - A decision is at least one event; a command repeated under a new request id is refused by name. Only comments may repeat.
//! - A decider checks ids, then the state, then who, then all missing evidence at once, then the time.
//! - Folding never refuses and never panics: an event that can't follow ([`issue`]'s `order.rs` says which can) changes nothing but the revision.
//! - Of an import ([`Context::origin`]) only ids, the order of states and the order of time are checked; what it doesn't tell is [`Fact::NotKnown`].
//!
//! # Recipes
//!
//! **To add a command**: a variant of [`issue::Command`]; what it needs of other streams in [`issue::needs`]; the function that decides it, in one of the
//! files of `issue/decide/`, and an arm in `issue/decide.rs`; its row in the table of `tests/stories/workflow.rs` (it does not compile without), its
//! stories beside, and a line in `tests/stories/arbitrary.rs`. Then its stored events (`codec`), its method (`proto/`, `grpc`), its subcommand
//! (`services/snaglog`).
//!
//! **To add an event**: a variant of [`issue::IssueEvent`]; after what it can follow, in `issue/order.rs`; what it changes, in `issue/fold.rs`; its name in
//! `tests/stories/properties_reach.rs` (it does not compile without; a test fails until an arbitrary life makes one). Then `codec` and the views.
//!
//! **To add a rejection**: a variant of [`Rejection`], a story in `tests/stories/` that meets it, its name among the `RULES` of
//! `tests/stories/properties_reach.rs`; `grpc` does not compile until it has a reason and a status.
//!
//! **To add a fact that a clock looks at**: a variant of [`clocks::Noted`], an arm in `clocks/ledger.rs`; where it stops, pauses or changes a clock, in
//! `clocks/timeline.rs`; where it doesn't though one might think so, a [`clocks::Bystander`] in `clocks/story.rs`; a case in `tests/clocks/reported.rs`, its
//! word in `tests/clocks/told.rs` and `properties.rs`. Then the view that stores ledgers.
//!
//! **To add a setting of the project**: its command, its event, its field in the state, an arm in each of `project/decide.rs` and `project/fold.rs`, a story in
//! `tests/stories/projects.rs`.

pub mod agenda;
pub mod calendar;
pub mod clocks;
mod context;
pub mod ids;
pub mod issue;
pub mod policy;
pub mod project;
mod recorded;
mod rejection;
pub mod release;
pub mod shifts;
pub mod team;
pub mod text;
pub mod trial;

pub use context::{CLOCK_SKEW_MAX, Context};
pub use recorded::{Actor, Decision, Event, EventKind, Fact, Origin, Recorded, StreamKind, StreamRef};
pub use rejection::{Missing, Rejection};
