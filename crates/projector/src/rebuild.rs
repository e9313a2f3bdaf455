//! A view rebuilt while it is read.
//!
//! Its tables are built once more, beside it, from the log's start, as far as the log goes. Then the view itself stands still for a
//! moment: its leases are taken, the rest is folded, and in one transaction the new tables take the old ones' place, unless they are
//! behind them in any partition. Queries never notice. A rebuild that is stopped goes on where it was, while its tables are kept
//! ([`USED_LASTS`](crate::USED_LASTS)).

use std::time::Duration;

use backon::BackoffBuilder as _;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use view_store::{Claim, Holder, Lease, PARKED_ANSWER_MAX, Schema, StoreError, SwapError, ViewCommit};
use views::AnyView;

use crate::beside::{beside, step};
use crate::lane::{Lane, Right};
use crate::supervisor::patience;
use crate::trouble::{Trouble, chain};
use crate::{Control, LEASE_MS, OrderError, RENEW_MS, Shared, USED_LASTS};

/// A rebuild's leases last longer than a runner's: nobody waits for them.
const LEASE: Duration = Duration::from_millis(LEASE_MS * 3);
/// Where it is this close behind, the rest is folded while the view stands still.
const CLOSE_EVENTS: u64 = 1024;

/// So often its tables are to take the view's place at most.
const SWITCHES_MAX: u32 = 5;
/// What can't serve is asked again so often at most, over about half a minute; then the rebuild ends, and may be asked for again.
const RETRIES_MAX: usize = 12;

/// What a rebuild is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Tables are built beside the view.
    Building,
    /// They take its place.
    Switching,
    /// They have.
    Done,
}

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RebuildProgress {
    /// What it is about.
    pub step: Step,
    /// So many events are folded.
    pub folded: u64,
    /// Of so many; it grows as the log does.
    pub of: u64,
}

/// A rebuild under way. Dropping it stops it, and changes nothing.
#[derive(Debug)]
pub struct Rebuild {
    progress: watch::Receiver<RebuildProgress>,
    task: JoinHandle<Result<(), RebuildError>>,
    #[expect(dead_code, reason = "it stops the task when it is dropped")]
    stop: DropGuard,
}

/// Why a view was not rebuilt. It is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RebuildError {
    /// Somebody else rebuilds it.
    #[error("view {view} is being rebuilt already")]
    UnderWay {
        /// Which view.
        view: &'static str,
    },
    /// It was told to stop.
    #[error("the rebuild was stopped")]
    Stopped,
    /// Log or store can't serve at present.
    #[error("{reason}")]
    Failed {
        /// What they say.
        reason: String,
    },
}

impl Rebuild {
    /// How far it is, watched.
    pub fn progress(&self) -> watch::Receiver<RebuildProgress> {
        self.progress.clone()
    }

    /// Waits until it has ended.
    pub async fn done(&mut self) -> Result<(), RebuildError> {
        match (&mut self.task).await {
            Ok(done) => done,
            Err(error) => Err(RebuildError::Failed { reason: error.to_string() }),
        }
    }
}

impl Control {
    /// Rebuilds a view from the log, while it is read and kept up to date.
    pub fn rebuild(&self, view: &str) -> Result<Rebuild, OrderError> {
        let view = self.view(view)?;
        let (tell, progress) = watch::channel(RebuildProgress { step: Step::Building, folded: 0, of: 0 });
        let stop = CancellationToken::new();
        let (shared, stopped) = (std::sync::Arc::clone(&self.shared), stop.clone());
        let threads = self.rebuilds.clone().unwrap_or_else(Handle::current);
        let task = threads.spawn(async move {
            let mut work = Work::begin(&shared, view, tell, stopped).await?;
            let done = work.run().await;
            work.end().await;
            done
        });
        Ok(Rebuild { progress, task, stop: stop.drop_guard() })
    }
}

/// What a rebuild works with.
struct Work<'s> {
    shared: &'s Shared,
    view: &'static dyn AnyView,
    new: &'static Schema,
    holder: Holder,
    lanes: Vec<Lane>,
    renewed: Instant,
    tell: watch::Sender<RebuildProgress>,
    stopped: CancellationToken,
}

