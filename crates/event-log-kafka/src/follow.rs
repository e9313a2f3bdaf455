//! The one who reads the topic: a thread that takes whatever was fetched, applies it to the replica in one transaction, and
//! answers whose entries were in it.
//!
//! It works in sessions. A session begins with a look at the topic (its settings, its ends) and at the replica's last record of
//! each partition, which must still be where it was; it ends with the connection, and the next one begins.

mod batch;
mod session;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use event_log::{LogError, PartitionId};
use event_log_sqlite::replica::{Applier, Entry, Outcome};
use prost::Message as _;
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message as _};
use sha2::{Digest as _, Sha256};
use tokio::runtime::Handle;

use crate::decode::{Decoded, Decoder};
use crate::desk::{Desk, Own};
use crate::entry::{StoredBody, StoredEntry, StoredName};
use crate::error::ends_session;
use crate::ledger::Answer;
use crate::state::State;
use crate::url::Location;
use batch::Batch;
use session::{Session, see_whether_only_marks};

/// Most records, and most bytes of them, that are applied in one transaction.
const BATCH_MAX: usize = 1024;
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How long is waited for the next record before other things are looked after.
const WAIT: Duration = Duration::from_millis(100);
/// Between sessions that could not begin.
const PAUSE: Duration = Duration::from_millis(200);
/// How often what waits is looked after.
const TEND_EVERY: Duration = Duration::from_millis(200);

/// Who reads the topic.
pub(crate) struct Follower {
    pub(crate) location: Location,
    pub(crate) applier: Applier,
    pub(crate) state: Arc<State>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) decoder: Decoder,
    pub(crate) runtime: Handle,
    pub(crate) partitions: u32,
    pub(crate) closed: Arc<AtomicBool>,
    /// Brokers that say nothing for so long are asked whether they live, and have as long to answer.
    pub(crate) silence: Duration,
    /// When what waits was looked after last.
    pub(crate) tended: Instant,
    /// Partitions whose versions were raised beyond what is known here: nothing of them is read any more.
    pub(crate) outgrown: BTreeSet<PartitionId>,
}

/// How a session ends.
#[derive(Debug)]
pub(crate) enum End {
    /// The log is closed.
    Closed,
    /// The topic can't be followed at present.
    Lost(String),
    /// Nothing more is served here.
    Fatal(LogError),
    /// A partition's versions were raised beyond what is known here.
    Outgrown(LogError),
}

impl From<LogError> for End {
    /// What the replica or the decoder say: an unavailable replica may be available again.
    fn from(error: LogError) -> Self {
        match error {
            LogError::Unavailable { reason } => Self::Lost(reason),
            other => Self::Fatal(other),
        }
    }
}

impl From<KafkaError> for End {
    fn from(error: KafkaError) -> Self {
        Self::Lost(error.to_string())
    }
}

impl Follower {
    /// Follows the topic until the log is closed.
    pub(crate) fn run(mut self) {
        loop {
            match self.session() {
                End::Closed => return,
                End::Lost(reason) => {
                    self.state.set_away(Some(format!("the topic can't be followed: {reason}")));
                    self.desk.hold();
                }
                End::Fatal(error) | End::Outgrown(error) => {
                    self.state.set_fatal(error.clone());
                    self.desk.close(&error);
                    return;
                }
            }
            self.tend();
            std::thread::sleep(PAUSE);
        }
    }

    fn session(&mut self) -> End {
        let mut session = match self.begin() {
            Ok(session) => session,
            Err(end) => return end,
        };
        self.desk.release();
        loop {
            if self.closed.load(Ordering::Acquire) {
                return End::Closed;
            }
            if let Err(end) = self.see_whether_outgrown() {
                return end;
            }
            match self.round(&mut session) {
                Ok(()) => {}
                Err(End::Outgrown(error)) => self.state.set_fatal(error),
                Err(end) => return end,
            }
            self.tend();
        }
    }

    /// Applies whatever was fetched.
    fn round(&mut self, session: &mut Session) -> Result<(), End> {
        let consumer = Arc::clone(&session.consumer);
        session.keyring.drain(&self.decoder)?;
        let mut batch = Batch::default();
        let mut polled = consumer.poll(WAIT);
        let idle = polled.is_none();
        while let Some(message) = polled {
            match message {
                Ok(message) => self.take(session, message, &mut batch)?,
                Err(error) if ends_session(&error) => {
                    self.apply(session, batch)?;
                    return Err(error.into());
                }
                Err(error) => tracing::debug!(%error, "following the topic"),
            }
            if batch.records >= BATCH_MAX || batch.bytes >= BATCH_BYTES_MAX {
                break;
            }
            polled = consumer.poll(Duration::ZERO);
        }
        self.apply(session, batch)?;
        self.pass_marks(session)?;
        self.see_whether_caught_up(session);
        self.see_whether_reached(session, idle)
    }

