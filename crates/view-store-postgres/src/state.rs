//! What a node's tasks share: which views are prepared, and where they have come to.
//!
//! Positions come from two sides: from this node's own commits, in whatever order their tasks tell of them, and from looking at the
//! database, which may have been looked at before a commit and be told after it. What is watched never shows what was not committed,
//! and goes back only when a view was made anew.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::AtomicI32;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use tokio::sync::{Notify, watch};
use view_store::advances::Advances;
use view_store::{PartitionId, Schema, ViewId};

use crate::sql::Book;

/// Counts up whenever a view is made anew here. A commit of it that began before tells nothing after.
pub(crate) type Epoch = u64;

/// What a node's tasks share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    book: RwLock<Book>,
    advances: Advances,
    known: Mutex<Known>,
    /// There is something to tell the other nodes.
    pub(crate) announce: Notify,
    /// The server's process that speaks for this node; 0 while none does.
    pub(crate) announcer: AtomicI32,
}

#[derive(Debug, Default)]
struct Known {
    epochs: HashMap<ViewId, Epoch>,
    /// Counts up with everything that is told by this node itself.
    told: u64,
    /// For each view and partition of which something was told: where it is, and the count when this node last told it.
    places: HashMap<(ViewId, PartitionId), Place>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Place {
    position: u64,
    told: u64,
}

/// When somebody began to look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look(u64);

impl Shared {
    /// The prepared views. Nothing panics while it is being written.
    pub(crate) fn book(&self) -> RwLockReadGuard<'_, Book> {
        self.book.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn prepared(&self, schema: &'static Schema) {
        self.book.write().unwrap_or_else(PoisonError::into_inner).insert(schema);
    }

    pub(crate) fn removed(&self, view: ViewId) {
        self.book.write().unwrap_or_else(PoisonError::into_inner).remove(view);
    }

    pub(crate) fn watch(&self, view: ViewId, partition: PartitionId) -> watch::Receiver<u64> {
        self.advances.watch(view, partition)
    }

    pub(crate) fn is_watched(&self, view: ViewId, partition: PartitionId) -> bool {
        self.advances.is_watched(view, partition)
    }

    /// Does anybody wait for any view?
    pub(crate) fn is_awaited(&self) -> bool {
        let places: Vec<_> = self.known().places.keys().copied().collect();
        places.into_iter().any(|(view, partition)| self.advances.is_watched(view, partition))
    }

    pub(crate) fn epoch(&self, view: ViewId) -> Epoch {
        self.known().epochs.get(&view).copied().unwrap_or_default()
    }

    /// This node has committed so far.
    pub(crate) fn committed(&self, view: ViewId, partition: PartitionId, position: u64, epoch: Epoch) {
        let mut known = self.known();
        if known.epochs.get(&view).copied().unwrap_or_default() == epoch {
            known.told += 1;
            let told = known.told;
            let place = known.places.entry((view, partition)).or_default();
            *place = Place { position: place.position.max(position), told };
            self.advances.publish(view, partition, place.position);
        }
        drop(known);
        self.announce.notify_one();
    }

    /// The view's tables were made, found or exchanged here, with these positions.
    pub(crate) fn begun(&self, view: ViewId, positions: &BTreeMap<PartitionId, u64>) {
        let mut known = self.known();
        *known.epochs.entry(view).or_default() += 1;
        known.told += 1;
        let told = known.told;
        for partition in positions.keys() {
            known.places.entry((view, *partition)).or_default();
        }
        for ((_, partition), place) in known.places.iter_mut().filter(|((of, _), _)| *of == view) {
            *place = Place { position: positions.get(partition).copied().unwrap_or(0), told };
            self.advances.publish(view, *partition, place.position);
        }
        drop(known);
        self.announce.notify_one();
    }

    /// To be taken before the database is looked at.
    pub(crate) fn look(&self) -> Look {
        Look(self.known().told)
    }

    /// What was found there, of all views: true of a moment after the look began. What this node has told meanwhile is newer, or as new.
    pub(crate) fn seen(&self, look: Look, found: &BTreeMap<(ViewId, PartitionId), u64>) {
        let mut known = self.known();
        for key in found.keys() {
            known.places.entry(*key).or_default();
        }
        for ((view, partition), place) in &mut known.places {
            if place.told > look.0 {
                continue;
            }
            place.position = found.get(&(*view, *partition)).copied().unwrap_or(0);
            self.advances.publish(*view, *partition, place.position);
        }
    }

    /// Nothing panics while it holds this lock.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
