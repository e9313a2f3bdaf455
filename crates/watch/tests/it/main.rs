//! Watches over a store in memory: what they tell, and how they end.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

mod endings;
mod given;
mod pace;
mod random;
mod snapshots;
