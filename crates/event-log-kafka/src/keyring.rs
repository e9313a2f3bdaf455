//! Reading the keys' topic: what is there already whenever somebody looks, and to its end when a key is missing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_log::{LogError, PartitionId, StreamId};
use event_log_sqlite::replica::{Applier, Key, KeyChanges, KeyId, Secret};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};

use crate::client::{self, Told};
use crate::decode::{Decoder, FindKey};
use crate::doubt::Doubt;
use crate::error::{ends_session, unavailable};
use crate::follow::End;
use crate::keys::{KeyRecord, StreamKey};
use crate::topic::ANSWER_TIMEOUT;
use crate::url::Location;

/// Bytes of a partition that are fetched at once.
const FETCH_BYTES: usize = 256 * 1024;
/// Most records that are read in passing.
const DRAIN_MAX: usize = 4096;
/// How long is waited for a key that was acknowledged and must be on its way.
const ON_ITS_WAY: Duration = Duration::from_millis(100);

/// The keys' topic, as far as this session has read it.
pub(crate) struct Keyring {
    topic: String,
    consumer: BaseConsumer<Told>,
    /// What was read and is not in the replica yet.
    changes: KeyChanges,
    /// The offset after the last record read, by partition.
    next: Vec<u64>,
}

/// A keyring with what else knows keys.
pub(crate) struct Finder<'k> {
    keyring: &'k mut Keyring,
    applier: &'k Applier,
    decoder: &'k Decoder,
}

/// What is read.
enum Read {
    Record,
    /// The end of this partition.
    End(PartitionId),
    Nothing,
}

impl Keyring {
    /// Goes to where the replica is.
    pub(crate) fn open(location: &Location, applier: &Applier, partitions: u32, doubt: &Doubt) -> Result<Self, End> {
        let consumer: BaseConsumer<Told> = client::eager_consumer(location, FETCH_BYTES, Told::default())?;
        let topic = location.keys_topic();
        let (mut places, mut offsets) = (TopicPartitionList::new(), Vec::new());
        for partition in 0..partitions {
            let next = applier.key_offset(partition);
            let (_, end) = consumer.fetch_watermarks(&topic, partition.cast_signed(), ANSWER_TIMEOUT)?;
            if u64::try_from(end).unwrap_or_default() < next {
                let reason = format!("partition {partition} of {topic} ends at offset {end}, and was read to {next}");
                return Err(doubt.weigh(reason).into());
            }
            places.add_partition_offset(&topic, partition.cast_signed(), offset(next))?;
            offsets.push(next);
        }
        consumer.assign(&places)?;
        Ok(Self { topic, consumer, changes: KeyChanges::default(), next: offsets })
    }

    /// Reads what is there.
    pub(crate) fn drain(&mut self, decoder: &Decoder) -> Result<(), LogError> {
        for _ in 0..DRAIN_MAX {
            if let Read::Nothing = self.read(Duration::ZERO, decoder)? {
                break;
            }
        }
        Ok(())
    }

    /// What was read since this was taken last: to be applied.
    pub(crate) fn take_changes(&mut self) -> KeyChanges {
        std::mem::take(&mut self.changes)
    }

    /// With what else knows keys.
    pub(crate) fn with<'k>(&'k mut self, applier: &'k Applier, decoder: &'k Decoder) -> Finder<'k> {
        Finder { keyring: self, applier, decoder }
    }

    fn read(&mut self, timeout: Duration, decoder: &Decoder) -> Result<Read, LogError> {
        match self.consumer.poll(timeout) {
            None => return Ok(Read::Nothing),
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                return Ok(Read::End(PartitionId::try_from(partition).unwrap_or(PartitionId::MAX)));
            }
            // A topic that now ends before where this is: who begins a session anew is told so.
            Some(Err(error)) if ends_session(&error) => return Err(unavailable("reading the keys", &error)),
            Some(Err(error)) => {
                tracing::debug!(%error, "reading keys");
                return Ok(Read::Record);
            }
            Some(Ok(message)) => {
                let read = record(&message)?;
                self.changes.keys.push(read);
                let partition = PartitionId::try_from(message.partition()).unwrap_or(PartitionId::MAX);
                let next = u64::try_from(message.offset()).unwrap_or_default() + 1;
                if let Some(offset) = self.next.get_mut(partition as usize) {
                    *offset = next;
                }
                self.changes.next_offsets.retain(|(other, _)| *other != partition);
                self.changes.next_offsets.push((partition, next));
            }
        }
        if let Some((id, stream, None)) = self.changes.keys.last() {
            decoder.keys.forget(id, stream);
        }
        Ok(Read::Record)
    }

    /// What was read of this key and is not in the replica yet.
    fn fresh(&self, id: &KeyId) -> Option<Key> {
        let (.., secret) = self.changes.keys.iter().rev().find(|(other, ..)| other == id)?;
        Some(secret.map_or(Key::Erased, Key::Made))
    }
}

