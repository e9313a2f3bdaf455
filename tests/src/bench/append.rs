//! `bench append`: the event log itself, beside what its storage can do bare.
//!
//! Events of 300 bytes, one an append; each writer lives streams of eight events, one after the other, so many writers at a time. Beside every round
//! of the log runs a round of its reference, which writes the same rows into the same tables (or the same records to the same broker) with
//! nothing around it.

mod kafka;
mod nodes;
mod overload;
mod postgres;
mod sqlite;
mod traffic;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use clap::Args;
use event_log::EventLog;

use super::load::Run;
use super::report::{Figure, Report, percentile};
use crate::ground::Kind;

/// What to measure.
#[derive(Debug, Args)]
pub struct Append {
    /// Which log
    #[arg(long, value_enum, default_value_t = Kind::Sqlite)]
    log: Kind,
    /// Only these cases: a number in flight, or a name such as read
    #[arg(long = "case", value_name = "CASE")]
    cases: Vec<String>,
    /// Rounds of each kind
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Seconds a round
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Events to read, for the case read
    #[arg(long, default_value_t = 200_000)]
    events: u64,
    /// Where to put the data [default: a temporary folder]
    #[arg(long)]
    folder: Option<std::path::PathBuf>,
}

/// A storage with the log on it, and the same storage bare.
#[async_trait]
trait Storage: Send + Sync {
    /// The log, opened anew: nothing is remembered in memory.
    async fn open(&self) -> Result<Arc<dyn EventLog>>;

    /// Whether it can be opened while it is open: as another node of the same log.
    fn takes_nodes(&self) -> bool {
        false
    }

    /// What a bare write of so many in flight is, in words; with one, a single row or record.
    fn reference(&self, in_flight: usize) -> &'static str;

    /// Writes bare for so long, as the log would with so many in flight.
    async fn write(&self, in_flight: usize, length: Duration) -> Result<Run>;

    /// Reads bare what is in the log, in the log's order.
    async fn read(&self) -> Result<Run>;
}

impl Append {
    /// Measures and prints.
    pub async fn run(self, report: Report) -> Result<()> {
        let temporary = tempfile::tempdir()?;
        let folder = self.folder.as_deref().unwrap_or(temporary.path());
        std::fs::create_dir_all(folder)?;
        let (name, storage) = self.storage(folder).await?;
        for in_flight in [1, 64, 512] {
            if self.wants(&in_flight.to_string()) {
                self.in_flight(&report, name, &*storage, in_flight).await?;
            }
        }
        if self.wants("read") {
            self.read(&report, name, &*storage).await?;
        }
        let length = Duration::from_secs_f64(self.seconds);
        if storage.takes_nodes() && self.wants("nodes") {
            nodes::together(&report, name, &*storage, length, self.rounds).await?;
        }
        if storage.takes_nodes() && self.wants("head") {
            nodes::heads(&report, name, &*storage, length, self.rounds).await?;
        }
        if self.wants("overload") {
            overload::measure(&report, name, storage.open().await?, Duration::from_secs_f64(self.seconds), self.rounds)
                .await?;
        }
        Ok(())
    }

    async fn storage(&self, folder: &Path) -> Result<(&'static str, Box<dyn Storage>)> {
        match self.log {
            Kind::Sqlite => Ok(("sqlite", Box::new(sqlite::Sqlite::new(folder)?))),
            Kind::Postgres => Ok(("postgres", Box::new(postgres::Postgres::new().await?))),
            Kind::Kafka => Ok(("kafka", Box::new(kafka::Kafka::new(folder).await?))),
        }
    }

    fn wants(&self, case: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|wanted| wanted == case)
    }

    async fn in_flight(&self, report: &Report, name: &str, storage: &dyn Storage, in_flight: usize) -> Result<()> {
        let log = storage.open().await?;
        let length = Duration::from_secs_f64(self.seconds);
        let traffic = traffic::Traffic::new(Arc::clone(&log));
        traffic.run(in_flight, length / 4).await?;
        storage.write(in_flight, length / 4).await?;
        let (mut run, mut bare) = (Run::default(), Run::default());
        for _ in 0..self.rounds {
            bare.add(storage.write(in_flight, length).await?);
            run.add(traffic.run(in_flight, length).await?);
        }
        log.close().await;
        let (case, reference) = (format!("{name}/{in_flight}"), storage.reference(in_flight));
        report.add(&Figure {
            case: case.clone(),
            value: run.rate(),
            unit: "events/s",
            reference,
            reference_value: bare.rate(),
        });
        // A batch's time is not an event's.
        let each_has_its_own = bare.latencies.len() as u64 == bare.calls;
        for (percent, share) in [("p50", 0.5), ("p99", 0.99)].into_iter().filter(|_| each_has_its_own) {
            let (value, reference_value) =
                (percentile(&mut run.latencies, share), percentile(&mut bare.latencies, share));
            report.add(&Figure { case: format!("{case}/{percent}"), value, unit: "us", reference, reference_value });
        }
        Ok(())
    }

    async fn read(&self, report: &Report, name: &str, storage: &dyn Storage) -> Result<()> {
        let log = storage.open().await?;
        traffic::Traffic::new(Arc::clone(&log)).fill(self.events).await?;
        log.close().await;
        let (mut run, mut bare) = (Run::default(), Run::default());
        for _ in 0..self.rounds {
            bare.add(storage.read().await?);
            let log = storage.open().await?;
            run.add(traffic::read(&*log).await?);
            log.close().await;
        }
        anyhow::ensure!(run.calls == bare.calls, "the log has {} events, and its storage {}", run.calls, bare.calls);
        let reference = "read bare";
        report.add(&Figure {
            case: format!("{name}/read"),
            value: run.rate(),
            unit: "events/s",
            reference,
            reference_value: bare.rate(),
        });
        Ok(())
    }
}
