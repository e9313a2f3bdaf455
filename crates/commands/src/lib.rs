//! Commands: load, fold, decide, append.
//!
//! [`Commands`] does what a caller asks of an issue, a project, a team or a release: it folds the stream's history into a state, lets the domain
//! decide, and appends what happened. Of every command it is known what became of it:
//!
//! - **A request id is answered once.** A retry gets the first answer, the state of then ([`Done::replayed`]); the same id with other content is
//!   [`CommandError::RequestIdReused`]. The log compares the id before the revision, so an accepted command needs no look-up before it.
//! - **What a decision rests on holds when it is admitted.** The append names the revision of its own stream, and of the project, team, release or
//!   other issue that the decision used. Where one has moved, it is read again and the command decided anew, 15 times at most, then
//!   [`CommandError::Contended`]. A caller that gave an expected revision gets [`CommandError::Conflict`] instead.
//! - **A refusal is never stale.** It is answered only after a barrier, all that it rests on read again, and the same refusal found; then the request
//!   id is looked up, since what was done is refused when it is asked again.
//! - **What is created is found again.** The ids of filed and imported issues follow from their requests and origins ([`Commands::issue_id`],
//!   [`Commands::imported_issue_id`]), so filing twice is one issue.
//!
//! States are remembered, bounded in bytes ([`Options::cache_bytes`]), and replaced by newer revisions only. What is remembered may be old: then an
//! append conflicts, or a refusal is found out; nothing is ever answered wrongly because of it.
//!
//! # Ids that are derived
//!
//! All are UUIDv5 (RFC 9562), and never change. Every project has a namespace of its own:
//!
//! | id | namespace | name |
//! |---|---|---|
//! | a project's namespace | [`NAMESPACE`] | `project/PAY` |
//! | an issue filed by a command | the project's | `request/` and the request id, hyphenated, lower case |
//! | an origin's namespace | the project's | `origin/bugzilla` |
//! | an imported issue | the origin's | its reference there, `446261` |
//! | the request that adds a component named by an import | the project's | `component/` and its id |
//!
//! For `PAY`: request `00000000-0000-0000-0000-000000000007` files `f88a9550-657a-5a93-8e0e-8f1fc9fc23e9`; `bugzilla` `446261` is
//! `7273f9f6-baf0-5339-bd7d-b5b939b0ab7c`.
//!
//! What never happens here: the wall clock and randomness (an [`Environment`] gives both), a read of a view, a rule of the domain, a task of its own, a
//! log line: a failure is given to the caller.
//!
//! # Recipes
//!
//! **To add a command** to one of the four kinds of streams: nothing here (`domain` says where it begins); a method only where its stream is named
//! in another way.
//!
//! **To let a decision use another stream**: `domain::issue::needs` names it, `domain::Context` carries it, `sight.rs` looks at it and guards it.
//! At most 4 streams can be guarded.
//!
//! **To add a kind of stream**: `StreamKind` and its decider in `domain`, its shapes in `codec`; here an `impl Decider` (`decider.rs`), a variant of
//! `Held` (`cache.rs`), its estimate (`weight.rs`), its `Target` (`version.rs`), and its methods (`commands.rs`).

mod cache;
mod commands;
mod decider;
mod derived;
mod error;
mod request;
mod run;
mod sight;
mod streams;
mod turns;
mod version;
mod weight;

pub use commands::Commands;
pub use derived::NAMESPACE;
pub use error::{CommandError, HistoryError};
pub use event_log::{Leaf, LogError};
pub use request::{Done, Environment, Found, Options, Place, Request};
