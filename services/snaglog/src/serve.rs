//! `snaglog serve`: all services in one process.

mod background;
mod endpoint;
mod figures;
mod folds;
mod reacting;
mod telling;
mod watched;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use commands::{Commands, Environment};
use event_log::{EventLog, LogError};
use projector::{Control, Health, Projector};
use reactors::Reactors;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::environment::Machine;
use crate::signals;
use crate::storage::{self, How, Place};
use background::Background;
use telling::Telling;
use watched::Watched;

/// Run the server. Prints `listening on HOST:PORT` on standard output once it is ready; SIGTERM and Ctrl-C drain, then exit 0.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    telling: Telling,
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
    /// How long a query waits at most for the views to show what its consistency tokens stand for, in seconds
    #[arg(long, default_value_t = 5, env = "SNAGLOG_FRESHNESS_WAIT", value_name = "SECONDS")]
    pub(crate) freshness_wait: u64,
    /// Do nothing by itself here: no deadline is recorded, nobody escalated to, no fix marked as in production. Another node on the same log
    /// may do it, or a later start, which records what was missed at its true time
    #[arg(long, env = "SNAGLOG_NO_REACTORS")]
    pub(crate) no_reactors: bool,
}

/// A running server.
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    served: JoinHandle<Result<(), grpc::ServeError>>,
    reactors: Option<Reactors>,
    projector: Projector,
    /// Where the projector runs.
    _background: Background,
    /// Where views are rebuilt, if not among the calls.
    _patient: Option<Background>,
    log: Arc<dyn EventLog>,
    stop_serving: CancellationToken,
    stop_reacting: CancellationToken,
    stop_projecting: CancellationToken,
}

impl Serve {
    /// Serves until SIGTERM or Ctrl-C.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let watched = Watched::start(&self.telling).await?;
        let stop = signals::stop()?;
        let running = start(&self.options, Some(&watched)).await?;
        println!("listening on {}", running.address);
        stop.await;
        tracing::info!("draining");
        watched.why_not().send_replace(Some("it is draining".into()));
        let stopped = running.stop().await;
        watched.stop().await;
        stopped
    }
}

/// Starts a server; returns once it listens. It is ready unless its log is not: a log that is being filled, was moved or catches up
/// is read, and health says that nothing more can be done. What it does is told to `watched`.
pub(crate) async fn start(options: &Options, watched: Option<&Watched>) -> anyhow::Result<Running> {
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
    let background = Background::start()?;
    // Not in PostgreSQL: there a connection is driven by the threads that opened it, and calls use it later.
    let patient = if options.place.is_in_postgres() { None } else { Some(Background::patient()?) };
    let start = Projector::start(log.clone(), views.clone(), views::ALL, stop_projecting.clone());
    let projector = background.run(start).await?.context("the views can't be kept up to date")?;
    let mut why_not = watch::Sender::default();
    if let Some(watched) = watched {
        watched.watch(&log, &views, projector.control()).await;
        why_not = watched.why_not();
    }
    let environment: Arc<dyn Environment> = Arc::new(Machine);
    let commands = Arc::new(Commands::new(log.clone(), Arc::clone(&environment), commands::Options::default()));
    let (stop_reacting, control) = (CancellationToken::new(), projector.control());
    let meter = watched.and_then(Watched::meter);
    let react = || reacting::start(&commands, &log, &views, &control, meter, stop_reacting.clone());
    let reactors = (!options.no_reactors).then(react);
    let deps = grpc::Deps {
        commands,
        log: log.clone(),
        views,
        projector: steered(&projector, patient.as_ref())?,
        environment,
        ready: readiness(&projector, &*log, why_not),
        calls: watched.and_then(Watched::calls),
    };
    let bounds = grpc::Options {
        drain_ms: options.drain.saturating_mul(1000),
        freshness_wait_ms: options.freshness_wait.saturating_mul(1000),
        ..grpc::Options::default()
    };
    let served = tokio::spawn(grpc::serve(listener, deps, bounds, stop_serving.clone()));
    Ok(Running {
        address,
        served,
        reactors,
        projector,
        _background: background,
        _patient: patient,
        log,
        stop_serving,
        stop_reacting,
        stop_projecting,
    })
}

/// What operators steer the projector by.
fn steered(projector: &Projector, patient: Option<&Background>) -> anyhow::Result<Control> {
    let control = projector.control();
    Ok(match patient {
        Some(threads) => control.rebuilding_on(threads.handle()?),
        None => control,
    })
}

/// Ready while the projector runs and the log serves; why not is logged whenever it changes.
fn readiness(
    projector: &Projector,
    log: &dyn EventLog,
    told: watch::Sender<Option<Arc<str>>>,
) -> watch::Receiver<bool> {
    let (mut health, mut trouble) = (projector.health(), log.trouble());
    let mut why = why_not_ready(&health.borrow_and_update(), trouble.borrow_and_update().as_ref());
    if let Some(reason) = &why {
        tracing::warn!(%reason, "not ready");
    }
    told.send_replace(why.as_deref().map(Arc::from));
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
            told.send_replace(now.as_deref().map(Arc::from));
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
    /// Drains: calls under way end, then what the system does by itself, then views and log are closed.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.stop_serving.cancel();
        self.served.await.context("the server's task")??;
        self.stop_reacting.cancel();
        if let Some(reactors) = self.reactors {
            reactors.stopped().await;
        }
        self.stop_projecting.cancel();
        self.projector.stopped().await;
        self.log.close().await;
        Ok(())
    }
}
