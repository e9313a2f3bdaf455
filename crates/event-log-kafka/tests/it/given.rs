//! What the stories begin with.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use event_log::{
    Append, AppendError, Appended, EventLog as _, Founding, Identity, LogError, NewEvent, PartitionId, Recorded,
    StreamId,
};
use event_log_kafka::{KafkaLog, OpenError, Options, Randomness};
use rand::Rng as _;
use tempfile::TempDir;
use test_servers::kafka::Kafka;
use uuid::Uuid;

/// A topic, and the folder for the replicas of its nodes.
pub(crate) struct Topic {
    pub(crate) url: String,
    pub(crate) name: String,
    folder: TempDir,
    nodes: AtomicU32,
}

/// What new logs are: open, with four partitions.
pub(crate) fn founding() -> Founding {
    Founding { identity: Identity::new(Uuid::from_u128(7), 4), filling: false }
}

/// The thread's own.
pub(crate) fn random() -> Randomness {
    Arc::new(|bytes| rand::rng().fill_bytes(bytes))
}

/// What waits for brokers for ever ends after this.
const PATIENCE: Duration = Duration::from_secs(180);

/// For brokers that nobody harms: on a slow machine they may be silent for long, and are not given up.
pub(crate) fn patient(founding: Founding, replica: impl AsRef<Path>) -> Options {
    let (resend_after, answer_within, silence) =
        (Duration::from_secs(45), Duration::from_secs(120), Duration::from_secs(30));
    Options { resend_after, answer_within, silence, ..Options::new(founding, replica.as_ref(), random()) }
}

impl Topic {
    /// One that there isn't yet, on one broker.
    pub(crate) fn new(kafka: &Kafka) -> Self {
        Self::with(kafka, "single-broker")
    }

    /// One that there isn't yet, with what follows the question mark.
    pub(crate) fn with(kafka: &Kafka, query: &str) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("log-{}", MADE.fetch_add(1, Ordering::Relaxed));
        let url = format!("kafka://{}/{name}?{query}", kafka.bootstrap());
        Self { url, name, folder: tempfile::tempdir().unwrap(), nodes: AtomicU32::new(0) }
    }

    /// Where the next node has its replica.
    pub(crate) fn next_replica(&self) -> PathBuf {
        self.folder.path().join(format!("node-{}.db", self.nodes.fetch_add(1, Ordering::Relaxed)))
    }

    /// A node with a replica of its own, caught up.
    pub(crate) async fn node(&self) -> Arc<KafkaLog> {
        let log = self.open(&patient(founding(), self.next_replica())).await.unwrap();
        log.caught_up().await.unwrap();
        log
    }

    /// Opens a node, as soon as the brokers answer.
    pub(crate) async fn open(&self, options: &Options) -> Result<Arc<KafkaLog>, OpenError> {
        let began = Instant::now();
        loop {
            match KafkaLog::open(&self.url, options).await.map(Arc::new) {
                Err(OpenError::Unavailable { .. }) if began.elapsed() < PATIENCE => {}
                opened => return opened,
            }
        }
    }
}

/// What the contract's suite makes of an error at opening.
pub(crate) fn as_log_error(error: OpenError) -> LogError {
    match error {
        OpenError::UpgradeNeeded { reason, .. } => LogError::UpgradeNeeded { reason },
        other => LogError::Unavailable { reason: format!("{other}: {:?}", std::error::Error::source(&other)) },
    }
}

pub(crate) fn stream(project: &str, id: &str) -> StreamId {
    StreamId { project: project.into(), kind: "issue".into(), id: id.into() }
}

/// One event with texts for the stream.
pub(crate) fn append(stream: &StreamId, expected: u64, request: u128) -> Append {
    Append {
        stream: stream.clone(),
        expected,
        unchanged: Vec::new(),
        events: vec![NewEvent {
            event_id: Uuid::from_u128(request),
            event_type: "IssueFiled".into(),
            schema_version: 1,
            occurred_at: 1_700_000_000_000_000,
            facts: br#"{"severity":1}"#.to_vec(),
            texts: br#"{"title":"it is down"}"#.to_vec(),
            salt: vec![9; 32],
        }],
        actor: "user:1".into(),
        request_id: Uuid::from_u128(request),
        fingerprint: [1; 32],
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        recorded_at: 1_700_000_000_000_000,
    }
}

/// Until it is answered: unavailable and unknown are tried again, with the same request id.
pub(crate) async fn insist(log: &KafkaLog, one: Append) -> Appended {
    let began = Instant::now();
    loop {
        match log.append(one.clone()).await {
            Ok(appended) => return appended,
            Err(AppendError::Failed(passing) | AppendError::Unknown(passing))
                if matches!(passing, LogError::Unavailable { .. }) && began.elapsed() < PATIENCE =>
            {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// The same for a barrier.
pub(crate) async fn insist_on_barrier(log: &KafkaLog, partition: PartitionId) -> u64 {
    let began = Instant::now();
    loop {
        match log.barrier(partition).await {
            Ok(head) => return head,
            Err(LogError::Unavailable { .. }) if began.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// Every record, by partition, after a barrier on each.
pub(crate) async fn everything(log: &KafkaLog) -> Vec<Recorded> {
    let mut records = Vec::new();
    for partition in 0..log.identity().partitions {
        let head = insist_on_barrier(log, partition).await;
        let mut after = 0;
        while after < head {
            let page = log.read_partition(partition, after, 1000).await.unwrap();
            after = page.records.last().unwrap().position;
            records.extend(page.records);
        }
    }
    records
}
