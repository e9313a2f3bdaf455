//! A view rebuilt in a real server while clients query it at a fixed rate: does a query fail, does an answer mix old rows and new ones, and how
//! long do they take.
//!
//! The titles of the issues that are listed are made wrong before, in the old tables only: so each list tells by which tables it was made. It is
//! longer than one read of the server's.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use api::admin::v1::{ListViewsRequest, RebuildViewRequest};
use api::boards::v1::GetBoardRequest;
use api::issues::v1::{GetIssueRequest, IssueOrder, ListIssuesRequest};
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};
use tonic::Status;
use views::issue::{ISSUE, SCHEMA};

use crate::bench::corpus::{Corpus, Open, open_log};
use crate::bench::load::micros;
use crate::bench::report::{Figure, Report, percentile};
use crate::client::Client;
use crate::life::DEVELOPER;
use crate::server::Server;

/// So many clients, each with a connection of its own.
const CLIENTS: u32 = 50;
/// Their issues are those of so many projects.
const PROJECTS: u64 = 16;
/// So many issues are listed: in several reads, seven states with twenty each at a time.
const LISTED: i32 = 45;
/// The best rate is measured for so long.
const BEST: Duration = Duration::from_secs(10);
/// And the rate without a rebuild.
const BEFORE: Duration = Duration::from_secs(20);
/// How long views may take to be built.
const BUILT_MAX: Duration = Duration::from_secs(1800);
const WRONG: &str = "Wrong";

/// What clients were answered.
#[derive(Debug, Default)]
struct Answers {
    /// From when each was due until it was answered, in microseconds.
    latencies: Vec<f64>,
    failed: u32,
    /// Of old rows and new ones.
    mixed: u32,
}

/// What an answer was made of.
enum Made {
    Old,
    New,
    Both,
}

/// Rebuilds the view of the issues while it is queried at half of what the server can answer.
pub(super) async fn measure(report: &Report, folder: &Path, events: u64) -> Result<()> {
    let server = filled(&folder.join("rebuild"), events).await?;
    let admin = Client::connect(&server.url).await?;
    let alone = took(rebuild(&admin)).await?;
    falsify(&folder.join("rebuild"))?;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(Client::connect(&server.url).await?);
    }
    let (_, best) = ask_all(&clients, None, took(wait(BEST))).await?;
    let best = best.latencies.len() as f64 / BEST.as_secs_f64();
    let rate = best / 2.0;
    let every = Some(Duration::from_secs_f64(f64::from(CLIENTS) / rate));
    let (_, mut before) = ask_all(&clients, every, took(wait(BEFORE))).await?;
    let (beside, mut during) = ask_all(&clients, every, took(rebuild(&admin))).await?;

    let add = |case: &str, value, unit, reference, reference_value| {
        report.add(&Figure { case: format!("sqlite/rebuild{case}"), value, unit, reference, reference_value });
    };
    for (name, share) in [("/p50", 0.5), ("/p99", 0.99)] {
        let (value, reference) = (percentile(&mut during.latencies, share), percentile(&mut before.latencies, share));
        add(name, value / 1e3, "ms", "without a rebuild", reference / 1e3);
    }
    let answered = during.latencies.len() as f64;
    add("/failed", f64::from(during.failed), "queries", "all meanwhile", answered);
    add("/mixed", f64::from(during.mixed), "answers", "all meanwhile", answered);
    add("/rate", rate, "queries/s", "the best", best);
    add("", events as f64 / beside, "events/s", "without queries", events as f64 / alone);
    ensure!(titles(&admin, 0).await.is_ok_and(|made| matches!(made, Made::New)), "it was not rebuilt");
    server.stop().await.map(drop)
}

/// A server whose views show a log of so many events. One that is there already is used again.
async fn filled(data: &Path, events: u64) -> Result<Server> {
    if !data.exists() {
        std::fs::create_dir_all(data)?;
        let log = open_log(&data.join("log.db"))?;
        let projects = (0..PROJECTS).map(|number| format!("P{number}")).collect();
        // An issue has five events and a half.
        Corpus { projects, issues: events * 2 / 11, open: Open::ThreeOfTen }.write(&log).await?;
        log.close().await;
    }
    let server = Server::start(data).await?;
    let (client, start) = (Client::connect(&server.url).await?, Instant::now());
    loop {
        let views = client.admin(DEVELOPER).list_views(ListViewsRequest {}).await?.into_inner().views;
        if views.iter().all(|view| view.lag == 0) {
            return Ok(server);
        }
        ensure!(start.elapsed() < BUILT_MAX, "the views are not built");
        sleep(Duration::from_millis(200)).await;
    }
}

