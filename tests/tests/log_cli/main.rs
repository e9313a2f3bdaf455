//! `snaglog log …`: real processes, beside real servers under load.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what surprises a test ends it")]

mod backed_up;
mod exported;
mod given;
mod moved;
mod opened;
mod outage;
mod verified;
