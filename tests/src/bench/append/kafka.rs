//! Kafka bare: records of the same size on another topic of the same broker, each awaited until a consumer has it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use event_log::{EventLog, Founding, Identity};
use event_log_kafka::{KafkaLog, Options};
use rand::Rng as _;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use rdkafka::{Offset, TopicPartitionList};
use test_servers::kafka::{Kafka as Broker, Setup};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::traffic::EVENT_BYTES;
use super::{Storage, sqlite};
use crate::bench::load::{Run, micros};

/// The topic without a log.
const BARE: &str = "bare";
const PARTITIONS: i32 = 8;
/// Most records in flight.
const LANES: usize = 512;

/// A broker with a log, and a topic without.
pub(super) struct Kafka {
    bare: Arc<Bare>,
    url: String,
    replica: PathBuf,
    /// Last: its clients end before it does.
    _broker: Broker,
}

/// Producer and consumer of the bare topic.
struct Bare {
    producer: ThreadedProducer<DefaultProducerContext>,
    /// Each is told when its record was read back.
    lanes: Arc<Vec<Notify>>,
    over: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

impl Kafka {
    pub(super) async fn new(folder: &Path) -> Result<Self> {
        let broker =
            tokio::task::spawn_blocking(|| Broker::start(&Setup::default())).await??.context("Kafka is missing")?;
        let bare = Bare::new(&broker.bootstrap()).await?;
        let url = format!("kafka://{}/log?single-broker", broker.bootstrap());
        Ok(Self { bare: Arc::new(bare), url, replica: folder.join("replica.db"), _broker: broker })
    }
}

#[async_trait]
impl Storage for Kafka {
    async fn open(&self) -> Result<Arc<dyn EventLog>> {
        let founding =
            Founding { identity: Identity::new(Uuid::from_u128(0xbe), PARTITIONS.cast_unsigned()), filling: false };
        let random = Arc::new(|bytes: &mut [u8]| rand::rng().fill_bytes(bytes));
        let log = KafkaLog::open(&self.url, &Options::new(founding, &self.replica, random)).await?;
        log.caught_up().await?;
        Ok(Arc::new(log))
    }

    fn reference(&self, _: usize) -> &'static str {
        "bare, read back"
    }

    async fn write(&self, in_flight: usize, length: Duration) -> Result<Run> {
        self.bare.write(in_flight, length).await
    }

    /// What is read is the replica, which is SQLite's.
    async fn read(&self) -> Result<Run> {
        let path = self.replica.clone();
        tokio::task::spawn_blocking(move || sqlite::read(&path)).await?
    }
}

impl Bare {
    async fn new(brokers: &str) -> Result<Self> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", brokers).set("socket.nagle.disable", "true");
        let admin: AdminClient<DefaultClientContext> = config.create()?;
        let topic = NewTopic::new(BARE, PARTITIONS, TopicReplication::Fixed(1));
        for made in admin.create_topics([&topic], &AdminOptions::new()).await? {
            made.map_err(|(topic, error)| anyhow::anyhow!("make the topic {topic}: {error}"))?;
        }
        let producer = config
            .clone()
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", "0")
            .set("delivery.report.only.error", "true")
            .create()?;
        let consumer: BaseConsumer = config
            .set("group.id", "bare")
            .set("enable.auto.commit", "false")
            .set("fetch.queue.backoff.ms", "1")
            .create()?;
        let mut all = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            all.add_partition_offset(BARE, partition, Offset::Beginning)?;
        }
        consumer.assign(&all)?;
        let lanes: Arc<Vec<Notify>> = Arc::new((0..LANES).map(|_| Notify::new()).collect());
        let over = Arc::<AtomicBool>::default();
        let reader = std::thread::spawn({
            let (lanes, over) = (Arc::clone(&lanes), Arc::clone(&over));
            move || read_back(&consumer, &lanes, &over)
        });
        Ok(Self { producer, lanes, over, reader: Some(reader) })
    }

    async fn write(self: &Arc<Self>, in_flight: usize, length: Duration) -> Result<Run> {
        let start = Instant::now();
        let mut writers = JoinSet::new();
        for lane in 0..in_flight {
            let bare = Arc::clone(self);
            writers.spawn(async move {
                let (mut latencies, mut record) = (Vec::new(), [0; EVENT_BYTES]);
                fastrand::Rng::new().fill(&mut record);
                record[..8].copy_from_slice(&(lane as u64).to_be_bytes());
                while start.elapsed() < length {
                    let sent = Instant::now();
                    bare.send(lane, &record).await?;
                    bare.lanes[lane].notified().await;
                    latencies.push(micros(sent.elapsed()));
                }
                anyhow::Ok(latencies)
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

    async fn send(&self, lane: usize, record: &[u8]) -> Result<()> {
        let partition = i32::try_from(lane)? % PARTITIONS;
        loop {
            let record = BaseRecord::<(), [u8]>::to(BARE).partition(partition).payload(record);
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => tokio::task::yield_now().await,
                Err((error, _)) => return Err(error.into()),
            }
        }
    }
}

/// Tells each lane that its record is there.
fn read_back(consumer: &BaseConsumer, lanes: &[Notify], over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) else { continue };
        let lane = message.payload().and_then(|payload| payload.first_chunk()).map(|lane| u64::from_be_bytes(*lane));
        if let Some(lane) = lane.and_then(|lane| lanes.get(usize::try_from(lane).ok()?)) {
            lane.notify_one();
        }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(reader) = self.reader.take() {
            let _ended = reader.join();
        }
        let _rest = self.producer.flush(Duration::from_secs(1));
    }
}
