//! A log that hands out odd pages, and a store to which everything is delivered twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use event_log::{
    Append, AppendError, Appended, EventLog, Identity, KnownRequest, LogError, MemoryLog, Page, PartitionId, StreamId,
};
use tokio::sync::watch;
use uuid::Uuid;
use view_store::memory::MemoryViews;
use view_store::{
    Answer, Checkpoint, Claim, CommitError, Holder, Lease, Parked, Prepared, Schema, Share, StoreError, Stored,
    SwapError, ViewCommit, ViewId, ViewStore,
};
use views::row::{Key, Row, Select};
use views::table::Table;

/// Pages of these lengths, in turns.
const PAGES: [usize; 7] = [1, 3, 2, 7, 1, 5, 11];
/// Of so many commits one does not arrive, and the reply of another is lost.
const COMMITS: usize = 5;

/// A log that hands out odd pages, counts the records that it hands out, and can be unreachable.
pub(crate) struct OddLog {
    pub(crate) log: Arc<MemoryLog>,
    pages: AtomicUsize,
    pub(crate) read: AtomicUsize,
    pub(crate) unreachable: AtomicBool,
}

impl OddLog {
    pub(crate) fn over(log: Arc<MemoryLog>) -> Arc<Self> {
        let (pages, read, unreachable) = <_>::default();
        Arc::new(Self { log, pages, read, unreachable })
    }
}

#[async_trait]
impl EventLog for OddLog {
    fn identity(&self) -> Identity {
        self.log.identity()
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.log.append(append).await
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
        if self.unreachable.load(Ordering::SeqCst) {
            return Err(LogError::Unavailable { reason: "a story says so".into() });
        }
        let odd = PAGES[self.pages.fetch_add(1, Ordering::SeqCst) % PAGES.len()];
        let mut page = self.log.read_partition(partition, after, limit.min(odd)).await?;
        // A log may say so whenever it could not read further at that moment: or a batch would be of all that there is.
        page.end = true;
        self.read.fetch_add(page.records.len(), Ordering::SeqCst);
        Ok(page)
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

/// A store to which every commit that moves a checkpoint is delivered twice, but some not at all; and some replies are lost. What an
/// operator asks for moves none: it is not sent again, but asked for again.
pub(crate) struct DoubledViews {
    pub(crate) views: Arc<MemoryViews>,
    commits: AtomicUsize,
    /// It will store no row with this title.
    pub(crate) unstorable: &'static str,
}

impl DoubledViews {
    pub(crate) fn over(views: Arc<MemoryViews>) -> Arc<Self> {
        Arc::new(Self { views, commits: AtomicUsize::new(0), unstorable: "unstorable" })
    }
}

#[async_trait]
impl ViewStore for DoubledViews {
    async fn prepare(&self, views: &[&'static Schema]) -> Result<Vec<Prepared>, StoreError> {
        self.views.prepare(views).await
    }

    async fn reset(&self, view: &'static Schema) -> Result<(), StoreError> {
        self.views.reset(view).await
    }

    async fn swap(&self, view: &'static Schema, with: &'static Schema) -> Result<(), SwapError> {
        self.views.swap(view, with).await
    }

    async fn remove(&self, view: ViewId) -> Result<(), StoreError> {
        self.views.remove(view).await
    }

    async fn stored(&self) -> Result<Vec<Stored>, StoreError> {
        self.views.stored().await
    }

    async fn announce(&self, views: &[ViewId], lasting: Duration) -> Result<(), StoreError> {
        self.views.announce(views, lasting).await
    }

    async fn sweep(&self) -> Result<Vec<Stored>, StoreError> {
        self.views.sweep().await
    }

    async fn join(&self) -> Result<Holder, StoreError> {
        self.views.join().await
    }

    async fn lease(&self, claim: Claim) -> Result<Vec<Lease>, StoreError> {
        self.views.lease(claim).await
    }

    async fn held(&self, views: &[ViewId]) -> Result<Vec<Share>, StoreError> {
        self.views.held(views).await
    }

    async fn release(&self, holder: Holder) -> Result<(), StoreError> {
        self.views.release(holder).await
    }

    async fn checkpoints(&self, view: ViewId) -> Result<BTreeMap<PartitionId, Checkpoint>, StoreError> {
        self.views.checkpoints(view).await
    }

    async fn load(&self, view: ViewId, table: &'static Table, keys: Vec<Key>) -> Result<Vec<Option<Row>>, StoreError> {
        self.views.load(view, table, keys).await
    }

    async fn commit(&self, partition: PartitionId, commits: Vec<ViewCommit>) -> Result<(), CommitError> {
        for commit in &commits {
            let holds = |change: &views::row::Change| format!("{change:?}").contains(self.unstorable);
            if let Some(change) = commit.changes.iter().position(holds) {
                let reason = "a story says so".into();
                return Err(CommitError::Rejected { view: commit.view, change, reason });
            }
        }
        if commits.iter().all(|commit| commit.expected == Some(commit.new)) {
            return self.views.commit(partition, commits).await;
        }
        let unavailable = |what: &str| CommitError::Failed(StoreError::Unavailable { reason: what.into() });
        let turn = self.commits.fetch_add(1, Ordering::SeqCst) % COMMITS;
        if turn == 1 {
            return Err(unavailable("the commit does not arrive"));
        }
        self.views.commit(partition, commits.clone()).await?;
        let again = self.views.commit(partition, commits).await;
        assert!(matches!(again, Err(CommitError::Moved { .. })), "delivered twice, it is refused: {again:?}");
        if turn == COMMITS - 1 { Err(unavailable("the reply is lost")) } else { Ok(()) }
    }

    async fn query(&self, view: ViewId, selects: Vec<Select>) -> Result<Answer, StoreError> {
        self.views.query(view, selects).await
    }

    async fn parked(&self, view: ViewId, after: Option<Arc<str>>, limit: u32) -> Result<Vec<Parked>, StoreError> {
        self.views.parked(view, after, limit).await
    }

    async fn parked_of(&self, view: ViewId, streams: Vec<Arc<str>>) -> Result<Vec<Parked>, StoreError> {
        self.views.parked_of(view, streams).await
    }

    fn advanced(&self, view: ViewId, partition: PartitionId) -> watch::Receiver<u64> {
        self.views.advanced(view, partition)
    }

    fn is_awaited(&self, view: ViewId, partition: PartitionId) -> bool {
        self.views.is_awaited(view, partition)
    }
}
