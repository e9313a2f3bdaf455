//! What this node writes to the topic: the producer, and what is written again.
//!
//! An entry is written again when librdkafka reports that it was not delivered, or when it was not read back for long: the topic
//! may then have it twice, and admission answers the second as the first. After [`Limits::answer`] its outcome is unknown.
//!
//! While the topic is not followed nothing is written, and what librdkafka still had is taken from it: a topic that comes back
//! without its end must be known as such before anything is added to it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use event_log::{LogError, PartitionId, Proposal, QueueStats};
use event_log_sqlite::replica::Seen;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, PurgeConfig, ThreadedProducer};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::client::{self, Told};
use crate::error::unavailable;
use crate::ledger::{Answer, Caller, Entry, Ledger};
use crate::url::Location;

/// How much may wait here, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Most entries that wait for their answers.
    pub(crate) entries_max: usize,
    /// Most bytes of them.
    pub(crate) bytes_max: usize,
    /// An entry that was not answered is written again after this.
    pub(crate) resend: Duration,
    /// And given up after this.
    pub(crate) answer: Duration,
}

/// The desk.
pub(crate) struct Desk {
    location: Location,
    limits: Limits,
    /// This node's part of its entries' names: random, made when the log is opened.
    node: u64,
    next: AtomicU64,
    pen: RwLock<Pen>,
    reports: Deliveries,
    ledger: Arc<Ledger>,
}

type Producer = ThreadedProducer<Deliveries>;

/// What is written with.
struct Pen {
    producer: Arc<Producer>,
    /// Nothing is written at present.
    held: bool,
}

/// Hears what was delivered and what was not.
#[derive(Clone)]
struct Deliveries {
    told: Told,
    ledger: Arc<Ledger>,
    failed: Arc<Mutex<Vec<u64>>>,
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
        match delivered {
            Ok(_) => {
                if let Some((caller, answer)) = self.ledger.acknowledged(number as u64) {
                    let _gone = caller.send(answer);
                }
            }
            Err((error, _)) => {
                tracing::debug!(number, %error, "an entry was not delivered");
                locked(&self.failed).push(number as u64);
            }
        }
    }
}

/// An entry of this node that was read back.
pub(crate) struct Own {
    /// Its number.
    pub(crate) number: u64,
    /// The proposal as it was checked when it was made, and what this node had applied then.
    pub(crate) proposal: Option<(Proposal, Seen)>,
}

