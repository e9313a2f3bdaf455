//! The one who reads the topic: a thread that takes whatever was fetched, applies it to the replica in one transaction, and
//! answers whose entries were in it.
//!
//! It works in sessions. A session begins with a look at the topic (its settings, its ends) and at the replica's last record of
//! each partition, which must still be where it was; it ends with the connection, and the next one begins.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use event_log::{LogError, PartitionId};
use event_log_sqlite::replica::{Applier, Entry, Outcome, Run};
use prost::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use sha2::{Digest as _, Sha256};
use tokio::runtime::Handle;

use crate::client::{self, RECORD_BYTES_MAX, Told};
use crate::decode::{Decoded, Decoder};
use crate::desk::Desk;
use crate::entry::{StoredBody, StoredEntry};
use crate::keyring::Keyring;
use crate::ledger::Answer;
use crate::state::State;
use crate::topic;
use crate::url::Location;

/// Most records, and most bytes of them, that are applied in one transaction.
const BATCH_MAX: usize = 1024;
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How long is waited for the next record before other things are looked after.
const WAIT: Duration = Duration::from_millis(100);
/// Bytes of a partition that are fetched at once.
const FETCH_BYTES: usize = 2 * RECORD_BYTES_MAX;
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

/// A session's place in the topic.
struct Session {
    consumer: Arc<BaseConsumer<Told>>,
    keyring: Keyring,
    told: Told,
    partitions: Vec<Place>,
    /// Whether all that was there at the beginning has been applied.
    caught_up: bool,
    /// When a leader was asked last whether it is there, and whose.
    probed: Instant,
    turn: PartitionId,
    /// When marks of transactions were looked for last.
    looked: Instant,
}

/// Where a session is in a partition.
struct Place {
    /// The offset of the record that comes next.
    expected: u64,
    /// The digest that the next record must have: it is the replica's last.
    last: Option<[u8; 32]>,
    /// The partition's end when the session began.
    end: u64,
}

