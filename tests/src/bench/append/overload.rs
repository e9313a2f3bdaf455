//! Five times the load that the log can carry: what it still carries, and what that costs in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use event_log::{AppendError, Appended, EventLog, LogError};
use tokio_util::task::TaskTracker;

use super::traffic::Traffic;
use crate::bench::report::{Figure, Report};
use crate::server::resident_bytes;

/// How many times too much.
const TIMES: f64 = 5.0;
/// In flight, where the log does its best.
const BEST_IN_FLIGHT: usize = 512;
/// Appends arrive in bursts so far apart.
const TICK: Duration = Duration::from_millis(1);

/// What became of the appends of a round.
#[derive(Debug, Default)]
struct Counts {
    accepted: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
}

impl Counts {
    fn note(&self, answer: &Result<Appended, AppendError>) {
        let count = match answer {
            Ok(_) => &self.accepted,
            Err(AppendError::Failed(LogError::Overloaded)) => &self.refused,
            Err(_) => &self.failed,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Rounds of the best and of the overload, by turns.
pub(super) async fn measure(
    report: &Report,
    name: &str,
    log: Arc<dyn EventLog>,
    length: Duration,
    rounds: u32,
) -> Result<()> {
    let traffic = Traffic::of_single_events(Arc::clone(&log));
    let own = std::process::id();
    traffic.run(BEST_IN_FLIGHT, length).await?;
    let (mut best, mut carried, mut refused, mut seconds) = (0.0_f64, 0.0, 0.0, 0.0);
    let mut memory = Vec::new();
    for _ in 0..rounds {
        let rate = traffic.run(BEST_IN_FLIGHT, length).await?.rate();
        best = best.max(rate);
        let begun = Instant::now();
        let counts = overload(&traffic, &log, best * TIMES, length).await?;
        carried += count(&counts.accepted);
        refused += count(&counts.refused);
        // With the time that it takes to answer what is queued at the end.
        seconds += begun.elapsed().as_secs_f64();
        memory.push(megabytes(own)?);
    }
    log.close().await;
    let figure = |case: &str, value, unit, reference, reference_value| Figure {
        case: format!("{name}/overload{case}"),
        value,
        unit,
        reference,
        reference_value,
    };
    report.add(&figure("", carried / seconds, "events/s", "its best", best));
    report.add(&figure("/refused", refused / seconds, "events/s", "its best", best));
    let (first, last) = (memory.first().copied().context("a round")?, memory.last().copied().context("a round")?);
    report.add(&figure("/memory", last, "MB", "after the first round", first));
    Ok(())
}

/// Appends arrive at this rate, answered or not. Each begins a stream of its own.
async fn overload(traffic: &Traffic, log: &Arc<dyn EventLog>, rate: f64, length: Duration) -> Result<Arc<Counts>> {
    let (start, counts, mut sent) = (Instant::now(), Arc::<Counts>::default(), 0.0);
    let mut dice = fastrand::Rng::new();
    let (appends, mut ticks) = (TaskTracker::new(), tokio::time::interval(TICK));
    while start.elapsed() < length {
        ticks.tick().await;
        let due = start.elapsed().as_secs_f64() * rate;
        while sent < due && start.elapsed() < length {
            let append = traffic.append(traffic.next_stream(), 0, &mut dice);
            let (log, counts) = (Arc::clone(log), Arc::clone(&counts));
            let mut call = Box::pin(async move { log.append(append).await });
            // Who is refused at once, as most are, needs no task of his own.
            match futures::poll!(&mut call) {
                Poll::Ready(answer) => counts.note(&answer),
                Poll::Pending => drop(appends.spawn(async move {
                    let answer = call.await;
                    counts.note(&answer);
                })),
            }
            sent += 1.0;
        }
    }
    // What is queued is answered before the next round begins.
    appends.close();
    appends.wait().await;
    anyhow::ensure!(
        counts.failed.load(Ordering::Relaxed) == 0,
        "an append failed that was neither accepted nor refused for its number"
    );
    Ok(counts)
}

fn count(counter: &AtomicU64) -> f64 {
    counter.load(Ordering::Relaxed) as f64
}

fn megabytes(process: u32) -> Result<f64> {
    Ok(resident_bytes(process)? as f64 / 1e6)
}
