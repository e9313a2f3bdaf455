//! The two topics: how they are made, and which of their settings lose what was acknowledged.

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::FromClientConfig as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tokio::runtime::Handle;

use crate::client::{self, RECORD_BYTES_MAX, Told};
use crate::error::OpenError;
use crate::url::Location;

/// Copies of each record, and how many of them must have it before it is acknowledged.
const REPLICAS: i32 = 3;
const IN_SYNC_MIN: i64 = 2;
/// How long brokers may take to answer, and to make a topic.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
const MAKING_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a new topic is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// A century: how long a tombstone stays, so that every replica, however old, meets it.
const CENTURY_MS: u64 = 100 * 365 * 24 * 3600 * 1000;
const DAY_MS: u64 = 24 * 3600 * 1000;

/// What a topic must be set to.
struct Demand {
    setting: &'static str,
    /// What it is set to when the topic is made.
    value: String,
    /// Whether a value is one that loses nothing.
    suits: fn(&str) -> bool,
}

/// How the topics are found to be.
pub(crate) struct Found {
    /// The partitions that both have.
    pub(crate) partitions: u32,
}

/// Both topics as they are, checked; `None` where neither is there. Blocks.
pub(crate) fn look(
    location: &Location,
    consumer: &BaseConsumer<Told>,
    runtime: &Handle,
) -> Result<Option<Found>, OpenError> {
    let log = shape(location, consumer, &location.topic)?;
    let keys = shape(location, consumer, &location.keys_topic())?;
    let (log, keys) = match (log, keys) {
        (None, None) => return Ok(None),
        (Some(log), Some(keys)) => (log, keys),
        (None, _) | (_, None) => {
            let reason = format!("of {} and {} only one is there", location.topic, location.keys_topic());
            return Err(unavailable(location, reason));
        }
    };
    if log.partitions != keys.partitions {
        let reason = format!("it has {} partitions, and its keys have {}", log.partitions, keys.partitions);
        return Err(OpenError::NotALog { topic: location.topic.clone(), reason });
    }
    let admin: AdminClient<DefaultClientContext> = AdminClient::from_config(&client::common(location))
        .map_err(|error| unavailable(location, error.to_string()))?;
    check(location, &admin, runtime, &location.topic, log.replicas, &log_demands(location))?;
    check(location, &admin, runtime, &location.keys_topic(), keys.replicas, &keys_demands(location))?;
    Ok(Some(Found { partitions: log.partitions }))
}

