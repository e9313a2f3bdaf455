//! What the system does by itself, over real processes that are killed, on each log: each deadline once, at its exact instant; escalations for whoever
//! subscribes; deployments that mark what they carry.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

mod deadlines;
mod given;
mod production;
