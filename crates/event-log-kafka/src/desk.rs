//! What this node has written to the topic and not yet read back, and who waits for it.
//!
//! An entry is sent again when librdkafka reports that it was not delivered, or when it was not read back for long: the topic
//! may then have it twice, and admission answers the second as the first. After [`Limits::answer`] its outcome is unknown.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use event_log::{FillError, LogError, PartitionId, Proposal};
use event_log_sqlite::replica::Outcome;
use foldhash::fast::RandomState;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::client::{self, Told};
use crate::error::unavailable;
use crate::url::Location;

/// How much may wait here, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Most entries that wait to be read back.
    pub(crate) entries_max: usize,
    /// Most bytes of them.
    pub(crate) bytes_max: usize,
    /// An entry that was not read back is sent again after this.
    pub(crate) resend: Duration,
    /// And given up after this.
    pub(crate) answer: Duration,
}

/// What became of an entry that this node has written.
#[derive(Debug)]
pub(crate) enum Answer {
    /// It was read back and applied.
    Applied(Outcome),
    /// Records to take over were read back.
    Filled(Result<(), FillError>),
    /// It will not be admitted.
    Refused(LogError),
    /// Nobody knows.
    Unknown(LogError),
}

/// Who waits for an entry.
pub(crate) type Caller = oneshot::Sender<Answer>;

/// The desk.
pub(crate) struct Desk {
    location: Location,
    topic: String,
    limits: Limits,
    /// This node's part of its entries' names: random, made when the log is opened.
    node: u64,
    next: AtomicU64,
    producer: RwLock<Arc<Producer>>,
    told: Told,
    failed: Failed,
    waiting: Mutex<Waiting>,
    entries: AtomicUsize,
    bytes: AtomicUsize,
}

type Producer = ThreadedProducer<Deliveries>;
/// The entries that were reported as not delivered.
type Failed = Arc<Mutex<Vec<(u64, KafkaError)>>>;

#[derive(Default)]
struct Waiting {
    entries: HashMap<u64, Entry, RandomState>,
    /// Why no more is taken in.
    closed: Option<LogError>,
}

struct Entry {
    partition: PartitionId,
    payload: Arc<[u8]>,
    proposal: Option<Proposal>,
    caller: Caller,
    first_sent: Instant,
    sent: Instant,
}

/// Hears what was not delivered; what was, is read back.
struct Deliveries {
    told: Told,
    failed: Failed,
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.told.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.told.error(error, reason);
    }
}

impl ProducerContext for Deliveries {
    /// The entry's number.
    type DeliveryOpaque = usize;

    fn delivery(&self, delivered: &DeliveryResult<'_>, number: usize) {
        if let Err((error, _)) = delivered {
            tracing::debug!(number, %error, "an entry was not delivered");
            locked(&self.failed).push((number as u64, error.clone()));
        }
    }
}

/// An entry that was read back, with what was kept of it.
pub(crate) struct Own {
    /// The proposal as it was checked when it was made.
    pub(crate) proposal: Option<Proposal>,
    /// Who waits.
    pub(crate) caller: Caller,
}

impl Desk {
    pub(crate) fn new(location: &Location, node: u64, limits: Limits) -> KafkaResult<Self> {
        let (told, failed) = (Told::default(), Failed::default());
        let producer = producer(location, &told, &failed)?;
        Ok(Self {
            location: location.clone(),
            topic: location.topic.clone(),
            limits,
            node,
            next: AtomicU64::new(1),
            producer: RwLock::new(Arc::new(producer)),
            told,
            failed,
            waiting: Mutex::default(),
            entries: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
        })
    }

    /// This node's part of its entries' names.
    pub(crate) fn node(&self) -> u64 {
        self.node
    }

    /// The other part, for the next entry.
    pub(crate) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Fails when no more may wait.
    pub(crate) fn has_room(&self, bytes: usize) -> Result<(), LogError> {
        let before = self.bytes.load(Ordering::Relaxed);
        let full = self.entries.load(Ordering::Relaxed) >= self.limits.entries_max
            || (before > 0 && before + bytes > self.limits.bytes_max);
        if full { Err(LogError::Overloaded) } else { Ok(()) }
    }

