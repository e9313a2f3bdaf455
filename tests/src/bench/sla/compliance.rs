//! Compliance of a quarter and of a year, with ten thousand issues and with many more: by turns, at a fixed rate. A thousandth of the issues stays open,
//! long past its deadlines: the server records that first, as it would have when it happened.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use api::sla::v1::sla_service_client::SlaServiceClient;
use api::sla::v1::{ComplianceWindow, Dimension, GetComplianceRequest, ListBreachesRequest, TrendStep};
use tonic::{Code, Status};

use crate::bench::corpus::{BEGIN, Corpus, Open, open_log};
use crate::bench::queries::by_turns;
use crate::bench::report::{Figure, Report, percentile};
use crate::client::{Client, Wire};
use crate::life;
use crate::server::Server;

const PROJECT: &str = "BENCH";
const FEW: u64 = 10_000;
/// p99 with many issues may be so many times that with few.
const RATIO_MAX: f64 = 1.5;
/// One of so many issues stays open.
const OPEN_OF: u64 = 1000;
/// How long views may take to be built, and what was missed to be recorded.
const SETTLED_MAX: Duration = Duration::from_secs(3600);

/// What is asked.
#[derive(Debug, Clone, Copy)]
enum Asked {
    /// A quarter by severity, with its weeks.
    Quarter,
    /// A year of all issues, with its months.
    Year,
    /// The latest fifty breaches.
    Breaches,
}

/// Fills both servers, then measures.
pub(super) async fn measure(report: &Report, folder: &Path, issues: u64, rate: u32) -> Result<()> {
    let small = filled(&folder.join("compliance-small"), FEW).await?;
    let large = filled(&folder.join("compliance-large"), issues).await?;
    for (name, asked) in [("quarter_by_severity", Asked::Quarter), ("year", Asked::Year), ("breaches", Asked::Breaches)]
    {
        let ask = |client: Client, _turn, _issues| async move { ask(&client, asked).await.map(drop) };
        let (mut few, mut many) = by_turns((&small, FEW), (&large, issues), rate, ask).await?;
        for (percent, share) in [("p50", 0.5), ("p99", 0.99)] {
            let (value, reference_value) = (percentile(&mut many, share), percentile(&mut few, share));
            let case = format!("compliance/{name}/{issues}/{percent}");
            let reference = "with 10,000 issues";
            report.add(&Figure { case, value, unit: "us", reference, reference_value });
        }
        let (value, few) = (percentile(&mut many, 0.99), percentile(&mut few, 0.99));
        let case = format!("compliance/{name}/{issues}/bound");
        report.add(&Figure {
            case,
            value: value / few,
            unit: "times",
            reference: "the bound",
            reference_value: RATIO_MAX,
        });
    }
    small.stop().await?;
    large.stop().await?;
    Ok(())
}

/// A server with so many issues of one project, and all of their deadlines recorded. One that is there already is used again.
async fn filled(data: &Path, issues: u64) -> Result<Server> {
    if !data.exists() {
        let server = Server::start(data).await?;
        life::project(&Client::connect(&server.url).await?, PROJECT).await?;
        server.stop().await?;
        let log = open_log(&data.join("log.db"))?;
        Corpus { projects: vec![PROJECT.to_owned()], issues, open: Open::OneOf(OPEN_OF) }.write(&log).await?;
        log.close().await;
    }
    let server = Server::start(data).await?;
    let (client, start) = (Client::connect(&server.url).await?, Instant::now());
    loop {
        match ask(&client, Asked::Year).await {
            Ok(Some(0)) => return Ok(server),
            Ok(_) => {}
            Err(status) if status.code() == Code::Unavailable => {}
            Err(status) => return Err(status.into()),
        }
        ensure!(start.elapsed() < SETTLED_MAX, "views and deadlines of {issues} issues took too long");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Asks. Of compliance, how many breaches no event tells yet.
async fn ask(client: &Client, asked: Asked) -> std::result::Result<Option<u64>, Status> {
    let project = PROJECT.to_owned();
    let mut sla: SlaServiceClient<Wire> = client.sla(life::DEVELOPER);
    let (window, by, step) = match asked {
        Asked::Breaches => {
            return sla.list_breaches(ListBreachesRequest { project, ..Default::default() }).await.map(|_| None);
        }
        Asked::Quarter => (window(180, 270), Dimension::Severity, TrendStep::Week),
        Asked::Year => (window(0, 365), Dimension::Unspecified, TrendStep::Month),
    };
    let (by, step) = (by.into(), step.into());
    let request = GetComplianceRequest { project, window: Some(window), by, step, ..Default::default() };
    let told = sla.get_compliance(request).await?.into_inner().compliance.unwrap_or_default();
    Ok(Some(told.untold_breaches))
}

fn window(since: i64, until: i64) -> ComplianceWindow {
    let day = |day| Some(prost_types::Timestamp { seconds: BEGIN / 1_000_000 + day * 86_400, nanos: 0 });
    ComplianceWindow { since: day(since), until: day(until) }
}
