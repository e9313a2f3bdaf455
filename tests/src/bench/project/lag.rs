//! How far views trail a busy server: from a command's answer until a query shows it.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use api::issues::v1::ListIssuesRequest;
use tokio::sync::watch;

use crate::bench::load::{Lives, Shown, micros};
use crate::bench::report::{Figure, Report, percentile};
use crate::bench::serve::project_once_ready;
use crate::client::{Client, as_fresh_as};
use crate::life;
use crate::server::Server;

/// In flight.
const IN_FLIGHT: usize = 128;
/// How much the server does, of what it can.
const SHARE: f64 = 0.8;
/// How long each of the two is measured.
const LENGTH: Duration = Duration::from_secs(5);
/// A query is asked so often.
const EVERY: Duration = Duration::from_millis(20);

/// Lets the server do 80 % of its best, and asks what the last command did; beside the same query that need not show it.
pub(super) async fn measure(report: &Report, folder: &Path, rounds: u32) -> Result<()> {
    let server = Server::start(&folder.join("lag")).await?;
    project_once_ready(&Client::connect(&server.url).await?).await?;
    let lives = Lives::connect(&server.url, "BENCH").await?;
    let best = lives.run(IN_FLIGHT, LENGTH).await?.rate();
    let every = Duration::from_secs_f64(IN_FLIGHT as f64 / (best * SHARE));
    let (mut fresh, mut any) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (last, shown) = watch::channel(None);
        let asked = ask(lives.client(), shown);
        let (run, asked) = tokio::join!(lives.run_paced(IN_FLIGHT, LENGTH, Some(every), &last), asked);
        run?;
        let (some, others) = asked?;
        fresh.extend(some);
        any.extend(others);
    }
    for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
        report.add(&Figure {
            case: format!("sqlite/lag/{name}"),
            value: percentile(&mut fresh, share) / 1e3,
            unit: "ms",
            reference: "query of anything",
            reference_value: percentile(&mut any, share) / 1e3,
        });
    }
    server.stop().await.map(|_| ())
}

/// Until the run is over: from the last answer until a query shows it, and how long a query takes that need not; in microseconds.
async fn ask(client: &Client, shown: watch::Receiver<Option<Shown>>) -> Result<(Vec<f64>, Vec<f64>)> {
    let (mut fresh, mut any, start) = (Vec::new(), Vec::new(), Instant::now());
    let list = |consistency| ListIssuesRequest {
        project: "BENCH".to_owned(),
        page_size: 1,
        consistency,
        ..Default::default()
    };
    while start.elapsed() < LENGTH {
        tokio::time::sleep(EVERY).await;
        let Some(Shown { token, answered }) = shown.borrow().clone() else { continue };
        let consistency = as_fresh_as([token]);
        client.issues(life::DEVELOPER).list_issues(list(consistency)).await.context("ask what was answered")?;
        fresh.push(micros(answered.elapsed()));
        let sent = Instant::now();
        client.issues(life::DEVELOPER).list_issues(list(None)).await.context("ask anything")?;
        any.push(micros(sent.elapsed()));
    }
    Ok((fresh, any))
}
