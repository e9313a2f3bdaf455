//! Folding a whole log into all views, beside reading and decoding the same events alone.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use event_log::EventLog;
use projector::{BATCH_EVENTS_MAX, Projector};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use view_store::ViewStore;
use view_store_postgres::{Options, PostgresViews};
use view_store_sqlite::SqliteViews;

use crate::bench::corpus::{Corpus, Open, open_log};
use crate::bench::load::Run;
use crate::bench::report::{Figure, Report};
use crate::ground::{Ground, Kind};

/// Folds so often into SQLite.
pub(super) async fn sqlite(report: &Report, folder: &Path, events: u64, rounds: u32) -> Result<()> {
    let log = written(folder, events).await?;
    let (mut run, mut alone) = (Run::default(), Run::default());
    for round in 0..rounds {
        alone.add(decode(&log).await?);
        let path = folder.join(format!("views-{round}.db"));
        run.add(fold(&log, Arc::new(SqliteViews::open(&path)?)).await?);
        SqliteViews::delete(&path)?;
    }
    add(report, "sqlite/fold", &run, &alone);
    log.close().await;
    Ok(())
}

/// Folds so often into PostgreSQL, a new database each time; the log is the same.
pub(super) async fn postgres(report: &Report, folder: &Path, events: u64, rounds: u32) -> Result<()> {
    let Some(ground) = Ground::start(Kind::Postgres).await? else { return Ok(()) };
    let log = written(folder, events).await?;
    let (mut run, mut alone) = (Run::default(), Run::default());
    for _ in 0..rounds {
        alone.add(decode(&log).await?);
        let url = ground.url(folder).await?;
        run.add(fold(&log, Arc::new(PostgresViews::open(&url, &Options::default()).await?)).await?);
    }
    add(report, "postgres/fold", &run, &alone);
    log.close().await;
    Ok(())
}

fn add(report: &Report, case: &str, run: &Run, alone: &Run) {
    report.add(&Figure {
        case: case.to_owned(),
        value: run.rate(),
        unit: "events/s",
        reference: "read and decoded alone",
        reference_value: alone.rate(),
    });
}

/// A log with so many events and a few more. One that is there already is used again.
pub(super) async fn written(folder: &Path, events: u64) -> Result<Arc<dyn EventLog>> {
    let log = open_log(&folder.join("fold.db"))?;
    if heads(&*log) == 0 {
        let projects = (0..16).map(|number| format!("P{number}")).collect();
        // An issue has five events and a half.
        Corpus { projects, issues: events * 2 / 11, open: Open::ThreeOfTen }.write(&log).await?;
    }
    Ok(log)
}

fn heads(log: &dyn EventLog) -> u64 {
    (0..log.identity().partitions).map(|partition| *log.head(partition).borrow()).sum()
}

/// Folds all of it into all views, from nothing.
async fn fold(log: &Arc<dyn EventLog>, store: Arc<dyn ViewStore>) -> Result<Run> {
    let (start, stop) = (Instant::now(), CancellationToken::new());
    let projector = Projector::start(Arc::clone(log), store, views::ALL, stop.clone()).await?;
    ensure!(projector.caught_up().await, "the projector stopped");
    let run = Run { calls: heads(&**log), seconds: start.elapsed().as_secs_f64(), latencies: Vec::new() };
    stop.cancel();
    projector.stopped().await;
    Ok(run)
}

/// Reads and decodes all of it, a task for each partition.
async fn decode(log: &Arc<dyn EventLog>) -> Result<Run> {
    let (start, mut tasks) = (Instant::now(), JoinSet::new());
    for partition in 0..log.identity().partitions {
        let log = Arc::clone(log);
        tasks.spawn(async move {
            let mut after = 0;
            loop {
                let page = history::partition_page(&*log, partition, after, BATCH_EVENTS_MAX).await?;
                ensure!(page.records.iter().all(|record| record.event.is_ok()), "an event can't be decoded");
                after += page.records.len() as u64;
                if page.end {
                    return Ok(after);
                }
            }
        });
    }
    let mut calls = 0;
    while let Some(read) = tasks.join_next().await {
        calls += read??;
    }
    Ok(Run { calls, seconds: start.elapsed().as_secs_f64(), latencies: Vec::new() })
}
