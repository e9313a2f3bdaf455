//! Flaws that a restart brings to light.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use uuid::Uuid;

use super::{Flaw, Flawed, writers};
use crate::append::{Append, AppendError, Appended};
use crate::log::EventLog;
use crate::maintain::{Founding, Maintain, Versions};
use crate::memory::MemoryLog;
use crate::record::Recorded;

/// A log with what is left of another one's records, partition by partition.
pub(super) async fn remade(from: &MemoryLog, left: impl Fn(Vec<Recorded>) -> Vec<Recorded>) -> MemoryLog {
    let to = MemoryLog::founded(Founding { identity: from.identity(), filling: true });
    for partition in 0..from.identity().partitions {
        let records = from.read_partition(partition, 0, usize::MAX).await.unwrap().records;
        to.fill(left(records)).await.unwrap();
    }
    to.open().await.unwrap();
    to
}

/// The records with another request id: the log can't know the request.
fn forgotten(mut recorded: Recorded) -> Recorded {
    let metadata = &mut recorded.record.header.metadata;
    metadata.request_id = Uuid::from_u128(metadata.request_id.as_u128() + (1 << 100));
    recorded.leaf = recorded.record.leaf();
    recorded
}

/// The newest record of each partition is gone.
#[derive(Default)]
pub(super) struct LosesTheNewest;

#[async_trait]
impl Flaw for LosesTheNewest {
    const CAUGHT_BY: &'static str = "restarts::everything_is_there_again";

    async fn reopen(before: &Flawed<Self>, _: Versions) -> Flawed<Self> {
        let left = |mut records: Vec<Recorded>| {
            records.pop();
            records
        };
        Flawed::over(remade(&before.log, left).await)
    }
}

/// Request ids expire with the process.
#[derive(Default)]
pub(super) struct ForgetsRequests;

#[async_trait]
impl Flaw for ForgetsRequests {
    const CAUGHT_BY: &'static str = "restarts::requests_are_answered_as_before";

    async fn reopen(before: &Flawed<Self>, _: Versions) -> Flawed<Self> {
        Flawed::over(remade(&before.log, |records| records.into_iter().map(forgotten).collect()).await)
    }
}

/// A request is remembered once it was answered, and not with what it wrote.
#[derive(Default)]
pub(super) struct RemembersWhatIsAnswered {
    answered: Arc<Mutex<HashSet<Uuid>>>,
}

#[async_trait]
impl Flaw for RemembersWhatIsAnswered {
    const CAUGHT_BY: &'static str = "crashes::an_answer_lost_is_settled_by_a_retry";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        let request_id = append.request_id;
        let appended = log.append(append).await?;
        tokio::task::yield_now().await;
        self.answered.lock().unwrap().insert(request_id);
        Ok(appended)
    }

    async fn reopen(before: &Flawed<Self>, _: Versions) -> Flawed<Self> {
        let answered = Arc::clone(&before.flaw.answered);
        let left = |records: Vec<Recorded>| {
            let is_known =
                |recorded: &Recorded| answered.lock().unwrap().contains(&recorded.record.header.metadata.request_id);
            records
                .into_iter()
                .map(|recorded| if is_known(&recorded) { recorded } else { forgotten(recorded) })
                .collect()
        };
        Flawed::over(remade(&before.log, left).await)
    }
}

/// Of the append that was written last, the last event is gone.
#[derive(Default)]
pub(super) struct TearsTheNewest;

#[async_trait]
impl Flaw for TearsTheNewest {
    const CAUGHT_BY: &'static str = "crashes::what_is_in_flight_is_in_whole_or_not_at_all";

    async fn reopen(before: &Flawed<Self>, _: Versions) -> Flawed<Self> {
        let left = |mut records: Vec<Recorded>| {
            records.pop_if(|last| last.record.header.revision > 1);
            records
        };
        Flawed::over(remade(&before.log, left).await)
    }
}

/// What was taken and not yet written is answered when it closes, and gone.
#[derive(Default)]
pub(super) struct DropsWhatItTook {
    closed: AtomicBool,
}

#[async_trait]
impl Flaw for DropsWhatItTook {
    const CAUGHT_BY: &'static str = "restarts::closing_finishes_what_was_taken";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        tokio::task::yield_now().await;
        if self.closed.load(Ordering::SeqCst) {
            return writers::acknowledge_only(log, append).await;
        }
        log.append(append).await
    }

    async fn close(&self, _: &MemoryLog) {
        self.closed.store(true, Ordering::SeqCst);
    }
}
