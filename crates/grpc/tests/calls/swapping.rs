//! A store of views that rebuilds one of them just before it is read.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use projector::Control;
use tokio::sync::watch;
use view_store::memory::MemoryViews;
use view_store::{
    Answer, Checkpoint, Claim, CommitError, Holder, Lease, Parked, PartitionId, Prepared, Schema, Share, StoreError,
    Stored, SwapError, ViewCommit, ViewId, ViewStore,
};
use views::row::{Key, Row, Select};
use views::table::Table;

/// Views in memory, of which one is rebuilt between reads.
#[derive(Default)]
pub(crate) struct Swapping {
    inner: MemoryViews,
    plan: Mutex<Option<Plan>>,
}

struct Plan {
    view: &'static str,
    before: fn(u32) -> bool,
    reads: u32,
    by: Control,
}

impl Swapping {
    /// From now on this view is rebuilt before those of its reads, counted from 1, for which `before` holds.
    pub(crate) fn rebuild(&self, view: &'static str, by: Control, before: fn(u32) -> bool) {
        *self.plan.lock().unwrap() = Some(Plan { view, before, reads: 0, by });
    }

    /// How often the view was read since; nothing is rebuilt any more.
    pub(crate) fn reads(&self) -> u32 {
        self.plan.lock().unwrap().take().map_or(0, |plan| plan.reads)
    }

    /// Counts the read. Who is to rebuild the view before it?
    fn counted(&self, view: ViewId) -> Option<Control> {
        let mut plan = self.plan.lock().unwrap();
        let plan = plan.as_mut().filter(|plan| plan.view == view.name)?;
        plan.reads += 1;
        (plan.before)(plan.reads).then(|| plan.by.clone())
    }
}

#[async_trait]
impl ViewStore for Swapping {
    async fn query(&self, view: ViewId, selects: Vec<Select>) -> Result<Answer, StoreError> {
        if let Some(control) = self.counted(view) {
            control.rebuild(view.name).unwrap().done().await.unwrap();
        }
        self.inner.query(view, selects).await
    }

    async fn prepare(&self, views: &[&'static Schema]) -> Result<Vec<Prepared>, StoreError> {
        self.inner.prepare(views).await
    }

    async fn reset(&self, view: &'static Schema) -> Result<(), StoreError> {
        self.inner.reset(view).await
    }

    async fn swap(&self, view: &'static Schema, with: &'static Schema) -> Result<(), SwapError> {
        self.inner.swap(view, with).await
    }

    async fn remove(&self, view: ViewId) -> Result<(), StoreError> {
        self.inner.remove(view).await
    }

    async fn stored(&self) -> Result<Vec<Stored>, StoreError> {
        self.inner.stored().await
    }

    async fn announce(&self, views: &[ViewId], lasting: Duration) -> Result<(), StoreError> {
        self.inner.announce(views, lasting).await
    }

    async fn sweep(&self) -> Result<Vec<Stored>, StoreError> {
        self.inner.sweep().await
    }

    async fn join(&self) -> Result<Holder, StoreError> {
        self.inner.join().await
    }

    async fn lease(&self, claim: Claim) -> Result<Vec<Lease>, StoreError> {
        self.inner.lease(claim).await
    }

    async fn held(&self, views: &[ViewId]) -> Result<Vec<Share>, StoreError> {
        self.inner.held(views).await
    }

    async fn release(&self, holder: Holder) -> Result<(), StoreError> {
        self.inner.release(holder).await
    }

    async fn checkpoints(&self, view: ViewId) -> Result<BTreeMap<PartitionId, Checkpoint>, StoreError> {
        self.inner.checkpoints(view).await
    }

    async fn load(&self, view: ViewId, table: &'static Table, keys: Vec<Key>) -> Result<Vec<Option<Row>>, StoreError> {
        self.inner.load(view, table, keys).await
    }

    async fn commit(&self, partition: PartitionId, commits: Vec<ViewCommit>) -> Result<(), CommitError> {
        self.inner.commit(partition, commits).await
    }

    async fn parked(&self, view: ViewId, after: Option<Arc<str>>, limit: u32) -> Result<Vec<Parked>, StoreError> {
        self.inner.parked(view, after, limit).await
    }

    async fn parked_of(&self, view: ViewId, streams: Vec<Arc<str>>) -> Result<Vec<Parked>, StoreError> {
        self.inner.parked_of(view, streams).await
    }

    fn advanced(&self, view: ViewId, partition: PartitionId) -> watch::Receiver<u64> {
        self.inner.advanced(view, partition)
    }

    fn is_awaited(&self, view: ViewId, partition: PartitionId) -> bool {
        self.inner.is_awaited(view, partition)
    }
}
