//! The recorder: a library in C, compiled here and preloaded into what is to be recorded.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::trace;

const SOURCE: &str = include_str!("../../../powerloss/recorder.c");

/// A recorder, and the files it works on.
#[derive(Debug)]
pub struct Recorder {
    library: PathBuf,
    /// What is recorded: files below it.
    pub folder: PathBuf,
    /// The record.
    pub trace: PathBuf,
    /// What is written to this file is an answer.
    pub acks: PathBuf,
}

/// Whether there is a C compiler; where there isn't, this is said, and the test is to be skipped.
///
/// # Panics
///
/// With `CI=true`, where nothing is skipped.
pub fn can_compile() -> bool {
    let there =
        Command::new(compiler()).arg("--version").stdout(Stdio::null()).status().is_ok_and(|ended| ended.success());
    if !there {
        crate::tools::skip_unless_ci("no C compiler, which the recorder of writes needs: apt-get install gcc");
    }
    there
}

fn compiler() -> PathBuf {
    std::env::var_os("CC").map_or_else(|| "cc".into(), PathBuf::from)
}

impl Recorder {
    /// Compiles the library into this folder, and makes the folder `disk` in it, which is recorded.
    pub fn new(into: &Path) -> Result<Self> {
        std::fs::create_dir_all(into)?;
        let library = into.canonicalize()?.join("recorder.so");
        compile(&library)?;
        Self::with(library, into)
    }

    /// The same, compiled already, for another folder.
    pub fn for_another(&self, into: &Path) -> Result<Self> {
        Self::with(self.library.clone(), into)
    }

    fn with(library: PathBuf, into: &Path) -> Result<Self> {
        std::fs::create_dir_all(into.join("disk"))?;
        // As the kernel names it: that is what descriptors lead to.
        let into = into.canonicalize()?;
        let recorder =
            Self { library, folder: into.join("disk"), trace: into.join("trace"), acks: into.join("ledger") };
        std::fs::File::options().create(true).append(true).open(&recorder.trace)?;
        Ok(recorder)
    }

    /// Whether something is recorded already.
    pub fn has_trace(&self) -> bool {
        self.trace.metadata().is_ok_and(|trace| trace.len() > 0)
    }

    /// Records an answer that somebody got who is not recorded himself.
    pub fn note(&self, answer: &str) -> Result<()> {
        let mut trace = std::fs::File::options().append(true).open(&self.trace)?;
        trace.write_all(&trace::answered(answer)).context("append an answer to the trace")
    }

    /// Has a program recorded, and all that it starts; with `drop_syncs`, its syncs do nothing.
    pub fn preload(&self, command: &mut tokio::process::Command, drop_syncs: bool) {
        command.envs(self.environment(&self.folder, drop_syncs));
    }

    /// What has a program recorded that finds it in its environment. A folder that isn't absolute is one below where it is started.
    pub fn environment(&self, folder: &Path, drop_syncs: bool) -> Vec<(OsString, OsString)> {
        let mut variables = vec![
            ("LD_PRELOAD".into(), self.library.clone().into()),
            ("RECORDER_FOLDER".into(), folder.into()),
            ("RECORDER_TRACE".into(), self.trace.clone().into()),
            ("RECORDER_ACKS".into(), self.acks.clone().into()),
        ];
        if drop_syncs {
            variables.push(("RECORDER_DROP_SYNCS".into(), "1".into()));
        }
        variables
    }
}

fn compile(library: &Path) -> Result<()> {
    let mut command = Command::new(compiler());
    // Fortified headers define some of these functions themselves.
    command.args([
        "-shared",
        "-fPIC",
        "-O1",
        "-Wall",
        "-Werror",
        "-Wno-nonnull-compare",
        "-U_FORTIFY_SOURCE",
        "-x",
        "c",
        "-",
        "-o",
    ]);
    let mut compiler = command.arg(library).stdin(Stdio::piped()).spawn().context("run the C compiler")?;
    let mut source = compiler.stdin.take().context("the compiler has a standard input")?;
    source.write_all(SOURCE.as_bytes()).context("hand the recorder to the C compiler")?;
    drop(source);
    let ended = compiler.wait()?;
    ensure!(ended.success(), "the recorder does not compile: {ended}");
    Ok(())
}
