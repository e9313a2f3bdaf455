//! Flaws of what is announced.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use tokio::sync::watch;

use super::Flaw;
use crate::append::{Append, AppendError, Appended, LogError};
use crate::log::{EventLog, PartitionId};
use crate::memory::MemoryLog;

/// The watch shows a position before it can be read.
#[derive(Default)]
pub(super) struct RunsAhead {
    announced: watch::Sender<u64>,
}

#[async_trait]
impl Flaw for RunsAhead {
    const CAUGHT_BY: &'static str = "heads::the_watch_never_runs_ahead";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        self.announced.send_modify(|head| *head += append.events.len() as u64);
        tokio::task::yield_now().await;
        log.append(append).await
    }

    fn head(&self, _: &MemoryLog, _: PartitionId) -> watch::Receiver<u64> {
        self.announced.subscribe()
    }
}

/// The barrier answers what was there when somebody last asked.
#[derive(Default)]
pub(super) struct HasAStaleBarrier {
    stale: AtomicU64,
}

#[async_trait]
impl Flaw for HasAStaleBarrier {
    const CAUGHT_BY: &'static str = "heads::a_barrier_shows_what_was_acknowledged";

    async fn barrier(&self, log: &MemoryLog, partition: PartitionId) -> Result<u64, LogError> {
        let head = log.barrier(partition).await?;
        Ok(self.stale.swap(head, Ordering::SeqCst).min(head))
    }
}

/// It calls what is sound damaged.
#[derive(Default)]
pub(super) struct CriesDamage;

#[async_trait]
impl Flaw for CriesDamage {
    const CAUGHT_BY: &'static str = "heads::what_is_sound_is_in_no_trouble";

    fn trouble(&self, _: &MemoryLog) -> watch::Receiver<Option<LogError>> {
        watch::Sender::new(Some(LogError::DataLoss { reason: "a full disk".to_owned() })).subscribe()
    }
}
