//! Python with grpcio: a virtual environment of its own in `target/tools`, for the scenario of a client in Python.

use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::cargo::{answers, passes, program, root, target};

/// What is installed, each at one version. Others are installed as soon as this file says so.
const REQUIREMENTS: &str = "tests/tests/clients/requirements.txt";

/// The path of the environment's Python, or what is missing and how to get it.
pub(crate) fn installed() -> Result<Result<PathBuf, String>> {
    let (tools, requirements) = (target().join("tools"), root().join(REQUIREMENTS));
    let wanted = fs::read_to_string(&requirements).with_context(|| format!("read {REQUIREMENTS}"))?;
    let (folder, python) = (tools.join("python"), tools.join("python/bin/python"));
    let mark = folder.join("installed.txt");
    fs::create_dir_all(&tools).context("create the folder for tools")?;
    // Two test runs at once make it once.
    let lock = File::create(tools.join("python.lock")).context("create the lock of the Python environment")?;
    lock.lock().context("lock the Python environment")?;
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) && python.exists() {
        return Ok(Ok(python));
    }
    if !answers("python3") {
        return Ok(Err("Python 3 is missing (it runs a client): apt-get install python3 python3-venv".to_owned()));
    }
    if !passes(program("python3").args(["-m", "venv", "--clear"]).arg(&folder))? {
        return Ok(Err("Python can make no virtual environment: apt-get install python3-venv".to_owned()));
    }
    let mut pip = program(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&requirements);
    if !passes(&mut pip)? {
        let shown = format!("{} -m pip install -r {REQUIREMENTS}", python.display());
        return Ok(Err(format!("pip could not install grpcio (is there a network?): {shown}")));
    }
    fs::write(&mark, wanted).context("mark the Python environment as complete")?;
    Ok(Ok(python))
}
