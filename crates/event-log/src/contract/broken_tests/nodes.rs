//! Flaws between nodes.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use tokio::sync::watch;
use uuid::Uuid;

use super::{Flaw, Flawed, writers};
use crate::append::{Append, AppendError, Appended, LogError};
use crate::log::{EventLog, PartitionId};
use crate::maintain::Versions;
use crate::memory::MemoryLog;
use crate::record::StreamId;

/// Each node admits by what it wrote itself.
#[derive(Default)]
pub(super) struct HasATruthOfItsOwn;

#[async_trait]
impl Flaw for HasATruthOfItsOwn {
    const CAUGHT_BY: &'static str = "nodes::agree_on_every_record";

    fn beside(first: &Flawed<Self>, _: Versions) -> Flawed<Self> {
        Flawed::over(MemoryLog::new(first.log.identity()))
    }
}

/// Every fifth append at another than the first node is answered and not written.
#[derive(Default)]
pub(super) struct AcknowledgesNothing {
    is_another: bool,
    appends: AtomicU64,
}

#[async_trait]
impl Flaw for AcknowledgesNothing {
    const CAUGHT_BY: &'static str = "nodes::all_get_in_by_trying_again";

    fn beside(first: &Flawed<Self>, known: Versions) -> Flawed<Self> {
        Flawed { log: first.log.another_node(known), flaw: Self { is_another: true, ..Self::default() } }
    }

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        if self.is_another && self.appends.fetch_add(1, Ordering::SeqCst) % 5 == 4 {
            return writers::acknowledge_only(log, append).await;
        }
        log.append(append).await
    }
}

/// A barrier waits for what this node wrote, and for nothing else.
#[derive(Default)]
pub(super) struct HasABarrierOfItsOwn {
    written: AtomicU64,
}

#[async_trait]
impl Flaw for HasABarrierOfItsOwn {
    const CAUGHT_BY: &'static str = "nodes::a_barrier_shows_what_another_acknowledged";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        let appended = log.append(append).await?;
        self.written.store(appended.position, Ordering::SeqCst);
        Ok(appended)
    }

    async fn barrier(&self, _: &MemoryLog, _: PartitionId) -> Result<u64, LogError> {
        Ok(self.written.load(Ordering::SeqCst))
    }
}

/// Each node knows the requests that were made at it.
#[derive(Default)]
pub(super) struct KnowsItsOwnRequests {
    made: Mutex<HashSet<(StreamId, Uuid)>>,
}

#[async_trait]
impl Flaw for KnowsItsOwnRequests {
    const CAUGHT_BY: &'static str = "nodes::know_each_others_requests";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        let (stream, expected, request_id) = (append.stream.clone(), append.expected, append.request_id);
        let appended = log.append(append).await?;
        if self.made.lock().unwrap().insert((stream.clone(), request_id)) && appended.replayed {
            return Err(AppendError::Conflict { stream, expected, actual: appended.revision });
        }
        Ok(appended)
    }
}

/// A node's watch shows what was written there.
#[derive(Default)]
pub(super) struct KeepsHeadsAtHome {
    head: watch::Sender<u64>,
}

#[async_trait]
impl Flaw for KeepsHeadsAtHome {
    const CAUGHT_BY: &'static str = "nodes::heads_reach_every_one";

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        let appended = log.append(append).await?;
        self.head.send_replace(appended.position);
        Ok(appended)
    }

    fn head(&self, _: &MemoryLog, _: PartitionId) -> watch::Receiver<u64> {
        self.head.subscribe()
    }
}
