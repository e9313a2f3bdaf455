//! Three brokers: a leader that is lost, or thinks that it still leads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use event_log::{AppendError, Appended, EventLog as _, LogError};
use event_log_kafka::{KafkaLog, Options};
use futures::future::join_all;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use test_servers::kafka::{Kafka, Setup};
use test_servers::process::Signal;

use crate::given::{Topic, append, everything, founding, insist, insist_on_barrier, random, stream};
use crate::raw;
use crate::settings::SAFE;

async fn cluster() -> Option<Kafka> {
    let setup = Setup { brokers: 3, ..Setup::default() };
    tokio::task::spawn_blocking(move || Kafka::start(&setup).unwrap()).await.unwrap()
}

/// The broker that leads this partition.
async fn leader(kafka: &Kafka, topic: &Topic, partition: u32) -> usize {
    let (brokers, name) = (kafka.bootstrap(), topic.name.clone());
    let ask = move || {
        let consumer: BaseConsumer = ClientConfig::new().set("bootstrap.servers", &brokers).create().unwrap();
        let metadata = consumer.fetch_metadata(Some(&name), Duration::from_secs(60)).unwrap();
        let partitions = metadata.topics()[0].partitions();
        partitions.iter().find(|found| found.id() == partition.cast_signed()).unwrap().leader()
    };
    kafka.broker_of(tokio::task::spawn_blocking(ask).await.unwrap()).unwrap()
}

/// A node that notices soon when a broker is gone, caught up.
async fn node(topic: &Topic) -> Arc<KafkaLog> {
    let log = topic.open(&Options::new(founding(), topic.next_replica(), random())).await.unwrap();
    log.caught_up().await.unwrap();
    log
}