/// What was fetched and not yet applied.
#[derive(Default)]
struct Batch<'c> {
    runs: Vec<(Run, Vec<Option<u64>>, BorrowedMessage<'c>)>,
    records: usize,
    bytes: usize,
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

    /// Looks at the topic, and goes to where the replica is.
    fn begin(&mut self) -> Result<Session, End> {
        if self.closed.load(Ordering::Acquire) {
            return Err(End::Closed);
        }
        self.applier.refresh()?;
        let told = Told::by(self.state.behind.clone());
        let consumer: BaseConsumer<Told> = client::consumer(&self.location, FETCH_BYTES, told.clone())?;
        match topic::look(&self.location, &consumer, &self.runtime) {
            Ok(Some(found)) if found.partitions == self.partitions => {}
            Ok(Some(found)) => {
                let reason = format!("the topic has {} partitions, and the log {}", found.partitions, self.partitions);
                return Err(End::Fatal(LogError::DataLoss { reason }));
            }
            Ok(None) => return Err(End::Lost("there is no such topic".to_owned())),
            Err(error) => return Err(End::Lost(error.to_string())),
        }
        let mut places = TopicPartitionList::new();
        let mut partitions = Vec::new();
        for partition in 0..self.partitions {
            let place = self.place(&consumer, partition)?;
            let offset = i64::try_from(place.expected).unwrap_or(i64::MAX);
            places.add_partition_offset(&self.location.topic, partition.cast_signed(), Offset::Offset(offset))?;
            partitions.push(place);
        }
        consumer.assign(&places)?;
        let keyring = Keyring::open(&self.location, &self.applier, self.partitions, &self.decoder.doubt)?;
        let consumer = Arc::new(consumer);
        Ok(Session {
            consumer,
            keyring,
            told,
            partitions,
            caught_up: false,
            probed: Instant::now(),
            turn: 0,
            looked: Instant::now(),
        })
    }

    /// Where to begin: at the replica's last record, which is compared with the topic's.
    fn place(&self, consumer: &BaseConsumer<Told>, partition: PartitionId) -> Result<Place, End> {
        let bookmark = self.applier.bookmark(partition);
        let next = bookmark.map_or(0, |bookmark| bookmark.next_offset);
        let (low, high) =
            consumer.fetch_watermarks(&self.location.topic, partition.cast_signed(), topic::ANSWER_TIMEOUT)?;
        let (low, end) = (u64::try_from(low).unwrap_or_default(), u64::try_from(high).unwrap_or_default());
        if end < next {
            let reason =
                format!("partition {partition} of the topic ends at offset {end}, and this node had read it to {next}");
            return Err(self.decoder.doubt.weigh(reason).into());
        }
        if next < low {
            let reason = format!(
                "partition {partition} of the topic begins at offset {low}, and this node had read it to {next}"
            );
            return Err(End::Fatal(LogError::DataLoss { reason }));
        }
        let last = bookmark.filter(|_| next > low).map(|bookmark| bookmark.last_digest);
        Ok(Place { expected: next - u64::from(last.is_some()), last, end })
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
        let stored = StoredEntry::decode(payload).map_err(|error| at(error.to_string()))?;
        let activates = matches!(stored.body, Some(StoredBody::Activate(_)));
        let own = self.desk.take(stored.node, stored.number, payload);
        let (kept, number) = own.map_or((None, None), |own| (own.proposal, Some(own.number)));
        let mut keys = session.keyring.with(&self.applier, &self.decoder);
        let decoded = self.decoder.decode((partition, offset), stored, kept, &mut keys).map_err(|error| match error {
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
            Ok(outcomes) => {
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

    /// Goes past marks of transactions at the partitions' ends: they have offsets, and are no records.
    fn pass_marks(&self, session: &mut Session) -> Result<(), End> {
        if session.looked.elapsed() < WAIT {
            return Ok(());
        }
        session.looked = Instant::now();
        let positions = session.consumer.position()?;
        for (partition, place) in (0..).zip(&mut session.partitions) {
            let position = positions.find_partition(&self.location.topic, PartitionId::cast_signed(partition));
            let position = position.map_or(0, |position| client::offset_of(position.offset()));
            // A replica's last record is compared first.
            if place.last.is_none() && position > place.expected && !self.outgrown.contains(&partition) {
                place.expected = position;
            }
        }
        Ok(())
    }

    /// Ready once everything is applied that was there when the session began.
    fn see_whether_caught_up(&self, session: &mut Session) {
        if session.caught_up {
            return;
        }
        let (mut done, mut all) = (0, 0);
        for place in &session.partitions {
            done += place.expected.min(place.end);
            all += place.end;
        }
        let compared = session.partitions.iter().all(|place| place.last.is_none());
        session.caught_up = done == all && compared;
        if session.caught_up {
            self.decoder.doubt.dispel();
        }
        self.state
            .set_away((!session.caught_up).then(|| format!("catching up with the topic: {done} of {all} records")));
    }

    /// Ends the session where brokers were lost, or don't answer.
    fn see_whether_reached(&self, session: &mut Session, idle: bool) -> Result<(), End> {
        if session.told.take_lost() {
            return Err(End::Lost("no broker can be reached".to_owned()));
        }
        if idle && session.probed.elapsed() >= self.silence {
            session.probed = Instant::now();
            // Those that somebody waits for, and one of the others in turn.
            let mut asked = self.desk.overdue(self.silence);
            session.turn = (session.turn + 1) % self.partitions.max(1);
            asked.insert(session.turn);
            for partition in asked {
                self.desk
                    .end_of(partition, self.silence)
                    .map_err(|error| End::Lost(format!("partition {partition} does not answer: {error}")))?;
            }
        }
        Ok(())
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

/// Fails unless what is skipped between these offsets are marks of transactions: a partition from which nothing is deleted has no
/// other gaps. An offset that was met already is none.
fn see_whether_only_marks(
    consumer: &BaseConsumer<Told>,
    topic: &str,
    partition: PartitionId,
    expected: u64,
    offset: u64,
) -> Result<(), End> {
    let (low, _) = consumer.fetch_watermarks(topic, partition.cast_signed(), topic::ANSWER_TIMEOUT)?;
    if offset < expected || u64::try_from(low).unwrap_or_default() > expected {
        let reason = format!(
            "partition {partition} of the topic goes on at offset {offset}, not {expected}, and begins at {low}"
        );
        return Err(End::Fatal(LogError::DataLoss { reason }));
    }
    tracing::debug!(partition, expected, offset, "marks of somebody's transaction are passed");
    Ok(())
}

/// Whether the topic must be looked at again. What concerns one connection, or the group that nobody joins, passes by itself.
fn ends_session(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    !matches!(
        error.rdkafka_error_code(),
        Some(
            Code::BrokerTransportFailure
                | Code::Resolve
                | Code::OperationTimedOut
                | Code::RequestTimedOut
                | Code::NotLeaderForPartition
                | Code::LeaderNotAvailable
                | Code::CoordinatorNotAvailable
                | Code::CoordinatorLoadInProgress
                | Code::NotCoordinator
                | Code::WaitingForCoordinator
                | Code::GroupAuthorizationFailed
        )
    )
}

impl<'c> Batch<'c> {
    fn add(
        &mut self,
        partition: PartitionId,
        offset: u64,
        entry: Entry,
        number: Option<u64>,
        message: BorrowedMessage<'c>,
    ) {
        self.records += 1;
        self.bytes += message.payload_len();
        if let Some((run, numbers, last)) = self.runs.iter_mut().find(|(run, ..)| run.partition == partition) {
            run.entries.push(entry);
            run.next_offset = offset + 1;
            numbers.push(number);
            *last = message;
        } else {
            let run = Run { partition, entries: vec![entry], next_offset: offset + 1, last_digest: [0; 32] };
            self.runs.push((run, vec![number], message));
        }
    }
}
