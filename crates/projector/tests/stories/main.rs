//! Stories of views and of the runner that keeps them.
//!
//! Whatever a story tells is delivered in odd batches and twice over, with replies lost in between ([`given`]); and in the end the
//! views must be what one fold of the whole log makes of it. Nobody can forget it: there is no other way to tell a story.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a story that can't be told fails")]

mod boards;
mod doubled;
mod events;
mod flow;
mod given;
mod histories;
mod inboxes;
mod issues;
mod kills;
mod leases;
mod lists;
mod mortal;
mod parking;
mod rebuilds;
mod restarts;
mod retries;
mod ruled;
mod search;
mod shifts;
mod sla;
mod tally;
mod verified;
mod workloads;
