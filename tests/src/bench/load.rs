//! Load: so many calls in flight, for so long, over two connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use api::flow::v1::GetThroughputRequest;
use api::issues::v1::ListIssuesRequest;
use api::search::v1::SearchIssuesRequest;
use api::sla::v1::GetComplianceRequest;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};

use super::echo;
use crate::client::{Client, as_fresh_as};
use crate::life::{self, Answered, Step};

/// What a run made.
#[derive(Debug, Default)]
pub struct Run {
    /// Calls answered.
    pub calls: u64,
    /// How long it took, with what had to be waited for at the end.
    pub seconds: f64,
    /// Each call's latency, in microseconds.
    pub latencies: Vec<f64>,
}

impl Run {
    /// Calls a second.
    pub fn rate(&self) -> f64 {
        self.calls as f64 / self.seconds
    }

    /// Adds another run's.
    pub fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.seconds += other.seconds;
        self.latencies.extend(other.latencies);
    }
}

/// A command's answer.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its consistency token.
    pub token: String,
    /// When it came.
    pub answered: Instant,
}

/// Two connections to an echo.
pub async fn channels(url: &str) -> anyhow::Result<[Channel; 2]> {
    let endpoint = Endpoint::from_shared(url.to_owned())?.tcp_nodelay(true);
    Ok([endpoint.connect().await?, endpoint.connect().await?])
}

/// Echoes a filing, `in_flight` at a time.
pub async fn echo(channels: &[Channel; 2], in_flight: usize, length: Duration) -> anyhow::Result<Run> {
    let start = Instant::now();
    let mut workers = JoinSet::new();
    for worker in 0..in_flight {
        let channel = channels[worker % 2].clone();
        workers.spawn(async move {
            let message = life::filing("BENCH", 1);
            let mut latencies = Vec::new();
            while start.elapsed() < length {
                let sent = Instant::now();
                echo::call(&channel, message.clone()).await?;
                latencies.push(micros(sent.elapsed()));
            }
            anyhow::Ok(latencies)
        });
    }
    let mut run = Run::default();
    while let Some(latencies) = workers.join_next().await {
        run.latencies.extend(latencies??);
    }
    run.seconds = start.elapsed().as_secs_f64();
    run.calls = run.latencies.len() as u64;
    Ok(run)
}

/// Whole lives of issues, so many at a time; each worker lives one issue after the other.
#[derive(Debug)]
pub struct Lives {
    connections: [Client; 2],
    project: String,
    next: Arc<AtomicU64>,
}

impl Lives {
    /// Over two connections, in a project that exists.
    pub async fn connect(url: &str, project: &str) -> anyhow::Result<Self> {
        let connections = [Client::connect(url).await?, Client::connect(url).await?];
        Ok(Self { connections, project: project.to_owned(), next: Arc::default() })
    }

    /// Lives issues until the time is up, then waits until every view has reached the last answer: that time counts.
    pub async fn run(&self, in_flight: usize, length: Duration) -> anyhow::Result<Run> {
        self.run_paced(in_flight, length, None, &watch::Sender::default()).await
    }

    /// As [`Lives::run`], and each worker sends a command every so often, whether or not the one before was late. The last answer is shown.
    pub async fn run_paced(
        &self,
        in_flight: usize,
        length: Duration,
        every: Option<Duration>,
        last: &watch::Sender<Option<Shown>>,
    ) -> anyhow::Result<Run> {
        let start = Instant::now();
        let mut workers = JoinSet::new();
        for worker in 0..in_flight {
            let (client, project, next) =
                (self.connections[worker % 2].clone(), self.project.clone(), Arc::clone(&self.next));
            let (last, pace) = (last.clone(), every.map(|every| (start + stagger(every, worker, in_flight), every)));
            workers.spawn(async move { live(&client, &project, &next, (start, length, pace), &last).await });
        }
        let (mut run, mut tokens) = (Run::default(), Vec::new());
        while let Some(worker) = workers.join_next().await {
            let (latencies, token) = worker??;
            run.latencies.extend(latencies);
            tokens.push(token);
        }
        self.wait_for_views(tokens).await?;
        run.seconds = start.elapsed().as_secs_f64();
        run.calls = run.latencies.len() as u64;
        Ok(run)
    }

    /// A client of the first connection.
    pub fn client(&self) -> &Client {
        &self.connections[0]
    }

    /// Returns when every view shows all that these tokens stand for.
    async fn wait_for_views(&self, mut tokens: Vec<String>) -> anyhow::Result<()> {
        tokens.retain(|token| !token.is_empty());
        let (client, project) = (self.client(), &self.project);
        for some in tokens.chunks(100) {
            let consistency = as_fresh_as(some.iter().cloned());
            let (project, query) = (project.clone(), "paid".to_owned());
            let list = ListIssuesRequest {
                project: project.clone(),
                page_size: 1,
                consistency: consistency.clone(),
                ..Default::default()
            };
            let search = SearchIssuesRequest {
                project: project.clone(),
                query,
                page_size: 1,
                consistency: consistency.clone(),
                ..Default::default()
            };
            let flow = GetThroughputRequest {
                project: project.clone(),
                consistency: consistency.clone(),
                ..Default::default()
            };
            let sla = GetComplianceRequest { project, consistency, ..Default::default() };
            client.issues(life::DEVELOPER).list_issues(list).await?;
            client.search(life::DEVELOPER).search_issues(search).await?;
            client.flow(life::DEVELOPER).get_throughput(flow).await?;
            client.sla(life::DEVELOPER).get_compliance(sla).await?;
        }
        Ok(())
    }
}

/// Workers do not all begin at once.
fn stagger(every: Duration, worker: usize, workers: usize) -> Duration {
    every * u32::try_from(worker).unwrap_or(u32::MAX) / u32::try_from(workers.max(1)).unwrap_or(u32::MAX)
}

async fn live(
    client: &Client,
    project: &str,
    next: &AtomicU64,
    (start, length, mut pace): (Instant, Duration, Option<(Instant, Duration)>),
    last: &watch::Sender<Option<Shown>>,
) -> anyhow::Result<(Vec<f64>, String)> {
    let (mut latencies, mut token) = (Vec::new(), String::new());
    while start.elapsed() < length {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let mut key = String::new();
        for step in life::steps(life::level(number)) {
            if let Some((at, every)) = &mut pace {
                tokio::time::sleep_until((*at).into()).await;
                *at += *every;
            }
            let sent = Instant::now();
            let answered: Answered = life::step(client, project, number, &key, *step).await?;
            latencies.push(micros(sent.elapsed()));
            token = answered.token;
            if pace.is_some() {
                last.send_replace(Some(Shown { token: token.clone(), answered: Instant::now() }));
            }
            if *step == Step::File {
                key = answered.key;
            }
        }
    }
    Ok((latencies, token))
}

/// A length of time in microseconds.
pub fn micros(length: Duration) -> f64 {
    length.as_secs_f64() * 1e6
}