impl Desk {
    pub(crate) fn new(location: &Location, node: u64, limits: Limits) -> KafkaResult<Self> {
        let ledger = Arc::new(Ledger::default());
        let reports = Deliveries { told: Told::default(), ledger: Arc::clone(&ledger), failed: Arc::default() };
        let producer = Arc::new(client::producer(location, reports.clone())?);
        Ok(Self {
            location: location.clone(),
            limits,
            node,
            next: AtomicU64::new(1),
            pen: RwLock::new(Pen { producer, held: false }),
            reports,
            ledger,
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
        self.ledger.has_room(bytes, self.limits.entries_max, self.limits.bytes_max)
    }

    /// How much waits.
    pub(crate) fn stats(&self) -> QueueStats {
        QueueStats { partition: None, proposals: self.ledger.waiting(), proposals_max: self.limits.entries_max }
    }

    /// Writes an entry to the topic; what becomes of it is answered.
    pub(crate) fn send(
        &self,
        partition: PartitionId,
        number: u64,
        payload: Vec<u8>,
        proposal: Option<(Proposal, Seen)>,
    ) -> Result<oneshot::Receiver<Answer>, LogError> {
        self.has_room(payload.len())?;
        let (caller, answer) = oneshot::channel();
        let payload: Arc<[u8]> = payload.into();
        self.ledger.enter(number, Entry::new(partition, Arc::clone(&payload), proposal, caller))?;
        if let Err(error) = self.produce(partition, number, &payload) {
            // Answered already: it was sent, whatever is said.
            if self.ledger.leave(number).is_some() {
                return Err(error);
            }
        }
        Ok(answer)
    }

    /// The entry of this name was read back: if it is this node's, has just these bytes, and was not read before.
    pub(crate) fn take(&self, node: u64, number: u64, payload: &[u8]) -> Option<Own> {
        if node != self.node {
            return None;
        }
        self.ledger.take(number, payload).map(|proposal| Own { number, proposal })
    }

    /// This became of entries that were read back: who waits is told, at once or when it is acknowledged.
    pub(crate) fn became(&self, runtime: &Handle, answers: impl IntoIterator<Item = (u64, Answer)>) {
        deliver(runtime, self.ledger.became(answers));
    }

    /// Partitions whose entries have waited longer than this.
    pub(crate) fn overdue(&self, age: Duration) -> BTreeSet<PartitionId> {
        self.ledger.overdue(age)
    }

    /// The end of the partition: the offset that its next record gets. Blocks for a round trip.
    pub(crate) fn end_of(&self, partition: PartitionId, timeout: Duration) -> KafkaResult<u64> {
        let producer = self.producer();
        let (_, high) = producer.client().fetch_watermarks(&self.location.topic, partition.cast_signed(), timeout)?;
        Ok(u64::try_from(high).unwrap_or_default())
    }

    /// The topic is not followed: nothing more is written, and what was on its way is taken back where it can be.
    pub(crate) fn hold(&self) {
        let mut pen = self.pen.write().unwrap_or_else(PoisonError::into_inner);
        if pen.held {
            return;
        }
        pen.held = true;
        pen.producer.purge(PurgeConfig::default().queue().inflight());
        // One that was purged has a gap in its numbers, which brokers would ask about.
        self.renew(&mut pen);
    }

    /// The topic is followed again, and was found to have all that was read of it: what waits is written again.
    pub(crate) fn release(&self) {
        let mut pen = self.pen.write().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut pen.held) {
            locked(&self.reports.failed).extend(self.ledger.open());
        }
    }

    /// Writes again what must be, and gives up what has waited too long. To be called a few times a second.
    pub(crate) fn tend(&self, runtime: &Handle) {
        self.replace_failed_producer();
        deliver(runtime, self.ledger.give_up(self.limits.answer));
        if self.pen.read().unwrap_or_else(PoisonError::into_inner).held {
            return;
        }
        let failed = std::mem::take(&mut *locked(&self.reports.failed));
        deliver(runtime, self.ledger.not_acknowledged(&failed, self.limits.resend));
        for (number, partition, payload) in self.ledger.due(self.limits.resend) {
            if let Err(error) = self.produce(partition, number, &payload) {
                tracing::debug!(number, %error, "an entry could not be sent again yet");
            }
        }
    }

    /// Nothing of this node's is admitted in these partitions any more: who waits for it is told so. Answers whether nobody
    /// waits for anything else.
    pub(crate) fn refuse(&self, partitions: &BTreeSet<PartitionId>, why: &LogError) -> bool {
        let (refused, empty) = self.ledger.refuse(partitions);
        for caller in refused {
            let _gone = caller.send(Answer::Refused(why.clone()));
        }
        empty
    }

    /// No more is taken in, and nobody waits longer: what was not answered is unknown.
    pub(crate) fn close(&self, why: &LogError) {
        for caller in self.ledger.close(why) {
            let _gone = caller.send(Answer::Unknown(why.clone()));
        }
    }

    /// Waits until what was sent is acknowledged, for at most so long.
    pub(crate) fn flush(&self, timeout: Duration) {
        if let Err(error) = self.producer().flush(timeout) {
            tracing::debug!(%error, "not everything was delivered before the log was closed");
        }
    }

    fn producer(&self) -> Arc<Producer> {
        Arc::clone(&self.pen.read().unwrap_or_else(PoisonError::into_inner).producer)
    }

    fn produce(&self, partition: PartitionId, number: u64, payload: &[u8]) -> Result<(), LogError> {
        let opaque = usize::try_from(number).unwrap_or(usize::MAX);
        let record: BaseRecord<'_, (), [u8], usize> = BaseRecord::with_opaque_to(&self.location.topic, opaque)
            .partition(partition.cast_signed())
            .payload(payload);
        let pen = self.pen.read().unwrap_or_else(PoisonError::into_inner);
        if pen.held {
            return Err(LogError::Unavailable { reason: "the topic is not followed at present".to_owned() });
        }
        pen.producer.send(record).map_err(|(error, _)| match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::QueueFull) => LogError::Overloaded,
            _ => unavailable("writing to the topic", &error),
        })
    }

    /// A producer that can't go on is replaced by a new one: what it had not delivered is sent again.
    fn replace_failed_producer(&self) {
        let Some((code, reason)) = self.producer().client().fatal_error() else { return };
        tracing::warn!(%code, reason, "the producer can't go on: a new one takes its place");
        self.renew(&mut self.pen.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn renew(&self, pen: &mut Pen) {
        match client::producer(&self.location, self.reports.clone()) {
            Ok(new) => pen.producer = Arc::new(new),
            Err(error) => tracing::warn!(%error, "no new producer could be made"),
        }
    }
}

/// Answers everybody; several are woken by a task of the runtime, where that is nearly free.
fn deliver(runtime: &Handle, answers: Vec<(Caller, Answer)>) {
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

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
