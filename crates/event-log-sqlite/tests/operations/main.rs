//! What operators do to a log in a file, and what they meet: upgrades, backups, a second process, crashes, damage.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails by panicking, in its helpers too")]

mod backups;
mod beside;
mod given;
mod golden;
mod integrity;
mod sweep;
mod wal;
