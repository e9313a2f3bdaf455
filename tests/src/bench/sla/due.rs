//! Deadlines that fall due in one minute: are all of them recorded, and how long after.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use api::events::v1::subscribe_events_response::Message;
use api::events::v1::{Event, SubscribeEventsRequest};
use api::policies::v1::{AdoptPolicyRequest, Delivery, Entry, Policy, Rules, Target, target};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::super::report::{Figure, Report, percentile};
use super::super::serve::project_once_ready;
use crate::client::{Client, request_id};
use crate::life;
use crate::server::Server;

/// They fall due within so long.
const WITHIN: Duration = Duration::from_secs(60);
/// Each falls due so long after its issue was filed: by then the last one is filed.
const TARGET: Duration = Duration::from_secs(90);
/// So many file at a time.
const WORKERS: u64 = 64;
/// Whoever hears nothing for so long gives up.
const SILENCE_MAX: Duration = Duration::from_secs(300);

/// Files so many issues within a minute, which nobody accepts, and reads what is recorded of their deadlines, from the log's own times.
pub(super) async fn measure(report: &Report, folder: &Path, deadlines: u64) -> Result<()> {
    let server = Server::start_reacting(folder, &[]).await?;
    let client = Client::connect(&server.url).await?;
    project_once_ready(&client).await?;
    adopt(&client).await?;
    let (next, start) = (Arc::<AtomicU64>::default(), Instant::now());
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        let (client, next) = (Client::connect(&server.url).await?, Arc::clone(&next));
        workers.spawn(async move { file(&client, &next, start, deadlines).await });
    }
    while let Some(filed) = workers.join_next().await {
        filed??;
    }
    let mut lags = lags(&client, deadlines).await?;
    let recorded = lags.len();
    let (p50, p99) = (percentile(&mut lags, 0.5), percentile(&mut lags, 0.99));
    let figure = |case: &str, value, unit, reference, reference_value| Figure {
        case: case.to_owned(),
        value,
        unit,
        reference,
        reference_value,
    };
    report.add(&figure("due/recorded", recorded as f64, "breaches", "deadlines in a minute", deadlines as f64));
    report.add(&figure("due/lag/p99", p99, "ms", "p50", p50));
    server.stop().await.map(|_| ())
}

/// All severities: accepted within [`TARGET`], around the clock; nobody is told, nothing else is promised.
async fn adopt(client: &Client) -> Result<()> {
    let seconds = i64::try_from(TARGET.as_secs())?;
    let working = target::Target::WorkingTime(prost_types::Duration { seconds, nanos: 0 });
    let rules = |severity: &str| Rules {
        severity: severity.to_owned(),
        accept: Some(Target { target: Some(working) }),
        calendar: "24x7".into(),
        // At risk while the rest is filed: in the minute that counts there are breaches only.
        at_risk_percent: Some(1),
        entry: Entry::Bottom.into(),
        delivery: Delivery::Planned.into(),
        ..Rules::default()
    };
    let policy = Policy { severities: ["sev1", "sev2", "sev3"].map(rules).to_vec(), ..Policy::default() };
    let (request_id, project) = (request_id(), "BENCH".to_owned());
    let adopt = AdoptPolicyRequest { request_id, project, policy: Some(policy), ..Default::default() };
    client.policies(life::OPERATOR).adopt_policy(adopt).await.context("adopt a policy").map(|_| ())
}

/// Files every so often, until all are filed.
async fn file(client: &Client, next: &AtomicU64, start: Instant, issues: u64) -> Result<()> {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= issues {
            return Ok(());
        }
        let part = u32::try_from(number)?;
        tokio::time::sleep_until(start + WITHIN * part / u32::try_from(issues)?).await;
        client.issues(life::CUSTOMER).file_issue(life::filing("BENCH", number)).await.context("file an issue")?;
    }
}

/// Of each breach, how long after it happened it was recorded, in milliseconds.
async fn lags(client: &Client, count: u64) -> Result<Vec<f64>> {
    let types = vec!["SlaBreachRecorded".to_owned()];
    let subscribe = SubscribeEventsRequest { types, ..Default::default() };
    let mut messages = client.events(life::OPERATOR).subscribe_events(subscribe).await?.into_inner();
    let mut lags = Vec::new();
    let mut heard = Instant::now();
    while (lags.len() as u64) < count {
        let message = tokio::time::timeout(SILENCE_MAX, messages.message()).await.context("the feed goes on")??;
        match message.context("the feed goes on")?.message {
            Some(Message::Event(event)) => {
                lags.push(lag(&event)?);
                heard = Instant::now();
            }
            _ if heard.elapsed() > SILENCE_MAX => bail!("{} of {count} breaches are recorded", lags.len()),
            _ => {}
        }
    }
    Ok(lags)
}

fn lag(event: &Event) -> Result<f64> {
    let micros = |at: &Option<prost_types::Timestamp>| {
        let at = at.context("an event has its times")?;
        anyhow::Ok(at.seconds * 1_000_000 + i64::from(at.nanos) / 1000)
    };
    Ok((micros(&event.recorded_at)? - micros(&event.occurred_at)?) as f64 / 1000.0)
}
