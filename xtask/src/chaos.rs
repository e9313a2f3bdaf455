//! `cargo xtask chaos NAME …`: a release build of the crash runs, then the run.

use anyhow::Result;

use crate::cargo::{cargo, passes, program, target};

/// Builds and runs. Answers whether it exited well.
pub(crate) fn run(arguments: &[String]) -> Result<bool> {
    let mut build = cargo();
    build.args([
        "build",
        "--release",
        "-p",
        "snaglog",
        "-p",
        "tests",
        "--bin",
        "snaglog",
        "--bin",
        "bench",
        "--bin",
        "chaos",
    ]);
    if !passes(&mut build)? {
        eprintln!("The crash runs are the binary `chaos` of the package `tests` (tests/src/bin/chaos.rs).");
        return Ok(false);
    }
    let release = target().join("release");
    passes(program(release.join("chaos")).args(arguments).env("SNAGLOG_BIN", release.join("snaglog")))
}
