//! `cargo xtask bench NAME …` and `cargo xtask chaos NAME …`: a release build of the server and of the package `tests`, in one go, then the
//! benchmark or the crash run.

use anyhow::Result;

use crate::{
    cargo::{cargo, passes, program, target},
    servers,
};

/// What is built: one set for both, so that going from one to the other builds nothing anew.
const BUILD: &[&str] = &["build", "--release", "-p", "snaglog", "-p", "tests", "--features", "snaglog/kafka"];

/// Builds and runs one of the package's binaries, `bench` or `chaos`; it finds the server's in `SNAGLOG_BIN`. Answers whether it exited well.
pub(crate) fn run(binary: &str, arguments: &[String]) -> Result<bool> {
    if arguments.iter().any(|argument| ["postgres", "kafka"].contains(&argument.as_str()))
        && let Err(missing) = servers::fetched()?
    {
        eprintln!("{missing}");
    }
    if !passes(cargo().args(BUILD).args(["--bin", "snaglog", "--bin", "bench", "--bin", "chaos"]))? {
        eprintln!("It is the binary `{binary}` of the package `tests` (tests/src/bin/{binary}.rs).");
        return Ok(false);
    }
    let release = target().join("release");
    passes(program(release.join(binary)).args(arguments).env("SNAGLOG_BIN", release.join("snaglog")))
}
