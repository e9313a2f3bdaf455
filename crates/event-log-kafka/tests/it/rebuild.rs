//! A replica is disposable: the topic makes it again, the same.

use event_log::EventLog as _;
use event_log_kafka::OpenError;
use test_servers::kafka;

use crate::given::{Topic, append, everything, founding, patient, stream};

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_replica_is_made_again_with_the_same_positions_hashes_and_bytes() {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    let topic = Topic::new(kafka);
    let log = topic.node().await;
    for n in 0..300_u32 {
        let stream = stream(["PAY", "WEB", "OPS"][n as usize % 3], &(n % 30).to_string());
        log.append(append(&stream, u64::from(n / 30), n.into())).await.unwrap();
        // Also what is refused is in the topic.
        log.append(append(&stream, 500, 1_000 + u128::from(n))).await.unwrap_err();
    }
    let records = everything(&log).await;
    assert_eq!(records.len(), 300);
    let replica = log.replica().to_owned();
    log.close().await;
    drop(log);
    for ending in ["", "-wal", "-shm"] {
        let _absent = std::fs::remove_file(format!("{}{ending}", replica.display()));
    }
    let again = topic.open(&patient(founding(), &replica)).await.unwrap();
    again.caught_up().await.unwrap();
    assert!(everything(&again).await == records);
    let repeated = again.append(append(&stream("PAY", "0"), 0, 0)).await.unwrap();
    assert!(repeated.replayed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_says_that_it_catches_up_and_reads_meanwhile() {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    let topic = Topic::new(kafka);
    let log = topic.node().await;
    for n in 0..50 {
        log.append(append(&stream("PAY", &n.to_string()), 0, n)).await.unwrap();
    }
    let late = topic.open(&patient(founding(), topic.next_replica())).await.unwrap();
    // It may be there already: then it says nothing.
    let told = late.trouble().borrow().clone();
    assert!(told.is_none_or(|told| matches!(told, event_log::LogError::Unavailable { .. })));
    late.caught_up().await.unwrap();
    assert_eq!(*late.trouble().borrow(), None);
    assert!(everything(&late).await == everything(&log).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_replica_of_another_log_is_refused() {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    let (one, another) = (Topic::new(kafka), Topic::new(kafka));
    let log = one.node().await;
    let replica = log.replica().to_owned();
    log.close().await;
    drop(log);
    let mut other = founding();
    other.identity.log_id = uuid::Uuid::from_u128(8);
    another.open(&patient(other, another.next_replica())).await.unwrap();
    let refused = another.open(&patient(founding(), &replica)).await;
    assert!(matches!(refused, Err(OpenError::OtherLog { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_replica_has_is_read_without_the_topic_as_a_log_in_a_file() {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    let topic = Topic::new(kafka);
    let log = topic.node().await;
    let partition = log.append(append(&stream("PAY", "1"), 0, 1)).await.unwrap().partition;
    let records = everything(&log).await;
    let replica = log.replica().to_owned();
    log.close().await;
    drop(log);
    let file = event_log_sqlite::SqliteLog::open(&replica, &event_log_sqlite::Options::new(founding())).unwrap();
    assert_eq!(file.read_partition(partition, 0, 10).await.unwrap().records, records);
}
