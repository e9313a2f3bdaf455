//! Load: so many calls in flight, for so long, over two connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

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
    #[expect(clippy::cast_precision_loss, reason = "some millions")]
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

    /// Lives issues until the time is up, then waits until the board has reached the last answer: that time counts.
    pub async fn run(&self, in_flight: usize, length: Duration) -> anyhow::Result<Run> {
        let start = Instant::now();
        let mut workers = JoinSet::new();
        for worker in 0..in_flight {
            let (client, project, next) =
                (self.connections[worker % 2].clone(), self.project.clone(), Arc::clone(&self.next));
            workers.spawn(async move { live(&client, &project, &next, start, length).await });
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

    /// Returns when board and issue view show all that these tokens stand for.
    async fn wait_for_views(&self, mut tokens: Vec<String>) -> anyhow::Result<()> {
        tokens.retain(|token| !token.is_empty());
        for some in tokens.chunks(100) {
            let consistency = as_fresh_as(some.iter().cloned());
            let board = api::boards::v1::GetBoardRequest {
                project: self.project.clone(),
                cards_per_column: 1,
                consistency: consistency.clone(),
                ..Default::default()
            };
            self.connections[0].boards(life::DEVELOPER).get_board(board).await?;
            let list = api::issues::v1::ListIssuesRequest {
                project: self.project.clone(),
                page_size: 1,
                consistency,
                ..Default::default()
            };
            self.connections[0].issues(life::DEVELOPER).list_issues(list).await?;
        }
        Ok(())
    }
}

async fn live(
    client: &Client,
    project: &str,
    next: &AtomicU64,
    start: Instant,
    length: Duration,
) -> anyhow::Result<(Vec<f64>, String)> {
    let (mut latencies, mut token) = (Vec::new(), String::new());
    while start.elapsed() < length {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let mut key = String::new();
        for step in life::steps(life::level(number)) {
            let sent = Instant::now();
            let answered: Answered = life::step(client, project, number, &key, *step).await?;
            latencies.push(micros(sent.elapsed()));
            token = answered.token;
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
