//! Commands on a log in memory, and on one that loses replies, trails others and conflicts.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod cached;
mod conflicts;
mod faults;
mod found;
mod given;
mod guards;
mod imports;
mod refusals;
mod repeated;
