//! What Snaglog knows of production issues: deciders, and the words they are told in.
//!
//! A decider is an initial state (`None`: the stream does not exist), [`evolve`](issue::evolve) that folds an event into it and can't
//! refuse, and [`decide`](issue::decide) that answers a command with what happened, or with the named rule it breaks. There is one for each kind of
//! stream: [`issue`], [`project`], [`team`], [`release`].
//!
//! What never happens here: IO, the wall clock, randomness, async, serialisation. Time and what is known of other streams come in as
//! arguments; the domain can't fail, only reject.
//!
//! # Recipes
//!
//! **To add a command**: a variant of [`issue::Command`], its row in the state × command table of `tests/workflow.rs` (it does not compile without),
//! the function that decides it in one of the files of `issue/decide/`, and an arm in `issue/decide.rs`. Then its stored events (`codec`), its
//! method (`proto/`, `grpc`), its subcommand (`services/snaglog`).
//!
//! **To add an event**: a variant of [`issue::IssueEvent`], its arm in `issue/fold.rs`; then `codec` and the views.
//!
//! **To add a rejection**: a variant of [`Rejection`]; `grpc` does not compile until it has a reason and a status.

mod context;
pub mod ids;
pub mod issue;
pub mod project;
mod recorded;
mod rejection;
pub mod release;
pub mod team;
pub mod text;

pub use context::{CLOCK_SKEW_MAX, Context};
pub use recorded::{Actor, Decision, Event, EventKind, Fact, Origin, Recorded, StreamKind, StreamRef};
pub use rejection::{Missing, Rejection};
