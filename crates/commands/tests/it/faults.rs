//! A node's view of a log that other nodes write to: it may trail them, lose replies, conflict, and hold an append back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use event_log::{
    Append, AppendError, Appended, EventLog, Identity, KnownRequest, LogError, MemoryLog, Page, PartitionId, StreamId,
};
use tokio::sync::{oneshot, watch};
use tokio::task::yield_now;
use uuid::Uuid;

/// What was asked of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    Append,
    /// Of a stream of this kind.
    Read(String),
    FindRequest,
    FindOrdinal,
    Barrier,
}

/// A node of a log that several nodes share.
pub(crate) struct Node {
    log: Arc<MemoryLog>,
    /// Set while it trails: positions beyond these can't be read here yet.
    visible: Mutex<Option<HashMap<PartitionId, u64>>>,
    loses_reply: AtomicBool,
    conflicts: AtomicU32,
    hold: Mutex<Option<(oneshot::Sender<()>, oneshot::Receiver<()>)>>,
    calls: Mutex<Vec<Call>>,
}

/// An append that is held back.
pub(crate) struct Held {
    reached: oneshot::Receiver<()>,
    go: oneshot::Sender<()>,
}

impl Node {
    pub(crate) fn new(log: Arc<MemoryLog>) -> Arc<Self> {
        Arc::new(Self {
            log,
            visible: Mutex::new(None),
            loses_reply: AtomicBool::new(false),
            conflicts: AtomicU32::new(0),
            hold: Mutex::new(None),
            calls: Mutex::new(Vec::new()),
        })
    }

    /// From now on, what others append can't be read here before a barrier.
    pub(crate) async fn trails(&self) {
        let mut visible = HashMap::new();
        for partition in 0..self.log.identity().partitions {
            visible.insert(partition, self.log.barrier(partition).await.unwrap());
        }
        *self.visible.lock().unwrap() = Some(visible);
    }

    /// The next append is admitted, but its answer does not arrive.
    pub(crate) fn loses_next_reply(&self) {
        self.loses_reply.store(true, Ordering::Relaxed);
    }

    /// The next appends conflict on their own stream, whatever it is at.
    pub(crate) fn conflicts(&self, times: u32) {
        self.conflicts.store(times, Ordering::Relaxed);
    }

    /// The next append waits until it is let go.
    pub(crate) fn holds_next_append(&self) -> Held {
        let (is_reached, reached) = oneshot::channel();
        let (go, may_go) = oneshot::channel();
        *self.hold.lock().unwrap() = Some((is_reached, may_go));
        Held { reached, go }
    }

    /// What was asked since this was asked last.
    pub(crate) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    fn called(&self, call: Call) {
        self.calls.lock().unwrap().push(call);
    }

    fn visible(&self, partition: PartitionId) -> u64 {
        let visible = self.visible.lock().unwrap();
        visible.as_ref().map_or(u64::MAX, |visible| visible.get(&partition).copied().unwrap_or_default())
    }

    fn sees(&self, partition: PartitionId, position: u64) {
        if let Some(visible) = self.visible.lock().unwrap().as_mut() {
            let seen = visible.entry(partition).or_default();
            *seen = position.max(*seen);
        }
    }

    fn cut(&self, mut page: Page) -> Page {
        let read = page.records.len();
        page.records.retain(|recorded| recorded.position <= self.visible(recorded.partition));
        page.end |= page.records.len() < read;
        page
    }
}

impl Held {
    /// Returns once the append is there.
    pub(crate) async fn reached(&mut self) {
        (&mut self.reached).await.unwrap();
    }

    /// Lets the append go on.
    pub(crate) fn go(self) {
        self.go.send(()).unwrap();
    }
}

#[async_trait]
impl EventLog for Node {
    fn identity(&self) -> Identity {
        self.log.identity()
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.called(Call::Append);
        let hold = self.hold.lock().unwrap().take();
        if let Some((reached, go)) = hold {
            reached.send(()).unwrap();
            go.await.unwrap();
        }
        // Others get their turn before and after, as they would at a queue.
        yield_now().await;
        let conflicts = self.conflicts.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if conflicts.is_ok() {
            return Err(AppendError::Conflict {
                stream: append.stream,
                expected: append.expected,
                actual: append.expected,
            });
        }
        let appended = self.log.append(append).await;
        yield_now().await;
        // What was admitted before, elsewhere, is answered before it can be read here.
        if let Ok(appended) = &appended
            && !appended.replayed
        {
            self.sees(appended.partition, appended.position);
        }
        if self.loses_reply.swap(false, Ordering::Relaxed) {
            assert!(appended.is_ok(), "a reply is lost after its commit");
            let reason = "the connection broke".to_owned();
            return Err(AppendError::Unknown(LogError::Unavailable { reason }));
        }
        appended
    }

    async fn find_request(&self, stream: &StreamId, request_id: Uuid) -> Result<Option<KnownRequest>, LogError> {
        self.called(Call::FindRequest);
        let known = self.log.find_request(stream, request_id).await?;
        Ok(known.filter(|known| known.appended.position <= self.visible(known.appended.partition)))
    }

    async fn find_ordinal(&self, project: &str, kind: &str, ordinal: u64) -> Result<Option<StreamId>, LogError> {
        self.called(Call::FindOrdinal);
        let Some(stream) = self.log.find_ordinal(project, kind, ordinal).await? else {
            return Ok(None);
        };
        let first = self.cut(self.log.read_stream(&stream, 0, 1).await?);
        Ok((!first.records.is_empty()).then_some(stream))
    }

    async fn read_stream(&self, stream: &StreamId, after: u64, limit: usize) -> Result<Page, LogError> {
        self.called(Call::Read(stream.kind.to_string()));
        yield_now().await;
        Ok(self.cut(self.log.read_stream(stream, after, limit).await?))
    }

    async fn read_partition(&self, partition: PartitionId, after: u64, limit: usize) -> Result<Page, LogError> {
        Ok(self.cut(self.log.read_partition(partition, after, limit).await?))
    }

    fn head(&self, partition: PartitionId) -> watch::Receiver<u64> {
        self.log.head(partition)
    }

    async fn barrier(&self, partition: PartitionId) -> Result<u64, LogError> {
        self.called(Call::Barrier);
        let head = self.log.barrier(partition).await?;
        self.sees(partition, head);
        Ok(head)
    }

    fn trouble(&self) -> watch::Receiver<Option<LogError>> {
        self.log.trouble()
    }

    async fn close(&self) {
        self.log.close().await;
    }
}
