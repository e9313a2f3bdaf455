//! What the stories begin with.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use event_log::{Append, EventLog as _, Founding, Identity, LogError, NewEvent, Recorded, StreamId};
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
        let log = self.open(&Options::new(founding(), self.next_replica(), random())).await.unwrap();
        log.caught_up().await.unwrap();
        log
    }

    pub(crate) async fn open(&self, options: &Options) -> Result<Arc<KafkaLog>, OpenError> {
        KafkaLog::open(&self.url, options).await.map(Arc::new)
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

/// Every record, by partition, after a barrier on each.
pub(crate) async fn everything(log: &KafkaLog) -> Vec<Recorded> {
    let mut records = Vec::new();
    for partition in 0..log.identity().partitions {
        let head = log.barrier(partition).await.unwrap();
        let mut after = 0;
        while after < head {
            let page = log.read_partition(partition, after, 1000).await.unwrap();
            after = page.records.last().unwrap().position;
            records.extend(page.records);
        }
    }
    records
}
