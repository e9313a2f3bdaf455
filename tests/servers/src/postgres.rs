//! A real PostgreSQL: started in a temporary folder, with everything that an event log's promises rest on switched on.
//!
//! ```no_run
//! # async fn story() -> anyhow::Result<()> {
//! let Some(server) = test_servers::postgres::shared()? else { return Ok(()) };
//! let url = server.create_database().await?;
//! # Ok(()) }
//! ```

mod install;
mod standby;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, kill_process};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use tempfile::TempDir;

use crate::process::{Server, Signal, Start, wait_until};
use crate::user::{self, User};
use crate::{ports, skip_unless_ci};
pub use install::Installation;

/// The role that owns everything in a test's server. It needs no password.
pub const ROLE: &str = "snaglog";

/// What is in `postgresql.conf` beside the port. The rest is PostgreSQL's own: `fsync` and `synchronous_commit` are on.
const SETTINGS: &[(&str, &str)] = &[
    ("listen_addresses", "127.0.0.1"),
    ("unix_socket_directories", ""),
    ("max_connections", "300"),
    ("shared_buffers", "64MB"),
    ("max_wal_size", "1GB"),
    ("wal_keep_size", "256MB"),
    ("log_min_messages", "warning"),
    ("lc_messages", "C"),
    ("autovacuum_naptime", "10s"),
    ("wal_retrieve_retry_interval", "100ms"),
];

/// How a server is set up, where that isn't the usual.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// Settings for `postgresql.conf`, above the usual ones.
    pub settings: Vec<(String, String)>,
    /// Environment variables of the server's process (`LD_PRELOAD`).
    pub environment: Vec<(OsString, OsString)>,
}

/// A PostgreSQL server with its folder. Dropping it ends the server and removes the folder.
///
/// Everything takes `&self`: what kills a server runs beside what uses it.
#[derive(Debug)]
pub struct Postgres {
    installation: Installation,
    user: Option<User>,
    setup: Setup,
    port: u16,
    /// Before the folder: it ends before that goes.
    running: Mutex<Option<Server>>,
    folder: TempDir,
    databases: AtomicU32,
}

/// One server for all tests of this process, started by the first that asks. `None`, said, where there is no PostgreSQL.
///
/// # Panics
///
/// Where there is none, with `CI=true`.
pub fn shared() -> Result<Option<&'static Postgres>> {
    static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if SHARED.get().is_none() {
        let _first = SHARED.set(Postgres::start(&Setup::default())?);
    }
    let shared = SHARED.get().and_then(Option::as_ref);
    if shared.is_none() {
        skip_unless_ci(install::MISSING);
    }
    Ok(shared)
}

impl Postgres {
    /// Starts a server of its own. `None`, said, where there is no PostgreSQL.
    ///
    /// # Panics
    ///
    /// Where there is none, with `CI=true`.
    pub fn start(setup: &Setup) -> Result<Option<Self>> {
        let Some(installation) = Installation::find()? else {
            skip_unless_ci(install::MISSING);
            return Ok(None);
        };
        Self::start_of(installation, setup).map(Some)
    }