    /// Writes an entry to the topic; what becomes of it is answered.
    pub(crate) fn send(
        &self,
        partition: PartitionId,
        number: u64,
        payload: Vec<u8>,
        proposal: Option<Proposal>,
    ) -> Result<oneshot::Receiver<Answer>, LogError> {
        self.has_room(payload.len())?;
        let (caller, answer) = oneshot::channel();
        let payload: Arc<[u8]> = payload.into();
        let now = Instant::now();
        let entry = Entry { partition, payload: Arc::clone(&payload), proposal, caller, first_sent: now, sent: now };
        self.enter(number, entry)?;
        if let Err(error) = self.produce(partition, number, &payload) {
            let left = self.leave(number);
            // Read back already: it was sent, whatever is said.
            if left.is_some() {
                return Err(error);
            }
        }
        Ok(answer)
    }

    /// The entry of this name, if it is this node's, has just these bytes, and somebody waits for it.
    pub(crate) fn take(&self, node: u64, number: u64, payload: &[u8]) -> Option<Own> {
        if node != self.node {
            return None;
        }
        let mut waiting = locked(&self.waiting);
        let same = *waiting.entries.get(&number)?.payload == *payload;
        let entry = same.then(|| waiting.entries.remove(&number)).flatten()?;
        drop(waiting);
        self.forget(&entry);
        Some(Own { proposal: entry.proposal, caller: entry.caller })
    }

    /// Partitions whose entries have waited longer than this.
    pub(crate) fn overdue(&self, age: Duration) -> Vec<PartitionId> {
        let now = Instant::now();
        let waiting = locked(&self.waiting);
        let late = waiting.entries.values().filter(|entry| now.duration_since(entry.sent) > age);
        let mut partitions: Vec<_> = late.map(|entry| entry.partition).collect();
        partitions.sort_unstable();
        partitions.dedup();
        partitions
    }

    /// The end of the partition: the offset that its next record gets. Blocks for a round trip.
    pub(crate) fn end_of(&self, partition: PartitionId, timeout: Duration) -> KafkaResult<u64> {
        let producer = self.producer();
        let (_, high) = producer.client().fetch_watermarks(&self.topic, partition.cast_signed(), timeout)?;
        Ok(u64::try_from(high).unwrap_or_default())
    }

    /// Sends again what must be, and gives up what has waited too long. To be called a few times a second.
    pub(crate) fn tend(&self, runtime: &Handle) {
        self.replace_failed_producer();
        let failed: Vec<_> = std::mem::take(&mut *locked(&self.failed));
        let now = Instant::now();
        let (mut again, mut given_up) = (Vec::new(), Vec::new());
        {
            let mut waiting = locked(&self.waiting);
            for (number, error) in failed {
                if let Some(entry) = waiting.entries.get_mut(&number) {
                    tracing::debug!(number, %error, "an entry is sent again");
                    entry.sent = now.checked_sub(self.limits.resend).unwrap_or(entry.sent);
                }
            }
            let late = |entry: &Entry| now.duration_since(entry.first_sent) >= self.limits.answer;
            given_up.extend(waiting.entries.extract_if(|_, entry| late(entry) || entry.caller.is_closed()));
            for (number, entry) in &mut waiting.entries {
                if now.duration_since(entry.sent) >= self.limits.resend {
                    entry.sent = now;
                    again.push((*number, entry.partition, Arc::clone(&entry.payload)));
                }
            }
        }
        for (number, partition, payload) in again {
            if let Err(error) = self.produce(partition, number, &payload) {
                tracing::debug!(number, %error, "an entry could not be sent again yet");
            }
        }
        let reason = format!("it was not read back from the topic in {:?}", self.limits.answer);
        let answers = given_up.into_iter().map(|(_, entry)| {
            self.forget(&entry);
            (entry.caller, Answer::Unknown(LogError::Unavailable { reason: reason.clone() }))
        });
        deliver(runtime, answers.collect());
    }

