//! A view rebuilt while clients query it at a fixed rate: no query fails, and how long they take.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use projector::Projector;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use view_store::ViewStore;
use view_store_sqlite::SqliteViews;
use views::AnyView as _;
use views::issue::{COUNT, ISSUE, Issues};
use views::row::{Condition, Select};
use views::table::Direction;

use super::fold::written;
use crate::bench::load::micros;
use crate::bench::report::{Figure, Report, percentile};

/// So many clients.
const CLIENTS: u32 = 50;
/// The best rate, and the rate without a rebuild, are measured for so long.
const LENGTH: Duration = Duration::from_secs(10);

#[expect(clippy::cast_precision_loss, reason = "some millions")]
/// Rebuilds the view of the issues while it is queried at half of what it can answer.
pub(super) async fn measure(report: &Report, folder: &Path, events: u64) -> Result<()> {
    let log = written(folder, events).await?;
    let path = folder.join("views-rebuild.db");
    let store: Arc<dyn ViewStore> = Arc::new(SqliteViews::open(&path)?);
    let stop = CancellationToken::new();
    let projector = Projector::start(Arc::clone(&log), Arc::clone(&store), views::ALL, stop.clone()).await?;
    ensure!(projector.caught_up().await, "the projector stopped");
    let best = best(&store).await?;
    let every = Duration::from_secs_f64(f64::from(CLIENTS) * 2.0 / best);

    let over = Arc::new(AtomicBool::new(false));
    let asked = tokio::spawn(ask_on(Arc::clone(&store), every, Arc::clone(&over)));
    tokio::time::sleep(LENGTH).await;
    over.store(true, Ordering::Relaxed);
    let mut before = asked.await??;

    let over = Arc::new(AtomicBool::new(false));
    let asked = tokio::spawn(ask_on(Arc::clone(&store), every, Arc::clone(&over)));
    let start = Instant::now();
    projector.control().rebuild(Issues.schema().name)?.done().await?;
    let took = start.elapsed().as_secs_f64();
    over.store(true, Ordering::Relaxed);
    let mut during = asked.await??;

    let figure = |case: &str, value, reference, reference_value, unit| Figure {
        case: case.to_owned(),
        value,
        unit,
        reference,
        reference_value,
    };
    for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
        let (value, reference) = (percentile(&mut during, share), percentile(&mut before, share));
        report.add(&figure(&format!("sqlite/rebuild/{name}"), value / 1e3, "without a rebuild", reference / 1e3, "ms"));
    }
    report.add(&figure("sqlite/rebuild", events as f64 / took, "queries a second meanwhile", best / 2.0, "events/s"));
    stop.cancel();
    projector.stopped().await;
    log.close().await;
    drop(store);
    Ok(SqliteViews::delete(&path)?)
}

/// One query: a column of a board and its counts.
async fn ask(store: &dyn ViewStore, number: u64) -> Result<()> {
    let project = || Condition::Equal("project", format!("P{}", number % 16).as_str().into());
    let cards = Select::from(&ISSUE, 20).filter(project()).filter(Condition::Equal("state", "closed".into()));
    let counts = Select::from(&COUNT, 100).filter(project());
    let answer = store.query(Issues.schema().id(), vec![cards.order("state_since", Direction::Desc), counts]).await?;
    ensure!(answer.rows.iter().all(|rows| !rows.is_empty()), "a query found nothing");
    Ok(())
}

/// Queries a second, as many as there can be.
async fn best(store: &Arc<dyn ViewStore>) -> Result<f64> {
    let (start, mut clients) = (Instant::now(), JoinSet::new());
    for client in 0..u64::from(CLIENTS) {
        let store = Arc::clone(store);
        clients.spawn(async move {
            let mut asked = 0_u32;
            while start.elapsed() < LENGTH {
                ask(&*store, client + u64::from(asked)).await?;
                asked += 1;
            }
            anyhow::Ok(asked)
        });
    }
    let mut asked = 0.0;
    while let Some(client) = clients.join_next().await {
        asked += f64::from(client??);
    }
    Ok(asked / start.elapsed().as_secs_f64())
}

/// Each client asks at its times, whether or not the answer before was late; latencies count from those, in microseconds.
async fn ask_on(store: Arc<dyn ViewStore>, every: Duration, over: Arc<AtomicBool>) -> Result<Vec<f64>> {
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (store, over) = (Arc::clone(&store), Arc::clone(&over));
        clients.spawn(async move {
            let (mut latencies, mut at) = (Vec::new(), Instant::now() + every * client / CLIENTS);
            while !over.load(Ordering::Relaxed) {
                tokio::time::sleep_until(at.into()).await;
                ask(&*store, u64::from(client) + latencies.len() as u64).await?;
                latencies.push(micros(at.elapsed()));
                at += every;
            }
            anyhow::Ok(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(client) = clients.join_next().await {
        latencies.extend(client??);
    }
    Ok(latencies)
}
