//! The server as its callers see it: a real client, a real connection, everything else in memory.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a story that can't go on fails")]

mod admin;
mod answers;
mod around;
mod audit;
mod boards;
mod calendars;
mod clocks;
mod commands;
mod discovery;
mod ending;
mod errors;
mod events;
mod flow;
mod foreseen;
mod freshness;
mod given;
mod histories;
mod imports;
mod life;
mod lists;
mod messages;
mod policies;
mod rebuilt;
mod search;
mod shifts;
mod sla;
mod swapping;
mod switching;
mod targets;
mod teams;
mod timelines;
mod watches;
mod web;
mod work;