/// The issues that will be listed have wrong titles from now on, until they are folded anew.
fn falsify(data: &Path) -> Result<()> {
    let file = rusqlite::Connection::open(data.join("views.db"))?;
    file.busy_timeout(Duration::from_secs(30))?;
    let wrong = format!("UPDATE {} SET title = ? WHERE ordinal <= 200", SCHEMA.physical_name(&ISSUE));
    ensure!(file.execute(&wrong, [WRONG])? > 0, "there is nothing to rebuild");
    Ok(())
}

async fn rebuild(client: &Client) -> Result<()> {
    let view = SCHEMA.name.to_owned();
    let mut progress = client.admin(DEVELOPER).rebuild_view(RebuildViewRequest { view }).await?.into_inner();
    while progress.message().await?.is_some() {}
    Ok(())
}

async fn wait(length: Duration) -> Result<()> {
    sleep(length).await;
    Ok(())
}

/// How many seconds it takes.
async fn took(work: impl Future<Output = Result<()>>) -> Result<f64> {
    let started = Instant::now();
    work.await?;
    Ok(started.elapsed().as_secs_f64())
}

/// Lets all clients ask until this has ended, and gives what that gave. Each asks when its last answer has come; or every so often, whether or
/// not it has: then latencies count from when a query was due.
async fn ask_all(
    clients: &[Client],
    every: Option<Duration>,
    until: impl Future<Output = Result<f64>>,
) -> Result<(f64, Answers)> {
    let (over, mut asking) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
    for (client, number) in clients.iter().zip(0_u32..) {
        let (client, over) = (client.clone(), Arc::clone(&over));
        let first = Instant::now() + every.unwrap_or_default() * number / CLIENTS;
        asking.spawn(async move { ask_on(&client, number, every.map(|every| (first, every)), &over).await });
    }
    let ended = until.await?;
    over.store(true, Ordering::Relaxed);
    let mut all = Answers::default();
    while let Some(answers) = asking.join_next().await {
        let answers = answers?;
        all.latencies.extend(answers.latencies);
        all.failed += answers.failed;
        all.mixed += answers.mixed;
    }
    Ok((ended, all))
}

async fn ask_on(client: &Client, number: u32, mut pace: Option<(Instant, Duration)>, over: &AtomicBool) -> Answers {
    let mut answers = Answers::default();
    while !over.load(Ordering::Relaxed) {
        let mut due = Instant::now();
        if let Some((at, every)) = &mut pace {
            sleep_until((*at).into()).await;
            due = *at;
            *at += *every;
        }
        let turn = u64::from(number) * 7 + answers.latencies.len() as u64;
        match ask(client, turn).await {
            Ok(Made::Both) => answers.mixed += 1,
            Ok(Made::Old | Made::New) => {}
            Err(status) => {
                if answers.failed == 0 {
                    eprintln!("a query failed: {status:?}");
                }
                answers.failed += 1;
            }
        }
        answers.latencies.push(micros(due.elapsed()));
    }
    answers
}

/// By turns a list, a board and an issue.
async fn ask(client: &Client, turn: u64) -> Result<Made, Status> {
    let project = format!("P{}", turn / 3 % PROJECTS);
    match turn % 3 {
        0 => titles(client, turn / 3).await,
        1 => {
            let request = GetBoardRequest { project, cards_per_column: 20, ..Default::default() };
            client.boards(DEVELOPER).get_board(request).await.map(|_| Made::New)
        }
        _ => {
            let key = format!("{project}-{}", 1 + turn % 100);
            client.issues(DEVELOPER).get_issue(GetIssueRequest { key, ..Default::default() }).await.map(|_| Made::New)
        }
    }
}

/// Lists a project's first issues.
async fn titles(client: &Client, turn: u64) -> Result<Made, Status> {
    let list = ListIssuesRequest {
        project: format!("P{}", turn % PROJECTS),
        page_size: LISTED,
        order_by: IssueOrder::FiledOldest.into(),
        ..Default::default()
    };
    let issues = client.issues(DEVELOPER).list_issues(list).await?.into_inner().issues;
    let wrong = issues.iter().filter(|issue| issue.title == WRONG).count();
    Ok(match wrong {
        0 => Made::New,
        _ if wrong == issues.len() => Made::Old,
        _ => Made::Both,
    })
}
