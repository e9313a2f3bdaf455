//! Queries at two sizes of a project, memory, and start.
//!
//! Two servers run side by side, one with ten thousand issues and one with many more; the same queries go to both by turns, at a fixed arrival
//! rate: each is sent at its time whether or not the one before was answered, and its latency counts from then.

use std::path::Path;
use std::time::{Duration, Instant};

use api::boards::v1::GetBoardRequest;
use api::flow::v1::{Dimension, GetCumulativeFlowRequest, GetTimesRequest, Step, Window};
use api::inbox::v1::GetInboxRequest;
use api::issues::v1::GetIssueRequest;
use api::people::v1::ListWorkloadRequest;
use api::search::v1::SearchIssuesRequest;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use super::corpus::{BEGIN, Corpus, Open, open_log, rare_word};
use super::load::micros;
use super::report::{Figure, Report, percentile};
use crate::client::Client;
use crate::life;
use crate::server::Server;

const PROJECT: &str = "BENCH";
const FEW: u64 = 10_000;
const MEMORY_MAX_MB: f64 = 300.0;
const START_MAX_MS: f64 = 1000.0;
const QUERIES: u32 = 4000;
/// How long views may take to be built.
const BUILT_MAX: Duration = Duration::from_secs(1800);

/// Fills both servers, then measures.
pub async fn measure(report: &Report, folder: &Path, issues: u64, rate: u32, queries: &[Query]) -> anyhow::Result<()> {
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
    for &query in queries {
        let name = query.name();
        let ask = |client: Client, turn, issues| async move { ask(&client, query, turn, issues).await };
        let (mut few, mut many) = by_turns((&small, FEW), (&large, issues), rate, ask).await?;
        for (percent, share) in [("p50", 0.5), ("p99", 0.99)] {
            let (value, reference) = (percentile(&mut many, share), percentile(&mut few, share));
            report.add(&figure(&format!("{name}/{issues}/{percent}"), value, "us", "with 10,000 issues", reference));
        }
    }
    report.add(&figure("memory/after_queries", megabytes(&large)?, "MB", "the bound", MEMORY_MAX_MB));
    Ok(())
}

fn megabytes(server: &Server) -> anyhow::Result<f64> {
    Ok(server.resident_bytes()? as f64 / 1e6)
}

/// A server with so many issues of one project. One that is there already is used again.
async fn filled(data: &Path, issues: u64) -> anyhow::Result<Server> {
    if !data.exists() {
        let server = Server::start(data).await?;
        life::project(&Client::connect(&server.url).await?, PROJECT).await?;
        server.stop().await?;
        let log = open_log(&data.join("log.db"))?;
        Corpus { projects: vec![PROJECT.to_owned()], issues, open: Open::ThreeOfTen }.write(&log).await?;
        log.close().await;
    }
    let server = Server::start(data).await?;
    let (client, start) = (Client::connect(&server.url).await?, Instant::now());
    for query in Query::ALL {
        loop {
            match ask(&client, query, 0, issues).await {
                Err(status) if status.code() == Code::Unavailable && start.elapsed() < BUILT_MAX => {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                answered => break answered?,
            }
        }
    }
    Ok(server)
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Query {
    /// A project's board.
    Board,
    /// One issue, with its story.
    Issue,
    /// A word of [`ISSUES_A_WORD`](super::corpus::ISSUES_A_WORD) issues, without counts.
    Search,
    /// The same word, with counts.
    Counted,
    /// What waits for triage.
    Inbox,
    /// Who has how much to do.
    People,
    /// A year's cumulative flow, by month.
    Flow,
    /// A quarter's times by severity.
    Times,
}

impl Query {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Board, Self::Issue, Self::Search, Self::Counted, Self::Inbox, Self::People, Self::Flow, Self::Times];

    fn name(self) -> &'static str {
        match self {
            Self::Board => "get_board",
            Self::Issue => "get_issue",
            Self::Search => "search",
            Self::Counted => "search_with_counts",
            Self::Inbox => "get_inbox",
            Self::People => "list_workload",
            Self::Flow => "get_cumulative_flow",
            Self::Times => "get_times",
        }
    }
}

/// The same queries to both, of so many issues each, by turns; latencies in microseconds.
pub(super) async fn by_turns<F>(
    (small, few): (&Server, u64),
    (large, many): (&Server, u64),
    rate: u32,
    ask: impl Fn(Client, u64, u64) -> F,
) -> anyhow::Result<(Vec<f64>, Vec<f64>)>
where
    F: Future<Output = Result<(), Status>> + Send + 'static,
{
    let clients = [(Client::connect(&small.url).await?, few), (Client::connect(&large.url).await?, many)];
    for (client, issues) in &clients {
        for turn in 0..200 {
            ask(client.clone(), turn, *issues).await?;
        }
    }
    let (start, gap) = (tokio::time::Instant::now(), Duration::from_secs(1) / rate);
    let mut calls = JoinSet::new();
    for turn in 0..QUERIES {
        let due = start + gap * turn;
        tokio::time::sleep_until(due).await;
        let (client, issues) = clients[turn as usize % 2].clone();
        let call = ask(client, u64::from(turn), issues);
        calls.spawn(async move {
            call.await?;
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

async fn ask(client: &Client, query: Query, turn: u64, issues: u64) -> Result<(), Status> {
    let (project, who) = (PROJECT.to_owned(), life::DEVELOPER);
    // A stride that is prime to the count visits issues all over the project.
    let number = turn.wrapping_mul(7_919) % issues;
    match query {
        Query::Board => {
            let request = GetBoardRequest { project, cards_per_column: 20, ..Default::default() };
            client.boards(who).get_board(request).await.map(drop)
        }
        Query::Issue => {
            let key = format!("{PROJECT}-{}", 1 + number);
            client.issues(who).get_issue(GetIssueRequest { key, ..Default::default() }).await.map(drop)
        }
        Query::Search | Query::Counted => {
            let with_counts = query == Query::Counted;
            let request = SearchIssuesRequest { project, query: rare_word(number), with_counts, ..Default::default() };
            client.search(who).search_issues(request).await.map(drop)
        }
        Query::Inbox => client.inbox(who).get_inbox(GetInboxRequest { project, ..Default::default() }).await.map(drop),
        Query::People => {
            client.people(who).list_workload(ListWorkloadRequest { project, ..Default::default() }).await.map(drop)
        }
        Query::Flow => {
            let request = GetCumulativeFlowRequest {
                project,
                window: Some(year()),
                step: Step::Month.into(),
                ..Default::default()
            };
            client.flow(who).get_cumulative_flow(request).await.map(drop)
        }
        Query::Times => {
            let by = Dimension::Severity.into();
            let request = GetTimesRequest { project, window: Some(quarter()), by, ..Default::default() };
            client.flow(who).get_times(request).await.map(drop)
        }
    }
}

/// That of the corpus.
fn year() -> Window {
    window(0, 365)
}

fn quarter() -> Window {
    window(180, 270)
}

fn window(since: i64, until: i64) -> Window {
    let day = |day| Some(prost_types::Timestamp { seconds: BEGIN / 1_000_000 + day * 86_400, nanos: 0 });
    Window { since: day(since), until: day(until) }
}
