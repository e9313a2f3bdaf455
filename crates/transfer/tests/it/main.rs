//! Whole logs: verified, exported, imported, copied, in memory and in SQLite.
#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

mod copied;
mod files;
mod given;
mod verified;
