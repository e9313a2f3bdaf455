//! Runs cargo and other programs from the workspace's root.

use std::{
    env,
    ffi::OsStr,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{run::Outcome, tally::Tally};

/// The workspace's root folder.
pub(crate) fn root() -> PathBuf {
    // Cargo sets it for what it runs: so a checkout that was moved finds itself, and not the folder it was built in.
    let here = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// A program to be run in the root folder.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

/// The cargo that runs this program.
pub(crate) fn cargo() -> Command {
    program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// True: there is such a program, and it says its version.
pub(crate) fn answers(tool: &str) -> bool {
    Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Runs it with its output left as it is; answers whether it exited well.
pub(crate) fn passes(command: &mut Command) -> Result<bool> {
    eprintln!("$ {}", shown(command));
    let status = command.status().with_context(|| format!("run {}", shown(command)))?;
    Ok(status.success())
}

/// Runs it and answers its standard output; a bad exit is an error with what it wrote to standard error.
pub(crate) fn text(command: &mut Command) -> Result<String> {
    let Output { status, stdout, stderr } = command.output().with_context(|| format!("run {}", shown(command)))?;
    if !status.success() {
        bail!("{} answered {status}: {}", shown(command), String::from_utf8_lossy(&stderr).trim());
    }
    String::from_utf8(stdout).with_context(|| format!("read the output of {}", shown(command)))
}

/// Runs `cargo test`, shows what it prints, and counts.
pub(crate) fn tested(command: &mut Command) -> Result<Outcome> {
    eprintln!("$ {}", shown(command));
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("run {}", shown(command)))?;
    let (mut tally, mut skips) = (Tally::default(), 0);
    if let Some(stdout) = child.stdout.take() {
        let mut out = std::io::stdout().lock();
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line.context("read the test run's output")?;
            out.write_all(&line).and_then(|()| out.write_all(b"\n")).context("print the test run's output")?;
            let line = String::from_utf8_lossy(&line);
            skips += u64::from(Tally::is_skip(&line));
            if let Some(counted) = Tally::of_line(&line) {
                tally += counted;
            }
        }
    }
    let status = child.wait().context("wait for the test run")?;
    Ok(Outcome::Tested { tally: tally.skipping(skips), exited_well: status.success() })
}

/// The names of integration tests, (package, name), in the workspace.
pub(crate) fn integration_tests() -> Result<Vec<(String, String)>> {
    let metadata = text(cargo().args(["metadata", "--format-version", "1", "--no-deps"]))?;
    let metadata: Value = serde_json::from_str(&metadata).context("read cargo metadata")?;
    let mut names = Vec::new();
    for package in metadata["packages"].as_array().context("cargo metadata without packages")? {
        for target in package["targets"].as_array().context("a package without targets")? {
            if target["kind"][0] == "test"
                && let (Some(package), Some(name)) = (package["name"].as_str(), target["name"].as_str())
            {
                names.push((package.to_owned(), name.to_owned()));
            }
        }
    }
    Ok(names)
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
