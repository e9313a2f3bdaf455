//! Follows one partition.

use std::sync::Arc;
use std::time::Duration;

use backon::{RetryableWithContext, TokioSleeper};
use event_log::PartitionId;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use view_store::{Checkpoint, CommitError, ViewCommit};

use crate::feed::{self, Batch};
use crate::lane::Lane;
use crate::supervisor::patience;
use crate::trouble::{Trouble, chain};
use crate::{BATCH_EVENTS_MAX, BUSY_EVENTS, BUSY_WAIT_MS, BUSY_WAITS_MAX, Shared};

const BUSY_WAIT: Duration = Duration::from_millis(BUSY_WAIT_MS);

/// Why a partition is followed no longer.
pub(crate) enum End {
    /// It was told to stop.
    Stopped,
    /// A view's checkpoint is not of this log.
    Stranger,
    /// A newer build has written to the log.
    UpgradeNeeded(Arc<str>),
}

/// The views over one partition.
pub(crate) struct Partition {
    shared: Arc<Shared>,
    id: PartitionId,
    head: watch::Receiver<u64>,
    lanes: Vec<Lane>,
    /// The checkpoints in hand may not be those stored: at the start, and after anything went wrong.
    stale: bool,
    /// When the last round ended.
    last: Instant,
}

impl Partition {
    pub(crate) fn new(shared: Arc<Shared>, id: PartitionId) -> Self {
        let head = shared.log.head(id);
        let lanes = shared.views.iter().map(|view| Lane::new(*view, id)).collect();
        Self { shared, id, head, lanes, stale: true, last: Instant::now() }
    }

    /// Follows the partition until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) -> End {
        tokio::select! {
            biased;
            () = stop.cancelled() => End::Stopped,
            end = self.follow() => end,
        }
    }

    async fn follow(mut self) -> End {
        loop {
            let id = self.id;
            let again = |mut partition: Self| async {
                let done = partition.round().await;
                partition.stale |= done.is_err();
                (partition, done)
            };
            let notify = |error: &Trouble, wait: Duration| {
                let (error, wait_ms) = (chain(error), u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
                tracing::warn!(partition = id, %error, wait_ms, "views wait");
            };
            let retried =
                again.retry(patience()).sleep(TokioSleeper).context(self).when(Trouble::passes).notify(notify);
            let (partition, done) = retried.await;
            self = partition;
            match done {
                Ok(()) => {}
                Err(Trouble::UpgradeNeeded { reason }) => return End::UpgradeNeeded(reason),
                Err(error) => {
                    tracing::warn!(partition = id, error = %chain(&error), "views start anew");
                    return End::Stranger;
                }
            }
        }
    }

    /// Waits until there is something to fold; then takes every view that lags one batch on.
    async fn round(&mut self) -> Result<(), Trouble> {
        if self.stale {
            self.reload().await?;
            self.stale = false;
        }
        let least = self.lanes.iter().map(Lane::position).min().unwrap_or(u64::MAX);
        let head = self.head.wait_for(|head| *head > least).await.map(|head| *head);
        let Ok(head) = head else {
            // The log is gone, and its process goes with it.
            return std::future::pending().await;
        };
        let waiting = head - least;
        let waits = match waiting {
            BUSY_EVENTS.. => BUSY_WAITS_MAX,
            _ => u32::from(self.last.elapsed() < BUSY_WAIT),
        };
        self.gather(least, waits).await;
        // The foremost first: who lives with the log is not kept waiting by a rebuild. At the head they meet.
        let mut places: Vec<u64> = self.lanes.iter().map(Lane::position).filter(|place| *place < head).collect();
        places.sort_unstable();
        places.dedup();
        for place in places.into_iter().rev() {
            self.advance(place).await?;
        }
        self.last = Instant::now();
        Ok(())
    }

    /// Waits a moment for a fuller batch: the more events of one stream it holds, the fewer rows are written. Ends early when
    /// the batch is full, or when somebody waits for what is in it.
    async fn gather(&self, least: u64, waits: u32) {
        for _ in 0..waits {
            let waiting = self.head.borrow().saturating_sub(least);
            if waiting >= BATCH_EVENTS_MAX as u64 || self.lanes.iter().any(|lane| lane.is_awaited(&self.shared)) {
                return;
            }
            tokio::time::sleep(BUSY_WAIT).await;
        }
    }

    async fn reload(&mut self) -> Result<(), Trouble> {
        for lane in &mut self.lanes {
            lane.reload(&self.shared).await?;
        }
        Ok(())
    }

    /// Takes the views that stand at `place` one batch on.
    async fn advance(&mut self, place: u64) -> Result<(), Trouble> {
        let wanted = |kind| self.lanes.iter().any(|lane| lane.wants(kind));
        let batch = feed::read(&*self.shared.log, self.id, place, BATCH_EVENTS_MAX, wanted).await?;
        let Some(end) = batch.end else { return Err(Trouble::Unreadable { place }) };
        while let Some(failed) = self.commit(place, &batch, end).await? {
            tracing::debug!(partition = self.id, position = failed, "a batch is folded again without a stream");
        }
        Ok(())
    }

    /// Folds and commits the batch. `Some`: the store can't store a change, ever; its stream is set aside, and the batch is to
    /// be folded again.
    async fn commit(&mut self, place: u64, batch: &Batch, end: Checkpoint) -> Result<Option<u64>, Trouble> {
        let mut commits: Vec<ViewCommit> = Vec::with_capacity(self.lanes.len());
        for lane in self.lanes.iter_mut().filter(|lane| lane.position() == place) {
            commits.push(lane.fold(&*self.shared.store, batch, end).await?);
        }
        match self.shared.store.commit(self.id, commits).await {
            Ok(()) => {
                for lane in self.lanes.iter_mut().filter(|lane| lane.position() == place) {
                    lane.committed(&self.shared, end);
                }
                Ok(None)
            }
            Err(CommitError::Rejected { view, change, reason }) => {
                let mut here = self.lanes.iter_mut().filter(|lane| lane.position() == place);
                let parked = here.find(|lane| lane.id() == view).and_then(|lane| lane.reject(batch, change, &reason));
                let Some(position) = parked else { return Err(CommitError::Rejected { view, change, reason }.into()) };
                for lane in &mut self.lanes {
                    lane.forget();
                }
                Ok(Some(position))
            }
            Err(error) => Err(error.into()),
        }
    }
}
