//! Logs with histories, and logs that are wrong, or fail, in one thing.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use event_log::{
    Append, AppendError, Appended, EventLog, FillError, Founding, Identity, KnownRequest, LogError, Maintain,
    MemoryLog, NewEvent, Page, PartitionId, Phase, Recorded, StreamId, Versions,
};
use event_log_sqlite::{Options, SqliteLog};
use tokio::sync::watch;
use transfer::Progress;
use uuid::Uuid;

/// The clock of every proposer, in microseconds since 1970.
pub(crate) const NOW: i64 = 1_700_000_000_000_000;

pub(crate) const IDENTITY: Identity = Identity { log_id: Uuid::from_u128(0x10), partitions: 4 };

pub(crate) fn founding(filling: bool) -> Founding {
    Founding { identity: IDENTITY, filling }
}

pub(crate) fn memory(filling: bool) -> MemoryLog {
    MemoryLog::founded(founding(filling))
}

pub(crate) fn sqlite(path: &Path, filling: bool) -> SqliteLog {
    SqliteLog::open(path, &Options::new(founding(filling))).unwrap()
}

pub(crate) fn stream(n: u64) -> StreamId {
    let kind = if n.is_multiple_of(5) { "team" } else { "issue" };
    StreamId { project: format!("P{}", n % 7).into(), kind: kind.into(), id: n.to_string().into() }
}

/// The append of this request: one to three events, with and without texts, some of odd bytes.
pub(crate) fn append(stream: StreamId, expected: u64, request: u64) -> Append {
    let event = |n: u64| {
        let texts = if request.is_multiple_of(3) {
            Vec::new()
        } else {
            format!("{{\"t\":\"Größe {request}\"}}").into_bytes()
        };
        NewEvent {
            event_id: Uuid::from_u128(u128::from(request * 4 + n)),
            event_type: "IssueFiled".into(),
            schema_version: 1,
            occurred_at: NOW - 5,
            facts: if request.is_multiple_of(11) {
                vec![0xff, 0, 1]
            } else {
                format!("{{\"n\":{request}}}").into_bytes()
            },
            salt: if texts.is_empty() { Vec::new() } else { vec![7; 32] },
            texts,
        }
    };
    Append {
        stream,
        expected,
        unchanged: Vec::new(),
        events: (0..=request % 3).map(event).collect(),
        actor: "ada".into(),
        request_id: Uuid::from_u128(u128::from(request) + 1),
        fingerprint: [7; 32],
        correlation_id: request.is_multiple_of(2).then(|| Uuid::from_u128(9)),
        causation_id: None,
        traceparent: request.is_multiple_of(4).then(|| "00-abc".into()),
        recorded_at: NOW + i64::try_from(request).unwrap(),
    }
}

/// Appends a history of so many appends: streams begin and go on, in all partitions. Returns what was answered.
pub(crate) async fn history(log: &dyn EventLog, appends: u64) -> Vec<(Append, Appended)> {
    let mut answered = Vec::new();
    for request in 0..appends {
        let of = stream(request % (appends / 3).max(1));
        let mut append = append(of, 0, request);
        loop {
            match log.append(append.clone()).await {
                Ok(appended) => break answered.push((append, appended)),
                Err(AppendError::Conflict { actual, .. }) => append.expected = actual,
                Err(error) => panic!("{error}"),
            }
        }
    }
    answered
}

/// The same, done at once in the middle of something that waits for nothing.
pub(crate) fn grow(log: Arc<dyn EventLog>, appends: u64) {
    let grown = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(history(&*log, appends));
    });
    grown.join().unwrap();
}

/// All records of a log.
pub(crate) async fn everything(log: &dyn EventLog) -> Vec<Recorded> {
    let mut all = Vec::new();
    for partition in 0..log.identity().partitions {
        let mut after = 0;
        loop {
            let page = log.read_partition(partition, after, 100).await.unwrap();
            after += page.records.len() as u64;
            all.extend(page.records);
            if page.end {
                break;
            }
        }
    }
    all
}

/// Nobody watches.
pub(crate) fn unwatched(_: Progress) {}

/// How an answer is changed before it is given.
type Change<T> = Box<dyn Fn(&mut T) + Send + Sync>;

