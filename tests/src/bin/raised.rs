//! The next build, as far as views go ([`tests::raised`]): a node on PostgreSQL that serves, or only prepares its views.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, ValueEnum};
use commands::{Commands, Environment};
use event_log::EventLog;
use jiff::Timestamp;
use projector::Projector;
use rand::Rng as _;
use tests::raised::Raised;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use view_store::ViewStore;
use view_store_postgres::{Options, PostgresViews};

/// The flags of `snaglog` that a scenario needs.
#[derive(Debug, Parser)]
#[command(name = "raised", about = "A node whose views are one version higher; for scenarios")]
struct Node {
    /// What to do
    #[arg(value_enum)]
    to: Todo,
    /// Where to keep what it keeps
    #[arg(long)]
    data: PathBuf,
    /// The log's URL; the views are beside it
    #[arg(long)]
    log: String,
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:0", env = "SNAGLOG_LISTEN")]
    listen: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Todo {
    /// Build the views beside those of the build before, then end
    Prepare,
    /// Serve until it is killed
    Serve,
}

/// This machine's clock and random numbers.
struct Machine;

#[expect(clippy::disallowed_methods, reason = "a node reads the clock and makes ids")]
impl Environment for Machine {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn event_id(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn salt(&self) -> [u8; 32] {
        let mut salt = [0; 32];
        rand::rng().fill_bytes(&mut salt);
        salt
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let node = Node::parse();
    std::fs::create_dir_all(&node.data)?;
    let log = tests::chaos::open::open(&node.log, &node.data.join("replica.db")).await?;
    let beside = PostgresViews::beside(&node.log)?;
    let views: Arc<dyn ViewStore> = Arc::new(Raised(PostgresViews::open(&beside, &Options::default()).await?));
    let stop = CancellationToken::new();
    let projector = Projector::start(Arc::clone(&log), Arc::clone(&views), views::ALL, stop.clone()).await?;
    match node.to {
        Todo::Prepare => {
            ensure!(projector.caught_up().await, "the projector stopped");
            stop.cancel();
            projector.stopped().await;
        }
        Todo::Serve => serve(&node.listen, log, views, &projector).await?,
    }
    Ok(())
}

async fn serve(listen: &str, log: Arc<dyn EventLog>, views: Arc<dyn ViewStore>, projector: &Projector) -> Result<()> {
    let environment: Arc<dyn Environment> = Arc::new(Machine);
    let commands = Commands::new(Arc::clone(&log), Arc::clone(&environment), commands::Options::default());
    let (_ready, ready) = watch::channel(true);
    let deps = grpc::Deps {
        commands: Arc::new(commands),
        log,
        views,
        projector: projector.control(),
        environment,
        ready,
        calls: None,
    };
    let listener = TcpListener::bind(listen).await.with_context(|| format!("--listen {listen}"))?;
    println!("listening on {}", listener.local_addr()?);
    let options = grpc::Options { freshness_wait_ms: 60_000, ..grpc::Options::default() };
    Ok(grpc::serve(listener, deps, options, CancellationToken::new()).await?)
}
