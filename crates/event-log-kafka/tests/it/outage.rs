//! A broker of its own that ends, hangs, comes back, or comes back without its end.

use std::sync::Arc;
use std::time::Duration;

use event_log::{AppendError, EventLog as _, LogError, Recorded};
use event_log_kafka::{KafkaLog, OpenError, Options};
use test_servers::kafka::{Kafka, Setup};
use test_servers::process::Signal;

use crate::given::{Topic, append, everything, founding, insist, patient, random, stream};

/// Answers soon, so that a test of an outage is short.
fn hasty(topic: &Topic) -> Options {
    let (resend_after, answer_within) = (Duration::from_secs(2), Duration::from_secs(6));
    Options { resend_after, answer_within, ..Options::new(founding(), topic.next_replica(), random()) }
}

/// Writes nothing twice, however slow the machine: what the topic has can be counted.
fn steady(topic: &Topic) -> Options {
    let (resend_after, answer_within) = (Duration::from_secs(110), Duration::from_secs(120));
    Options { resend_after, answer_within, ..Options::new(founding(), topic.next_replica(), random()) }
}

async fn told_unavailable(log: &KafkaLog) {
    let mut trouble = log.trouble();
    let told = trouble.wait_for(Option::is_some).await.unwrap().clone();
    assert!(matches!(told, Some(LogError::Unavailable { .. })), "{told:?}");
}

async fn told_data_loss(log: &KafkaLog) -> String {
    let mut trouble = log.trouble();
    let told = trouble.wait_for(|told| matches!(told, Some(LogError::DataLoss { .. }))).await.unwrap().clone();
    match told {
        Some(LogError::DataLoss { reason }) => reason,
        other => panic!("{other:?}"),
    }
}

