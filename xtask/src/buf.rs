//! buf, from npm: installed once into `target/tools`, and run over the contract.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{
    baseline::{self, Baseline},
    cargo::{answers, passes, program, root, target},
    run::Outcome,
};

/// The version that everybody runs. Another one is installed as soon as this says so.
const VERSION: &str = "1.75.0";

/// `buf lint`.
pub(crate) fn lint() -> Result<Outcome> {
    with_buf(|buf| passes(program(buf).arg("lint")).map(Outcome::of_check))
}

/// `buf breaking` against the contract that callers have ([`baseline::find`]).
pub(crate) fn breaking() -> Result<Outcome> {
    let (commit, why) = match baseline::find(&root())? {
        Baseline::Commit { commit, why } => (commit, why),
        Baseline::None { why } => return Ok(Outcome::Clean { note: why }),
        Baseline::Unknown { what } => return Ok(Outcome::Missing { what }),
    };
    with_buf(|buf| {
        let against = target().join("contract-baseline");
        baseline::write_out(&root(), &commit, &against)?;
        eprintln!("against {why}");
        let passed = passes(program(buf).arg("breaking").arg("--against").arg(&against))?;
        Ok(if passed { Outcome::Clean { note: format!("against {why}") } } else { Outcome::Broken })
    })
}

fn with_buf(run: impl FnOnce(&Path) -> Result<Outcome>) -> Result<Outcome> {
    match installed()? {
        Ok(buf) => run(&buf),
        Err(what) => Ok(Outcome::Missing { what }),
    }
}

/// The path of the pinned buf, or what is missing and how to get it.
pub(crate) fn installed() -> Result<Result<PathBuf, String>> {
    let tools = target().join("tools");
    let package = tools.join("node_modules/@bufbuild/buf/package.json");
    let buf = tools.join("node_modules/.bin/buf");
    if version_in(&package).as_deref() == Some(VERSION) && buf.exists() {
        return Ok(Ok(buf));
    }
    if !answers("node") || !answers("npm") {
        return Ok(Err("Node.js with npm is missing (it brings buf): apt-get install nodejs npm".to_owned()));
    }
    fs::create_dir_all(&tools).context("create the folder for tools")?;
    let wanted = format!("@bufbuild/buf@{VERSION}");
    let mut npm = program("npm");
    npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"])
        .arg(&tools)
        .arg(&wanted);
    if passes(&mut npm)? && buf.exists() {
        return Ok(Ok(buf));
    }
    Ok(Err(format!(
        "npm could not install buf (is there a network?): npm install --prefix {} {wanted}",
        tools.display()
    )))
}

fn version_in(package: &Path) -> Option<String> {
    let package: Value = serde_json::from_str(&fs::read_to_string(package).ok()?).ok()?;
    Some(package["version"].as_str()?.to_owned())
}
