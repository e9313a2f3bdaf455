//! What telemetry costs: one server with all of it (metrics, and traces, metrics and log records sent to a collector) beside one with
//! none, in turns.

use std::path::Path;
use std::time::Duration;

use super::load::{Lives, Run};
use super::report::{Figure, Report};
use super::serve::project_once_ready;
use crate::client::Client;
use crate::collector::{Collector, Keep};
use crate::server::Server;

/// A server that tells everything, and the collector that it sends to, which throws it away.
#[derive(Debug)]
pub struct Telling {
    /// It.
    pub server: Server,
    _collector: Collector,
}

impl Telling {
    /// Starts both.
    pub async fn start(data: &Path, flags: &[&str]) -> anyhow::Result<Self> {
        let collector = Collector::start(Keep::Nothing).await?;
        let telling = ["--metrics-addr", "127.0.0.1:0", "--otlp-endpoint", &collector.url];
        let flags: Vec<&str> = flags.iter().copied().chain(telling).collect();
        Ok(Self { server: Server::start_with(data, &flags).await?, _collector: collector })
    }
}

/// Commands a second of the one, as a part of the other's: the ratio is what is left.
pub async fn measure(
    report: &Report,
    folder: &Path,
    rounds: u32,
    length: Duration,
    in_flight: &[usize],
) -> anyhow::Result<()> {
    let (silent, telling) =
        (Server::start(&folder.join("silent")).await?, Telling::start(&folder.join("telling"), &[]).await?);
    let mut lives = Vec::new();
    for url in [&silent.url, &telling.server.url] {
        project_once_ready(&Client::connect(url).await?).await?;
        lives.push(Lives::connect(url, "BENCH").await?);
    }
    let [without, with] = lives.as_slice() else { return Ok(()) };
    for &in_flight in in_flight {
        let (mut reference, mut run) = (Run::default(), Run::default());
        without.run(in_flight, length / 4).await?;
        with.run(in_flight, length / 4).await?;
        for _ in 0..rounds {
            reference.add(without.run(in_flight, length).await?);
            run.add(with.run(in_flight, length).await?);
        }
        report.add(&Figure {
            case: format!("telemetry/{in_flight}"),
            value: run.rate(),
            unit: "commands/s",
            reference: "commands/s without telemetry",
            reference_value: reference.rate(),
        });
    }
    silent.stop().await?;
    telling.server.stop().await.map(|_| ())
}