/// A log that answers wrongly, or not at all, as it is told to.
pub(crate) struct Bent {
    log: Arc<dyn Maintain>,
    /// Changes what a partition's page says.
    pub(crate) partition: Option<Change<Page>>,
    /// Changes what a stream's page says.
    pub(crate) stream: Option<Change<Page>>,
    /// Changes what a request was answered.
    pub(crate) request: Option<Change<Option<KnownRequest>>>,
    /// Changes where an ordinal leads.
    pub(crate) ordinal: Option<Change<Option<StreamId>>>,
    /// After so many calls it fails for good.
    pub(crate) calls_left: AtomicU64,
    dead: AtomicBool,
}

impl Bent {
    pub(crate) fn new(log: Arc<dyn Maintain>) -> Self {
        let calls_left = AtomicU64::new(u64::MAX);
        Self {
            log,
            partition: None,
            stream: None,
            request: None,
            ordinal: None,
            calls_left,
            dead: AtomicBool::new(false),
        }
    }

    pub(crate) fn dying_after(log: Arc<dyn Maintain>, calls: u64) -> Self {
        Self { calls_left: AtomicU64::new(calls), ..Self::new(log) }
    }

    fn alive(&self) -> Result<(), LogError> {
        let dead = self.dead.load(Ordering::SeqCst) || self.calls_left.fetch_sub(1, Ordering::SeqCst) == 0;
        self.dead.store(dead, Ordering::SeqCst);
        if dead { Err(LogError::Unavailable { reason: "killed".to_owned() }) } else { Ok(()) }
    }
}

fn bent<T>(mut answer: T, change: Option<&Change<T>>) -> T {
    if let Some(change) = change {
        change(&mut answer);
    }
    answer
}

#[async_trait]
impl EventLog for Bent {
    fn identity(&self) -> Identity {
        self.log.identity()
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.log.append(append).await
    }

    async fn find_request(&self, stream: &StreamId, request_id: Uuid) -> Result<Option<KnownRequest>, LogError> {
        Ok(bent(self.log.find_request(stream, request_id).await?, self.request.as_ref()))
    }

    async fn find_ordinal(&self, project: &str, kind: &str, ordinal: u64) -> Result<Option<StreamId>, LogError> {
        Ok(bent(self.log.find_ordinal(project, kind, ordinal).await?, self.ordinal.as_ref()))
    }

    async fn read_stream(&self, stream: &StreamId, after: u64, limit: usize) -> Result<Page, LogError> {
        Ok(bent(self.log.read_stream(stream, after, limit).await?, self.stream.as_ref()))
    }

    async fn read_partition(&self, partition: PartitionId, after: u64, limit: usize) -> Result<Page, LogError> {
        self.alive()?;
        Ok(bent(self.log.read_partition(partition, after, limit).await?, self.partition.as_ref()))
    }

    fn head(&self, partition: PartitionId) -> watch::Receiver<u64> {
        self.log.head(partition)
    }

    async fn barrier(&self, partition: PartitionId) -> Result<u64, LogError> {
        self.alive()?;
        self.log.barrier(partition).await
    }

    fn trouble(&self) -> watch::Receiver<Option<LogError>> {
        self.log.trouble()
    }

    async fn close(&self) {
        self.log.close().await;
    }
}

#[async_trait]
impl Maintain for Bent {
    fn versions(&self) -> Versions {
        self.log.versions()
    }

    fn phase(&self) -> Phase {
        self.log.phase()
    }

    async fn activate(&self, versions: Versions) -> Result<(), LogError> {
        self.alive()?;
        self.log.activate(versions).await
    }

    async fn seal(&self) -> Result<(), LogError> {
        self.alive()?;
        self.log.seal().await?;
        // Killed between doing it and hearing of it.
        self.alive()
    }

    async fn fill(&self, records: Vec<Recorded>) -> Result<(), FillError> {
        self.alive().map_err(FillError::Failed)?;
        self.log.fill(records).await?;
        self.alive().map_err(FillError::Failed)
    }

    async fn open(&self) -> Result<(), LogError> {
        self.alive()?;
        self.log.open().await?;
        self.alive()
    }
}