    /// Nothing of this node's is admitted in these partitions any more: who waits for it is told so. Answers whether nobody
    /// waits for anything else.
    pub(crate) fn refuse(&self, partitions: &BTreeSet<PartitionId>, why: &LogError) -> bool {
        let (refused, empty) = {
            let mut waiting = locked(&self.waiting);
            let refused: Vec<_> =
                waiting.entries.extract_if(|_, entry| partitions.contains(&entry.partition)).collect();
            (refused, waiting.entries.is_empty())
        };
        for (_, entry) in refused {
            self.forget(&entry);
            let _gone = entry.caller.send(Answer::Refused(why.clone()));
        }
        empty
    }

    /// No more is taken in, and nobody waits longer: what was not read back is unknown.
    pub(crate) fn close(&self, why: &LogError) {
        let entries = {
            let mut waiting = locked(&self.waiting);
            waiting.closed.get_or_insert_with(|| why.clone());
            std::mem::take(&mut waiting.entries)
        };
        for entry in entries.into_values() {
            self.forget(&entry);
            let _gone = entry.caller.send(Answer::Unknown(why.clone()));
        }
    }

    /// Waits until what was sent is acknowledged, for at most so long.
    pub(crate) fn flush(&self, timeout: Duration) {
        if let Err(error) = self.producer().flush(timeout) {
            tracing::debug!(%error, "not everything was delivered before the log was closed");
        }
    }

    fn producer(&self) -> Arc<Producer> {
        Arc::clone(&self.producer.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn produce(&self, partition: PartitionId, number: u64, payload: &[u8]) -> Result<(), LogError> {
        let opaque = usize::try_from(number).unwrap_or(usize::MAX);
        let record: BaseRecord<'_, (), [u8], usize> =
            BaseRecord::with_opaque_to(&self.topic, opaque).partition(partition.cast_signed()).payload(payload);
        self.producer().send(record).map_err(|(error, _)| match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::QueueFull) => LogError::Overloaded,
            _ => unavailable("writing to the topic", &error),
        })
    }

    fn enter(&self, number: u64, entry: Entry) -> Result<(), LogError> {
        let bytes = entry.payload.len();
        let mut waiting = locked(&self.waiting);
        if let Some(why) = &waiting.closed {
            return Err(why.clone());
        }
        waiting.entries.insert(number, entry);
        self.entries.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    fn leave(&self, number: u64) -> Option<Entry> {
        let entry = locked(&self.waiting).entries.remove(&number)?;
        self.forget(&entry);
        Some(entry)
    }

    fn forget(&self, entry: &Entry) {
        self.entries.fetch_sub(1, Ordering::Relaxed);
        self.bytes.fetch_sub(entry.payload.len(), Ordering::Relaxed);
    }

    /// A producer that can't go on is replaced by a new one: what it had not delivered is sent again.
    fn replace_failed_producer(&self) {
        let Some((code, reason)) = self.producer().client().fatal_error() else { return };
        tracing::warn!(%code, reason, "the producer can't go on: a new one takes its place");
        match producer(&self.location, &self.told, &self.failed) {
            Ok(new) => *self.producer.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new),
            Err(error) => tracing::warn!(%error, "no new producer could be made"),
        }
    }
}

/// Answers everybody; several are woken by a task of the runtime, where that is nearly free.
pub(crate) fn deliver(runtime: &Handle, answers: Vec<(Caller, Answer)>) {
    let send = |answers: Vec<(Caller, Answer)>| {
        for (caller, answer) in answers {
            let _gone = caller.send(answer);
        }
    };
    if answers.len() > 1 {
        drop(runtime.spawn(async move { send(answers) }));
    } else {
        send(answers);
    }
}

fn producer(location: &Location, told: &Told, failed: &Failed) -> KafkaResult<Producer> {
    let context = Deliveries { told: told.clone(), failed: Arc::clone(failed) };
    client::producer(location, true, context)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
