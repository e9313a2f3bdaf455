//! All who watch on this node.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use view_store::{Checkpoint, PartitionId, ViewStore};
use views::row::Select;
use views::table::Table;

use crate::Bounds;
use crate::read::{Asked, Source};
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
    /// Who watches each project.
    interest: HashMap<Arc<str>, Interest>,
    stop: CancellationToken,
}

#[derive(Default)]
struct Interest {
    watchers: usize,
    /// Once anybody has asked for it, it is read for as long as anybody watches.
    beside: Option<Select>,
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
        let interest = tail.interest.entry(Arc::clone(&scope.project)).or_default();
        interest.watchers += 1;
        interest.beside = interest.beside.take().or_else(|| scope.beside.clone());
        let ring = Arc::clone(&tail.ring);
        Subscription { ring, shared: Arc::clone(this), source, project: Arc::clone(&scope.project) }
    }

    fn start(&self, source: Source, table: &'static Table, this: Arc<Self>) -> Tail {
        let (ring, stop) = (Arc::new(Ring::new(&self.bounds)), CancellationToken::new());
        tokio::spawn(tail::run(this, source, table, Arc::clone(&ring), stop.clone()));
        Tail { ring, interest: HashMap::new(), stop }
    }

    /// What somebody wants to know.
    pub(crate) fn asked(&self, source: Source) -> Vec<Asked> {
        let tails = self.tails.lock().unwrap_or_else(PoisonError::into_inner);
        let interest = tails.get(&source).into_iter().flat_map(|tail| &tail.interest);
        interest.map(|(project, it)| Asked { project: Arc::clone(project), beside: it.beside.clone() }).collect()
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
        if let Some(interest) = tail.interest.get_mut(&self.project) {
            interest.watchers -= 1;
            if interest.watchers == 0 {
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
