//! Policies: what they say, which one is in force, and why one is refused.
#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

mod default;
mod faults;
mod given;
mod schemes;
mod trial;
mod versions;
mod why;
