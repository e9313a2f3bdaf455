//! A session: from a look at the topic (its settings, its ends, the replica's last record of each partition) to the loss of the
//! connection.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use event_log::{LogError, PartitionId};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};

use super::{End, Follower, WAIT};
use crate::client::{self, RECORD_BYTES_MAX, Told};
use crate::keyring::Keyring;
use crate::topic;

/// Bytes of a partition that are fetched at once.
const FETCH_BYTES: usize = 2 * RECORD_BYTES_MAX;

/// A session's place in the topic.
pub(super) struct Session {
    pub(super) consumer: Arc<BaseConsumer<Told>>,
    pub(super) keyring: Keyring,
    pub(super) told: Told,
    pub(super) partitions: Vec<Place>,
    /// Whether all that was there at the beginning has been applied.
    pub(super) caught_up: bool,
    /// When a leader was asked last whether it is there, and whose.
    pub(super) probed: Instant,
    pub(super) turn: PartitionId,
    /// When marks of transactions were looked for last.
    pub(super) looked: Instant,
}

/// Where a session is in a partition.
pub(super) struct Place {
    /// The offset of the record that comes next.
    pub(super) expected: u64,
    /// The digest that the next record must have: it is the replica's last.
    pub(super) last: Option<[u8; 32]>,
    /// The partition's end when the session began.
    pub(super) end: u64,
}

impl Follower {
    /// Looks at the topic, and goes to where the replica is.
    pub(super) fn begin(&mut self) -> Result<Session, End> {
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

    /// Goes past marks of transactions at the partitions' ends: they have offsets, and are no records.
    pub(super) fn pass_marks(&self, session: &mut Session) -> Result<(), End> {
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
    pub(super) fn see_whether_caught_up(&self, session: &mut Session) {
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
    pub(super) fn see_whether_reached(&self, session: &mut Session, idle: bool) -> Result<(), End> {
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
}

/// Fails unless what is skipped between these offsets are marks of transactions: a partition from which nothing is deleted has no
/// other gaps. An offset that was met already is none.
pub(super) fn see_whether_only_marks(
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
