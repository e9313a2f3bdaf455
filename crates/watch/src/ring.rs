//! What changed lately in a partition of a view, for all who watch it: bounded, and written by one.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use view_store::Checkpoint;
use views::row::{Row, Value};

use crate::Bounds;

/// What a row costs beside its texts.
const ROW_BYTES: usize = 512;
/// What a batch costs beside its rows.
const BATCH_BYTES: usize = 256;

/// What one look at the view found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Batch {
    /// After which position.
    pub(crate) after: u64,
    /// Up to which: all that changed in between is here.
    pub(crate) to: u64,
    /// The checkpoint at `to`; `None`: it was read in pieces, and others follow.
    pub(crate) checkpoint: Option<Checkpoint>,
    /// Out of which tables.
    pub(crate) generation: u64,
    /// Identifies the streams that were parked then; 0: none.
    pub(crate) parked: u64,
    /// For each project that was looked at its changed rows, in the order of their last change.
    pub(crate) rows: BTreeMap<Arc<str>, Vec<Arc<Row>>>,
    /// For each project of which more is told what that was at the checkpoint; nothing without one.
    pub(crate) beside: BTreeMap<Arc<str>, Arc<[Row]>>,
}

/// Batches by number, the oldest of which give way to new ones.
#[derive(Debug)]
pub(crate) struct Ring {
    state: Mutex<State>,
    told: watch::Sender<u64>,
    /// When the view was last looked at, whatever was found.
    looked: Mutex<Instant>,
    bytes_max: usize,
    batches_max: usize,
}

#[derive(Debug, Default)]
struct State {
    batches: VecDeque<(Arc<Batch>, usize)>,
    /// The number of the first of them.
    first: u64,
    bytes: usize,
    ended: bool,
}

/// What a ring answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// The batch.
    Batch(Arc<Batch>),
    /// It is not there yet.
    NotYet,
    /// It has given way.
    Overtaken,
    /// What it held is true no longer; nothing more comes.
    Ended,
}

impl Ring {
    /// With nothing in it.
    pub(crate) fn new(bounds: &Bounds) -> Self {
        Self {
            state: Mutex::default(),
            told: watch::Sender::new(0),
            looked: Mutex::new(Instant::now()),
            bytes_max: bounds.ring_bytes_max,
            batches_max: bounds.ring_batches_max.max(1),
        }
    }

    /// Adds a batch and wakes all who wait.
    pub(crate) fn push(&self, batch: Batch) {
        let changed = batch.rows.values().flatten().map(|row| weight(row)).sum::<usize>();
        let beside = batch.beside.values().flat_map(|rows| rows.iter()).map(weight).sum::<usize>();
        let bytes = BATCH_BYTES + changed + beside;
        let mut state = self.state();
        state.bytes += bytes;
        state.batches.push_back((Arc::new(batch), bytes));
        while state.batches.len() > self.batches_max || (state.bytes > self.bytes_max && state.batches.len() > 1) {
            let given_way = state.batches.pop_front().map_or(0, |(_, bytes)| bytes);
            state.bytes -= given_way;
            state.first += 1;
        }
        let next = state.next();
        drop(state);
        self.told.send_replace(next);
    }

    /// The view was looked at.
    pub(crate) fn looked(&self) {
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// For how long nobody could look at the view.
    pub(crate) fn blind_for(&self) -> Duration {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// The number of the next batch.
    pub(crate) fn next(&self) -> u64 {
        self.state().next()
    }

    /// The batch with this number.
    pub(crate) fn get(&self, number: u64) -> Found {
        let state = self.state();
        if state.ended {
            return Found::Ended;
        }
        let Some(place) = number.checked_sub(state.first) else { return Found::Overtaken };
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        state.batches.get(place).map_or(Found::NotYet, |(batch, _)| Found::Batch(Arc::clone(batch)))
    }

    /// The number of the next batch, watched.
    pub(crate) fn told(&self) -> watch::Receiver<u64> {
        self.told.subscribe()
    }

    /// Nothing in it is true any more. Wakes all who wait.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        state.batches.clear();
        let next = state.next();
        drop(state);
        self.told.send_replace(next);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next(&self) -> u64 {
        self.first + self.batches.len() as u64
    }
}

/// About how much a row takes.
pub(crate) fn weight(row: &Row) -> usize {
    let texts = row.values().iter().map(|value| match value {
        Value::Text(text) | Value::Json(text) => text.len(),
        _ => 0,
    });
    ROW_BYTES + texts.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(to: u64) -> Batch {
        let (rows, beside) = <_>::default();
        Batch { after: to - 1, to, checkpoint: None, generation: 1, parked: 0, rows, beside }
    }

    fn bounds(batches: usize, bytes: usize) -> Bounds {
        Bounds { ring_batches_max: batches, ring_bytes_max: bytes, ..Bounds::default() }
    }

    #[test]
    fn batches_are_found_by_their_number_until_they_give_way() {
        let ring = Ring::new(&bounds(2, 1 << 20));
        assert_eq!(ring.get(0), Found::NotYet);
        for to in 1..=3 {
            ring.push(batch(to));
        }
        assert_eq!(ring.get(0), Found::Overtaken);
        assert_eq!(ring.get(1), Found::Batch(Arc::new(batch(2))));
        assert_eq!(ring.get(2), Found::Batch(Arc::new(batch(3))));
        assert_eq!((ring.get(3), ring.next()), (Found::NotYet, 3));
    }

    #[test]
    fn bytes_are_bounded_and_the_newest_batch_always_stays() {
        let ring = Ring::new(&bounds(100, 3 * BATCH_BYTES));
        for to in 1..=10 {
            ring.push(batch(to));
        }
        assert_eq!(ring.state().batches.len(), 3);
        let tiny = Ring::new(&bounds(100, 1));
        tiny.push(batch(1));
        tiny.push(batch(2));
        assert_eq!((tiny.get(0), tiny.get(1)), (Found::Overtaken, Found::Batch(Arc::new(batch(2)))));
    }

    #[tokio::test]
    async fn who_waits_is_woken_by_a_batch_and_by_the_end() {
        let ring = Ring::new(&bounds(2, 1 << 20));
        let mut told = ring.told();
        ring.push(batch(1));
        assert_eq!(*told.wait_for(|next| *next > 0).await.expect("the ring is there"), 1);
        let mut told = ring.told();
        told.mark_unchanged();
        ring.end();
        told.changed().await.expect("the ring is there");
        assert_eq!(ring.get(0), Found::Ended);
    }
}
