//! The edge: request → call → reply, over gRPC.
//!
//! [`serve`] puts all services of the contract on one port, with health, reflection and gRPC-Web. A call passes the edge (`edge.rs`: overload, who
//! calls, the deadline, panics), its fields are parsed all at once (`fields.rs`), and what the domain, the log or the views answer is shown as the
//! contract has it. An error has one place where it becomes a status (`status.rs`), and always a reason of the contract.
//!
//! - The caller is believed: the metadata `snaglog-actor` names the actor. Whatever stands in front of the server authenticates.
//! - A caller that goes away, or whose deadline passes, ends the call but not an append under way: a retry with the same request id settles it.
//! - When the server ends, calls under way have [`Options::drain_ms`], then their connections are cut.
//!
//! What never happens here: a rule of the domain, a decision, a look into the log's or the views' storage; the wall clock but for ages on a board
//! (an [`Environment`](commands::Environment) tells the time); an answer that tells of files, hosts or stored bytes.
//!
//! # Recipes
//!
//! **To add a command to an issue**: its method and messages in `proto/`, its line in `issues/commands.rs`; new words in `issues/parse.rs`. To a project
//! or a team: `projects.rs`. The domain has its own recipe.
//!
//! **To add a rejection**: a value of `Reason` in `proto/`, its arms in `status/refusal.rs` (it does not compile without).
//!
//! **To add an event**: its sentence and its data in `histories/story.rs`, its message in `proto/snaglog/events/v1` and its line in
//! `events/payload.rs`, and whatever it changes in `issues/show.rs`.
//!
//! **To add a query**: its method in `proto/`, the query in `views`, and a handler that parses, asks (`freshness.rs`) and shows; see `boards.rs`.
//!
//! **To add a service**: a module with its handlers, its line in `server.rs` under `routes` and its name in `SERVICES`.
//!
//! **To add a bound**: `limits.rs`, and the field's comment in `proto/`.

mod admin;
mod boards;
mod bytes;
mod calendars;
mod call;
mod connection;
mod deadline;
mod edge;
mod endless;
mod events;
mod fields;
mod flow;
mod freshness;
mod health;
mod histories;
mod identity;
mod imports;
mod inbox;
mod issues;
pub mod limits;
mod observed;
mod page;
mod people;
mod policies;
mod projects;
mod reason;
mod releases;
mod repair;
mod search;
mod server;
mod shifts;
mod sla;
mod status;
mod token;
mod watches;
mod window;

pub use identity::ACTOR_METADATA;
pub use observed::methods;
pub use server::{Deps, Options, ServeError, serve};
