//! Two nodes of one log: what they carry together in one partition, and how soon one hears of what the other has appended.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::Storage;
use super::traffic::Traffic;
use crate::bench::load::{Run, micros};
use crate::bench::report::{Figure, Report, percentile};

/// In flight on each node.
const IN_FLIGHT: usize = 64;
/// Between two appends that are waited for elsewhere: each finds a log at rest.
const REST: Duration = Duration::from_millis(7);

/// Rounds of one node and of two, by turns.
pub(super) async fn together(
    report: &Report,
    name: &str,
    storage: &dyn Storage,
    length: Duration,
    rounds: u32,
) -> Result<()> {
    let nodes = [storage.open().await?, storage.open().await?];
    let traffic = nodes.clone().map(Traffic::on_one_project);
    let (mut one, mut two) = (Run::default(), Run::default());
    for _ in 0..rounds {
        one.add(traffic[0].run(IN_FLIGHT, length).await?);
        let (first, second) = tokio::try_join!(traffic[0].run(IN_FLIGHT, length), traffic[1].run(IN_FLIGHT, length))?;
        let both = Run {
            calls: first.calls + second.calls,
            seconds: first.seconds.max(second.seconds),
            latencies: Vec::new(),
        };
        two.add(both);
    }
    for node in nodes {
        node.close().await;
    }
    report.add(&Figure {
        case: format!("{name}/nodes"),
        value: two.rate(),
        unit: "events/s",
        reference: "one node on the partition",
        reference_value: one.rate(),
    });
    Ok(())
}

/// From the answer of an append on one node to the head that another one shows, beside the time the append itself takes.
pub(super) async fn heads(
    report: &Report,
    name: &str,
    storage: &dyn Storage,
    length: Duration,
    rounds: u32,
) -> Result<()> {
    let (here, there) = (storage.open().await?, storage.open().await?);
    let traffic = Traffic::on_one_project(Arc::clone(&here));
    let (mut reached, mut appended) = (Vec::new(), Vec::new());
    let mut dice = fastrand::Rng::new();
    let started = Instant::now();
    while started.elapsed() < length * rounds {
        let append = traffic.append(traffic.next_stream(), 0, &mut dice);
        let mut head = there.head(here.identity().partition_of(&append.stream.project));
        let sent = Instant::now();
        let answer = here.append(append).await?;
        let answered = Instant::now();
        appended.push(micros(answered - sent));
        head.wait_for(|head| *head >= answer.position).await?;
        reached.push(micros(answered.elapsed()));
        tokio::time::sleep(REST).await;
    }
    here.close().await;
    there.close().await;
    for (percent, share) in [("p50", 0.5), ("p99", 0.99)] {
        report.add(&Figure {
            case: format!("{name}/head/{percent}"),
            value: percentile(&mut reached, share),
            unit: "us",
            reference: "the append itself",
            reference_value: percentile(&mut appended, share),
        });
    }
    Ok(())
}
