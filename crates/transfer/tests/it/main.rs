//! Whole logs: verified, exported, imported, copied, in memory, in SQLite, in PostgreSQL, on Kafka.
#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

mod copied;
mod files;
mod given;
mod sizes;
mod verified;
