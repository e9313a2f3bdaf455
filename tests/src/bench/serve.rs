//! `bench serve`: the server end to end, on a durable log, with projections running.
//!
//! Throughput: durable commands a second in the natural mix of whole lives, beside a bare unary echo of the same client in the same run; one in
//! flight beside raw single-row SQLite commits on the same disk. Rounds of both alternate, so that noise hits them alike.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use rusqlite::Connection;
use tonic::Code;

use super::load::{self, Lives, Run};
use super::queries::{self, Query};
use super::report::{Figure, Report, percentile};
use super::{echo, overload, telemetry};
use crate::client::Client;
use crate::ground::{Ground, Kind};
use crate::life;
use crate::server::Server;

/// How long a server may take to be ready.
const READY_MAX: Duration = Duration::from_secs(60);

/// What to measure.
#[derive(Debug, Args)]
pub struct Serve {
    /// Which log the server is on
    #[arg(long, value_enum, default_value_t = Kind::Sqlite)]
    log: Kind,
    /// Rounds of each kind
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Seconds a round
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// In flight
    #[arg(long, value_delimiter = ',', default_values_t = [1, 64, 128])]
    in_flight: Vec<usize>,
    /// Seconds a round of five times the calls that the server takes at once; 0 leaves it out
    #[arg(long, default_value_t = 5.0)]
    overload: f64,
    /// The larger number of issues for the query cases; 0 leaves them out
    #[arg(long, default_value_t = 1_000_000)]
    issues: u64,
    /// Queries a second, at a fixed arrival rate
    #[arg(long, default_value_t = 200)]
    rate: u32,
    /// Measure servers that tell everything of themselves: metrics, and traces, metrics and log records to a collector; and what that
    /// costs, beside a server that tells nothing
    #[arg(long)]
    telemetry: bool,
    /// Where to put the servers' data [default: a temporary folder]
    #[arg(long)]
    folder: Option<std::path::PathBuf>,
}

impl Serve {
    /// Measures and prints.
    pub async fn run(self, report: Report) -> anyhow::Result<()> {
        let temporary = tempfile::tempdir()?;
        let folder = self.folder.as_deref().unwrap_or(temporary.path());
        if !self.in_flight.is_empty() {
            self.throughput(&report, &folder.join("throughput")).await?;
        }
        if self.telemetry && !self.in_flight.is_empty() {
            let length = Duration::from_secs_f64(self.seconds);
            telemetry::measure(&report, &folder.join("telemetry"), self.rounds, length, &self.in_flight).await?;
        }
        // Queries are answered by the views, whatever the log.
        if self.issues > 0 && self.log == Kind::Sqlite {
            queries::measure(&report, folder, self.issues, self.rate, &[Query::Board, Query::Issue]).await?;
        }
        Ok(())
    }

    async fn throughput(&self, report: &Report, data: &Path) -> anyhow::Result<()> {
        let name = self.log.to_string();
        // Its log is in the data folder, unless it rests on a server.
        let ground = Ground::start(self.log).await?.context("there is no such server on this machine")?;
        let url = ground.url(data).await?;
        let flags = if self.log == Kind::Sqlite { Vec::new() } else { vec!["--log", url.as_str()] };
        let (echo, server) = (echo::Process::start().await?, Server::start_reacting(data, &flags).await?);
        project_once_ready(&Client::connect(&server.url).await?).await?;
        let (channels, lives) = (load::channels(&echo.url).await?, Lives::connect(&server.url, "BENCH").await?);
        let length = Duration::from_secs_f64(self.seconds);
        let raw = Raw::open(&data.join("raw.db"))?;
        for &in_flight in &self.in_flight {
            let (mut reference, mut run, mut commits) = (Run::default(), Run::default(), Run::default());
            load::echo(&channels, in_flight, length / 4).await?;
            lives.run(in_flight, length / 4).await?;
            for _ in 0..self.rounds {
                reference.add(load::echo(&channels, in_flight, length).await?);
                run.add(lives.run(in_flight, length).await?);
                if in_flight == 1 {
                    commits.add(raw.commit_rows(length)?);
                }
            }
            add(report, &name, in_flight, &mut run, &mut reference, &commits);
        }
        if self.overload > 0.0 {
            let length = Duration::from_secs_f64(self.overload);
            overload::measure(report, &name, &server, "BENCH", self.rounds, length).await?;
        }
        server.stop().await.map(|_| ())
    }
}

/// A server whose log is still catching up says so.
pub(super) async fn project_once_ready(client: &Client) -> anyhow::Result<()> {
    let start = Instant::now();
    loop {
        match life::project(client, "BENCH").await {
            Err(status) if status.code() == Code::Unavailable && start.elapsed() < READY_MAX => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            made => return made.context("make a project"),
        }
    }
}

fn add(report: &Report, name: &str, in_flight: usize, run: &mut Run, echo: &mut Run, commits: &Run) {
    let case = format!("{name}/{in_flight}");
    let figure = |case: String, value, unit, reference, reference_value| Figure {
        case,
        value,
        unit,
        reference,
        reference_value,
    };
    if in_flight == 1 {
        report.add(&figure(case.clone(), run.rate(), "commands/s", "raw single-row commits/s", commits.rate()));
        report.add(&figure(format!("{case}/echo"), run.rate(), "commands/s", "echo calls/s", echo.rate()));
    } else {
        report.add(&figure(case.clone(), run.rate(), "commands/s", "echo calls/s", echo.rate()));
    }
    for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
        let (value, reference) = (percentile(&mut run.latencies, share), percentile(&mut echo.latencies, share));
        report.add(&figure(format!("{case}/{name}"), value, "us", "echo", reference));
    }
}

/// Raw SQLite on the same disk, with the log's settings: a commit a row.
struct Raw(Connection);

impl Raw {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.execute_batch("CREATE TABLE raw (id INTEGER PRIMARY KEY, row BLOB NOT NULL) STRICT")?;
        Ok(Self(connection))
    }

    fn commit_rows(&self, length: Duration) -> anyhow::Result<Run> {
        let (start, row) = (Instant::now(), [7_u8; 300]);
        let mut insert = self.0.prepare("INSERT INTO raw (row) VALUES (?1)")?;
        let mut calls = 0;
        while start.elapsed() < length {
            insert.execute([&row])?;
            calls += 1;
        }
        Ok(Run { calls, seconds: start.elapsed().as_secs_f64(), latencies: Vec::new() })
    }
}
