//! A server under five times the calls that it takes at once: what it still does, and what that costs in memory.
//!
//! Callers file issues, each one after the other. Who is refused comes again after the time it was told, doubled each time it is refused anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::report::{Figure, Report};
use crate::client::Client;
use crate::life::{self, CUSTOMER};
use crate::server::Server;

/// Callers under overload: five times what a server takes at once.
const CALLERS: usize = 5 * 4096;
/// Callers where a server does its best.
const BEST_CALLERS: usize = 128;
/// Connections; each has room for 1,024 calls.
const CONNECTIONS: usize = 24;
/// Nobody waits longer before coming again.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// What callers came to.
#[derive(Debug, Default)]
struct Counts {
    accepted: AtomicU64,
    refused: AtomicU64,
}

/// Rounds of the best and of the overload, by turns.
pub async fn measure(
    report: &Report,
    name: &str,
    server: &Server,
    project: &str,
    rounds: u32,
    length: Duration,
) -> Result<()> {
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(Client::connect(&server.url).await?);
    }
    let (mut best, mut carried, mut refused, mut memory) = (0.0_f64, 0.0, 0.0, Vec::new());
    for _ in 0..rounds {
        best = best.max(file(&clients[..2], project, BEST_CALLERS, length).await?.0);
        let (accepted, turned_away) = file(&clients, project, CALLERS, length).await?;
        carried += accepted / f64::from(rounds);
        refused += turned_away / f64::from(rounds);
        memory.push(megabytes(server)?);
    }
    let figure = |case: &str, value, unit, reference, reference_value| Figure {
        case: format!("{name}/overload{case}"),
        value,
        unit,
        reference,
        reference_value,
    };
    report.add(&figure("", carried, "filings/s", "its best", best));
    report.add(&figure("/refused", refused, "filings/s", "its best", best));
    if let [first, .., last] = memory.as_slice() {
        report.add(&figure("/memory", *last, "MB", "after the first round", *first));
    }
    Ok(())
}

/// So many callers, for so long: what was accepted and what refused, a second.
async fn file(clients: &[Client], project: &str, callers: usize, length: Duration) -> Result<(f64, f64)> {
    let (start, counts) = (Instant::now(), Arc::<Counts>::default());
    let mut calls = JoinSet::new();
    for caller in 0..callers {
        let (client, project, counts) =
            (clients[caller % clients.len()].clone(), project.to_owned(), Arc::clone(&counts));
        calls.spawn(async move { file_until(&client, &project, &counts, start + length).await });
    }
    while let Some(ended) = calls.join_next().await {
        ended??;
    }
    // With what was under way at the end, and the time that it took.
    let took = start.elapsed();
    let rate = |counter: &AtomicU64| rate(counter.load(Ordering::Relaxed), took);
    Ok((rate(&counts.accepted), rate(&counts.refused)))
}

async fn file_until(client: &Client, project: &str, counts: &Counts, end: Instant) -> Result<(), Status> {
    let mut refusals = 0;
    while Instant::now() < end {
        match client.issues(CUSTOMER).file_issue(life::filing(project, 1)).await {
            Ok(_) => {
                counts.accepted.fetch_add(1, Ordering::Relaxed);
                refusals = 0;
            }
            Err(status) if status.code() == Code::ResourceExhausted => {
                counts.refused.fetch_add(1, Ordering::Relaxed);
                let told =
                    status.get_error_details().retry_info().and_then(|info| info.retry_delay).unwrap_or_default();
                let pause = (told * 2_u32.saturating_pow(refusals)).min(PAUSE_MAX);
                let left = end.saturating_duration_since(Instant::now());
                tokio::time::sleep(pause.mul_f64(fastrand::f64() + 0.5).min(left)).await;
                refusals += 1;
            }
            Err(status) => return Err(status),
        }
    }
    Ok(())
}

fn rate(count: u64, length: Duration) -> f64 {
    count as f64 / length.as_secs_f64()
}

fn megabytes(server: &Server) -> Result<f64> {
    Ok(server.resident_bytes()? as f64 / 1e6)
}
