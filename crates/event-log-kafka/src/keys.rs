//! Texts travel sealed: AES-256-GCM under a key of their stream, which is on a second, compacted topic and can be taken from there.
//! The log is kept for ever; without the key, what it has of the texts is noise, and their hash still proves the record.
//!
//! ```text
//! keys' topic   key    1 Stream   2 key id (16 random bytes)
//!               value  1 format (uint32: 1)   2 secret (32 random bytes); a tombstone when it is erased
//! sealed        nonce (12 random bytes) ‖ AES-256-GCM(secret, nonce, salt (32) ‖ texts; associated: Place) ‖ tag (16)
//! Place         1 Stream   2 event id: what is sealed of one event opens in no other
//! ```
//!
//! A node that writes texts into a stream takes a key of that stream that it has, or makes one; it is acknowledged before a
//! proposal names it. A key that is erased leaves its tombstone for ever. So who
//! meets the name of a key of which there is neither after the keys were read to their end knows: lost.

use std::sync::Arc;
use std::time::Duration;

use event_log::{LogError, NewEvent, PartitionId, Recorded, SALT_BYTES, StreamId, Texts};
use event_log_sqlite::SqliteLog;
use event_log_sqlite::replica::{KeyId, Secret};
use prost::Message as _;
use quick_cache::sync::Cache;
use rdkafka::producer::{FutureProducer, FutureRecord};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::Randomness;
use crate::client::{self, Told};
use crate::entry::{FORMAT, Malformed, StoredStream, StoredTexts, stream};
use crate::error::unavailable;
use crate::url::Location;

