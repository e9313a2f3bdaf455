//! Topics that would lose what was acknowledged, or hold something else, are refused by name.

use event_log_kafka::{KafkaLog, OpenError};
use test_servers::kafka::{self, Kafka};

use crate::given::{Topic, founding, patient};
use crate::raw;

pub(crate) const SAFE: [(&str, &str); 5] = [
    ("cleanup.policy", "delete"),
    ("retention.ms", "-1"),
    ("retention.bytes", "-1"),
    ("unclean.leader.election.enable", "false"),
    ("max.message.bytes", "4194304"),
];

/// As long as a tombstone must stay: a century.
const KEYS_SAFE: [(&str, &str); 4] = [
    ("cleanup.policy", "compact"),
    ("delete.retention.ms", "3153600000000"),
    ("unclean.leader.election.enable", "false"),
    ("max.message.bytes", "4194304"),
];

/// Founds a log, then sets one setting of one of its topics, `TOPIC` and this behind it, to what is dangerous.
async fn refused(
    kafka: &Kafka,
    behind: &str,
    safe: &[(&'static str, &'static str)],
    (setting, value): (&'static str, &'static str),
) -> String {
    let topic = Topic::new(kafka);
    topic.open(&patient(founding(), topic.next_replica())).await.unwrap();
    let mut settings: Vec<_> = safe.iter().copied().filter(|(name, _)| *name != setting).collect();
    settings.push((setting, value));
    raw::alter(&kafka.bootstrap(), &format!("{}{behind}", topic.name), &settings).await;
    match topic.open(&patient(founding(), topic.next_replica())).await {
        Err(OpenError::Unsafe { reason, .. }) => reason,
        other => panic!("{setting}={value}: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dangerous_settings_are_refused_with_the_command_that_changes_them() {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    for (setting, value, right) in [
        ("cleanup.policy", "compact", "cleanup.policy=delete"),
        ("retention.ms", "604800000", "retention.ms=-1"),
        ("retention.bytes", "1000000", "retention.bytes=-1"),
        ("unclean.leader.election.enable", "true", "unclean.leader.election.enable=false"),
        ("max.message.bytes", "1048588", "max.message.bytes=4194304"),
    ] {
        let reason = refused(kafka, "", &SAFE, (setting, value)).await;
        assert!(reason.contains(&format!("{setting} is {value}")), "{reason}");
        assert!(reason.contains("kafka-configs.sh") && reason.ends_with(&format!("--add-config {right}")), "{reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dangerous_settings_of_the_keys_are_refused_likewise() {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    for (setting, value, right) in [
        ("cleanup.policy", "delete", "cleanup.policy=compact"),
        ("cleanup.policy", "compact,delete", "cleanup.policy=compact"),
        ("delete.retention.ms", "86400000", "delete.retention.ms=3153600000000"),
        ("unclean.leader.election.enable", "true", "unclean.leader.election.enable=false"),
        ("max.message.bytes", "1048588", "max.message.bytes=4194304"),
    ] {
        let reason = refused(kafka, "-keys", &KEYS_SAFE, (setting, value)).await;
        assert!(reason.contains(&format!("{setting} is {value}")), "{reason}");
        assert!(reason.contains("-keys --add-config") && reason.ends_with(right), "{reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_broker_is_enough_only_for_who_says_so() {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    let topic = Topic::new(kafka);
    topic.open(&patient(founding(), topic.next_replica())).await.unwrap();
    let careful = format!("kafka://{}/{}", kafka.bootstrap(), topic.name);
    let refused = KafkaLog::open(&careful, &patient(founding(), topic.next_replica())).await;
    match refused {
        Err(OpenError::Unsafe { reason, .. }) => assert!(reason.contains("min.insync.replicas is 1"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_of_something_else_is_not_taken() {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    let topic = Topic::new(kafka);
    raw::create(&kafka.bootstrap(), &topic.name, 4, &SAFE).await;
    let keys = [("cleanup.policy", "compact"), ("delete.retention.ms", "3153600000000"), SAFE[3], SAFE[4]];
    raw::create(&kafka.bootstrap(), &format!("{}-keys", topic.name), 4, &keys).await;
    raw::write(&kafka.bootstrap(), &topic.name, 2, &(None, Some(b"somebody else's".to_vec()))).await;
    let refused = topic.open(&patient(founding(), topic.next_replica())).await;
    match refused {
        Err(OpenError::NotALog { reason, .. }) => assert!(reason.contains("partition 2"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_for_a_log_makes_none() {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    let topic = Topic::new(kafka);
    for _ in 0..2 {
        assert_eq!(KafkaLog::is_there(&topic.url, None).await, Ok(false));
    }
    topic.open(&patient(founding(), topic.next_replica())).await.unwrap();
    assert_eq!(KafkaLog::is_there(&topic.url, None).await, Ok(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_nodes_that_found_at_once_found_one_log() {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    let topic = Topic::new(kafka);
    let opened = (0..4).map(|n| {
        let mut founding = founding();
        founding.identity.log_id = uuid::Uuid::from_u128(100 + n);
        let options = patient(founding, topic.next_replica());
        let topic = &topic;
        async move { topic.open(&options).await.unwrap() }
    });
    let logs = futures::future::join_all(opened).await;
    for log in &logs {
        log.caught_up().await.unwrap();
        assert_eq!(event_log::EventLog::identity(&**log), event_log::EventLog::identity(&*logs[0]));
    }
}