/// What fails while the topic can't be reached: refused at once, or unknown within the bound.
fn is_clear(error: &AppendError) -> bool {
    matches!(
        error,
        AppendError::Failed(LogError::Unavailable { .. }) | AppendError::Unknown(LogError::Unavailable { .. })
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_outlives_a_broker_that_is_killed_and_restarted() {
    let Some(kafka) = Kafka::start(&Setup::default()).unwrap() else { return };
    let topic = Topic::new(&kafka);
    let log = topic.open(&hasty(&topic)).await.unwrap();
    log.caught_up().await.unwrap();
    for n in 0..20 {
        insist(&log, append(&stream("PAY", &n.to_string()), 0, n)).await;
    }
    let before = everything(&log).await;
    kafka.kill(0).unwrap();
    told_unavailable(&log).await;
    let refused = log.append(append(&stream("PAY", "later"), 0, 100)).await.unwrap_err();
    assert!(is_clear(&refused), "{refused:?}");
    assert!(matches!(log.barrier(0).await, Err(LogError::Unavailable { .. })));
    let page = log.read_partition(before[0].partition, 0, 1000).await.unwrap();
    assert!(!page.records.is_empty(), "what is here is read meanwhile");
    kafka.restart(0).unwrap();
    log.caught_up().await.unwrap();
    assert!(everything(&log).await == before);
    let settled = insist(&log, append(&stream("PAY", "later"), 0, 100)).await;
    assert_eq!(settled.revision, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_hangs_leaves_nobody_waiting_for_ever() {
    let Some(kafka) = Kafka::start(&Setup::default()).unwrap() else { return };
    let topic = Topic::new(&kafka);
    let log = topic.open(&hasty(&topic)).await.unwrap();
    log.caught_up().await.unwrap();
    insist(&log, append(&stream("PAY", "1"), 0, 1)).await;
    kafka.signal(0, Signal::STOP).unwrap();
    let in_doubt = log.append(append(&stream("PAY", "1"), 1, 2)).await.unwrap_err();
    assert!(is_clear(&in_doubt), "{in_doubt:?}");
    told_unavailable(&log).await;
    kafka.signal(0, Signal::CONT).unwrap();
    log.caught_up().await.unwrap();
    let settled = insist(&log, append(&stream("PAY", "1"), 1, 2)).await;
    assert_eq!((settled.revision, everything(&log).await.len()), (2, 2), "it is in once, whatever became of the first");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_the_queues_bound_the_answer_is_overloaded_at_once() {
    let Some(kafka) = Kafka::start(&Setup::default()).unwrap() else { return };
    let topic = Topic::new(&kafka);
    let small = Options { queue_max: 2, ..patient(founding(), topic.next_replica()) };
    let log = topic.open(&small).await.unwrap();
    log.caught_up().await.unwrap();
    // Streams that have their keys.
    let streams = ["1", "2", "3"].map(|id| stream("PAY", id));
    for stream in &streams {
        insist(&log, append(stream, 0, 1)).await;
    }
    kafka.signal(0, Signal::STOP).unwrap();
    let waiting = [0, 1].map(|n| {
        let (log, next) = (Arc::clone(&log), append(&streams[n], 1, 2));
        tokio::spawn(async move { log.append(next).await })
    });
    while log.stats().queues[0].proposals < 2 {
        tokio::task::yield_now().await;
    }
    let third = append(&streams[2], 1, 2);
    assert_eq!(log.append(third.clone()).await, Err(AppendError::Failed(LogError::Overloaded)));
    kafka.signal(0, Signal::CONT).unwrap();
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap().unwrap().revision, 2);
    }
    assert_eq!(insist(&log, third).await.revision, 2);
}

/// How long an outage lasts that is longer than every timeout of a node; CI has less patience than a night.
fn long() -> Duration {
    let seconds = std::env::var("SNAGLOG_OUTAGE_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(12))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_unreachable_for_long_is_told_so_all_the_time_and_then_served_again() {
    let Some(kafka) = Kafka::start(&Setup::default()).unwrap() else { return };
    let topic = Topic::new(&kafka);
    let log = topic.open(&hasty(&topic)).await.unwrap();
    log.caught_up().await.unwrap();
    let mut acknowledged = 0;
    for n in 0..10 {
        insist(&log, append(&stream("PAY", &n.to_string()), 0, n)).await;
        acknowledged += 1;
    }
    kafka.signal(0, Signal::STOP).unwrap();
    told_unavailable(&log).await;
    let began = std::time::Instant::now();
    let mut refused = 0_u128;
    while began.elapsed() < long() {
        let error = log.append(append(&stream("PAY", "later"), 0, 1_000)).await.unwrap_err();
        assert!(is_clear(&error), "{error:?}");
        assert!(matches!(log.barrier(0).await, Err(LogError::Unavailable { .. })));
        assert!(log.trouble().borrow().is_some(), "it is told as long as it lasts");
        refused += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    kafka.signal(0, Signal::CONT).unwrap();
    log.caught_up().await.unwrap();
    let settled = insist(&log, append(&stream("PAY", "later"), 0, 1_000)).await;
    assert_eq!((settled.revision, everything(&log).await.len()), (1, acknowledged + 1), "once, of {refused} tries");
    assert_eq!(*log.trouble().borrow(), None);
}

/// Throws away what the broker had of the partition beyond `bytes`, while it does not run.
fn lose(kafka: &Kafka, topic: &Topic, partition: u32, bytes: u64) {
    kafka.kill(0).unwrap();
    kafka.cut(0, &topic.name, partition, bytes).unwrap();
    kafka.restart(0).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_lost_its_end_is_data_loss_and_nothing_more_is_served() {
    let Some(kafka) = Kafka::start(&Setup::default()).unwrap() else { return };
    let topic = Topic::new(&kafka);
    let log = topic.open(&steady(&topic)).await.unwrap();
    log.caught_up().await.unwrap();
    let partition = log.identity().partition_of("PAY");
    insist(&log, append(&stream("PAY", "1"), 0, 1)).await;
    let kept = kafka.length(0, &topic.name, partition).unwrap();
    insist(&log, append(&stream("PAY", "1"), 1, 2)).await;
    lose(&kafka, &topic, partition, kept);
    let reason = told_data_loss(&log).await;
    assert!(reason.contains(&format!("partition {partition} of the topic ends at offset 2")), "{reason}");
    let refused = log.append(append(&stream("PAY", "1"), 2, 3)).await;
    assert!(matches!(refused, Err(AppendError::Failed(LogError::DataLoss { .. }))), "{refused:?}");
    assert!(matches!(log.read_partition(partition, 0, 9).await, Err(LogError::DataLoss { .. })));
    // At the next start too.
    let replica = log.replica().to_owned();
    log.close().await;
    drop(log);
    let again = topic.open(&Options::new(founding(), replica, random())).await.unwrap();
    assert!(matches!(again.caught_up().await, Err(LogError::DataLoss { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_on_its_way_when_the_topic_lost_its_end_stops_only_who_wrote_it() {
    let Some(kafka) = Kafka::start(&Setup::default()).unwrap() else { return };
    let topic = Topic::new(&kafka);
    let log = topic.open(&steady(&topic)).await.unwrap();
    log.caught_up().await.unwrap();
    let partition = log.identity().partition_of("PAY");
    insist(&log, append(&stream("PAY", "1"), 0, 1)).await;
    let kept = kafka.length(0, &topic.name, partition).unwrap();
    for n in 1..50 {
        insist(&log, append(&stream("PAY", "1"), n, 100 + u128::from(n))).await;
    }
    kafka.signal(0, Signal::STOP).unwrap();
    // They name position 50, and are with librdkafka when the broker comes back without it.
    let on_their_way = (0..100_u128).map(|n| {
        let log = std::sync::Arc::clone(&log);
        tokio::spawn(async move { log.append(append(&stream("PAY", &format!("new-{n}")), 0, 1_000 + n)).await })
    });
    let on_their_way: Vec<_> = on_their_way.collect();
    lose(&kafka, &topic, partition, kept);
    told_data_loss(&log).await;
    for append in on_their_way {
        append.await.unwrap().unwrap_err();
    }
    let other = topic.open(&steady(&topic)).await.unwrap();
    other.caught_up().await.unwrap();
    assert_eq!(everything(&other).await.len(), 1);
    insist(&other, append(&stream("PAY", "1"), 1, 2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_whose_end_was_lost_and_written_anew_is_data_loss() {
    let Some(kafka) = Kafka::start(&Setup::default()).unwrap() else { return };
    let topic = Topic::new(&kafka);
    let log = topic.open(&steady(&topic)).await.unwrap();
    log.caught_up().await.unwrap();
    let partition = log.identity().partition_of("PAY");
    insist(&log, append(&stream("PAY", "1"), 0, 1)).await;
    let kept = kafka.length(0, &topic.name, partition).unwrap();
    insist(&log, append(&stream("PAY", "1"), 1, 2)).await;
    let replica = log.replica().to_owned();
    log.close().await;
    drop(log);
    lose(&kafka, &topic, partition, kept);
    // A node without a past takes the topic as it is, and goes on: the same offsets, other records.
    let other = topic.open(&steady(&topic)).await.unwrap();
    other.caught_up().await.unwrap();
    for n in 0..3 {
        insist(&other, append(&stream("PAY", "other"), n, 50 + u128::from(n))).await;
    }
    let first = topic.open(&Options::new(founding(), replica, random())).await.unwrap();
    let reason = told_data_loss(&first).await;
    assert!(reason.contains("has another record at offset 2"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_lost_is_data_loss_and_no_erased_text() {
    let Some(kafka) = Kafka::start(&Setup::default()).unwrap() else { return };
    let topic = Topic::new(&kafka);
    let log = topic.open(&steady(&topic)).await.unwrap();
    log.caught_up().await.unwrap();
    let partition = log.identity().partition_of("PAY");
    let keys = format!("{}-keys", topic.name);
    insist(&log, append(&stream("PAY", "1"), 0, 1)).await;
    let kept = kafka.length(0, &keys, partition).unwrap();
    insist(&log, append(&stream("PAY", "2"), 0, 2)).await;
    kafka.kill(0).unwrap();
    kafka.cut(0, &keys, partition, kept).unwrap();
    kafka.restart(0).unwrap();
    let without_a_past = topic.open(&steady(&topic)).await.unwrap();
    let reason = told_data_loss(&without_a_past).await;
    assert!(reason.contains("has lost the key"), "{reason}");
    let reason = told_data_loss(&log).await;
    assert!(reason.contains("-keys ends at offset 1, and was read to 2"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_broker_a_node_reads_its_replica_and_a_new_one_does_not_open() {
    let Some(kafka) = Kafka::start(&Setup::default()).unwrap() else { return };
    let topic = Topic::new(&kafka);
    let log = topic.open(&hasty(&topic)).await.unwrap();
    log.caught_up().await.unwrap();
    for n in 0..5 {
        insist(&log, append(&stream("PAY", &n.to_string()), 0, n)).await;
    }
    let before: Vec<Recorded> = everything(&log).await;
    let replica = log.replica().to_owned();
    log.close().await;
    drop(log);
    kafka.kill(0).unwrap();
    let log = topic.open(&Options { replica, ..hasty(&topic) }).await.unwrap();
    told_unavailable(&log).await;
    let page = log.read_partition(before[0].partition, 0, 100).await.unwrap();
    assert!(page.records == before);
    let refused = KafkaLog::open(&topic.url, &hasty(&topic)).await;
    assert!(matches!(refused, Err(OpenError::Unavailable { .. })), "{refused:?}");
    kafka.restart(0).unwrap();
    log.caught_up().await.unwrap();
    insist(&log, append(&stream("PAY", "0"), 1, 10)).await;
}
