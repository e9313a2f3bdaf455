//! A server's process, which ends with this one.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

use crate::user::User;

/// How long a server may take to end before that is an error.
const END_TIMEOUT: Duration = Duration::from_secs(240);
/// How often a process is looked at while it begins or ends: nothing tells a process that isn't its parent.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Starts the server and says its process id, then waits for an order; without one (this process has ended) it ends the
/// server at once and removes its folder.
///
/// The shell is the server's parent, so the process id stays the server's until the shell is told to let go of it.
const WATCH: &str = r#"
signal=$1 folder=$2
shift 2
"$@" </dev/null >&3 2>&3 3>&- &
server=$!
exec 3>&-
echo "$server"
if read -r order; then signal=$order folder=; fi
kill -s "$signal" "$server" 2>/dev/null
kill -s CONT "$server" 2>/dev/null
wait "$server"
if [ -n "$folder" ]; then rm -rf -- "$folder"; fi
"#;

/// How a server is started.
#[derive(Debug)]
pub struct Start<'a> {
    /// The program.
    pub program: &'a Path,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Variables that it gets beside this process's own.
    pub environment: &'a [(OsString, OsString)],
    /// Where its output is appended.
    pub log: &'a Path,
    /// What is removed should this process end without having ended the server.
    pub folder: &'a Path,
    /// What ends it quickly, by name ("QUIT").
    pub quick_end: &'static str,
}

/// A server's process. Dropping it ends the server.
#[derive(Debug)]
pub struct Server {
    watch: Child,
    pid: Pid,
    quick_end: &'static str,
}

impl Server {
    /// Starts it as ourselves.
    pub fn start(start: &Start<'_>) -> Result<Self> {
        Self::start_as(None, start)
    }

