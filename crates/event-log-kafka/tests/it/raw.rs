//! The topics as Kafka has them, past the log.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::producer::{BaseProducer, BaseRecord, FutureProducer, FutureRecord, Producer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

const TIMEOUT: Duration = Duration::from_secs(120);

/// A record's key and value.
pub(crate) type KeyAndValue = (Option<Vec<u8>>, Option<Vec<u8>>);

fn config(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("group.id", "raw").set("enable.partition.eof", "true");
    config
}

/// Every record of a partition.
pub(crate) async fn read(brokers: &str, topic: &str, partition: i32) -> Vec<KeyAndValue> {
    let (brokers, topic) = (brokers.to_owned(), topic.to_owned());
    let read = move || {
        let consumer: BaseConsumer = config(&brokers).create().unwrap();
        let mut place = TopicPartitionList::new();
        place.add_partition_offset(&topic, partition, Offset::Beginning).unwrap();
        consumer.assign(&place).unwrap();
        let mut records = Vec::new();
        loop {
            match consumer.poll(TIMEOUT) {
                Some(Ok(record)) => {
                    records.push((record.key().map(<[u8]>::to_vec), record.payload().map(<[u8]>::to_vec)));
                }
                Some(Err(KafkaError::PartitionEOF(_))) => return records,
                other => panic!("reading {topic}: {other:?}"),
            }
        }
    };
    tokio::task::spawn_blocking(read).await.unwrap()
}

/// Writes a record to a partition, acknowledged.
pub(crate) async fn write(brokers: &str, topic: &str, partition: i32, (key, value): &KeyAndValue) {
    let producer: FutureProducer = config(brokers).create().unwrap();
    let mut record: FutureRecord<'_, [u8], [u8]> = FutureRecord::to(topic).partition(partition);
    record.key = key.as_deref();
    record.payload = value.as_deref();
    producer.send(record, TIMEOUT).await.unwrap();
}

/// Somebody's transaction, which has written, and is aborted when this is dropped.
pub(crate) struct Transaction(BaseProducer);

impl Drop for Transaction {
    fn drop(&mut self) {
        self.0.abort_transaction(TIMEOUT).unwrap();
    }
}

/// Begins a transaction that has written this to a partition.
pub(crate) async fn begin(brokers: &str, topic: &str, partition: i32, payload: Vec<u8>) -> Transaction {
    static BEGUN: AtomicU32 = AtomicU32::new(0);
    let id = format!("{topic}-{}", BEGUN.fetch_add(1, Ordering::Relaxed));
    let (mut config, topic) = (config(brokers), topic.to_owned());
    let begin = move || {
        let producer: BaseProducer = config.set("transactional.id", id).create().unwrap();
        producer.init_transactions(TIMEOUT).unwrap();
        producer.begin_transaction().unwrap();
        let record: BaseRecord<'_, (), [u8]> = BaseRecord::to(&topic).partition(partition).payload(&payload);
        producer.send(record).unwrap();
        producer.flush(TIMEOUT).unwrap();
        Transaction(producer)
    };
    tokio::task::spawn_blocking(begin).await.unwrap()
}

/// Makes a topic with these settings.
pub(crate) async fn create(brokers: &str, topic: &str, partitions: i32, settings: &[(&str, &str)]) {
    let admin: AdminClient<DefaultClientContext> = config(brokers).create().unwrap();
    let mut new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
    for (name, value) in settings {
        new = new.set(name, value);
    }
    let options = AdminOptions::new().operation_timeout(Some(TIMEOUT));
    for made in admin.create_topics([&new], &options).await.unwrap() {
        made.unwrap();
    }
}

/// Sets all settings of a topic: those that are not named are the broker's.
pub(crate) async fn alter(brokers: &str, topic: &str, settings: &[(&str, &str)]) {
    let admin: AdminClient<DefaultClientContext> = config(brokers).create().unwrap();
    let mut alter = AlterConfig::new(ResourceSpecifier::Topic(topic));
    for (name, value) in settings {
        alter = alter.set(name, value);
    }
    for altered in admin.alter_configs([&alter], &AdminOptions::new().request_timeout(Some(TIMEOUT))).await.unwrap() {
        altered.unwrap();
    }
}
