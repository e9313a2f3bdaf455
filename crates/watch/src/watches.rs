//! All who watch on this node.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use view_store::{Checkpoint, PartitionId, ViewStore};
use views::table::Table;

use crate::Bounds;
use crate::read::Source;
use crate::ring::Ring;
use crate::scope::Scope;
use crate::tail;
use crate::watch::{Start, Watch};

/// Tells whether checkpoints are of the log that the views are folded from.
#[async_trait]
pub trait Lineage: Send + Sync + 'static {
    /// Has the log this leaf at this position of the partition?
    async fn has(&self, partition: PartitionId, checkpoint: &Checkpoint) -> Result<bool, LineageError>;
}

/// The log can't be asked at present.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the log can't be asked: {reason}")]
pub struct LineageError {
    /// What it says.
    pub reason: String,
}

/// As many watch as may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{max} watch already, as many as may")]
pub struct Full {
    /// How many that is.
    pub max: usize,
}

/// The node's watchers, with a tail for each table and partition that anybody watches. To be made within a runtime.
#[derive(Clone)]
pub struct Watches(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) store: Arc<dyn ViewStore>,
    pub(crate) lineage: Arc<dyn Lineage>,
    pub(crate) bookmark_every: Duration,
    pub(crate) bounds: Bounds,
    permits: Arc<Semaphore>,
    tails: Mutex<HashMap<Source, Tail>>,
}

struct Tail {
    ring: Arc<Ring>,
    /// How many watch each project.
    interest: HashMap<Arc<str>, usize>,
    stop: CancellationToken,
}

/// A watcher's part in a tail, until it is dropped.
pub(crate) struct Subscription {
    pub(crate) ring: Arc<Ring>,
    shared: Arc<Shared>,
    source: Source,
    project: Arc<str>,
}

impl Watches {
    /// Nobody watches yet. A watcher to whom nothing was told for so long as `bookmark_every` is told how far the view has come.
    pub fn new(store: Arc<dyn ViewStore>, lineage: Arc<dyn Lineage>, bookmark_every: Duration, bounds: Bounds) -> Self {
        let permits = Arc::new(Semaphore::new(bounds.watchers_max));
        Self(Arc::new(Shared { store, lineage, bookmark_every, bounds, permits, tails: Mutex::default() }))
    }

    /// One more watches from here.
    pub fn open(&self, scope: Scope, start: Start) -> Result<Watch, Full> {
        let permit = Arc::clone(&self.0.permits).try_acquire_owned();
        let permit = permit.map_err(|_| Full { max: self.0.bounds.watchers_max })?;
        let subscription = Shared::subscribe(&self.0, &scope);
        Ok(Watch::new(Arc::clone(&self.0), subscription, permit, scope, start))
    }

    /// How many watch now.
    pub fn watchers(&self) -> usize {
        self.0.bounds.watchers_max - self.0.permits.available_permits()
    }
}

impl Shared {
    fn subscribe(this: &Arc<Self>, scope: &Scope) -> Subscription {
        let source = Source { view: scope.view, table: scope.table.name, partition: scope.partition };
        let mut tails = this.tails.lock().unwrap_or_else(PoisonError::into_inner);
        let tail = tails.entry(source).or_insert_with(|| this.start(source, scope.table, Arc::clone(this)));
        *tail.interest.entry(Arc::clone(&scope.project)).or_default() += 1;
        let ring = Arc::clone(&tail.ring);
        Subscription { ring, shared: Arc::clone(this), source, project: Arc::clone(&scope.project) }
    }

    fn start(&self, source: Source, table: &'static Table, this: Arc<Self>) -> Tail {
        let (ring, stop) = (Arc::new(Ring::new(&self.bounds)), CancellationToken::new());
        tokio::spawn(tail::run(this, source, table, Arc::clone(&ring), stop.clone()));
        Tail { ring, interest: HashMap::new(), stop }
    }

    /// The projects of which somebody wants to know.
    pub(crate) fn projects(&self, source: Source) -> Vec<Arc<str>> {
        let tails = self.tails.lock().unwrap_or_else(PoisonError::into_inner);
        tails.get(&source).map(|tail| tail.interest.keys().cloned().collect()).unwrap_or_default()
    }

    /// What this ring held is true no longer: who watches begins anew, with another one.
    pub(crate) fn abandon(&self, source: Source, ring: &Arc<Ring>) {
        let mut tails = self.tails.lock().unwrap_or_else(PoisonError::into_inner);
        if tails.get(&source).is_some_and(|tail| Arc::ptr_eq(&tail.ring, ring)) {
            tails.remove(&source);
        }
        ring.end();
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut tails = self.shared.tails.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(tail) = tails.get_mut(&self.source).filter(|tail| Arc::ptr_eq(&tail.ring, &self.ring)) else {
            return;
        };
        if let Some(watchers) = tail.interest.get_mut(&self.project) {
            *watchers -= 1;
            if *watchers == 0 {
                tail.interest.remove(&self.project);
            }
        }
        if tail.interest.is_empty() {
            tail.stop.cancel();
            tails.remove(&self.source);
        }
    }
}

impl std::fmt::Debug for Watches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watches").field("watchers", &self.watchers()).finish_non_exhaustive()
    }
}
