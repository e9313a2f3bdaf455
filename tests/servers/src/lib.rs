//! Real servers that tests start: PostgreSQL and Apache Kafka, without root and without a container.
//!
//! `cargo xtask servers` fetches what isn't installed into `target/servers` (`pom.xml` names it); this crate starts it in a
//! temporary folder, on a free port of this machine, and ends it with the test's process, however that ends.
//!
//! What never happens here: a server of somebody else is touched; a server outlives the process that started it; anything is
//! downloaded; a test is skipped without a line that says so, or at all with `CI=true`.
//!
//! # Recipes
//!
//! **To add a server**: its coordinates in `pom.xml`, a module here that finds it and starts it by [`process::Server`], and what
//! it needs on the machine in `CONTRIBUTING.md`.
//!
//! **To move to another version of one**: `pom.xml`; it is fetched as soon as that says so.

pub mod fetched;
pub mod kafka;
pub mod ports;
pub mod postgres;
pub mod process;
pub mod proxy;
mod user;

use std::io::Write as _;

/// Says that the test is skipped and why, in a line that `cargo xtask test` counts. (Not `println!`, whose output a passing test
/// keeps to itself.) The caller returns.
///
/// # Panics
///
/// With `CI=true`, where nothing that a server is missing for is skipped.
pub fn skip_unless_ci(missing: &str) {
    assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "{missing}");
    let _nobody_reads = writeln!(std::io::stdout().lock(), "\nskipped: {missing}");
}
