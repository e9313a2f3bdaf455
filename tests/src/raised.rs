//! What stands for the next build: all views one version higher, folded otherwise than this build's.
//!
//! A build's versions are in its code. So the next build is this one over a store of views that gives every view the version after its own, and
//! writes titles in capitals: by them an answer tells which build folded it. The binary `raised` serves with it; `snaglog` knows nothing of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use view_store::{
    Answer, Checkpoint, Claim, CommitError, Holder, Lease, Parked, PartitionId, Prepared, Schema, Share, StoreError,
    Stored, SwapError, ViewCommit, ViewId, ViewStore,
};
use views::row::{Change, Key, Row, Select};
use views::table::Table;

/// A store of views, seen by the next build.
#[derive(Debug)]
pub struct Raised<S>(pub S);

/// As the next build names it.
fn up(view: ViewId) -> ViewId {
    ViewId { version: view.version + 1, ..view }
}

/// As the code has it.
fn down(view: ViewId) -> ViewId {
    ViewId { version: view.version - 1, ..view }
}

/// One of each schema, for as long as the process lives.
fn raised(schema: &'static Schema) -> &'static Schema {
    static MADE: Mutex<BTreeMap<ViewId, &'static Schema>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    made.entry(schema.id()).or_insert_with(|| Box::leak(Box::new(Schema { version: schema.version + 1, ..*schema })))
}

fn of_store(error: StoreError) -> StoreError {
    match error {
        StoreError::NotPrepared { view } => StoreError::NotPrepared { view: down(view) },
        StoreError::Changed { view } => StoreError::Changed { view: down(view) },
        other => other,
    }
}

fn of_swap(error: SwapError) -> SwapError {
    match error {
        SwapError::Failed(error) => SwapError::Failed(of_store(error)),
        behind @ SwapError::Behind { .. } => behind,
    }
}

fn of_commit(error: CommitError) -> CommitError {
    match error {
        CommitError::Moved { view, partition, actual } => CommitError::Moved { view: down(view), partition, actual },
        CommitError::NotHeld { view, partition } => CommitError::NotHeld { view: down(view), partition },
        CommitError::Rejected { view, change, reason } => CommitError::Rejected { view: down(view), change, reason },
        CommitError::Failed(error) => CommitError::Failed(of_store(error)),
    }
}

fn stored(found: Vec<Stored>) -> Vec<Stored> {
    found.into_iter().map(|it| Stored { version: it.version - 1, ..it }).collect()
}

/// How the next build folds it. Folded once more, it stays so.
fn folded(commit: ViewCommit) -> ViewCommit {
    let in_capitals = |change| match change {
        Change::Upsert(row) => Change::Upsert(capitals(&row).unwrap_or(row)),
        Change::Insert(row) => Change::Insert(capitals(&row).unwrap_or(row)),
        other @ (Change::Delete { .. } | Change::Add { .. }) => other,
    };
    ViewCommit { view: up(commit.view), changes: commit.changes.into_iter().map(in_capitals).collect(), ..commit }
}

fn capitals(row: &Row) -> Option<Row> {
    let title: String = row.get("title").ok().filter(|_| row.table().name == views::issue::ISSUE.name)?;
    row.clone().with("title", title.to_uppercase()).ok()
}

#[async_trait]
impl<S: ViewStore> ViewStore for Raised<S> {
    async fn prepare(&self, views: &[&'static Schema]) -> Result<Vec<Prepared>, StoreError> {
        let views: Vec<_> = views.iter().map(|view| raised(view)).collect();
        let prepared = self.0.prepare(&views).await.map_err(of_store)?;
        Ok(prepared.into_iter().map(|it| Prepared { view: down(it.view), ..it }).collect())
    }

    async fn reset(&self, view: &'static Schema) -> Result<(), StoreError> {
        self.0.reset(raised(view)).await.map_err(of_store)
    }

    async fn swap(&self, view: &'static Schema, with: &'static Schema) -> Result<(), SwapError> {
        self.0.swap(raised(view), raised(with)).await.map_err(of_swap)
    }

    async fn remove(&self, view: ViewId) -> Result<(), StoreError> {
        self.0.remove(up(view)).await.map_err(of_store)
    }

    async fn stored(&self) -> Result<Vec<Stored>, StoreError> {
        self.0.stored().await.map(stored)
    }

    async fn announce(&self, views: &[ViewId], lasting: Duration) -> Result<(), StoreError> {
        let views: Vec<_> = views.iter().map(|view| up(*view)).collect();
        self.0.announce(&views, lasting).await.map_err(of_store)
    }

    async fn sweep(&self) -> Result<Vec<Stored>, StoreError> {
        self.0.sweep().await.map(stored)
    }

    async fn join(&self) -> Result<Holder, StoreError> {
        self.0.join().await
    }

    async fn lease(&self, mut claim: Claim) -> Result<Vec<Lease>, StoreError> {
        for (view, _) in &mut claim.of {
            *view = up(*view);
        }
        let leases = self.0.lease(claim).await.map_err(of_store)?;
        Ok(leases.into_iter().map(|it| Lease { view: down(it.view), ..it }).collect())
    }

    async fn held(&self, views: &[ViewId]) -> Result<Vec<Share>, StoreError> {
        let views: Vec<_> = views.iter().map(|view| up(*view)).collect();
        let shares = self.0.held(&views).await.map_err(of_store)?;
        Ok(shares.into_iter().map(|it| Share { view: down(it.view), ..it }).collect())
    }

    async fn release(&self, holder: Holder) -> Result<(), StoreError> {
        self.0.release(holder).await
    }

    async fn checkpoints(&self, view: ViewId) -> Result<BTreeMap<PartitionId, Checkpoint>, StoreError> {
        self.0.checkpoints(up(view)).await.map_err(of_store)
    }

    async fn load(&self, view: ViewId, table: &'static Table, keys: Vec<Key>) -> Result<Vec<Option<Row>>, StoreError> {
        self.0.load(up(view), table, keys).await.map_err(of_store)
    }

    async fn commit(&self, partition: PartitionId, commits: Vec<ViewCommit>) -> Result<(), CommitError> {
        self.0.commit(partition, commits.into_iter().map(folded).collect()).await.map_err(of_commit)
    }

    async fn query(&self, view: ViewId, selects: Vec<Select>) -> Result<Answer, StoreError> {
        self.0.query(up(view), selects).await.map_err(of_store)
    }

    async fn parked(&self, view: ViewId, after: Option<Arc<str>>, limit: u32) -> Result<Vec<Parked>, StoreError> {
        self.0.parked(up(view), after, limit).await.map_err(of_store)
    }

    async fn parked_of(&self, view: ViewId, streams: Vec<Arc<str>>) -> Result<Vec<Parked>, StoreError> {
        self.0.parked_of(up(view), streams).await.map_err(of_store)
    }

    fn advanced(&self, view: ViewId, partition: PartitionId) -> watch::Receiver<u64> {
        self.0.advanced(up(view), partition)
    }

    fn is_awaited(&self, view: ViewId, partition: PartitionId) -> bool {
        self.0.is_awaited(up(view), partition)
    }
}
