//! Flaws of taking another log's place.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use tokio::sync::watch;
use uuid::Uuid;

use super::restarts::remade;
use super::versions::ToldLate;
use super::{Flaw, Flawed};
use crate::append::{Append, AppendError, Appended, LogError};
use crate::log::{EventLog, Page, PartitionId};
use crate::maintain::{FillError, Founding, Maintain, Phase, Versions};
use crate::memory::MemoryLog;
use crate::record::{Recorded, Texts};

/// Records are appended anew rather than taken over.
#[derive(Default)]
pub(super) struct FillsUnderOtherRequests;

#[async_trait]
impl Flaw for FillsUnderOtherRequests {
    const CAUGHT_BY: &'static str = "phases::a_filled_log_is_the_same";

    async fn fill(&self, log: &MemoryLog, mut records: Vec<Recorded>) -> Result<(), FillError> {
        for recorded in &mut records {
            let metadata = &mut recorded.record.header.metadata;
            metadata.request_id = Uuid::from_u128(metadata.request_id.as_u128() + 100);
            recorded.leaf = recorded.record.leaf();
        }
        log.fill(records).await
    }
}

/// Erased texts come back as empty ones.
#[derive(Default)]
pub(super) struct EmptiesTheErased;

#[async_trait]
impl Flaw for EmptiesTheErased {
    const CAUGHT_BY: &'static str = "phases::what_was_erased_stays_so";

    async fn read_partition(
        &self,
        log: &MemoryLog,
        id: PartitionId,
        after: u64,
        limit: usize,
    ) -> Result<Page, LogError> {
        let mut page = log.read_partition(id, after, limit).await?;
        for recorded in &mut page.records {
            recorded.record.body.texts.get_or_insert(Texts { salt: Vec::new(), json: Vec::new() });
        }
        Ok(page)
    }
}

/// A log that is to be filled is open from the start.
#[derive(Default)]
pub(super) struct TakesAppendsAtOnce;

#[async_trait]
impl Flaw for TakesAppendsAtOnce {
    const CAUGHT_BY: &'static str = "phases::a_filling_log_takes_no_appends";

    fn found(founding: Founding) -> Flawed<Self> {
        Flawed::over(MemoryLog::new(founding.identity))
    }
}

/// Of records that don't all follow, those are kept that do.
#[derive(Default)]
pub(super) struct FillsWhatItCan;

#[async_trait]
impl Flaw for FillsWhatItCan {
    const CAUGHT_BY: &'static str = "phases::what_does_not_follow_is_not_filled";

    async fn fill(&self, log: &MemoryLog, records: Vec<Recorded>) -> Result<(), FillError> {
        let filled = log.fill(records.clone()).await;
        for recorded in records.into_iter().take_while(|_| filled.is_err()) {
            log.fill(vec![recorded]).await?;
        }
        filled
    }
}

/// Filling a log that isn't being filled is answered as if it were.
#[derive(Default)]
pub(super) struct FillsAtAnyTime;

#[async_trait]
impl Flaw for FillsAtAnyTime {
    const CAUGHT_BY: &'static str = "phases::only_a_filling_log_is_filled";

    async fn fill(&self, log: &MemoryLog, records: Vec<Recorded>) -> Result<(), FillError> {
        match log.fill(records).await {
            Err(FillError::NotFilling { .. }) => Ok(()),
            filled => filled,
        }
    }
}

/// After a restart it takes appends again.
#[derive(Default)]
pub(super) struct ForgetsTheSeal;

#[async_trait]
impl Flaw for ForgetsTheSeal {
    const CAUGHT_BY: &'static str = "phases::sealed_answers_moved_for_good";

    async fn reopen(before: &Flawed<Self>, _: Versions) -> Flawed<Self> {
        Flawed::over(remade(&before.log, |records| records).await)
    }
}

/// A node learns that the log was sealed from the first append it refuses.
#[derive(Default)]
pub(super) struct TellsWhoAsks(ToldLate);

#[async_trait]
impl Flaw for TellsWhoAsks {
    const CAUGHT_BY: &'static str = "phases::an_idle_node_hears_of_the_seal";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        self.0.append(log, append).await
    }

    fn trouble(&self, _: &MemoryLog) -> watch::Receiver<Option<LogError>> {
        self.0.trouble()
    }
}

/// What had begun before the seal still gets in after it.
#[derive(Default)]
pub(super) struct SealsLate {
    is_sealed: Arc<AtomicBool>,
}

#[async_trait]
impl Flaw for SealsLate {
    const CAUGHT_BY: &'static str = "phases::what_was_acknowledged_before_a_seal_is_in_it";

    fn beside(first: &Flawed<Self>, known: Versions) -> Flawed<Self> {
        Flawed { log: first.log.another_node(known), flaw: Self { is_sealed: Arc::clone(&first.flaw.is_sealed) } }
    }

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        if self.is_sealed.load(Ordering::SeqCst) {
            return Err(AppendError::Failed(LogError::Moved));
        }
        // Some take longer than others.
        for _ in 0..append.stream.id.len() + usize::from(append.stream.id.as_bytes()[0] % 4) {
            tokio::task::yield_now().await;
        }
        log.append(append).await
    }

    fn phase(&self, log: &MemoryLog) -> Phase {
        if self.is_sealed.load(Ordering::SeqCst) { Phase::Sealed } else { log.phase() }
    }

    async fn seal(&self, _: &MemoryLog) -> Result<(), LogError> {
        self.is_sealed.store(true, Ordering::SeqCst);
        Ok(())
    }
}
