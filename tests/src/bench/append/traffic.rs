//! What is appended and read: the same for every log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use event_log::{EventLog, NewEvent, StreamId};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::bench::load::{Run, micros};

/// Bytes of an event.
pub(super) const EVENT_BYTES: usize = 300;
/// Events of a stream.
pub(super) const STREAM_EVENTS: u64 = 8;
/// Projects that streams are spread over.
pub(super) const PROJECTS: u8 = 8;
/// Records that a reader takes at once.
const PAGE: usize = 1000;
/// In 2023, in microseconds since 1970.
pub(super) const NOW: i64 = 1_700_000_000_000_000;

/// Writers on a log.
#[derive(Clone)]
pub(super) struct Traffic {
    log: Arc<dyn EventLog>,
    next_stream: Arc<AtomicU64>,
    /// Tells this run's streams from those of other runs on the same log.
    run: u64,
    projects: u8,
    stream_events: u64,
}

impl Traffic {
    pub(super) fn new(log: Arc<dyn EventLog>) -> Self {
        Self {
            log,
            next_stream: Arc::default(),
            run: fastrand::u64(..),
            projects: PROJECTS,
            stream_events: STREAM_EVENTS,
        }
    }

    /// Writers on one partition.
    pub(super) fn on_one_project(log: Arc<dyn EventLog>) -> Self {
        Self { projects: 1, ..Self::new(log) }
    }

    /// Writers whose every event begins a stream: who doesn't wait for an answer can't know the next revision.
    pub(super) fn of_single_events(log: Arc<dyn EventLog>) -> Self {
        Self { stream_events: 1, ..Self::new(log) }
    }

    /// So many writers, for so long.
    pub(super) async fn run(&self, in_flight: usize, length: Duration) -> Result<Run> {
        let start = Instant::now();
        self.write(in_flight, move |_| start.elapsed() < length).await
    }

    /// So many events and a few more, as fast as it goes.
    pub(super) async fn fill(&self, events: u64) -> Result<Run> {
        self.write(512, move |stream| stream * STREAM_EVENTS < events).await
    }

    async fn write(&self, in_flight: usize, goes_on: impl Fn(u64) -> bool + Clone + Send + 'static) -> Result<Run> {
        let start = Instant::now();
        let mut writers = JoinSet::new();
        for _ in 0..in_flight {
            let (traffic, goes_on) = (self.clone(), goes_on.clone());
            writers.spawn(async move {
                let (mut latencies, mut dice) = (Vec::new(), fastrand::Rng::new());
                loop {
                    let stream = traffic.next_stream();
                    for revision in 0..traffic.stream_events {
                        if !goes_on(stream) {
                            return anyhow::Ok(latencies);
                        }
                        let append = traffic.append(stream, revision, &mut dice);
                        let sent = Instant::now();
                        let answer = traffic.log.append(append).await?;
                        latencies.push(micros(sent.elapsed()));
                        ensure!(answer.revision == revision + 1, "a stream of one's own moved");
                    }
                }
            });
        }
        let mut run = Run::default();
        while let Some(latencies) = writers.join_next().await {
            run.latencies.extend(latencies??);
        }
        run.seconds = start.elapsed().as_secs_f64();
        run.calls = run.latencies.len() as u64;
        Ok(run)
    }

    /// A stream that nobody has written to.
    pub(super) fn next_stream(&self) -> u64 {
        self.next_stream.fetch_add(1, Ordering::Relaxed)
    }

    /// A stream's next event.
    pub(super) fn append(&self, stream: u64, revision: u64, dice: &mut fastrand::Rng) -> event_log::Append {
        event_log::Append {
            stream: StreamId {
                project: project(stream % u64::from(self.projects)).into(),
                kind: "issue".into(),
                id: format!("{:016x}-{stream}", self.run).into(),
            },
            expected: revision,
            unchanged: Vec::new(),
            events: vec![NewEvent {
                event_id: Uuid::from_u128(dice.u128(..)),
                event_type: "IssueCommented".into(),
                schema_version: 1,
                occurred_at: NOW,
                facts: facts(dice),
                texts: Vec::new(),
                salt: Vec::new(),
            }],
            actor: "ada".into(),
            request_id: Uuid::from_u128(dice.u128(..)),
            fingerprint: [7; 32],
            correlation_id: None,
            causation_id: None,
            traceparent: None,
            recorded_at: NOW,
        }
    }
}

/// The project of a stream.
pub(super) fn project(stream: u64) -> String {
    format!("P{}", stream % u64::from(PROJECTS))
}

/// What an event says: nothing that compresses well.
pub(super) fn facts(dice: &mut fastrand::Rng) -> Vec<u8> {
    let mut facts = vec![0; EVENT_BYTES];
    dice.fill(&mut facts);
    facts
}

/// Reads the whole log from its start, partition by partition, page by page.
pub(super) async fn read(log: &dyn EventLog) -> Result<Run> {
    let (start, mut calls) = (Instant::now(), 0);
    for partition in 0..log.identity().partitions {
        let mut after = 0;
        loop {
            let page = log.read_partition(partition, after, PAGE).await?;
            after += page.records.len() as u64;
            if page.end {
                break;
            }
        }
        calls += after;
    }
    Ok(Run { calls, seconds: start.elapsed().as_secs_f64(), latencies: Vec::new() })
}
