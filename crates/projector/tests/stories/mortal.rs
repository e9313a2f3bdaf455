//! A node's way to the store: it can stand still, and die at any step.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use event_log::PartitionId;
use tokio::sync::watch;
use view_store::{
    Answer, Checkpoint, Claim, CommitError, Holder, Lease, Parked, Prepared, Schema, Share, StoreError, Stored,
    SwapError, ViewCommit, ViewId, ViewStore,
};
use views::row::{Key, Row, Select};
use views::table::Table;

/// How a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// It goes on.
    Alive,
    /// It stands still, and will go on.
    Still,
    /// It does nothing any more, and hears nothing.
    Dead,
}

/// A store as one node has it. Each call is two steps: before it has an effect, and before its answer is heard.
pub(crate) struct Mortal {
    store: Arc<dyn ViewStore>,
    life: watch::Sender<Life>,
    /// So many steps are left to it.
    left: AtomicUsize,
    /// So many of its commits were refused, because its lease was another's.
    pub(crate) refused: AtomicUsize,
    /// So many of its swaps come too late: another node has taken the view on.
    pub(crate) late: AtomicUsize,
}

impl Mortal {
    /// One that dies after so many steps.
    pub(crate) fn after(store: Arc<dyn ViewStore>, steps: usize) -> Arc<Self> {
        let (life, refused, late) = (watch::Sender::new(Life::Alive), AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self { store, life, left: AtomicUsize::new(steps), refused, late })
    }

    /// One that does not die by itself.
    pub(crate) fn immortal(store: Arc<dyn ViewStore>) -> Arc<Self> {
        Self::after(store, usize::MAX)
    }

    pub(crate) fn set(&self, life: Life) {
        self.life.send_replace(life);
    }

    /// Waits until it has died.
    pub(crate) async fn died(&self) {
        self.life.subscribe().wait_for(|life| *life == Life::Dead).await.unwrap();
    }

    /// Goes on when it may, if ever.
    async fn step(&self) {
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_err() {
            self.set(Life::Dead);
        }
        self.life.subscribe().wait_for(|life| *life == Life::Alive).await.unwrap();
    }

    async fn call<T>(&self, call: impl Future<Output = T>) -> T {
        self.step().await;
        let answer = call.await;
        self.step().await;
        answer
    }
}

#[async_trait]
impl ViewStore for Mortal {
    async fn prepare(&self, views: &[&'static Schema]) -> Result<Vec<Prepared>, StoreError> {
        self.call(self.store.prepare(views)).await
    }

    async fn reset(&self, view: &'static Schema) -> Result<(), StoreError> {
        self.call(self.store.reset(view)).await
    }

    async fn swap(&self, view: &'static Schema, with: &'static Schema) -> Result<(), SwapError> {
        let late = self.late.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |late| late.checked_sub(1));
        if late.is_ok() {
            return Err(SwapError::Behind { partition: 0 });
        }
        self.call(self.store.swap(view, with)).await
    }

    async fn remove(&self, view: ViewId) -> Result<(), StoreError> {
        self.call(self.store.remove(view)).await
    }

    async fn stored(&self) -> Result<Vec<Stored>, StoreError> {
        self.call(self.store.stored()).await
    }

    async fn announce(&self, views: &[ViewId], lasting: Duration) -> Result<(), StoreError> {
        self.call(self.store.announce(views, lasting)).await
    }

    async fn sweep(&self) -> Result<Vec<Stored>, StoreError> {
        self.call(self.store.sweep()).await
    }

    async fn join(&self) -> Result<Holder, StoreError> {
        self.call(self.store.join()).await
    }

    async fn lease(&self, claim: Claim) -> Result<Vec<Lease>, StoreError> {
        self.call(self.store.lease(claim)).await
    }

    async fn held(&self, views: &[ViewId]) -> Result<Vec<Share>, StoreError> {
        self.call(self.store.held(views)).await
    }

    async fn release(&self, holder: Holder) -> Result<(), StoreError> {
        self.call(self.store.release(holder)).await
    }

    async fn checkpoints(&self, view: ViewId) -> Result<BTreeMap<PartitionId, Checkpoint>, StoreError> {
        self.call(self.store.checkpoints(view)).await
    }

    async fn load(&self, view: ViewId, table: &'static Table, keys: Vec<Key>) -> Result<Vec<Option<Row>>, StoreError> {
        self.call(self.store.load(view, table, keys)).await
    }

    async fn commit(&self, partition: PartitionId, commits: Vec<ViewCommit>) -> Result<(), CommitError> {
        let committed = self.call(self.store.commit(partition, commits)).await;
        let refused = matches!(committed, Err(CommitError::NotHeld { .. }));
        self.refused.fetch_add(usize::from(refused), Ordering::SeqCst);
        committed
    }

    async fn query(&self, view: ViewId, selects: Vec<Select>) -> Result<Answer, StoreError> {
        self.call(self.store.query(view, selects)).await
    }

    async fn parked(&self, view: ViewId, after: Option<Arc<str>>, limit: u32) -> Result<Vec<Parked>, StoreError> {
        self.call(self.store.parked(view, after, limit)).await
    }

    async fn parked_of(&self, view: ViewId, streams: Vec<Arc<str>>) -> Result<Vec<Parked>, StoreError> {
        self.call(self.store.parked_of(view, streams)).await
    }

    fn advanced(&self, view: ViewId, partition: PartitionId) -> watch::Receiver<u64> {
        self.store.advanced(view, partition)
    }

    fn is_awaited(&self, view: ViewId, partition: PartitionId) -> bool {
        self.store.is_awaited(view, partition)
    }
}
