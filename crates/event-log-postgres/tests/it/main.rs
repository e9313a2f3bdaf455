//! The log in PostgreSQL, on real servers: the suite that every log must pass, and what only this one can meet.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

mod contract;
mod faults;
mod given;
mod load;
mod losses;
mod turns;
