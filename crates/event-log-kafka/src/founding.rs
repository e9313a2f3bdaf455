//! Which log a topic has: the first record of each of its partitions says so.
//!
//! Partition 0 decides: of several nodes that found at once, the one whose record came first there. The others' partitions get
//! what it says, from whoever comes first; a founder that ended in between is followed by the next node that opens the log.

use std::time::Instant;

use event_log::{Founding, Identity, Phase, Versions};
use prost::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{Offset, TopicPartitionList};
use tokio::runtime::Handle;

use crate::client::{self, Told};
use crate::entry::{FORMAT, StoredBody, StoredEntry, StoredFound, id};
use crate::error::OpenError;
use crate::topic::{self, ANSWER_TIMEOUT, unavailable};
use crate::url::Location;

/// Bytes of a partition that are fetched at once: its first record is what is wanted.
const FETCH_BYTES: usize = 16 * 1024;

/// What the first record of a partition says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Foundation {
    identity: Identity,
    versions: Versions,
    phase: Phase,
}

/// The log that the topic has; where it has none yet, one is founded. Blocks.
pub(crate) fn found(location: &Location, runtime: &Handle, founding: Founding) -> Result<Identity, OpenError> {
    let consumer = consumer(location)?;
    let found = if let Some(found) = topic::look(location, &consumer, runtime)? {
        found
    } else {
        topic::make(location, &consumer, runtime, founding.identity.partitions)?;
        let there = topic::look(location, &consumer, runtime)?;
        there.ok_or_else(|| unavailable(location, "it was made, and is gone again".to_owned()))?
    };
    let partitions: Vec<u32> = (0..found.partitions).collect();
    let mut firsts = firsts(location, &consumer, &partitions)?;
    let decided = match firsts.first().copied().flatten() {
        Some(decided) => decided,
        None => decide(location, &consumer, found.partitions, founding)?,
    };
    firsts[0] = Some(decided);
    let (has, said) = (found.partitions, decided.identity.partitions);
    if has != said {
        return Err(not_a_log(location, format!("it has {has} partitions, and its log was founded with {said}")));
    }
    let without: Vec<u32> = partitions.into_iter().filter(|&partition| firsts[partition as usize].is_none()).collect();
    write(location, &without, decided)?;
    for (partition, first) in without.iter().zip(self::firsts(location, &consumer, &without)?) {
        firsts[*partition as usize] = first;
    }
    for (partition, first) in (0..).zip(firsts) {
        match first {
            Some(first) if first.identity == decided.identity => {}
            Some(other) => {
                let (one, another) = (decided.identity.log_id, other.identity.log_id);
                let reason = format!("partition 0 is of the log {one}, and partition {partition} of {another}");
                return Err(not_a_log(location, reason));
            }
            None => return Err(unavailable(location, format!("partition {partition} could not be founded"))),
        }
    }
    Ok(decided.identity)
}

/// Whether the topic has a log. Blocks.
pub(crate) fn is_founded(location: &Location, runtime: &Handle) -> Result<bool, OpenError> {
    let consumer = consumer(location)?;
    match topic::look(location, &consumer, runtime)? {
        Some(_) => Ok(firsts(location, &consumer, &[0])?.first().is_some_and(Option::is_some)),
        None => Ok(false),
    }
}

fn consumer(location: &Location) -> Result<BaseConsumer<Told>, OpenError> {
    let failed = |error: KafkaError| unavailable(location, format!("setting a consumer up: {error}"));
    client::consumer(location, FETCH_BYTES, Told::default()).map_err(failed)
}

/// Founds the log in partition 0, or learns there that somebody else has.
fn decide(
    location: &Location,
    consumer: &BaseConsumer<Told>,
    has: u32,
    founding: Founding,
) -> Result<Foundation, OpenError> {
    let asked = founding.identity.partitions;
    if has != asked {
        let reason = format!("it is empty and has {has} partitions, and the log is to have {asked}");
        return Err(not_a_log(location, reason));
    }
    let phase = if founding.filling { Phase::Filling } else { Phase::Open };
    write(location, &[0], Foundation { identity: founding.identity, versions: Versions::KNOWN, phase })?;
    let decided = firsts(location, consumer, &[0])?.into_iter().next().flatten();
    decided.ok_or_else(|| unavailable(location, "what was written to it can't be read".to_owned()))
}

