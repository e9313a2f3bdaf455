//! What is stored, and that it can be read for ever.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod decode;
mod erasure;
mod examples;
mod golden;
mod records;
mod round_trip;
