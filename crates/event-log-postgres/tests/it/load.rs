//! Writers that never give up, and what they were told.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use event_log::{AppendError, Appended, EventLog as _, LogError, Recorded, StreamId};
use event_log_postgres::PostgresLog;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::given::{append, founding, issue, options};

/// How soon a writer asks again after a failure.
const AGAIN: Duration = Duration::from_millis(5);

/// Writers on several nodes of one log of two partitions, each with streams of its own.
pub(crate) struct Load {
    nodes: Vec<Arc<PostgresLog>>,
    stop: Arc<AtomicBool>,
    acknowledged: watch::Sender<u64>,
    writers: Vec<JoinHandle<Vec<(StreamId, Appended)>>>,
}

/// What writers were told.
pub(crate) struct Told(Vec<(StreamId, Appended)>);

impl Load {
    pub(crate) async fn start(url: &str, nodes: usize, writers_of_each: usize) -> Self {
        let mut load =
            Self { nodes: Vec::new(), stop: Arc::default(), acknowledged: watch::Sender::new(0), writers: Vec::new() };
        for n in 0..nodes {
            let node = Arc::new(PostgresLog::open(url, &options(founding(2))).await.unwrap());
            for k in 0..writers_of_each {
                let (node, stop) = (Arc::clone(&node), Arc::clone(&load.stop));
                let acknowledged = load.acknowledged.clone();
                load.writers.push(tokio::spawn(write(node, format!("{n}-{k}"), stop, acknowledged)));
            }
            load.nodes.push(node);
        }
        load
    }

    /// Waits until so many more appends were acknowledged.
    pub(crate) async fn acknowledges(&self, more: u64) {
        let mut acknowledged = self.acknowledged.subscribe();
        let enough = *acknowledged.borrow() + more;
        acknowledged.wait_for(|count| *count >= enough).await.unwrap();
    }

    pub(crate) async fn stop(self) -> Told {
        self.stop.store(true, Ordering::SeqCst);
        let mut told = Vec::new();
        for writer in self.writers {
            told.extend(writer.await.unwrap());
        }
        for node in self.nodes {
            node.close().await;
        }
        Told(told)
    }
}

/// Appends to a new stream ten times, then to the next one; what it doesn't know, it asks again.
async fn write(
    node: Arc<PostgresLog>,
    name: String,
    stop: Arc<AtomicBool>,
    acknowledged: watch::Sender<u64>,
) -> Vec<(StreamId, Appended)> {
    let mut told = Vec::new();
    for n in 0.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let (stream, revision) = (issue(format!("{name}-{}", n / 10)), n % 10);
        let next = append(&stream, revision, u128::from(revision));
        let appended = loop {
            match node.append(next.clone()).await {
                Ok(appended) => break appended,
                Err(AppendError::Unknown(_) | AppendError::Failed(LogError::Unavailable { .. })) => {
                    tokio::time::sleep(AGAIN).await;
                }
                Err(error) => panic!("{name} at {n}: {error}: {:?}", std::error::Error::source(&error)),
            }
        };
        assert_eq!(appended.revision, revision + 1, "{name} at {n}");
        told.push((stream, appended));
        acknowledged.send_modify(|count| *count += 1);
    }
    told
}

impl Told {
    /// Whether the log has all of it, as it was told, and nothing beside it.
    pub(crate) async fn is_all_there(&self, url: &str) {
        let log = PostgresLog::open(url, &options(founding(2))).await.unwrap();
        let mut held: HashMap<(StreamId, u64), Recorded> = HashMap::new();
        for partition in 0..2 {
            let mut position = 0;
            loop {
                let page = log.read_partition(partition, position, 1000).await.unwrap();
                for recorded in page.records {
                    position += 1;
                    assert_eq!(recorded.position, position, "a gap");
                    let header = &recorded.record.header;
                    let twice = held.insert((header.stream.clone(), header.revision), recorded);
                    assert!(twice.is_none(), "twice: {twice:?}");
                }
                if page.end {
                    break;
                }
            }
        }
        assert!(!self.0.is_empty());
        assert_eq!(held.len(), self.0.len(), "every append was acknowledged in the end, and nothing else is there");
        for (stream, appended) in &self.0 {
            let recorded = held.get(&(stream.clone(), appended.revision)).unwrap();
            assert_eq!((recorded.position, recorded.leaf), (appended.position, appended.leaf), "another one is there");
        }
    }
}