impl FindKey for Finder<'_> {
    fn find(&mut self, partition: PartitionId, id: &KeyId) -> Result<Option<Arc<StreamKey>>, LogError> {
        if let Some(recent) = self.decoder.keys.recent(id) {
            return Ok(Some(recent));
        }
        if let Some(known) = self.known(id)? {
            return self.ready(id, known);
        }
        let end = self.end(partition)?;
        let started = Instant::now();
        while self.next(partition) < end && started.elapsed() < ON_ITS_WAY {
            self.keyring.read(ON_ITS_WAY / 10, self.decoder)?;
        }
        if self.next(partition) < end {
            self.read_to_end(partition, end)?;
        }
        // It was acknowledged before the proposal that names it was written, and what erases it stays.
        let lost = || {
            self.decoder.doubt.weigh(format!(
                "partition {partition} of the keys, read to offset {end}, has lost the key {}: texts sealed with it are \
                 gone, and nobody has erased them",
                uuid::Uuid::from_bytes(*id)
            ))
        };
        let known = self.known(id)?.ok_or_else(lost)?;
        self.ready(id, known)
    }
}

impl Finder<'_> {
    fn known(&self, id: &KeyId) -> Result<Option<Key>, LogError> {
        match self.keyring.fresh(id) {
            None => self.applier.key(id),
            fresh => Ok(fresh),
        }
    }

    fn ready(&self, id: &KeyId, key: Key) -> Result<Option<Arc<StreamKey>>, LogError> {
        match key {
            Key::Made(secret) => self.decoder.keys.remember(*id, &secret).map(Some),
            Key::Erased => Ok(None),
        }
    }

    fn next(&self, partition: PartitionId) -> u64 {
        self.keyring.next.get(partition as usize).copied().unwrap_or_default()
    }

    fn end(&self, partition: PartitionId) -> Result<u64, LogError> {
        let Keyring { consumer, topic, .. } = &*self.keyring;
        let end = consumer.fetch_watermarks(topic, partition.cast_signed(), ANSWER_TIMEOUT);
        let (_, end) = end.map_err(|error| unavailable("asking where the keys end", &error))?;
        Ok(u64::try_from(end).unwrap_or_default())
    }

    /// Reads on to this end, which may be beyond the last record: there stand marks of transactions too. Kafka's word alone that
    /// a partition ends is not enough: a leader that has just come says so before it knows how far its predecessor was.
    fn read_to_end(&mut self, partition: PartitionId, end: u64) -> Result<(), LogError> {
        let next = self.next(partition);
        self.seek(partition, next).map_err(|error| unavailable("reading the keys", &error))?;
        let started = Instant::now();
        while self.next(partition) < end {
            match self.keyring.read(ON_ITS_WAY, self.decoder)? {
                Read::End(ended) if ended == partition && self.position(partition)? >= end => return Ok(()),
                _ if started.elapsed() > ANSWER_TIMEOUT => {
                    let reason = format!("partition {partition} of the keys was not read to its end");
                    return Err(LogError::Unavailable { reason });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Where the consumer is: after what it was given, and after marks of transactions, which it isn't given.
    fn position(&self, partition: PartitionId) -> Result<u64, LogError> {
        let Keyring { consumer, topic, .. } = &*self.keyring;
        let positions = consumer.position().map_err(|error| unavailable("reading the keys", &error))?;
        let position = positions.find_partition(topic, partition.cast_signed()).map(|place| place.offset());
        Ok(position.map_or(0, client::offset_of))
    }

    fn seek(&self, partition: PartitionId, next: u64) -> KafkaResult<()> {
        let Keyring { consumer, topic, .. } = &*self.keyring;
        consumer.seek(topic, partition.cast_signed(), offset(next), ANSWER_TIMEOUT)
    }
}

fn record(message: &BorrowedMessage<'_>) -> Result<(KeyId, StreamId, Option<Secret>), LogError> {
    Ok(match KeyRecord::decode(message.key().unwrap_or_default(), message.payload())? {
        KeyRecord::Made(id, stream, secret) => (id, stream, Some(secret)),
        KeyRecord::Erased(id, stream) => (id, stream, None),
    })
}

fn offset(next: u64) -> Offset {
    Offset::Offset(i64::try_from(next).unwrap_or(i64::MAX))
}

#[cfg(test)]
#[path = "keyring_tests.rs"]
mod tests;