/// Appends to a stream of its own until told to stop, and answers what was acknowledged.
async fn write(log: Arc<KafkaLog>, writer: u128, stop: Arc<AtomicBool>) -> Vec<(u128, Appended)> {
    let stream = stream(["PAY", "WEB", "OPS"][usize::try_from(writer % 3).unwrap()], &writer.to_string());
    let mut acknowledged = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let n = acknowledged.len() as u64;
        let request = writer * 1_000_000 + u128::from(n);
        acknowledged.push((request, insist(&log, append(&stream, n, request)).await));
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_acknowledged_is_lost_or_doubled_when_leaders_are_killed() {
    let Some(kafka) = cluster().await else { return };
    let topic = Topic::with(&kafka, "");
    let logs = [node(&topic).await, node(&topic).await];
    let partition = logs[0].identity().partition_of("PAY");
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..6)
        .map(|writer| tokio::spawn(write(Arc::clone(&logs[writer % 2]), writer as u128, Arc::clone(&stop))))
        .collect();
    for round in 0..2 {
        let lost = leader(&kafka, &topic, partition).await;
        kafka.kill(lost).unwrap();
        // Another leads, and appends get through.
        insist(&logs[0], append(&stream("PAY", "between"), round, 5_000 + u128::from(round))).await;
        assert_ne!(leader(&kafka, &topic, partition).await, lost);
        kafka.restart(lost).unwrap();
        insist(&logs[1], append(&stream("PAY", "after"), round, 6_000 + u128::from(round))).await;
    }
    stop.store(true, Ordering::Relaxed);
    let acknowledged: Vec<_> = join_all(writers).await.into_iter().flat_map(|writer| writer.unwrap()).collect();
    for log in &logs {
        log.caught_up().await.unwrap();
    }
    let records = everything(&logs[0]).await;
    assert!(everything(&logs[1]).await == records, "the nodes have other records");
    assert_eq!(records.len(), acknowledged.len() + 4, "each request once, and no other");
    for (request, appended) in &acknowledged {
        let of = |recorded: &&event_log::Recorded| recorded.record.header.metadata.request_id.as_u128() == *request;
        let recorded = records.iter().find(of).unwrap();
        assert_eq!((recorded.position, recorded.leaf), (appended.position, appended.leaf));
    }
    // Who comes new has the same.
    assert!(everything(&*node(&topic).await).await == records);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_leader_that_slept_through_its_end_hides_nothing_behind_a_barrier() {
    let Some(kafka) = cluster().await else { return };
    let topic = Topic::with(&kafka, "");
    let (patient, other) = (node(&topic).await, node(&topic).await);
    let partition = patient.identity().partition_of("PAY");
    insist(&patient, append(&stream("PAY", "1"), 0, 1)).await;
    for round in 1..8_u32 {
        let asleep = leader(&kafka, &topic, partition).await;
        kafka.signal(asleep, Signal::STOP).unwrap();
        // A barrier that is on its way to who sleeps, again and again.
        let asking = {
            let patient = Arc::clone(&patient);
            tokio::spawn(async move {
                loop {
                    let asked = std::time::Instant::now();
                    if let Ok(head) = patient.barrier(partition).await {
                        return (asked, head);
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            })
        };
        let appended = insist(&other, append(&stream("PAY", "1"), round.into(), 1 + u128::from(round))).await;
        let acknowledged = std::time::Instant::now();
        tokio::time::sleep(Duration::from_millis(u64::from(round) * 400)).await;
        kafka.signal(asleep, Signal::CONT).unwrap();
        let (asked, head) = asking.await.unwrap();
        assert!(
            asked < acknowledged || head >= appended.position,
            "round {round}: the barrier showed {head}, asked after {}",
            appended.position
        );
        let head = insist_on_barrier(&patient, partition).await;
        assert!(head >= appended.position, "round {round}: the barrier showed {head}, after {}", appended.position);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_fewer_copies_in_sync_than_demanded_nothing_is_acknowledged_until_there_are_enough() {
    let Some(kafka) = cluster().await else { return };
    let topic = Topic::with(&kafka, "");
    let (resend_after, answer_within) = (Duration::from_secs(2), Duration::from_secs(5));
    let options = Options { resend_after, answer_within, ..Options::new(founding(), topic.next_replica(), random()) };
    let log = topic.open(&options).await.unwrap();
    log.caught_up().await.unwrap();
    let partition = insist(&log, append(&stream("PAY", "1"), 0, 1)).await.partition;
    // All three must have it now: with one of them gone, too few are in sync.
    let mut settings = SAFE.to_vec();
    settings.push(("min.insync.replicas", "3"));
    raw::alter(&kafka.bootstrap(), &topic.name, &settings).await;
    let led = leader(&kafka, &topic, partition).await;
    let lost = (led + 1) % 3;
    kafka.kill(lost).unwrap();
    let refused = log.append(append(&stream("PAY", "1"), 1, 2)).await.unwrap_err();
    let clear = matches!(
        refused,
        AppendError::Failed(LogError::Unavailable { .. }) | AppendError::Unknown(LogError::Unavailable { .. })
    );
    assert!(clear, "{refused:?}");
    assert!(matches!(log.barrier(partition).await, Err(LogError::Unavailable { .. })), "nor is a barrier");
    let page = log.read_partition(partition, 0, 9).await.unwrap();
    assert_eq!(page.records.len(), 1, "what was acknowledged is read meanwhile");
    kafka.restart(lost).unwrap();
    let settled = insist(&log, append(&stream("PAY", "1"), 1, 2)).await;
    assert_eq!((settled.revision, everything(&log).await.len()), (2, 2), "once, however often it was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_brokers_make_a_topic_that_is_safe_without_being_asked() {
    let Some(kafka) = cluster().await else { return };
    let topic = Topic::with(&kafka, "");
    let log = node(&topic).await;
    insist(&log, append(&stream("PAY", "1"), 0, 1)).await;
    // One broker's loss stops nothing for long.
    kafka.kill(2).unwrap();
    insist(&log, append(&stream("PAY", "1"), 1, 2)).await;
    let again = topic.open(&Options::new(founding(), topic.next_replica(), random())).await.unwrap();
    again.caught_up().await.unwrap();
    assert_eq!(everything(&again).await.len(), 2);
}