/// What the first record of each of these partitions says; `None` where it has none.
fn firsts(
    location: &Location,
    consumer: &BaseConsumer<Told>,
    partitions: &[u32],
) -> Result<Vec<Option<Foundation>>, OpenError> {
    let failed = |error: String| unavailable(location, format!("reading how its partitions begin: {error}"));
    let of_kafka = |error: KafkaError| failed(error.to_string());
    let mut places = TopicPartitionList::new();
    for partition in partitions {
        let (low, high) =
            consumer.fetch_watermarks(&location.topic, partition.cast_signed(), ANSWER_TIMEOUT).map_err(of_kafka)?;
        if low > 0 {
            let reason = format!("partition {partition} begins at offset {low}: what was before is lost");
            return Err(not_a_log(location, reason));
        }
        if high > 0 {
            let place = (&location.topic, partition.cast_signed(), Offset::Offset(0));
            places.add_partition_offset(place.0, place.1, place.2).map_err(of_kafka)?;
        }
    }
    let mut firsts = vec![None; partitions.len()];
    let mut missing = places.count();
    consumer.assign(&places).map_err(of_kafka)?;
    let started = Instant::now();
    while missing > 0 {
        match consumer.poll(ANSWER_TIMEOUT) {
            Some(Ok(message)) => {
                let index = partitions.iter().position(|partition| partition.cast_signed() == message.partition());
                if let (Some(index), 0) = (index, message.offset()) {
                    missing -= usize::from(firsts[index].is_none());
                    firsts[index] = Some(decode(location, partitions[index], message.payload().unwrap_or_default())?);
                }
            }
            Some(Err(error)) => tracing::debug!(%error, "reading how partitions begin"),
            None => {}
        }
        if started.elapsed() > ANSWER_TIMEOUT {
            return Err(failed(format!("no answer in {ANSWER_TIMEOUT:?}")));
        }
    }
    consumer.unassign().map_err(of_kafka)?;
    Ok(firsts)
}

fn decode(location: &Location, partition: u32, payload: &[u8]) -> Result<Foundation, OpenError> {
    let wrong =
        |reason: String| not_a_log(location, format!("partition {partition} does not begin as a log does: {reason}"));
    let entry = StoredEntry::decode(payload).map_err(|error| wrong(error.to_string()))?;
    if entry.format > FORMAT {
        let reason = format!("its records have format {}, and this version knows up to {FORMAT}", entry.format);
        return Err(OpenError::UpgradeNeeded { topic: location.topic.clone(), reason });
    }
    let Some(StoredBody::Found(found)) = entry.body else {
        return Err(wrong("its first record is another one".to_owned()));
    };
    let log_id = id(&found.log_id, "a log's id").map_err(|error| wrong(error.to_string()))?;
    let versions = found.versions.ok_or_else(|| wrong("it names no versions".to_owned()))?;
    Ok(Foundation {
        identity: Identity::new(log_id, found.partitions),
        versions: versions.into(),
        phase: if found.filling { Phase::Filling } else { Phase::Open },
    })
}

/// Writes the first record of these partitions, acknowledged.
fn write(location: &Location, partitions: &[u32], foundation: Foundation) -> Result<(), OpenError> {
    if partitions.is_empty() {
        return Ok(());
    }
    let failed = |error| unavailable(location, format!("founding the log: {error}"));
    let producer: BaseProducer<Told> =
        client::producer(location, Told::default()).map_err(|error| failed(error.to_string()))?;
    let found = StoredFound {
        log_id: foundation.identity.log_id.as_bytes().to_vec(),
        partitions: foundation.identity.partitions,
        versions: Some(foundation.versions.into()),
        filling: foundation.phase == Phase::Filling,
    };
    let entry = StoredEntry { format: FORMAT, node: 0, number: 0, body: Some(StoredBody::Found(found)) };
    let payload = entry.encode_to_vec();
    for partition in partitions {
        let record: BaseRecord<'_, (), [u8]> =
            BaseRecord::to(&location.topic).partition(partition.cast_signed()).payload(&payload);
        producer.send(record).map_err(|(error, _)| failed(error.to_string()))?;
    }
    producer.flush(ANSWER_TIMEOUT * 2).map_err(|error| failed(error.to_string()))
}

fn not_a_log(location: &Location, reason: String) -> OpenError {
    OpenError::NotALog { topic: location.topic.clone(), reason }
}
