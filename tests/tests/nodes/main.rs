//! Several `snaglog serve` on one PostgreSQL: they share the log and the views, and one takes over from another.
#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

mod fresh;
mod given;
mod outage;
mod takeover;
mod upgrade;
