//! Reactors at work over a log in memory, by a time that the stories move on: everything else is as it is in a server.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

mod deadlines;
mod delivery;
mod escalations;
mod faults;
mod given;
mod off;
mod production;
mod shifts;
mod waking;
