//! What a node's tasks tell each other: heads, the log's mark, and what is wrong.

use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use event_log::{Identity, LogError, Mark, Observed, PartitionId, Versions};
use postgres_session::Fault;
use tokio::sync::{Notify, watch};

use crate::error;
use crate::heads::End;

/// What can be wrong at once, the worst first. Each is told until it is set to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Never taken back.
    Damage,
    Versions,
    Phase,
    /// The server may lose what it acknowledges.
    Settings,
    Clock,
    /// There is no way to the database.
    Reach,
}

const WRONGS: usize = 6;

/// What all of a node's tasks share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) identity: Identity,
    /// What this build knows.
    pub(crate) known: Versions,
    partitions: Vec<Partition>,
    state: Mutex<State>,
    trouble: watch::Sender<Option<LogError>>,
    /// Somebody wants to know how the log is, now.
    pub(crate) look: Notify,
    /// There is something to tell the other nodes.
    pub(crate) announce: Notify,
    /// The server's process that speaks for this node; 0 while none does.
    pub(crate) announcer: AtomicI32,
    /// Who is told of batches.
    pub(crate) observed: Observed,
}

#[derive(Debug)]
struct Partition {
    /// What is committed, and so readable: set before anybody is answered.
    committed: Mutex<End>,
    /// What this node has committed, and what of it the other nodes were told.
    own: AtomicU64,
    announced: AtomicU64,
    /// The same as `committed`, watched: set after the answers.
    head: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    mark: Mark,
    wrong: [Option<LogError>; WRONGS],
}

impl Partition {
    fn end(&self) -> End {
        *self.committed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn raise(&self, end: End) {
        let mut committed = self.committed.lock().unwrap_or_else(PoisonError::into_inner);
        if end.position > committed.position {
            *committed = end;
        }
    }
}

impl Shared {
    pub(crate) fn new(identity: Identity, known: Versions, mark: Mark, ends: &[End]) -> Self {
        let partition = |end: &End| Partition {
            committed: Mutex::new(*end),
            own: AtomicU64::new(0),
            announced: AtomicU64::new(0),
            head: watch::Sender::new(end.position),
        };
        let shared = Self {
            identity,
            known,
            partitions: ends.iter().map(partition).collect(),
            state: Mutex::new(State { mark, wrong: Default::default() }),
            trouble: watch::Sender::new(None),
            look: Notify::new(),
            announce: Notify::new(),
            announcer: AtomicI32::new(0),
            observed: Observed::default(),
        };
        shared.raise_mark(mark);
        shared
    }

    /// The last position that is known to be committed; 0 in a partition that there isn't.
    pub(crate) fn committed(&self, partition: PartitionId) -> u64 {
        self.end(partition).position
    }

    /// The same, with what is there.
    pub(crate) fn end(&self, partition: PartitionId) -> End {
        self.partition(partition).map_or_else(End::default, Partition::end)
    }

    pub(crate) fn head(&self, partition: PartitionId) -> watch::Receiver<u64> {
        let partition = self.partition(partition);
        partition.map_or_else(|| watch::Sender::new(0).subscribe(), |partition| partition.head.subscribe())
    }

    /// This node has committed so much: to be called before anybody is answered.
    pub(crate) fn commit(&self, partition: PartitionId, end: End) {
        if let Some(partition) = self.partition(partition) {
            partition.raise(end);
            partition.own.fetch_max(end.position, Ordering::AcqRel);
        }
    }

    /// Shows readers here what is committed.
    pub(crate) fn publish(&self, partition: PartitionId) {
        if let Some(partition) = self.partition(partition) {
            let position = partition.end().position;
            partition.head.send_if_modified(|head| {
                let rises = position > *head;
                *head = position.max(*head);
                rises
            });
        }
    }

    /// So much was found in the database.
    pub(crate) fn see(&self, partition: PartitionId, end: End) {
        if let Some(found) = self.partition(partition) {
            found.raise(end);
            self.publish(partition);
        }
    }

