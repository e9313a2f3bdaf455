//! Queries at two sizes of a project, memory, and start.
//!
//! Two servers run side by side, one with ten thousand issues and one with many more; the same queries go to both by turns, at a fixed arrival
//! rate: each is sent at its time whether or not the one before was answered, and its latency counts from then.

use std::path::Path;
use std::time::{Duration, Instant};

use api::boards::v1::GetBoardRequest;
use api::issues::v1::{GetIssueRequest, Level};
use tokio::task::JoinSet;

use super::load::micros;
use super::report::{Figure, Report, percentile};
use crate::client::{Client, as_fresh_as};
use crate::life::{self, Answered, Step};
use crate::server::Server;

const PROJECT: &str = "BENCH";
const FEW: u64 = 10_000;
const MEMORY_MAX_MB: f64 = 300.0;
const START_MAX_MS: f64 = 1000.0;
const QUERIES: u32 = 4000;

/// Fills both servers, then measures.
pub async fn measure(report: &Report, folder: &Path, issues: u64, rate: u32) -> anyhow::Result<()> {
    let small = filled(&folder.join("small"), FEW).await?;
    let large = filled(&folder.join("large"), issues).await?;
    let figure = |case: &str, value, unit, reference, reference_value| Figure {
        case: case.to_owned(),
        value,
        unit,
        reference,
        reference_value,
    };
    report.add(&figure("memory/after_writing", megabytes(&large)?, "MB", "the bound", MEMORY_MAX_MB));
    large.stop().await?;
    let started = Instant::now();
    let large = Server::start(&folder.join("large")).await?;
    let start_ms = micros(started.elapsed()) / 1000.0;
    report.add(&figure("start", start_ms, "ms", "the bound", START_MAX_MS));
    for (name, query) in [("get_board", Query::Board), ("get_issue", Query::Issue)] {
        let (mut few, mut many) = by_turns(&small, &large, issues, query, rate).await?;
        for (percent, share) in [("p50", 0.5), ("p99", 0.99)] {
            let (value, reference) = (percentile(&mut many, share), percentile(&mut few, share));
            report.add(&figure(&format!("{name}/{issues}/{percent}"), value, "us", "with 10,000 issues", reference));
        }
    }
    report.add(&figure("memory/after_queries", megabytes(&large)?, "MB", "the bound", MEMORY_MAX_MB));
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "some hundred million")]
fn megabytes(server: &Server) -> anyhow::Result<f64> {
    Ok(server.resident_bytes()? as f64 / 1e6)
}

/// A server with so many issues, a tenth of them triaged. One that is there already is used again.
async fn filled(data: &Path, issues: u64) -> anyhow::Result<Server> {
    let there = data.exists();
    let server = Server::start(data).await?;
    if there {
        return Ok(server);
    }
    let client = Client::connect(&server.url).await?;
    life::project(&client, PROJECT).await?;
    let mut workers = JoinSet::new();
    for worker in 0..128 {
        let client = client.clone();
        workers.spawn(async move {
            let mut last = Answered::default();
            for number in (worker..issues).step_by(128) {
                last = life::step(&client, PROJECT, number, "", Step::File).await?;
                if number % 10 == 1 {
                    last = life::step(&client, PROJECT, number, &last.key.clone(), Step::Triage).await?;
                }
            }
            anyhow::Ok(last.token)
        });
    }
    while let Some(token) = workers.join_next().await {
        let consistency = as_fresh_as([token??]);
        let request = GetBoardRequest { project: PROJECT.into(), cards_per_column: 1, consistency, ..Default::default() };
        client.boards(life::DEVELOPER).get_board(request).await?;
    }
    debug_assert_eq!(life::level(1), Level::CodeOrData, "the triaged tenth is of one level");
    Ok(server)
}

#[derive(Debug, Clone, Copy)]
enum Query {
    Board,
    Issue,
}

/// The same queries to both, by turns; latencies in microseconds.
async fn by_turns(
    small: &Server,
    large: &Server,
    issues: u64,
    query: Query,
    rate: u32,
) -> anyhow::Result<(Vec<f64>, Vec<f64>)> {
    let clients = [(Client::connect(&small.url).await?, FEW), (Client::connect(&large.url).await?, issues)];
    for (client, issues) in &clients {
        for turn in 0..200 {
            ask(client, query, turn, *issues).await?;
        }
    }
    let (start, gap) = (tokio::time::Instant::now(), Duration::from_secs(1) / rate);
    let mut calls = JoinSet::new();
    for turn in 0..QUERIES {
        let due = start + gap * turn;
        tokio::time::sleep_until(due).await;
        let (client, issues) = clients[turn as usize % 2].clone();
        calls.spawn(async move {
            ask(&client, query, u64::from(turn), issues).await?;
            anyhow::Ok((turn % 2, micros(due.elapsed())))
        });
    }
    let (mut few, mut many) = (Vec::new(), Vec::new());
    while let Some(call) = calls.join_next().await {
        let (which, latency) = call??;
        if which == 0 { few.push(latency) } else { many.push(latency) }
    }
    Ok((few, many))
}

async fn ask(client: &Client, query: Query, turn: u64, issues: u64) -> anyhow::Result<()> {
    match query {
        Query::Board => {
            let request = GetBoardRequest { project: PROJECT.into(), cards_per_column: 20, consistency: None, ..Default::default() };
            client.boards(life::DEVELOPER).get_board(request).await?;
        }
        Query::Issue => {
            // A stride that is prime to the count visits issues all over the project.
            let key = format!("{PROJECT}-{}", 1 + turn.wrapping_mul(7_919) % issues);
            client.issues(life::DEVELOPER).get_issue(GetIssueRequest { key, ..Default::default() }).await?;
        }
    }
    Ok(())
}
