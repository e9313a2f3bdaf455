//! Views in PostgreSQL, on a real server.

#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

mod contract;
mod given;
mod nodes;
mod outages;
mod tables;
