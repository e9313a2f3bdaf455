//! Sessions with PostgreSQL, as the adapters here want them: where, how set up, kept in a pool, asked in tasks of their own.
//!
//! A [`Place`] is read from a URL; a [`Dial`] makes connections to it, each told its [`Session`]'s settings; [`Connections`] keeps
//! some and asks them a [`Question`] in a task that no caller can cancel halfway, or lends one to such a task; [`listen`] hears what other nodes say by `NOTIFY`, and
//! [`Announcer`] says it. A [`Fault`] is what went wrong, for an adapter to put into its contract's words.
//!
//! What never happens here: a table, a statement of an adapter's, a write transaction that lives in its caller's task, a password in a
//! message.
//!
//! # Recipes
//!
//! **To add a setting for all sessions**: `dial.rs`; for one adapter's: its own [`Session`].
//!
//! **To add a parameter of PostgreSQL's to URLs**: `place::PASSED_ON`.

mod announcer;
mod connections;
mod dial;
mod fault;
mod listener;
mod place;

pub use announcer::Announcer;
pub use connections::{Connections, Lent, Question};
pub use dial::{Dial, Session, hang_up};
pub use fault::Fault;
pub use listener::{Heard, listen};
pub use place::{Place, UrlError};