    /// The partitions with news of ours that nobody was told yet; they are told now.
    pub(crate) fn take_news(&self) -> Vec<PartitionId> {
        let fresh = |partition: &Partition| {
            let own = partition.own.load(Ordering::Acquire);
            partition.announced.fetch_max(own, Ordering::AcqRel) < own
        };
        (0..).zip(&self.partitions).filter(|(_, partition)| fresh(partition)).map(|(number, _)| number).collect()
    }

    pub(crate) fn mark(&self) -> Mark {
        self.state().mark
    }

    /// What the log's row said; versions above those known here, and a phase without appends, are trouble.
    ///
    /// What was read before a change may be told after it: it takes nothing back.
    pub(crate) fn raise_mark(&self, mark: Mark) {
        let mut state = self.state();
        let mark = state.mark.raised_to(mark);
        state.mark = mark;
        self.tell(&mut state, Wrong::Versions, mark.versions.check_known(self.known).err());
        self.tell(&mut state, Wrong::Phase, mark.phase.check_open().err());
    }

    pub(crate) fn trouble(&self) -> watch::Receiver<Option<LogError>> {
        self.trouble.subscribe()
    }

    /// Tells what is wrong, or that it isn't any more. Damage stays.
    pub(crate) fn set(&self, which: Wrong, error: Option<LogError>) {
        self.tell(&mut self.state(), which, error);
    }

    fn tell(&self, state: &mut State, which: Wrong, error: Option<LogError>) {
        let slot = &mut state.wrong[which as usize];
        if which == Wrong::Damage && slot.is_some() || *slot == error {
            return;
        }
        match &error {
            Some(error) => tracing::error!(%error, "the event log has a trouble"),
            None => {
                tracing::info!(was = slot.as_ref().map(tracing::field::display), "the event log's trouble has passed");
            }
        }
        *slot = error;
        let worst = state.wrong.iter().flatten().next().cloned();
        self.trouble.send_if_modified(|told| std::mem::replace(told, worst.clone()) != worst);
    }

    /// Fails where nothing may be read here: damage, versions that aren't known.
    pub(crate) fn readable(&self) -> Result<(), LogError> {
        self.first_of(&[Wrong::Damage, Wrong::Versions])
    }

    /// Fails where nothing may be appended here.
    pub(crate) fn appendable(&self) -> Result<(), LogError> {
        self.first_of(&[Wrong::Damage, Wrong::Versions, Wrong::Phase])
    }

    /// A fault in the log's words. Damage is told before anybody is answered so; a lost connection makes somebody look.
    pub(crate) fn told(&self, fault: &Fault, doing: &str) -> LogError {
        let error = error::told(fault, doing);
        if let LogError::DataLoss { .. } = error {
            self.set(Wrong::Damage, Some(error.clone()));
        } else {
            self.look.notify_one();
        }
        error
    }

    fn first_of(&self, which: &[Wrong]) -> Result<(), LogError> {
        let state = self.state();
        which.iter().find_map(|which| state.wrong[*which as usize].clone()).map_or(Ok(()), Err)
    }

    fn partition(&self, partition: PartitionId) -> Option<&Partition> {
        self.partitions.get(partition as usize)
    }

    /// Whoever panicked while holding it had not begun to change it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use event_log::{Identity, LogError, Mark, Phase, Versions};
    use uuid::Uuid;

    use super::Shared;
    use crate::heads::End;

    /// Somebody looks, the log is sealed and that is answered, and only then he who looked comes to tell.
    #[test]
    fn what_was_read_before_a_change_takes_nothing_back() {
        let before = Mark { versions: Versions::KNOWN, phase: Phase::Open };
        let shared = Shared::new(Identity::new(Uuid::nil(), 1), Versions::KNOWN, before, &[End::default()]);
        let sealed = Mark { phase: Phase::Sealed, ..before };
        shared.raise_mark(sealed);
        let trouble = shared.trouble();
        shared.raise_mark(before);
        assert_eq!(shared.mark(), sealed);
        assert_eq!(*trouble.borrow(), Some(LogError::Moved));
        assert_eq!(shared.appendable(), Err(LogError::Moved));
    }
}