/// Makes both topics, and waits until they can be used. Somebody else may have made them meanwhile. Blocks.
pub(crate) fn make(
    location: &Location,
    consumer: &BaseConsumer<Told>,
    runtime: &Handle,
    partitions: u32,
) -> Result<(), OpenError> {
    let failed = |error: &KafkaError| unavailable(location, format!("making it: {error}"));
    let admin: AdminClient<DefaultClientContext> =
        AdminClient::from_config(&client::common(location)).map_err(|error| failed(&error))?;
    let replicas = if location.single_broker { 1 } else { REPLICAS };
    let count = i32::try_from(partitions).unwrap_or(i32::MAX);
    for (name, demands) in
        [(location.keys_topic(), keys_demands(location)), (location.topic.clone(), log_demands(location))]
    {
        let mut topic = NewTopic::new(&name, count, TopicReplication::Fixed(replicas));
        for Demand { setting, value, .. } in &demands {
            topic = topic.set(setting, value);
        }
        let options = AdminOptions::new().operation_timeout(Some(MAKING_TIMEOUT)).request_timeout(Some(MAKING_TIMEOUT));
        let made = runtime.block_on(admin.create_topics([&topic], &options)).map_err(|error| failed(&error))?;
        for outcome in made {
            match outcome {
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((name, code)) => return Err(unavailable(location, format!("making {name}: {code}"))),
            }
        }
    }
    let started = Instant::now();
    let there = |name: &str| {
        Ok::<_, OpenError>(shape(location, consumer, name)?.is_some_and(|shape| shape.partitions == partitions))
    };
    while !(there(&location.topic)? && there(&location.keys_topic())?) {
        if started.elapsed() > MAKING_TIMEOUT {
            return Err(unavailable(location, "it was made, and its partitions have no leaders yet".to_owned()));
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

struct Shape {
    partitions: u32,
    /// Of the partition that has fewest.
    replicas: usize,
}

fn shape(location: &Location, consumer: &BaseConsumer<Told>, name: &str) -> Result<Option<Shape>, OpenError> {
    let metadata = consumer
        .fetch_metadata(Some(name), ANSWER_TIMEOUT)
        .map_err(|error| unavailable(location, format!("asking for it: {error}")))?;
    let Some(topic) = metadata.topics().iter().find(|topic| topic.name() == name) else { return Ok(None) };
    match topic.error().map(RDKafkaErrorCode::from) {
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => return Ok(None),
        Some(code) => return Err(unavailable(location, format!("asking for {name}: {code}"))),
        None => {}
    }
    let replicas = topic.partitions().iter().map(|partition| partition.replicas().len()).min();
    let led = topic.partitions().iter().filter(|partition| partition.leader() >= 0).count();
    if led < topic.partitions().len() {
        let reason = format!("{} of {} partitions of {name} have a leader", led, topic.partitions().len());
        return Err(unavailable(location, reason));
    }
    let partitions = u32::try_from(topic.partitions().len()).unwrap_or(u32::MAX);
    Ok(replicas.map(|replicas| Shape { partitions, replicas }))
}

fn check(
    location: &Location,
    admin: &AdminClient<DefaultClientContext>,
    runtime: &Handle,
    name: &str,
    replicas: usize,
    demands: &[Demand],
) -> Result<(), OpenError> {
    let options = AdminOptions::new().request_timeout(Some(ANSWER_TIMEOUT));
    let described = runtime
        .block_on(admin.describe_configs([&ResourceSpecifier::Topic(name)], &options))
        .map_err(|error| unavailable(location, format!("asking for the settings of {name}: {error}")))?;
    let settings = match described.into_iter().next() {
        Some(Ok(settings)) => settings,
        Some(Err(code)) => {
            return Err(unavailable(location, format!("asking for the settings of {name}: {code}")));
        }
        None => return Err(unavailable(location, format!("{name} has no settings"))),
    };
    if let Some(untold) = demands.iter().find(|demand| value(&settings, demand).is_none()) {
        // A broker that has not learned of the topic yet.
        return Err(unavailable(location, format!("{} of {name} is not told", untold.setting)));
    }
    let dangers = dangers(&settings, demands);
    if let Some((wrong, right)) = (!dangers.is_empty()).then(|| told(&dangers)) {
        let command = format!(
            "kafka-configs.sh --bootstrap-server {} --alter --entity-type topics --entity-name {name} --add-config {right}",
            location.brokers
        );
        return Err(OpenError::Unsafe { topic: name.to_owned(), reason: format!("{wrong}; set them by: {command}") });
    }
    if !location.single_broker && replicas < usize::try_from(REPLICAS).unwrap_or(usize::MAX) {
        let reason = format!(
            "it has {replicas} copies of a partition, not {REPLICAS}; add copies by kafka-reassign-partitions.sh, or say \
             ?single-broker if one broker's disk is enough"
        );
        return Err(OpenError::Unsafe { topic: name.to_owned(), reason });
    }
    Ok(())
}

fn value(settings: &ConfigResource, demand: &Demand) -> Option<String> {
    settings.get(demand.setting).and_then(|entry| entry.value.clone())
}

fn dangers<'d>(settings: &ConfigResource, demands: &'d [Demand]) -> Vec<(&'d Demand, String)> {
    let dangerous = |demand: &'d Demand| {
        let value = value(settings, demand)?;
        (!(demand.suits)(&value)).then_some((demand, value))
    };
    demands.iter().filter_map(dangerous).collect()
}

fn told(dangers: &[(&Demand, String)]) -> (String, String) {
    let wrong: Vec<_> = dangers.iter().map(|(demand, value)| format!("{} is {value}", demand.setting)).collect();
    let right: Vec<_> = dangers.iter().map(|(demand, _)| format!("{}={}", demand.setting, demand.value)).collect();
    (wrong.join(", "), right.join(","))
}

fn log_demands(location: &Location) -> Vec<Demand> {
    let mut demands = vec![
        demand("cleanup.policy", "delete", |value| value == "delete"),
        demand("retention.ms", "-1", |value| value == "-1"),
        demand("retention.bytes", "-1", |value| value == "-1"),
    ];
    demands.extend(demands_of_both(location));
    demands
}

fn keys_demands(location: &Location) -> Vec<Demand> {
    let mut demands = vec![
        demand("cleanup.policy", "compact", |value| value == "compact"),
        demand("delete.retention.ms", &CENTURY_MS.to_string(), |value| number(value) >= i128::from(CENTURY_MS)),
        // An erased key is gone from the brokers' disks a few days later.
        demand("max.compaction.lag.ms", &DAY_MS.to_string(), |_| true),
        demand("segment.ms", &DAY_MS.to_string(), |_| true),
    ];
    demands.extend(demands_of_both(location));
    demands
}

fn demands_of_both(location: &Location) -> Vec<Demand> {
    let mut demands = vec![
        demand("unclean.leader.election.enable", "false", |value| value == "false"),
        demand("max.message.bytes", &RECORD_BYTES_MAX.to_string(), |value| number(value) >= RECORD_BYTES_MAX as i128),
    ];
    if !location.single_broker {
        demands.push(demand("min.insync.replicas", &IN_SYNC_MIN.to_string(), |value| {
            number(value) >= i128::from(IN_SYNC_MIN)
        }));
    }
    demands
}

fn demand(setting: &'static str, value: &str, suits: fn(&str) -> bool) -> Demand {
    Demand { setting, value: value.to_owned(), suits }
}

fn number(value: &str) -> i128 {
    value.parse().unwrap_or(i128::MIN)
}

pub(crate) fn unavailable(location: &Location, reason: String) -> OpenError {
    OpenError::Unavailable { topic: location.topic.clone(), reason }
}
