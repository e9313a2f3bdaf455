//! A log that can't take more, or whose answers get lost: what is due waits, and is recorded once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use domain::project::Reactor;
use event_log::{
    Append, AppendError, Appended, EventLog, Identity, KnownRequest, LogError, MemoryLog, Page, PartitionId, StreamId,
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::given::{World, minutes};

/// What goes wrong with the next appends.
#[derive(Clone, Copy)]
enum Fault {
    /// The queue is full.
    Overloaded,
    /// It is done, and nobody hears of it.
    AnswerLost,
    /// It can't be reached.
    Away,
}

struct Faulty {
    log: MemoryLog,
    fault: Fault,
    left: AtomicU32,
}

#[async_trait]
impl EventLog for Faulty {
    fn identity(&self) -> Identity {
        self.log.identity()
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let is_faulty = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        let away = || LogError::Unavailable { reason: "nobody answers".into() };
        match self.fault {
            Fault::Overloaded if is_faulty => Err(AppendError::Failed(LogError::Overloaded)),
            Fault::Away if is_faulty => Err(AppendError::Failed(away())),
            Fault::AnswerLost if is_faulty => {
                self.log.append(append).await?;
                Err(AppendError::Unknown(away()))
            }
            _ => self.log.append(append).await,
        }
    }

    async fn find_request(&self, stream: &StreamId, request_id: Uuid) -> Result<Option<KnownRequest>, LogError> {
        self.log.find_request(stream, request_id).await
    }

    async fn find_ordinal(&self, project: &str, kind: &str, ordinal: u64) -> Result<Option<StreamId>, LogError> {
        self.log.find_ordinal(project, kind, ordinal).await
    }

    async fn read_stream(&self, stream: &StreamId, after: u64, limit: usize) -> Result<Page, LogError> {
        self.log.read_stream(stream, after, limit).await
    }

    async fn read_partition(&self, partition: PartitionId, after: u64, limit: usize) -> Result<Page, LogError> {
        self.log.read_partition(partition, after, limit).await
    }

    fn head(&self, partition: PartitionId) -> watch::Receiver<u64> {
        self.log.head(partition)
    }

    async fn barrier(&self, partition: PartitionId) -> Result<u64, LogError> {
        self.log.barrier(partition).await
    }

    fn trouble(&self) -> watch::Receiver<Option<LogError>> {
        self.log.trouble()
    }

    async fn close(&self) {
        self.log.close().await;
    }
}

async fn recorded_once_in_spite_of(fault: Fault) {
    let log = MemoryLog::new(Identity::new(Uuid::from_u128(1), 4));
    let log = Arc::new(Faulty { log, fault, left: AtomicU32::new(0) });
    let world = World::over(Arc::clone(&log) as Arc<dyn EventLog>).await;
    let _node = world.node().await;
    let key = world.file("sev1").await;
    log.left.store(4, Ordering::SeqCst);
    world.it_is(minutes(16));
    let all = world.reacted(Reactor::Deadlines, &key, 2).await;
    log.left.store(0, Ordering::SeqCst);
    world.everything_due_is_done().await;
    assert_eq!(world.reactions(Reactor::Deadlines, &key).await, all);
    assert_eq!((all[0].0.as_str(), all[1].0.as_str()), ("accept 1 at risk", "accept 1 breached"));
}

#[tokio::test]
async fn overload_is_waited_out() {
    recorded_once_in_spite_of(Fault::Overloaded).await;
}

#[tokio::test]
async fn an_outage_is_waited_out() {
    recorded_once_in_spite_of(Fault::Away).await;
}

#[tokio::test]
async fn an_answer_that_got_lost_is_asked_for_again() {
    recorded_once_in_spite_of(Fault::AnswerLost).await;
}