impl<'s> Work<'s> {
    async fn begin(
        shared: &'s Shared,
        view: &'static dyn AnyView,
        tell: watch::Sender<RebuildProgress>,
        stopped: CancellationToken,
    ) -> Result<Self, RebuildError> {
        let new = beside(view.schema());
        match shared.store.prepare(&[new]).await {
            Err(StoreError::Changed { .. }) => shared.store.reset(new).await?,
            other => drop(other?),
        }
        let holder = shared.store.join().await?;
        let lanes = (0..shared.log.identity().partitions).map(|id| Lane::stored_as(view, new, id)).collect();
        let mut work = Self { shared, view, new, holder, lanes, renewed: Instant::now(), tell, stopped };
        let leases = work.lease(new, false).await?;
        if leases.len() < work.lanes.len() {
            work.end().await;
            return Err(RebuildError::UnderWay { view: view.schema().name });
        }
        match work.take_up(&leases).await {
            Ok(()) => Ok(work),
            Err(error) => {
                work.end().await;
                Err(error)
            }
        }
    }

    /// Begins where it was, or from the start where that was of another log.
    async fn take_up(&mut self, leases: &[Lease]) -> Result<(), RebuildError> {
        match self.begin_lanes(leases).await {
            Err(Trouble::Stranger { .. }) => {
                self.shared.store.reset(self.new).await?;
                let leases = self.lease(self.new, false).await?;
                Ok(self.begin_lanes(&leases).await?)
            }
            other => Ok(other?),
        }
    }

    async fn begin_lanes(&mut self, leases: &[Lease]) -> Result<(), Trouble> {
        for lease in leases {
            let Some(lane) = self.lanes.get_mut(lease.partition as usize) else { continue };
            lane.begin(&*self.shared.log, &*self.shared.store, Right::Leased(lease.term)).await?;
        }
        Ok(())
    }

    async fn run(&mut self) -> Result<(), RebuildError> {
        self.build().await?;
        for _ in 0..SWITCHES_MAX {
            if self.switch().await? {
                return Ok(());
            }
        }
        Err(RebuildError::Failed { reason: "the view went on, however often it was to stand still".to_owned() })
    }

    /// Folds until it is close behind.
    async fn build(&mut self) -> Result<(), RebuildError> {
        loop {
            let heads = self.heads();
            self.fold_to(&heads, Step::Building).await?;
            let heads = self.heads();
            let behind = heads.iter().zip(&self.lanes).map(|(head, lane)| head.saturating_sub(lane.position()));
            if behind.sum::<u64>() <= CLOSE_EVENTS {
                return Ok(());
            }
        }
    }

    /// The view stands still while the new tables are brought to where it is, and take its place. `false`: a node that takes its share of
    /// leases took them meanwhile, and the view went on.
    async fn switch(&mut self) -> Result<bool, RebuildError> {
        self.lease(self.view.schema(), true).await?;
        let reached = self.shared.store.checkpoints(self.view.schema().id()).await?;
        let partitions = self.lanes.iter().map(|lane| reached.get(&lane.partition));
        let ends: Vec<u64> = partitions.map(|at| at.map_or(0, |at| at.position)).collect();
        self.fold_to(&ends, Step::Switching).await?;
        self.keep_skipped().await?;
        match self.shared.store.swap(self.view.schema(), self.new).await {
            Ok(()) => {}
            Err(SwapError::Behind { .. }) => return Ok(false),
            Err(SwapError::Failed(error)) => return Err(error.into()),
        }
        tracing::info!(view = %self.view.schema().id(), "a view was rebuilt");
        self.shared.leases.ask();
        if let Err(error) = self.shared.store.remove(self.new.id()).await {
            tracing::warn!(%error, "what a view was before it was rebuilt is dropped later");
        }
        self.report(Step::Done, &ends);
        Ok(true)
    }

