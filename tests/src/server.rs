//! A real `snaglog serve` of one's own: a process, a folder, a port.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::chaos::powerloss::recorder::Recorder;
use crate::tools::skip_unless_ci;

/// How long a server may take to be ready before a test gives up on it.
const READY_MAX: Duration = Duration::from_secs(120);

/// The binary under test: `SNAGLOG_BIN`, or the one beside this test's own.
pub fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os("SNAGLOG_BIN") {
        return named.into();
    }
    let own = std::env::current_exe().unwrap_or_default();
    let folder = own.ancestors().find(|folder| folder.join("snaglog").is_file());
    folder.map_or_else(|| PathBuf::from("snaglog"), |folder| folder.join("snaglog"))
}

/// Whether this machine lets a test mount a file system of its own: `unshare` with unprivileged user namespaces (Linux). Where it doesn't,
/// this is said with the reason, and the test is to be skipped.
///
/// # Panics
///
/// With `CI=true`, where nothing is skipped.
pub async fn can_mount() -> bool {
    let tried = Command::new("unshare").args(["--map-root-user", "--mount", "true"]).output().await;
    let why = match tried {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => format!("unshare: {error}"),
    };
    let missing =
        format!("no file system of a test's own without unprivileged user namespaces ({why}); see CONTRIBUTING.md");
    skip_unless_ci(&missing);
    false
}

/// A running server. It is killed when dropped.
#[derive(Debug)]
pub struct Server {
    process: Child,
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub url: String,
    /// Where its metrics are, `HOST:PORT`, if it serves them.
    pub metrics: Option<String>,
}

/// How a server that did not come up, or was stopped, ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; `None`: killed by a signal.
    pub code: Option<i32>,
    /// What it wrote to standard error.
    pub errors: String,
}

impl Server {
    /// Starts one on this data folder, and waits until it says that it listens.
    pub async fn start(data: &Path) -> anyhow::Result<Self> {
        Self::start_with(data, &[]).await
    }

    /// Starts one with more flags.
    pub async fn start_with(data: &Path, flags: &[&str]) -> anyhow::Result<Self> {
        Self::of(command(data, flags)).await
    }

    /// Starts one with more flags, and more in its environment; its log lines go to this file.
    pub async fn start_logged(
        data: &Path,
        flags: &[&str],
        environment: &[(&str, &str)],
        lines: &Path,
    ) -> anyhow::Result<Self> {
        let mut command = command(data, flags);
        command.envs(environment.iter().copied()).stderr(std::fs::File::create(lines).context("make a file")?);
        Self::of(command).await
    }

    /// Starts one under a recorder of what it writes, on the recorder's folder.
    pub async fn start_recorded(recorder: &Recorder) -> anyhow::Result<Self> {
        let mut command = command(&recorder.folder, &[]);
        recorder.preload(&mut command, false);
        Self::of(command).await
    }

    /// Starts one with more flags, that does by itself what the system does by itself: all others leave it, so that nothing comes between the steps
    /// of a story.
    pub async fn start_reacting(data: &Path, flags: &[&str]) -> anyhow::Result<Self> {
        let mut command = command(data, flags);
        command.env("SNAGLOG_NO_REACTORS", "false");
        Self::of(command).await
    }

    /// Starts another build's, with more flags.
    pub async fn start_build(binary: &Path, data: &Path, flags: &[&str]) -> anyhow::Result<Self> {
        Self::of(command_of(binary, data, flags)).await
    }

    async fn of(mut command: Command) -> anyhow::Result<Self> {
        let mut process = command.spawn().context("start snaglog serve")?;
        let output = process.stdout.take().context("the server has a standard output")?;
        let mut lines = BufReader::new(output).lines();
        let mut next = async || {
            let line = timeout(READY_MAX, lines.next_line()).await;
            line.context("the server says in time that it listens")?.context("read its standard output")
        };
        let mut line = next().await?;
        let metrics = line.as_deref().and_then(|line| line.strip_prefix("metrics on ")).map(str::to_owned);
        if metrics.is_some() {
            line = next().await?;
        }
        match line.as_deref().and_then(|line| line.strip_prefix("listening on ")) {
            Some(address) => Ok(Self { process, url: format!("http://{address}"), metrics }),
            None => bail!("the server said {line:?} instead of `listening on HOST:PORT`"),
        }
    }