    /// Starts a server of that installation.
    pub fn start_of(installation: Installation, setup: &Setup) -> Result<Self> {
        let server = Self::prepare(installation, setup)?;
        let mut initdb = server.command("initdb");
        initdb.args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username", ROLE, "--pgdata"]);
        succeed(initdb.arg(server.data()))?;
        server.configure(SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))?;
        server.configure(server.setup.settings.clone())?;
        server.restart()?;
        Ok(server)
    }

    fn prepare(installation: Installation, setup: &Setup) -> Result<Self> {
        let user = User::unprivileged()?;
        let folder = tempfile::Builder::new().prefix("snaglog-postgres-").tempdir_in(user::temporary());
        let folder = folder.context("make a folder for PostgreSQL")?;
        if let Some(user) = user {
            user.owns(folder.path())?;
        }
        Ok(Self {
            installation,
            user,
            folder,
            setup: setup.clone(),
            port: ports::free()?,
            running: Mutex::new(None),
            databases: AtomicU32::new(0),
        })
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What it has said.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// The URL of a database there.
    pub fn url(&self, database: &str) -> String {
        self.url_at(self.port, database)
    }

    /// The same by way of another port of this machine, where something stands between.
    pub fn url_at(&self, port: u16, database: &str) -> String {
        format!("postgres://{ROLE}@127.0.0.1:{port}/{database}?sslmode=disable")
    }

    /// Makes a database and answers its name.
    pub async fn create_database_named(&self) -> Result<String> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut connection = self.connect("postgres").await?;
        let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        connection.execute(create).await.with_context(|| format!("make the database {name}"))?;
        connection.close().await.context("close the connection")?;
        Ok(name)
    }

    /// Makes a database and answers its URL.
    pub async fn create_database(&self) -> Result<String> {
        Ok(self.url(&self.create_database_named().await?))
    }

    /// A connection of the test's own.
    pub async fn connect(&self, database: &str) -> Result<PgConnection> {
        PgConnection::connect(&self.url(database)).await.with_context(|| format!("connect to {}", self.url(database)))
    }

    /// Changes settings, from the next start on.
    pub fn configure(&self, settings: impl IntoIterator<Item = (String, String)>) -> Result<()> {
        let file = self.data().join("postgresql.conf");
        let mut text = std::fs::read_to_string(&file).context("read postgresql.conf")?;
        for (name, value) in settings {
            text.extend([name.as_str(), " = '", &value.replace('\'', "''"), "'\n"]);
        }
        std::fs::write(&file, text).context("write postgresql.conf")
    }

    /// Starts it again, on the same port; one that runs is ended first. Returns when it takes connections.
    pub fn restart(&self) -> Result<()> {
        self.stop()?;
        let mut running = self.running();
        let server = self.launch()?;
        let pid_file = self.data().join("postmaster.pid");
        // The eighth line says how far it is: the server itself writes it there for pg_ctl.
        let is_ready = || {
            let text = std::fs::read_to_string(&pid_file).unwrap_or_default();
            let mut lines = text.lines().map(str::trim);
            lines.next() == Some(&server.id().to_string())
                && lines.nth(6).is_some_and(|state| state == "ready" || state == "standby")
        };
        let waited = wait_until("PostgreSQL takes connections", || is_ready() || !server.runs());
        if waited.is_err() || !server.runs() {
            bail!("PostgreSQL did not start: {}", self.last_words());
        }
        *running = Some(server);
        Ok(())
    }

    fn launch(&self) -> Result<Server> {
        let port = self.port.to_string();
        let data = self.data();
        let mut arguments: Vec<OsString> = vec!["-D".into(), data.into(), "-p".into(), port.into()];
        // Its folder has its marks, not the machine's: two servers of one folder can't be.
        arguments.extend(["-c".into(), "logging_collector=off".into()]);
        let (program, log) = (self.installation.program("postgres"), self.log());
        let environment = &self.setup.environment;
        let start = Start {
            program: &program,
            arguments,
            environment,
            log: &log,
            folder: self.folder.path(),
            quick_end: "QUIT",
        };
        Server::start_as(self.user, &start)
    }

    /// Ends it as an operator would: connections are cut, everything is written. One that doesn't run stays so.
    pub fn stop(&self) -> Result<()> {
        self.running().take().map_or(Ok(()), |server| server.end("INT"))
    }

    /// Ends it and all its processes at once, by SIGKILL. One that doesn't run stays so.
    pub fn kill(&self) -> Result<()> {
        self.running().take().map_or(Ok(()), Server::kill)
    }

    /// Stops all its processes where they are: it answers nothing, and its connections stay.
    pub fn pause(&self) -> Result<()> {
        self.signal_all(Signal::STOP)
    }

    /// Lets them go on.
    pub fn resume(&self) -> Result<()> {
        self.signal_all(Signal::CONT)
    }

    /// Stops the process that writes what commits didn't wait for: such commits are lost if it is killed now.
    pub async fn hold_back(&self, connection: &mut PgConnection) -> Result<()> {
        connection.execute("CHECKPOINT").await.context("write what there is")?;
        let writer = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'";
        let writer: i32 = connection.fetch_one(writer).await.context("find the writer")?.try_get(0)?;
        let writer = Pid::from_raw(writer).context("no process has this number")?;
        kill_process(writer, Signal::STOP).context("stop the writer")
    }

    /// Reads its settings again, while it runs.
    pub fn reload(&self) -> Result<()> {
        self.running().as_ref().context("PostgreSQL does not run")?.signal(Signal::HUP)
    }

    /// The process id of the server, while it runs.
    pub fn id(&self) -> Option<i32> {
        self.running().as_ref().map(Server::id)
    }

    fn signal_all(&self, signal: Signal) -> Result<()> {
        self.running().as_ref().context("PostgreSQL does not run")?.signal_all(signal)
    }

    fn running(&self) -> MutexGuard<'_, Option<Server>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A program of the installation, run as the account that owns the folder.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.installation.program(program));
        command.current_dir(self.folder.path());
        if let Some(user) = self.user {
            user.runs(&mut command);
        }
        command
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

/// Runs the command to its end, or fails with what it said.
fn succeed(command: &mut Command) -> Result<()> {
    let program = Path::new(command.get_program()).display().to_string();
    let output = command.output().with_context(|| format!("run {program}"))?;
    if !output.status.success() {
        bail!("{program} answered {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
