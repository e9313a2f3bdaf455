//! A log that can be held up, or made to fail once.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use event_log::{
    Append, AppendError, Appended, EventLog, Identity, KnownRequest, LogError, MemoryLog, Page, PartitionId, StreamId,
};
use tokio::sync::watch;
use uuid::Uuid;

/// A log in memory, with a gate before appends.
pub(crate) struct GatedLog {
    inner: MemoryLog,
    open: watch::Sender<bool>,
    /// How many appends are waiting, or went on.
    came: watch::Sender<usize>,
    fault: Mutex<Option<AppendError>>,
    barrier_fault: Mutex<Option<LogError>>,
}

impl GatedLog {
    pub(crate) fn over(inner: MemoryLog) -> Arc<Self> {
        Arc::new(Self {
            inner,
            open: watch::Sender::new(true),
            came: watch::Sender::new(0),
            fault: Mutex::default(),
            barrier_fault: Mutex::default(),
        })
    }

    /// Appends wait from now on, or no longer.
    pub(crate) fn hold(&self, held: bool) {
        self.came.send_replace(0);
        self.open.send_replace(!held);
    }

    /// Returns when so many appends have come since the log was held.
    pub(crate) async fn came(&self, count: usize) {
        self.came.subscribe().wait_for(|came| *came >= count).await.unwrap();
    }

    /// The next append fails.
    pub(crate) fn fail_once(&self, error: AppendError) {
        *self.fault.lock().unwrap() = Some(error);
    }

    /// The next barrier fails.
    pub(crate) fn fail_barrier_once(&self, error: LogError) {
        *self.barrier_fault.lock().unwrap() = Some(error);
    }
}

#[async_trait]
impl EventLog for GatedLog {
    fn identity(&self) -> Identity {
        self.inner.identity()
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.came.send_modify(|came| *came += 1);
        self.open.subscribe().wait_for(|open| *open).await.unwrap();
        let fault = self.fault.lock().unwrap().take();
        match fault {
            Some(error) => Err(error),
            None => self.inner.append(append).await,
        }
    }

    async fn find_request(&self, stream: &StreamId, request_id: Uuid) -> Result<Option<KnownRequest>, LogError> {
        self.inner.find_request(stream, request_id).await
    }

    async fn find_ordinal(&self, project: &str, kind: &str, ordinal: u64) -> Result<Option<StreamId>, LogError> {
        self.inner.find_ordinal(project, kind, ordinal).await
    }

    async fn read_stream(&self, stream: &StreamId, after: u64, limit: usize) -> Result<Page, LogError> {
        self.inner.read_stream(stream, after, limit).await
    }

    async fn read_partition(&self, partition: PartitionId, after: u64, limit: usize) -> Result<Page, LogError> {
        self.inner.read_partition(partition, after, limit).await
    }

    fn head(&self, partition: PartitionId) -> watch::Receiver<u64> {
        self.inner.head(partition)
    }

    async fn barrier(&self, partition: PartitionId) -> Result<u64, LogError> {
        let fault = self.barrier_fault.lock().unwrap().take();
        match fault {
            Some(error) => Err(error),
            None => self.inner.barrier(partition).await,
        }
    }

    fn trouble(&self) -> watch::Receiver<Option<LogError>> {
        self.inner.trouble()
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
