//! Reads the log as events of the domain.

use std::collections::HashMap;
use std::sync::Arc;

use event_log::{EventLog, LogError, PartitionId, StreamId, StreamName};
use history::{PartitionPage, PartitionRecord};
use view_store::Checkpoint;
use views::{Recorded, StreamKind};

use crate::trouble::{Trouble, chain};

/// So many events are folded before other tasks of this thread get a turn: giving way more often made views lag, and nobody's waits shorter.
pub(crate) const EVENTS_A_TURN: usize = 512;

/// Some of a partition, in order, without gaps.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) events: Vec<Fed>,
    /// The places of its events, those of a stream together and in order, the streams by kind: what rules others comes before them. A fold
    /// sees its own stream and its ruler's settled facts only, so that this gives what the log's order would have given.
    by_stream: Vec<u32>,
    /// The trace contexts of those that have one.
    pub(crate) traceparents: Vec<Arc<str>>,
    /// Position and leaf of its last record; `None`: it is empty.
    pub(crate) end: Option<Checkpoint>,
}

/// One record.
#[derive(Debug)]
pub(crate) struct Fed {
    pub(crate) position: u64,
    pub(crate) what: What,
}

impl Fed {
    /// The event, if it is one.
    pub(crate) fn event(&self) -> Option<&Recorded> {
        match &self.what {
            What::Event(recorded) => Some(recorded),
            What::Damaged { .. } => None,
        }
    }
}

/// What a record holds.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "almost all are events")]
pub(crate) enum What {
    /// An event.
    Event(Recorded),
    /// Something that no build has written. Its stream is set aside.
    Damaged {
        /// Which stream, as operators see it.
        stream: Arc<str>,
        /// `None`: of no kind that there is.
        kind: Option<StreamKind>,
        /// What is wrong with it.
        reason: Arc<str>,
    },
}

/// The partition's events after a position, at most `limit`. Those of streams that nobody wants are left out.
pub(crate) async fn read(
    log: &dyn EventLog,
    partition: PartitionId,
    after: u64,
    limit: usize,
    wanted: impl Fn(StreamKind) -> bool,
) -> Result<Batch, Trouble> {
    let mut batch = Batch::default();
    let mut streams = Streams::default();
    let (mut after, mut left) = (after, limit);
    while left > 0 {
        let page = history::partition_page(log, partition, after, left).await?;
        let Some((position, leaf)) = page.last() else { break };
        batch.end = Some(Checkpoint { position, leaf });
        (after, left) = (position, left.saturating_sub(page.records.len()));
        let ended = page.end;
        batch.take(page, &wanted, &mut streams)?;
        if ended {
            break;
        }
    }
    batch.by_stream = streams.in_order();
    Ok(batch)
}

/// Which events are of which stream.
#[derive(Default)]
struct Streams {
    numbers: HashMap<StreamId, u32, foldhash::fast::RandomState>,
    /// Of each event the stream's kind and number, and its own place.
    events: Vec<(Option<StreamKind>, u32, u32)>,
}

impl Streams {
    fn push(&mut self, kind: Option<StreamKind>, stream: StreamId) {
        let next = number(self.numbers.len());
        let stream = *self.numbers.entry(stream).or_insert(next);
        self.events.push((kind, stream, number(self.events.len())));
    }

    fn in_order(mut self) -> Vec<u32> {
        self.events.sort_unstable();
        self.events.into_iter().map(|(_, _, place)| place).collect()
    }
}

/// Places in a batch are few.
fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

impl Batch {
    /// Its events as they are to be folded: those of a stream together.
    pub(crate) fn by_stream(&self) -> impl Iterator<Item = &Fed> {
        self.by_stream.iter().filter_map(|place| self.events.get(*place as usize))
    }

    /// Adds a page, without the streams that nobody wants.
    fn take(
        &mut self,
        page: PartitionPage,
        wanted: impl Fn(StreamKind) -> bool,
        streams: &mut Streams,
    ) -> Result<(), Trouble> {
        self.events.reserve(page.records.len());
        for PartitionRecord { position, leaf: _, stream, traceparent, event } in page.records {
            let kind = StreamKind::parse(&stream.kind).ok();
            let what = match event {
                Err(error) if error.is_upgrade_needed() => {
                    return Err(Trouble::UpgradeNeeded { reason: chain(&error) });
                }
                _ if kind.is_some_and(|kind| !wanted(kind)) => continue,
                Ok(event) => What::Event(event),
                Err(error) => {
                    What::Damaged { stream: StreamName(&stream).to_string().into(), kind, reason: chain(&error) }
                }
            };
            streams.push(kind, stream);
            self.events.push(Fed { position, what });
            self.traceparents.extend(traceparent);
        }
        Ok(())
    }
}

/// Does the log have this leaf at this position? What others have folded here may not have arrived at this node's copy of the log yet: it
/// is asked for everything that was acknowledged before it says no.
pub(crate) async fn is_of(
    log: &dyn EventLog,
    partition: PartitionId,
    checkpoint: &Checkpoint,
) -> Result<bool, LogError> {
    let Some(before) = checkpoint.position.checked_sub(1) else { return Ok(false) };
    if *log.head(partition).borrow() < checkpoint.position && log.barrier(partition).await? < checkpoint.position {
        return Ok(false);
    }
    let page = log.read_partition(partition, before, 1).await?;
    let found = page.records.first();
    Ok(found.is_some_and(|found| found.position == checkpoint.position && found.leaf == checkpoint.leaf))
}
