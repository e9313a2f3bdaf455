//! What is told of batches that are folded, for traces and metrics. Nothing that the runner does depends on who listens.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use event_log::PartitionId;
use tokio::time::Instant;
use tracing::{Instrument as _, Span};
use views::Recorded;

use crate::feed::{Batch, Fed};
use crate::trouble::Trouble;

/// A batch that is being folded.
#[derive(Debug, Clone, Copy)]
pub struct Fold<'b> {
    /// Of which partition.
    pub partition: PartitionId,
    /// How many events are in it.
    pub events: usize,
    /// The trace contexts of those that have one, in order.
    pub traceparents: &'b [Arc<str>],
}

/// Who is told of a runner's batches, in the task that folds them.
pub trait Observer: Send + Sync + 'static {
    /// It is read, and about to be folded: in this span.
    fn begins(&self, fold: &Fold<'_>) -> Span;

    /// It took so long. `committed`: what it came to is stored; else it is folded again.
    fn ended(&self, fold: &Fold<'_>, took: Duration, committed: bool);
}

/// Who hears what was folded by this runner, once what came of it is stored.
pub trait Listener: Send + Sync + 'static {
    /// These events of a partition were folded, in order. Views that stood elsewhere fold them at another time, and then it is told again.
    fn folded(&self, partition: PartitionId, events: &mut dyn Iterator<Item = &Recorded>);

    /// Rows of a partition changed by something else than events.
    fn moved(&self, partition: PartitionId) {
        self.folded(partition, &mut std::iter::empty());
    }
}

/// The one who observes a runner, and the one who listens to it, if anybody does. The first who comes stays.
#[derive(Default)]
pub(crate) struct Observed {
    observer: OnceLock<Arc<dyn Observer>>,
    listener: OnceLock<Arc<dyn Listener>>,
}

impl Observed {
    /// Tells this observer from now on, unless another one is told already.
    pub(crate) fn by(&self, observer: Arc<dyn Observer>) {
        let _another_is_told = self.observer.set(observer);
    }

    /// Tells this listener from now on, unless another one is told already.
    pub(crate) fn heard_by(&self, listener: Arc<dyn Listener>) {
        let _another_is_told = self.listener.set(listener);
    }

    /// Rows of the partition changed by something else than a batch.
    pub(crate) fn moved(&self, partition: PartitionId) {
        if let Some(listener) = self.listener.get() {
            listener.moved(partition);
        }
    }

    /// Does what folds and commits the batch, and tells of it.
    pub(crate) async fn fold<T>(
        &self,
        partition: PartitionId,
        batch: &Batch,
        work: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        let done = match self.observer.get() {
            None => work.await,
            Some(observer) => {
                let fold = Fold { partition, events: batch.events.len(), traceparents: &batch.traceparents };
                let begun = Instant::now();
                let done = work.instrument(observer.begins(&fold)).await;
                observer.ended(&fold, begun.elapsed(), done.is_ok());
                done
            }
        };
        if let (Some(listener), Ok(_)) = (self.listener.get(), &done) {
            listener.folded(partition, &mut batch.events.iter().filter_map(Fed::event));
        }
        done
    }
}
