//! Reads the log as events of the domain.

use std::sync::Arc;

use event_log::{EventLog, LogError, PartitionId, StreamName};
use history::{PartitionPage, PartitionRecord};
use view_store::Checkpoint;
use views::{Recorded, StreamKind};

use crate::trouble::{Trouble, chain};

/// So many events are folded before other tasks of this thread get a turn.
pub(crate) const EVENTS_A_TURN: usize = 64;

/// Some of a partition, in order, without gaps.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) events: Vec<Fed>,
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
    let (mut after, mut left) = (after, limit);
    while left > 0 {
        let page = history::partition_page(log, partition, after, left).await?;
        let Some((position, leaf)) = page.last() else { break };
        batch.end = Some(Checkpoint { position, leaf });
        (after, left) = (position, left.saturating_sub(page.records.len()));
        let ended = page.end;
        batch.take(page, &wanted)?;
        if ended {
            break;
        }
    }
    Ok(batch)
}

impl Batch {
    /// Adds a page, without the streams that nobody wants.
    fn take(&mut self, page: PartitionPage, wanted: impl Fn(StreamKind) -> bool) -> Result<(), Trouble> {
        for PartitionRecord { position, leaf: _, stream, traceparent, event } in page.records {
            let kind = StreamKind::parse(&stream.kind).ok();
            let what = match event {
                Err(error) if error.is_upgrade_needed() => {
                    return Err(Trouble::UpgradeNeeded { reason: chain(&error) });
                }
                _ if kind.is_some_and(|kind| !wanted(kind)) => continue,
                Ok(event) => What::Event(event),
                Err(error) => {
                    let stream = StreamName(&stream).to_string().into();
                    What::Damaged { stream, kind, reason: chain(&error) }
                }
            };
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
