//! The log on Kafka keeps every promise.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use event_log::contract::{self, Factory, Idle};
use event_log::{EventLog as _, Founding, LogError, Versions};
use event_log_kafka::{KafkaLog, Options};
use test_servers::kafka::{self, Kafka};

use crate::given::{Topic, as_log_error, patient};
use crate::raw;

/// Logs, each on a topic of its own.
struct Topics {
    kafka: &'static Kafka,
    /// By the replicas of their nodes.
    made: Mutex<HashMap<PathBuf, (Arc<Topic>, Founding)>>,
}

impl Topics {
    async fn open(
        &self,
        topic: Arc<Topic>,
        founding: Founding,
        replica: PathBuf,
        known: Versions,
    ) -> Result<Arc<KafkaLog>, LogError> {
        let options = Options { known, ..patient(founding, &replica) };
        self.made.lock().unwrap().insert(replica, (Arc::clone(&topic), founding));
        let log = topic.open(&options).await.map_err(as_log_error)?;
        log.caught_up().await?;
        Ok(log)
    }

    fn topic_of(&self, log: &KafkaLog) -> (Arc<Topic>, Founding) {
        self.made.lock().unwrap()[log.replica()].clone()
    }
}

#[async_trait]
impl Factory for Topics {
    type Log = KafkaLog;

    async fn create(&self, founding: Founding) -> Result<Arc<KafkaLog>, LogError> {
        let topic = Arc::new(Topic::new(self.kafka));
        let replica = topic.next_replica();
        self.open(topic, founding, replica, Versions::KNOWN).await
    }

    async fn reopen(&self, log: Arc<KafkaLog>, known: Versions) -> Result<Arc<KafkaLog>, LogError> {
        let (topic, founding) = self.topic_of(&log);
        log.close().await;
        let replica = log.replica().to_owned();
        drop(log);
        self.open(topic, founding, replica, known).await
    }

    async fn another_node(&self, log: &Arc<KafkaLog>, known: Versions) -> Result<Option<Arc<KafkaLog>>, LogError> {
        let (topic, founding) = self.topic_of(log);
        let replica = topic.next_replica();
        self.open(topic, founding, replica, known).await.map(Some)
    }

    /// It has written to the log's own partition, a foundation once more, which says nothing.
    async fn idle_transaction(&self, log: &Arc<KafkaLog>) -> Result<Option<Idle>, LogError> {
        let (topic, _) = self.topic_of(log);
        let (brokers, partition) = (self.kafka.bootstrap(), log.identity().partition_of("PAY").cast_signed());
        let first = raw::read(&brokers, &topic.name, partition).await.swap_remove(0);
        Ok(Some(Box::new(raw::begin(&brokers, &topic.name, partition, first.1.unwrap()).await)))
    }

    /// Most of a case's time is spent on making its topic.
    fn at_once(&self) -> usize {
        4
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_promise_is_kept() {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    let untried = contract::run(Topics { kafka, made: Mutex::default() }).await;
    assert!(untried.is_empty(), "{untried:?}");
}
