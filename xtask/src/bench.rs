//! `cargo xtask bench NAME …`: a release build of the server and of the benchmarks, in one go, then the benchmark.

use anyhow::Result;

use crate::cargo::{cargo, passes, program, target};

/// Builds and runs; the benchmark's binary finds the server's in `SNAGLOG_BIN`. Answers whether it exited well.
pub(crate) fn run(arguments: &[String]) -> Result<bool> {
    let mut build = cargo();
    build.args(["build", "--release", "-p", "snaglog", "-p", "tests", "--bin", "snaglog", "--bin", "bench"]);
    if !passes(&mut build)? {
        eprintln!("The benchmarks are the binary `bench` of the package `tests` (tests/src/bin/bench.rs).");
        return Ok(false);
    }
    let release = target().join("release");
    passes(program(release.join("bench")).args(arguments).env("SNAGLOG_BIN", release.join("snaglog")))
}