    /// What an operator had left as it was is left so still, where it is parked at the same event.
    async fn keep_skipped(&mut self) -> Result<(), RebuildError> {
        let store = &*self.shared.store;
        let mut after = None;
        loop {
            let limit = u32::try_from(PARKED_ANSWER_MAX).unwrap_or(u32::MAX);
            let page = store.parked(self.view.schema().id(), after, limit).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(std::sync::Arc::clone(&last.stream));
            let names = page.iter().filter(|it| it.skipped).map(|it| std::sync::Arc::clone(&it.stream)).collect();
            for again in store.parked_of(self.new.id(), names).await? {
                let before = page.iter().find(|it| it.stream == again.stream);
                let lane = self.lanes.iter().find(|lane| lane.partition == again.partition);
                let (Some(before), Some(lane)) = (before, lane) else { continue };
                if let Some(at) = lane.checkpoint().filter(|_| before.position == again.position) {
                    let skip = vec![again.stream];
                    let commit = ViewCommit { skip, ..lane.commit_to(at) };
                    store.commit(lane.partition, vec![commit]).await.map_err(Trouble::from)?;
                }
            }
        }
    }

    /// Takes each partition to its end, a batch of each in turns.
    async fn fold_to(&mut self, ends: &[u64], what: Step) -> Result<(), RebuildError> {
        loop {
            let mut moved = false;
            for at in 0..self.lanes.len() {
                if self.stopped.is_cancelled() {
                    return Err(RebuildError::Stopped);
                }
                self.renew(what).await?;
                let end = ends.get(at).copied().unwrap_or_default();
                moved |= self.step(at, end, what).await?;
                self.report(what, ends);
            }
            if !moved {
                return Ok(());
            }
        }
    }

    /// Takes one partition a batch on. What can't serve for a moment is asked again, from what is stored.
    async fn step(&mut self, at: usize, end: u64, what: Step) -> Result<bool, RebuildError> {
        let (log, store) = (&*self.shared.log, &*self.shared.store);
        let mut waits = patience().with_max_times(RETRIES_MAX).build();
        let right = self.lanes[at].right();
        let mut done = step(log, store, &mut self.lanes[at], end).await;
        loop {
            let error = match done {
                Ok(moved) => return Ok(moved),
                Err(error) => error,
            };
            let Some(wait) = waits.next().filter(|_| error.passes()) else { return Err(error.into()) };
            tracing::warn!(view = %self.new.id(), error = %chain(&error), "a rebuild waits");
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.stopped.cancelled() => return Err(RebuildError::Stopped),
            }
            self.renew(what).await?;
            let lane = &mut self.lanes[at];
            done = match lane.begin(log, store, right).await {
                Ok(()) => step(log, store, lane, end).await,
                Err(error) => Err(error),
            };
        }
    }

    /// Keeps leases and tables.
    async fn renew(&mut self, what: Step) -> Result<(), RebuildError> {
        if self.renewed.elapsed() < Duration::from_millis(RENEW_MS) {
            return Ok(());
        }
        self.lease(self.new, false).await?;
        if what == Step::Switching {
            self.lease(self.view.schema(), false).await?;
        }
        self.shared.store.announce(&[self.new.id()], USED_LASTS).await?;
        self.renewed = Instant::now();
        Ok(())
    }

    async fn lease(&self, schema: &Schema, anyway: bool) -> Result<Vec<Lease>, RebuildError> {
        let of = self.lanes.iter().map(|lane| (schema.id(), lane.partition)).collect();
        Ok(self.shared.store.lease(Claim { holder: self.holder, of, lasting: LEASE, anyway }).await?)
    }

    fn heads(&self) -> Vec<u64> {
        self.lanes.iter().map(|lane| *self.shared.log.head(lane.partition).borrow()).collect()
    }

    fn report(&self, step: Step, ends: &[u64]) {
        let folded = self.lanes.iter().map(Lane::position).sum();
        self.tell.send_replace(RebuildProgress { step, folded, of: ends.iter().sum() });
    }

    /// Lets go of all leases, so that the view goes on at once.
    async fn end(&self) {
        if let Err(error) = self.shared.store.release(self.holder).await {
            tracing::debug!(%error, "a rebuild's leases run out by themselves");
        }
        self.shared.leases.ask();
    }
}

impl From<StoreError> for RebuildError {
    fn from(error: StoreError) -> Self {
        Self::Failed { reason: chain(&error).to_string() }
    }
}

impl From<Trouble> for RebuildError {
    fn from(error: Trouble) -> Self {
        Self::Failed { reason: chain(&error).to_string() }
    }
}