    pub(crate) fn start_as(user: Option<User>, start: &Start<'_>) -> Result<Self> {
        let log = File::options().create(true).append(true).open(start.log).context("open the server's log")?;
        let mut command = Command::new("sh");
        // File descriptor 3 of the shell is the log.
        command.arg("-c").arg(format!("exec 3>>\"$1\"; shift; {WATCH}")).arg("sh").arg(start.log);
        command.arg(start.quick_end).arg(start.folder).arg(start.program).args(&start.arguments);
        command.envs(start.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(start.folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        // A group of its own: what ends the tests at a terminal leaves the watch alone, which then ends the server.
        command.process_group(0);
        if let Some(user) = user {
            user.runs(&mut command);
            user.owns(start.log)?;
        }
        let mut watch = command.spawn().context("run sh")?;
        let mut said = String::new();
        BufReader::new(watch.stdout.take().context("sh has no output")?)
            .read_line(&mut said)
            .context("read the server's process id")?;
        let pid = said.trim().parse().ok().and_then(Pid::from_raw);
        let pid = pid.with_context(|| format!("{} did not start", start.program.display()))?;
        Ok(Self { watch, pid, quick_end: start.quick_end })
    }

    /// Its process id.
    pub fn id(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Whether it runs (a stopped one does).
    pub fn runs(&self) -> bool {
        is_alive(self.pid)
    }

    /// Sends it a signal; after `STOP` none of its threads runs any more.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill_process(self.pid, signal).with_context(|| format!("send {signal:?} to process {}", self.id()))?;
        if signal == Signal::STOP {
            wait_until("the stopped server stands still", || stands_still(self.pid))?;
        }
        Ok(())
    }

    /// Sends a signal to it and to every process that it has begun.
    pub fn signal_all(&self, signal: Signal) -> Result<()> {
        // Stopped first: so it begins no more of them meanwhile.
        self.signal(Signal::STOP)?;
        for process in descendants(self.pid) {
            // It may have ended by itself.
            let _ended = kill_process(process, signal);
        }
        self.signal(signal)
    }

    /// Ends it and every process that it has begun, as a loss of power would, and waits until they are gone.
    pub fn kill(mut self) -> Result<()> {
        self.signal(Signal::STOP)?;
        let mut all = descendants(self.pid);
        all.push(self.pid);
        self.signal_all(Signal::KILL)?;
        wait_until("the killed server is gone", || !all.iter().any(|process| is_alive(*process)))?;
        self.order("KILL")
    }

    /// Ends it by a signal of that name ("INT"), and waits until it is gone.
    pub fn end(mut self, signal: &str) -> Result<()> {
        self.order(signal)
    }

    fn order(&mut self, signal: &str) -> Result<()> {
        if let Some(mut orders) = self.watch.stdin.take() {
            writeln!(orders, "{signal}").context("tell the server to end")?;
        }
        wait_until("the server has ended", || matches!(self.watch.try_wait(), Ok(Some(_))))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.watch.stdin.is_some() {
            let quick_end = self.quick_end;
            let _gone_already = self.order(quick_end);
        }
    }
}

/// Waits until something is so, or fails, naming it.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) -> Result<()> {
    let started = Instant::now();
    while !is_so() {
        if started.elapsed() > END_TIMEOUT {
            bail!("not after {END_TIMEOUT:?}: {what}");
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

/// Every process that this one, or one of those, has begun.
fn descendants(of: Pid) -> Vec<Pid> {
    let all: Vec<(Pid, Pid)> = processes().filter_map(|process| Some((process, status(process)?.1))).collect();
    let mut found = vec![of];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(all.iter().filter(|(_, of)| *of == parent).map(|(process, _)| *process));
        next += 1;
    }
    found.split_off(1)
}

fn processes() -> impl Iterator<Item = Pid> {
    let folders = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    folders.filter_map(|folder| Pid::from_raw(folder.file_name().to_str()?.parse().ok()?))
}

/// A process that has ended and wasn't waited for is not alive.
fn is_alive(process: Pid) -> bool {
    status(process).is_some_and(|(state, _)| !matches!(state, 'Z' | 'X'))
}

/// Whether every thread of a process is stopped, or gone.
fn stands_still(process: Pid) -> bool {
    let threads = std::fs::read_dir(folder(process).join("task")).into_iter().flatten().flatten();
    threads.filter_map(|thread| stat(&thread.path())).all(|(state, _)| matches!(state, 'T' | 't' | 'Z' | 'X'))
}

/// State and parent.
fn status(process: Pid) -> Option<(char, Pid)> {
    stat(&folder(process))
}

fn folder(process: Pid) -> PathBuf {
    PathBuf::from("/proc").join(process.as_raw_nonzero().to_string())
}

/// State and parent, as the file `stat` tells them after the name in parentheses.
fn stat(folder: &Path) -> Option<(char, Pid)> {
    let text = std::fs::read_to_string(folder.join("stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, Pid::from_raw(fields.next()?.parse().ok()?)?))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Server, Signal, Start, wait_until};

    fn start(folder: &Path, script: &str) -> Server {
        let log = folder.join("log");
        let arguments = vec!["-c".into(), script.into()];
        let program = Path::new("/bin/sh");
        Server::start(&Start { program, arguments, environment: &[], log: &log, folder, quick_end: "KILL" }).unwrap()
    }

    #[test]
    fn a_server_that_is_killed_takes_its_children_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let server = start(folder.path(), "sleep 1000 & sleep 1000 & wait");
        wait_until("both children run", || super::descendants(server.pid).len() == 2).unwrap();
        let children = super::descendants(server.pid);
        server.kill().unwrap();
        assert!(!children.into_iter().any(super::is_alive));
        assert!(folder.path().exists(), "what was ended on purpose keeps its folder");
    }

    #[test]
    fn a_server_that_is_stopped_goes_on_when_it_is_told_to() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("mark");
        let script =
            format!("while :; do if [ -e {0}.ask ]; then mv {0}.ask {0}; fi; sleep 0.01; done", mark.display());
        let server = start(folder.path(), &script);
        server.signal_all(Signal::STOP).unwrap();
        assert!(server.runs());
        std::fs::write(mark.with_extension("ask"), "").unwrap();
        assert!(!mark.exists());
        server.signal_all(Signal::CONT).unwrap();
        wait_until("it goes on", || mark.exists()).unwrap();
        server.end("TERM").unwrap();
    }

    #[test]
    fn without_an_order_the_watch_ends_the_server_and_removes_its_folder() {
        let folder = tempfile::tempdir().unwrap().keep();
        let mut server = start(&folder, "exec sleep 1000");
        let pid = server.pid;
        // What happens to the pipe when this process ends.
        drop(server.watch.stdin.take());
        server.watch.wait().unwrap();
        assert!(!super::is_alive(pid));
        assert!(!folder.exists());
    }
}
