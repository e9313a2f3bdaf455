//! `snaglog serve`: all services in one process.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use commands::{Commands, Environment};
use event_log::{EventLog, LogError};
use projector::{Health, Projector};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::environment::Machine;
use crate::signals;
use crate::storage::{self, How, Place};

/// Run the server. Prints `listening on HOST:PORT` on standard output once it is ready; SIGTERM and Ctrl-C drain, then exit 0.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    options: Options,
    /// How to write log lines, to standard error
    #[arg(long, value_enum, default_value = "pretty", env = "SNAGLOG_LOG_FORMAT")]
    log_format: LogFormat,
    /// What to log: error, warn, info, debug, or a filter such as `info,grpc=debug`
    #[arg(long, default_value = "info", env = "SNAGLOG_LOG_LEVEL", value_name = "FILTER")]
    log_level: String,
}

/// What a server needs to know.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Where to listen; port 0 picks one
    #[arg(long, default_value = "127.0.0.1:7464", env = "SNAGLOG_LISTEN", value_name = "HOST:PORT")]
    pub(crate) listen: SocketAddr,
    /// Listen beyond loopback: something in front authenticates callers and sets the metadata `snaglog-actor`
    #[arg(long, env = "SNAGLOG_TRUST_ACTOR_HEADER")]
    pub(crate) trust_actor_header: bool,
    /// How long calls under way may take once the server is told to stop, in seconds
    #[arg(long, default_value_t = 10, env = "SNAGLOG_DRAIN", value_name = "SECONDS")]
    pub(crate) drain: u64,
}

/// How to write log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Pretty,
    Json,
}

/// A running server.
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    served: JoinHandle<Result<(), grpc::ServeError>>,
    projector: Projector,
    log: Arc<dyn EventLog>,
    stop_serving: CancellationToken,
    stop_projecting: CancellationToken,
}

impl Serve {
    /// Serves until SIGTERM or Ctrl-C.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        self.log_lines()?;
        let stop = signals::stop()?;
        let running = start(&self.options).await?;
        println!("listening on {}", running.address);
        stop.await;
        tracing::info!("draining");
        running.stop().await
    }

    fn log_lines(&self) -> anyhow::Result<()> {
        let filter = EnvFilter::try_new(&self.log_level).with_context(|| {
            format!("--log-level {}: give info, or a filter such as info,grpc=debug", self.log_level)
        })?;
        let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        let lines = lines.with_ansi(std::io::stderr().is_terminal());
        match self.log_format {
            LogFormat::Pretty => lines.init(),
            LogFormat::Json => lines.json().init(),
        }
        Ok(())
    }
}

/// Starts a server; returns once it listens. It is ready unless its log is not: a log that is being filled, was moved or catches up
/// is read, and health says that nothing more can be done.
pub(crate) async fn start(options: &Options) -> anyhow::Result<Running> {
    if !options.listen.ip().is_loopback() && !options.trust_actor_header {
        bail!(
            "--listen {}: anybody there could act as anybody. Give --trust-actor-header if something in front authenticates callers \
             and sets the metadata snaglog-actor",
            options.listen
        );
    }
    options.place.make_folder()?;
    let data = &options.place.data;
    let log =
        storage::open(&options.place.url(), data, How::OrFounded(storage::new_log())).await?.log as Arc<dyn EventLog>;
    let views = storage::open_views(&options.place).await?;
    let listener = TcpListener::bind(options.listen).await.with_context(|| format!("--listen {}", options.listen))?;
    let address = listener.local_addr().context("the address listened on")?;
    let (stop_serving, stop_projecting) = (CancellationToken::new(), CancellationToken::new());
    let projector = Projector::start(log.clone(), views.clone(), views::ALL, stop_projecting.clone())
        .await
        .context("the views can't be kept up to date")?;
    let environment: Arc<dyn Environment> = Arc::new(Machine);
    let deps = grpc::Deps {
        commands: Arc::new(Commands::new(log.clone(), Arc::clone(&environment), commands::Options::default())),
        log: log.clone(),
        views,
        environment,
        ready: readiness(&projector, &*log),
    };
    let bounds = grpc::Options { drain_ms: options.drain.saturating_mul(1000), ..grpc::Options::default() };
    let served = tokio::spawn(grpc::serve(listener, deps, bounds, stop_serving.clone()));
    Ok(Running { address, served, projector, log, stop_serving, stop_projecting })
}

/// Ready while the projector runs and the log serves; why not is logged whenever it changes.
fn readiness(projector: &Projector, log: &dyn EventLog) -> watch::Receiver<bool> {
    let (mut health, mut trouble) = (projector.health(), log.trouble());
    let mut why = why_not_ready(&health.borrow_and_update(), trouble.borrow_and_update().as_ref());
    if let Some(reason) = &why {
        tracing::warn!(%reason, "not ready");
    }
    let (tell, ready) = watch::channel(why.is_none());
    tokio::spawn(async move {
        loop {
            // A watch that can't change any more leaves the other.
            tokio::select! {
                Ok(()) = health.changed() => {}
                Ok(()) = trouble.changed() => {}
                else => return,
            }
            let now = why_not_ready(&health.borrow_and_update(), trouble.borrow_and_update().as_ref());
            match &now {
                _ if now == why => {}
                None => tracing::info!("ready"),
                Some(reason) if reason == STOPPED => {}
                Some(reason) => tracing::warn!(%reason, "not ready"),
            }
            why = now;
            if tell.send(why.is_none()).is_err() {
                return;
            }
        }
    });
    ready
}

/// What a server that ends says of itself.
const STOPPED: &str = "views are no longer kept up to date";

fn why_not_ready(health: &Health, trouble: Option<&LogError>) -> Option<String> {
    match (trouble, health) {
        (Some(error), _) => Some(error.to_string()),
        (None, Health::Running) => None,
        (None, Health::UpgradeNeeded { reason }) => Some(format!("upgrade needed: {reason}")),
        (None, Health::Stopped) => Some(STOPPED.to_owned()),
    }
}

impl Running {
    /// Drains: calls under way end, then views and log are closed.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.stop_serving.cancel();
        self.served.await.context("the server's task")??;
        self.stop_projecting.cancel();
        self.projector.stopped().await;
        self.log.close().await;
        Ok(())
    }
}
