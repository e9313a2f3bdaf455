//! What the writer tells everybody else: how far the log goes, what it says of itself, and why it serves nobody.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use event_log::{LogError, Mark, Observed, PartitionId, Versions};
use tokio::sync::watch;

use crate::Options;
use crate::error;
use crate::lookup::Heads;
use crate::tail::Tails;

#[derive(Debug)]
pub(crate) struct Status {
    /// What is committed, and so readable: set before anybody is answered.
    committed: Vec<AtomicU64>,
    /// The same, watched: set after the answers.
    heads: Vec<watch::Sender<u64>>,
    /// The newest records: entered before their head is published.
    pub(crate) tails: Tails,
    mark: Mutex<Mark>,
    /// The versions that this build knows.
    pub(crate) known: Versions,
    /// Why nobody is served: what stops the log for good is in it before anybody is answered so.
    trouble: watch::Sender<Option<LogError>>,
    /// Who is told of batches.
    pub(crate) observed: Observed,
}

impl Status {
    pub(crate) fn new(heads: &Heads, mark: Mark, options: &Options) -> Self {
        Self {
            committed: heads.positions().map(AtomicU64::new).collect(),
            heads: heads.positions().map(watch::Sender::new).collect(),
            tails: Tails::new(heads.partitions(), options.tail_bytes),
            mark: Mutex::new(mark),
            known: options.known,
            trouble: watch::Sender::new(mark.phase.check_open().err()),
            observed: Observed::default(),
        }
    }

    /// The last position that is committed; 0 in a partition that there isn't.
    pub(crate) fn committed(&self, partition: PartitionId) -> u64 {
        self.committed.get(partition as usize).map_or(0, |position| position.load(Ordering::Acquire))
    }

    pub(crate) fn head(&self, partition: PartitionId) -> watch::Receiver<u64> {
        self.heads.get(partition as usize).map_or_else(|| watch::Sender::new(0).subscribe(), watch::Sender::subscribe)
    }

    pub(crate) fn trouble(&self) -> watch::Receiver<Option<LogError>> {
        self.trouble.subscribe()
    }

    /// Fails once the data was found damaged, or written by a newer version.
    pub(crate) fn usable(&self) -> Result<(), LogError> {
        match &*self.trouble.borrow() {
            Some(error) if stops(error) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// What a failure of SQLite means for callers; from a damage on, nothing more is served.
    pub(crate) fn fault(&self, error: &rusqlite::Error, doing: &str) -> LogError {
        self.remember(error::of_sqlite(error, doing))
    }

    /// Passes the error on; one that stops the log is kept.
    pub(crate) fn remember(&self, error: LogError) -> LogError {
        if stops(&error) {
            let first = self.trouble.send_if_modified(|trouble| {
                let first = !trouble.as_ref().is_some_and(stops);
                if first {
                    *trouble = Some(error.clone());
                }
                first
            });
            if first {
                tracing::error!(%error, "nothing more is served until someone has looked");
            }
        }
        error
    }

    pub(crate) fn mark(&self) -> Mark {
        *self.held_mark()
    }

    /// Takes over what the log says of itself now.
    pub(crate) fn set_mark(&self, mark: Mark) {
        let before = std::mem::replace(&mut *self.held_mark(), mark);
        if before == mark {
            return;
        }
        tracing::info!(phase = ?mark.phase, rule = mark.versions.rule, record = mark.versions.record, "the event log is another now");
        if let Err(error) = mark.versions.check_known(self.known) {
            self.remember(error);
        }
        let now = mark.phase.check_open().err();
        self.trouble.send_if_modified(|trouble| {
            let other = !trouble.as_ref().is_some_and(stops) && *trouble != now;
            if other {
                trouble.clone_from(&now);
            }
            other
        });
    }

    /// Shows to readers what was committed.
    pub(crate) fn commit(&self, ends: &[(PartitionId, u64)]) {
        for (partition, position) in ends {
            if let Some(committed) = self.committed.get(*partition as usize) {
                committed.store(*position, Ordering::Release);
            }
        }
    }

    /// Tells the watchers.
    pub(crate) fn publish(&self, ends: &[(PartitionId, u64)]) {
        for (partition, position) in ends {
            if let Some(head) = self.heads.get(*partition as usize) {
                head.send_if_modified(|head| std::mem::replace(head, *position) != *position);
            }
        }
    }

    /// Nobody panics while holding it.
    fn held_mark(&self) -> MutexGuard<'_, Mark> {
        self.mark.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the log serves nobody from then on, readers neither.
fn stops(error: &LogError) -> bool {
    matches!(error, LogError::DataLoss { .. } | LogError::UpgradeNeeded { .. })
}
