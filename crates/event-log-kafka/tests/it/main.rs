//! The log on real brokers: one that all tests share, each on topics of its own, and clusters for those that break them.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

mod agreement;
mod cluster;
mod contract;
mod figures;
mod given;
mod outage;
mod raw;
mod rebuild;
mod secure;
mod settings;
mod texts;
