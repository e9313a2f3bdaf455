//! What is told of batches that are folded, for traces and metrics. Nothing that the runner does depends on who listens.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use event_log::PartitionId;
use tokio::time::Instant;
use tracing::{Instrument as _, Span};

use crate::feed::Batch;
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

/// The one who observes a runner, if anybody does. The first who comes stays.
#[derive(Default)]
pub(crate) struct Observed(OnceLock<Arc<dyn Observer>>);

impl Observed {
    /// Tells this observer from now on, unless another one is told already.
    pub(crate) fn by(&self, observer: Arc<dyn Observer>) {
        let _another_is_told = self.0.set(observer);
    }

    /// Does what folds and commits the batch, and tells of it.
    pub(crate) async fn fold<T>(
        &self,
        partition: PartitionId,
        batch: &Batch,
        work: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        let Some(observer) = self.0.get() else { return work.await };
        let fold = Fold { partition, events: batch.events.len(), traceparents: &batch.traceparents };
        let begun = Instant::now();
        let done = work.instrument(observer.begins(&fold)).await;
        observer.ended(&fold, begun.elapsed(), done.is_ok());
        done
    }
}