/// Keys kept in memory, of streams used lately.
const KEYS_MAX: usize = 16 * 1024;
/// How long a new key may take to be acknowledged.
const KEY_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone, PartialEq, prost::Message)]
struct StoredKeyName {
    #[prost(message, optional, tag = "1")]
    stream: Option<StoredStream>,
    #[prost(bytes = "vec", tag = "2")]
    key_id: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct StoredKey {
    #[prost(uint32, tag = "1")]
    format: u32,
    #[prost(bytes = "vec", tag = "2")]
    secret: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct StoredPlace {
    #[prost(message, optional, tag = "1")]
    stream: Option<StoredStream>,
    #[prost(bytes = "vec", tag = "2")]
    event_id: Vec<u8>,
}

/// The keys that this node has used lately, and the making of new ones.
pub(crate) struct Keys {
    location: Location,
    random: Randomness,
    of_streams: Cache<StreamId, Arc<StreamKey>>,
    by_id: Cache<KeyId, Arc<StreamKey>>,
    producer: OnceCell<FutureProducer<Told>>,
}

/// A key, ready for use.
pub(crate) struct StreamKey {
    id: KeyId,
    key: LessSafeKey,
}

/// What a record of the keys' topic says.
pub(crate) enum KeyRecord {
    /// A key of this name.
    Made(KeyId, StreamId, Secret),
    /// The key of this name is gone.
    Erased(KeyId, StreamId),
}

impl Keys {
    pub(crate) fn new(location: Location, random: Randomness) -> Self {
        Self {
            location,
            random,
            of_streams: Cache::new(KEYS_MAX),
            by_id: Cache::new(KEYS_MAX),
            producer: OnceCell::new(),
        }
    }

    /// Seals the texts of new events of this stream.
    pub(crate) async fn seal_events(
        &self,
        replica: &SqliteLog,
        partition: PartitionId,
        stream: &StreamId,
        events: impl Iterator<Item = (&NewEvent, [u8; 32])>,
    ) -> Result<Vec<Option<StoredTexts>>, LogError> {
        let mut sealed = Vec::with_capacity(events.size_hint().0);
        for (event, hash) in events {
            sealed.push(if event.texts.is_empty() {
                None
            } else {
                let key = self.key_of(replica, partition, stream).await?;
                Some(self.seal(&key, stream, event.event_id, hash, &event.salt, &event.texts)?)
            });
        }
        Ok(sealed)
    }

    /// Seals the texts of a record of another log; those that were erased there stay so.
    pub(crate) async fn seal_record(
        &self,
        replica: &SqliteLog,
        recorded: &Recorded,
    ) -> Result<Option<StoredTexts>, LogError> {
        let (header, body) = (&recorded.record.header, &recorded.record.body);
        match &body.texts {
            Some(texts) if texts.json.is_empty() => Ok(None),
            Some(Texts { salt, json }) => {
                let key = self.key_of(replica, recorded.partition, &header.stream).await?;
                self.seal(&key, &header.stream, header.event_id, body.texts_hash, salt, json).map(Some)
            }
            None => Ok(Some(StoredTexts { hash: body.texts_hash.to_vec(), ..StoredTexts::default() })),
        }
    }

    /// The key of this name, if it was used lately.
    pub(crate) fn recent(&self, id: &KeyId) -> Option<Arc<StreamKey>> {
        self.by_id.get(id)
    }

    /// Makes a key ready that was found elsewhere.
    pub(crate) fn remember(&self, id: KeyId, secret: &Secret) -> Result<Arc<StreamKey>, LogError> {
        let key = Arc::new(StreamKey::new(id, secret)?);
        self.by_id.insert(id, Arc::clone(&key));
        Ok(key)
    }

    pub(crate) fn forget(&self, id: &KeyId, stream: &StreamId) {
        self.by_id.remove(id);
        self.of_streams.remove(stream);
    }

    async fn key_of(
        &self,
        replica: &SqliteLog,
        partition: PartitionId,
        stream: &StreamId,
    ) -> Result<Arc<StreamKey>, LogError> {
        if let Some(key) = self.of_streams.get(stream) {
            return Ok(key);
        }
        let (id, secret) = match replica.replica_key(stream).await? {
            Some(found) => found,
            None => self.make(partition, stream).await?,
        };
        let key = self.remember(id, &secret)?;
        self.of_streams.insert(stream.clone(), Arc::clone(&key));
        Ok(key)
    }

    /// A new key, acknowledged.
    async fn make(&self, partition: PartitionId, stream: &StreamId) -> Result<(KeyId, Secret), LogError> {
        let (mut id, mut secret) = (KeyId::default(), Secret::default());
        (self.random)(&mut id);
        (self.random)(&mut secret);
        let producer = self
            .producer
            .get_or_try_init(|| async { client::producer(&self.location, Told::default()) })
            .await
            .map_err(|error| unavailable("preparing to write keys", &error))?;
        let name = StoredKeyName { stream: Some(StoredStream::of(stream)), key_id: id.to_vec() }.encode_to_vec();
        let key = StoredKey { format: FORMAT, secret: secret.to_vec() }.encode_to_vec();
        let topic = self.location.keys_topic();
        let record = FutureRecord::to(&topic).partition(partition.cast_signed()).key(&name).payload(&key);
        let sent = producer.send(record, KEY_TIMEOUT).await;
        sent.map_err(|(error, _)| unavailable("writing the stream's key", &error))?;
        Ok((id, secret))
    }

    fn seal(
        &self,
        key: &StreamKey,
        stream: &StreamId,
        event_id: Uuid,
        hash: [u8; 32],
        salt: &[u8],
        texts: &[u8],
    ) -> Result<StoredTexts, LogError> {
        let mut nonce = [0; NONCE_LEN];
        (self.random)(&mut nonce);
        let mut sealed = Vec::with_capacity(NONCE_LEN + salt.len() + texts.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(salt);
        sealed.extend_from_slice(texts);
        key.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), place(stream, event_id), &mut sealed)
            .map_err(|_| LogError::Unavailable { reason: "the texts were not sealed".to_owned() })?;
        sealed.splice(0..0, nonce);
        Ok(StoredTexts { hash: hash.to_vec(), key_id: key.id.to_vec(), sealed })
    }
}

impl StreamKey {
    fn new(id: KeyId, secret: &Secret) -> Result<Self, LogError> {
        let unusable = |_| LogError::DataLoss { reason: "a key has another length than keys have".to_owned() };
        Ok(Self { id, key: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, secret).map_err(unusable)?) })
    }

    /// What was sealed of this event.
    pub(crate) fn open(&self, stream: &StreamId, event_id: Uuid, sealed: &[u8]) -> Result<Texts, Malformed> {
        let not_opened = || Malformed(format!("texts of event {event_id} do not open with their key"));
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN).ok_or_else(not_opened)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| not_opened())?;
        let mut opened = sealed.to_vec();
        let plain = self.key.open_in_place(nonce, place(stream, event_id), &mut opened).map_err(|_| not_opened())?;
        let (salt, json) = plain.split_at_checked(SALT_BYTES).ok_or_else(not_opened)?;
        Ok(Texts { salt: salt.to_vec(), json: json.to_vec() })
    }
}

impl KeyRecord {
    pub(crate) fn decode(name: &[u8], value: Option<&[u8]>) -> Result<Self, LogError> {
        let damaged = |reason: String| LogError::DataLoss { reason: format!("a record of the keys' topic: {reason}") };
        let name = StoredKeyName::decode(name).map_err(|error| damaged(error.to_string()))?;
        let id: KeyId =
            name.key_id.as_slice().try_into().map_err(|_| damaged("a key's name of another length".to_owned()))?;
        let stream = stream(name.stream).map_err(|error| damaged(error.to_string()))?;
        let Some(value) = value else { return Ok(Self::Erased(id, stream)) };
        let key = StoredKey::decode(value).map_err(|error| damaged(error.to_string()))?;
        if key.format > FORMAT {
            let reason = format!("a key has format {}, and this version knows up to {FORMAT}", key.format);
            return Err(LogError::UpgradeNeeded { reason });
        }
        let secret = key.secret.as_slice().try_into().map_err(|_| damaged("a key of another length".to_owned()))?;
        Ok(Self::Made(id, stream, secret))
    }
}

fn place(stream: &StreamId, event_id: Uuid) -> Aad<Vec<u8>> {
    let place = StoredPlace { stream: Some(StoredStream::of(stream)), event_id: event_id.as_bytes().to_vec() };
    Aad::from(place.encode_to_vec())
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