    /// Starts one whose data folder is a file system of its own of so many bytes, a third of it taken by a file `ballast`
    /// (where one [`can_mount`]).
    pub async fn start_on_small_disk(data: &Path, bytes: u64) -> anyhow::Result<Self> {
        let script =
            "mount -t tmpfs -o size=$1 none \"$2\" && head -c $3 /dev/zero >\"$2/ballast\" && shift 3 && exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", script, "sh", &bytes.to_string()]).arg(data);
        command.arg((bytes / 3).to_string()).arg(binary()).arg("serve").arg("--data").arg(data);
        command.args(["--listen", "127.0.0.1:0", "--log-level", "error"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        Self::of(command).await
    }

    /// A path of its own file system, as seen from outside.
    pub fn inside(&self, path: &Path) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{}", self.id(), path.display()))
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id().unwrap_or_default()
    }

    /// SIGKILL, as a crash would; returns when it is gone.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.process.kill().await.context("kill the server")
    }

    /// SIGTERM; returns when it has drained and exited.
    pub async fn stop(mut self) -> anyhow::Result<Ended> {
        let id = self.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await.context("send SIGTERM")?;
        anyhow::ensure!(sent.success(), "kill -TERM {id} failed");
        let status = timeout(READY_MAX, self.process.wait()).await.context("the server drains in time")??;
        Ok(Ended { code: status.code(), errors: String::new() })
    }

    /// Its resident memory, in bytes (Linux).
    pub fn resident_bytes(&self) -> anyhow::Result<u64> {
        resident_bytes(self.id())
    }
}

/// A process's resident memory, in bytes (Linux).
pub fn resident_bytes(process: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).context("read a process's /proc status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS is in it")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().context("VmRSS is a number of kB")?;
    Ok(kib * 1024)
}

/// Starts a server that is expected not to come up, and waits for its end.
pub async fn fails_to_start(data: &Path, flags: &[&str]) -> anyhow::Result<Ended> {
    ended(command(data, flags)).await
}

/// The same on a folder that is mounted read-only, which binds root too (where one [`can_mount`]).
pub async fn fails_to_start_read_only(data: &Path) -> anyhow::Result<Ended> {
    let script = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && shift && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", script, "sh"]).arg(data);
    command.arg(binary()).arg("serve").arg("--data").arg(data).args(["--listen", "127.0.0.1:0"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    ended(command).await
}

async fn ended(mut command: Command) -> anyhow::Result<Ended> {
    let mut process = command.stderr(Stdio::piped()).spawn().context("start snaglog serve")?;
    let mut errors = String::new();
    let mut stderr = process.stderr.take().context("the server has a standard error")?;
    let read = timeout(READY_MAX, stderr.read_to_string(&mut errors)).await;
    read.context("a server that can't serve ends in time")??;
    let status = process.wait().await?;
    Ok(Ended { code: status.code(), errors })
}

fn command(data: &Path, flags: &[&str]) -> Command {
    command_of(&binary(), data, flags)
}

fn command_of(binary: &Path, data: &Path, flags: &[&str]) -> Command {
    let mut command = Command::new(binary);
    command
        .arg("serve")
        .arg("--data")
        .arg(data)
        .args(flags)
        .env("SNAGLOG_LISTEN", "127.0.0.1:0")
        .env("SNAGLOG_LOG_LEVEL", "warn")
        .env("SNAGLOG_NO_REACTORS", "true")
        // On a machine that stands still for a while, views come late, and not wrong.
        .env("SNAGLOG_FRESHNESS_WAIT", "60");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    command
}