    /// Takes a record into the batch.
    fn take<'c>(
        &mut self,
        session: &mut Session,
        message: BorrowedMessage<'c>,
        batch: &mut Batch<'c>,
    ) -> Result<(), End> {
        let partition = PartitionId::try_from(message.partition()).unwrap_or(PartitionId::MAX);
        let offset = u64::try_from(message.offset()).unwrap_or_default();
        let payload = message.payload().unwrap_or_default();
        let Some(place) = session.partitions.get_mut(partition as usize) else { return Ok(()) };
        if self.outgrown.contains(&partition) {
            return Ok(());
        }
        if offset != place.expected {
            let consumer = &session.consumer;
            see_whether_only_marks(consumer, &self.location.topic, partition, place.expected, offset)?;
        }
        place.expected = offset + 1;
        if let Some(last) = place.last.take() {
            if Sha256::digest(payload)[..] != last {
                let reason = format!(
                    "partition {partition} of the topic has another record at offset {offset} than this node read"
                );
                return Err(End::Fatal(LogError::DataLoss { reason }));
            }
            return Ok(());
        }
        match self.decode(session, partition, offset, payload) {
            Ok((Decoded::Entry(entry), number)) => batch.add(partition, offset, entry, number, message),
            Ok((Decoded::Fill(records), number)) => {
                self.apply(session, std::mem::take(batch))?;
                let digest = Sha256::digest(payload).into();
                let filled = self.applier.fill(partition, records, offset + 1, digest)?;
                self.advance(&[partition]);
                self.desk.became(&self.runtime, number.map(|number| (number, Answer::Filled(filled))));
            }
            Err(end) => {
                // What came before it is applied all the same.
                self.apply(session, std::mem::take(batch))?;
                return Err(end);
            }
        }
        Ok(())
    }

    fn decode(
        &mut self,
        session: &mut Session,
        partition: PartitionId,
        offset: u64,
        payload: &[u8],
    ) -> Result<(Decoded, Option<u64>), End> {
        let at = |reason: String| LogError::DataLoss {
            reason: format!("partition {partition} of the topic, offset {offset}: {reason}"),
        };
        let name = StoredName::decode(payload).map_err(|error| at(error.to_string()))?;
        let number = match self.desk.take(name.node, name.number, payload) {
            // As it was checked when it was made: these are the bytes.
            Some(Own { number, proposal: Some((proposal, seen)) }) => {
                return Ok((Decoded::Entry(Entry::Propose(proposal, seen)), Some(number)));
            }
            own => own.map(|own| own.number),
        };
        let stored = StoredEntry::decode(payload).map_err(|error| at(error.to_string()))?;
        let activates = matches!(stored.body, Some(StoredBody::Activate(_)));
        let mut keys = session.keyring.with(&self.applier, &self.decoder);
        let decoded = self.decoder.decode((partition, offset), stored, &mut keys).map_err(|error| match error {
            LogError::DataLoss { reason } => at(reason),
            other => other,
        });
        match decoded {
            Ok(decoded) => Ok((decoded, number)),
            Err(error @ LogError::UpgradeNeeded { .. }) if activates => {
                self.outgrown.insert(partition);
                Err(End::Outgrown(error))
            }
            Err(error) => {
                self.desk.became(&self.runtime, number.map(|number| (number, Answer::Unknown(error.clone()))));
                Err(error.into())
            }
        }
    }

    /// Writes the batch to the replica and answers whose entries were in it.
    fn apply(&mut self, session: &mut Session, batch: Batch<'_>) -> Result<(), End> {
        let keys = session.keyring.take_changes();
        if batch.runs.is_empty() && keys.next_offsets.is_empty() {
            return Ok(());
        }
        let mut runs = Vec::with_capacity(batch.runs.len());
        let mut numbers = Vec::with_capacity(batch.records);
        for (mut run, own, last) in batch.runs {
            run.last_digest = Sha256::digest(last.payload().unwrap_or_default()).into();
            runs.push(run);
            numbers.extend(own);
        }
        let partitions: Vec<_> = runs.iter().map(|run| run.partition).collect();
        let proposals = runs.iter().flat_map(|run| &run.entries).filter_map(|entry| match entry {
            Entry::Propose(proposal, _) => Some(proposal),
            _ => None,
        });
        let begun = self.state.observed.begin(proposals);
        match self.applier.apply(runs, &keys) {
            Ok((outcomes, applied)) => {
                self.advance(&partitions);
                let mut ended = Ok(());
                let outcomes = numbers.into_iter().zip(outcomes.into_iter().flatten());
                let answers = outcomes.filter_map(|(number, outcome)| {
                    if let Outcome::Ahead(error) = &outcome {
                        tracing::error!(%error, own = number.is_some(), "a proposal of another history was not admitted");
                        if number.is_some() {
                            ended = Err(End::Fatal(error.clone()));
                        }
                    }
                    Some((number?, Answer::Applied(outcome)))
                });
                self.desk.became(&self.runtime, answers);
                self.state.observed.end(begun, true);
                // Callers come back meanwhile.
                self.applier.settle(applied);
                ended
            }
            Err(error) => {
                // The session ends with this: the next one reads the keys again from where the replica is.
                let unknown = |number| (number, Answer::Unknown(error.clone()));
                self.desk.became(&self.runtime, numbers.into_iter().flatten().map(unknown));
                self.state.observed.end(begun, false);
                Err(error.into())
            }
        }
    }

    fn advance(&self, partitions: &[PartitionId]) {
        let bookmark = |partition: &PartitionId| Some((*partition, self.applier.bookmark(*partition)?));
        let bookmarks: Vec<_> = partitions.iter().filter_map(bookmark).collect();
        self.state.advance(&bookmarks);
    }

    /// A node that the log has outgrown serves nobody any more. What it wrote into a partition after that was raised is not
    /// admitted there; in the others it reads on until it knows what became of what it had written.
    fn see_whether_outgrown(&self) -> Result<(), End> {
        match self.state.readable() {
            Err(error) if self.desk.refuse(&self.outgrown, &error) => Err(End::Fatal(error)),
            _ => Ok(()),
        }
    }

    fn tend(&mut self) {
        if self.tended.elapsed() >= TEND_EVERY {
            self.tended = Instant::now();
            self.desk.tend(&self.runtime);
        }
    }
}
