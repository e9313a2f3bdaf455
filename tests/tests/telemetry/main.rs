//! What a server tells of itself, as collectors, Prometheus and Grafana get it: a real server, a real collector.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what surprises a test ends it")]

mod dashboard;
mod documented;
mod given;
mod probes;
mod secrets;
mod traced;
