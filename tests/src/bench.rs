//! Benchmarks. The machines are noisy, so a figure counts only as a ratio to a reference measured in the same run, interleaved with it.

pub mod append;
pub mod corpus;
pub mod echo;
pub mod load;
pub mod overload;
pub mod project;
pub mod queries;
pub mod report;
pub mod serve;
pub mod sla;
pub mod telemetry;
