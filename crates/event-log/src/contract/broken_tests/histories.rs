//! Flaws that show in what many clients were answered together.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use super::Flaw;
use crate::append::{Append, AppendError, Appended, LogError};
use crate::log::{EventLog, Page, PartitionId};
use crate::memory::MemoryLog;
use crate::record::StreamId;

/// A conflict names the revision that the node remembers, which others have passed.
#[derive(Default)]
pub(super) struct RefusesFromMemory {
    remembered: Mutex<HashMap<StreamId, u64>>,
}

#[async_trait]
impl Flaw for RefusesFromMemory {
    const CAUGHT_BY: &'static str = "histories::appends_and_reads_behind_a_barrier_are_linearizable";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        let answer = log.append(append.clone()).await;
        let remembered = &mut *self.remembered.lock().unwrap();
        match answer {
            Ok(appended) => {
                remembered.insert(append.stream, appended.revision);
                Ok(appended)
            }
            Err(AppendError::Conflict { stream, expected, actual }) => {
                let actual = remembered.get(&stream).copied().filter(|old| *old != expected).unwrap_or(actual);
                Err(AppendError::Conflict { stream, expected, actual })
            }
            Err(error) => Err(error),
        }
    }
}

/// Every third read leaves out a record in the middle, as if it had not been committed yet.
#[derive(Default)]
pub(super) struct LeavesOut {
    reads: AtomicU64,
}

#[async_trait]
impl Flaw for LeavesOut {
    const CAUGHT_BY: &'static str = "histories::plain_reads_are_prefixes";

    async fn read_partition(
        &self,
        log: &MemoryLog,
        id: PartitionId,
        after: u64,
        limit: usize,
    ) -> Result<Page, LogError> {
        let mut page = log.read_partition(id, after, limit).await?;
        if page.records.len() > 5 && self.reads.fetch_add(1, Ordering::SeqCst) % 3 == 2 {
            let middle = page.records.len() / 2;
            page.records.remove(middle);
        }
        Ok(page)
    }
}

/// The rule, in another order: what was relied on is compared before the request id.
#[derive(Default)]
pub(super) struct ComparesGuardsFirst;

#[async_trait]
impl Flaw for ComparesGuardsFirst {
    const CAUGHT_BY: &'static str = "likeness::answers_and_records_are_those_of_the_log_in_memory";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        for guard in &append.unchanged {
            let page = log.read_stream(&guard.stream, 0, usize::MAX).await.map_err(AppendError::Failed)?;
            let (stream, expected, actual) = (guard.stream.clone(), guard.revision, page.records.len() as u64);
            if expected != actual {
                return Err(AppendError::Conflict { stream, expected, actual });
            }
        }
        log.append(append).await
    }
}
