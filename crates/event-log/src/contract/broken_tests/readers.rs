//! Flaws that readers meet.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use async_trait::async_trait;

use super::Flaw;
use crate::append::{Append, AppendError, Appended, LogError};
use crate::log::{EventLog, Page, PartitionId};
use crate::memory::MemoryLog;

/// Positions are given when an append begins, and become visible when it ends.
#[derive(Default)]
pub(super) struct ShowsInAnotherOrder {
    hidden: Mutex<BTreeSet<u64>>,
}

#[async_trait]
impl Flaw for ShowsInAnotherOrder {
    const CAUGHT_BY: &'static str = "readers::nothing_is_skipped_when_writers_finish_in_another_order";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        let bytes: usize = append.events.iter().map(|event| event.facts.len()).sum();
        let appended = log.append(append).await?;
        let positions = appended.position + appended.first_revision - appended.revision..=appended.position;
        self.hidden.lock().unwrap().extend(positions.clone());
        // The larger, the longer until it is committed.
        for _ in 0..=bytes.min(20) {
            tokio::task::yield_now().await;
        }
        self.hidden.lock().unwrap().retain(|position| !positions.contains(position));
        Ok(appended)
    }

    async fn read_partition(
        &self,
        log: &MemoryLog,
        id: PartitionId,
        after: u64,
        limit: usize,
    ) -> Result<Page, LogError> {
        let mut page = log.read_partition(id, after, limit).await?;
        page.records.retain(|recorded| !self.hidden.lock().unwrap().contains(&recorded.position));
        page.end |= page.records.is_empty();
        Ok(page)
    }
}

/// A page that is read while an append is in flight begins one record too late.
#[derive(Default)]
pub(super) struct LosesItsPlace {
    in_flight: AtomicUsize,
}

#[async_trait]
impl Flaw for LosesItsPlace {
    const CAUGHT_BY: &'static str = "readers::from_anywhere_everything_is_seen_once_beside_writers";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        self.in_flight.fetch_add(1, Ordering::SeqCst);
        let appended = log.append(append).await;
        tokio::task::yield_now().await;
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        appended
    }

    async fn read_partition(
        &self,
        log: &MemoryLog,
        id: PartitionId,
        after: u64,
        limit: usize,
    ) -> Result<Page, LogError> {
        let late = u64::from(after > 0 && self.in_flight.load(Ordering::SeqCst) > 0);
        log.read_partition(id, after + late, limit).await
    }
}

/// Nothing shows that was written after a transaction that is still open had begun.
#[derive(Default)]
pub(super) struct HidesBehindTheIdle {
    horizon: AtomicU64,
}

#[async_trait]
impl Flaw for HidesBehindTheIdle {
    const CAUGHT_BY: &'static str = "readers::an_idle_transaction_hides_nothing";

    fn beside_the_idle(&self, log: &MemoryLog) {
        let _ = self.horizon.compare_exchange(0, *log.head(0).borrow(), Ordering::SeqCst, Ordering::SeqCst);
    }

    async fn barrier(&self, log: &MemoryLog, partition: PartitionId) -> Result<u64, LogError> {
        let (head, horizon) = (log.barrier(partition).await?, self.horizon.load(Ordering::SeqCst));
        Ok(if horizon > 0 { head.min(horizon) } else { head })
    }
}

/// The last page may end in the middle of an append.
#[derive(Default)]
pub(super) struct ShowsHalves;

#[async_trait]
impl Flaw for ShowsHalves {
    const CAUGHT_BY: &'static str = "readers::an_append_is_seen_whole";

    async fn read_partition(
        &self,
        log: &MemoryLog,
        id: PartitionId,
        after: u64,
        limit: usize,
    ) -> Result<Page, LogError> {
        let mut page = log.read_partition(id, after, limit).await?;
        page.records.pop_if(|last| last.record.header.revision == 5 && last.position % 2 == 0);
        Ok(page)
    }
}

/// A full page says that it is the end.
#[derive(Default)]
pub(super) struct EndsEarly;

#[async_trait]
impl Flaw for EndsEarly {
    const CAUGHT_BY: &'static str = "readers::pages_tell_where_they_end";

    async fn read_partition(
        &self,
        log: &MemoryLog,
        id: PartitionId,
        after: u64,
        limit: usize,
    ) -> Result<Page, LogError> {
        Ok(Page { end: true, ..log.read_partition(id, after, limit).await? })
    }
}

/// What isn't there is an error.
#[derive(Default)]
pub(super) struct FailsOnNothing;

#[async_trait]
impl Flaw for FailsOnNothing {
    const CAUGHT_BY: &'static str = "readers::what_does_not_exist_is_empty";

    async fn read_partition(
        &self,
        log: &MemoryLog,
        id: PartitionId,
        after: u64,
        limit: usize,
    ) -> Result<Page, LogError> {
        if id >= log.identity().partitions {
            return Err(LogError::Unavailable { reason: format!("there is no partition {id}") });
        }
        log.read_partition(id, after, limit).await
    }
}
