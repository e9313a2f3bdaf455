//! The runner of views: follows the log, folds it, and commits what changed together with how far it came.
//!
//! Each partition has a task of its own (`partition`). It reads a page after its views' checkpoint, has it decoded once
//! (`feed`), folds it into each view's documents (`lane`), and commits all views that stand at the same place in one
//! transaction; a view that lags behind is brought up beside them, in turns. One event after a pause is folded at once; under load it
//! waits a moment for more ([`BUSY_WAIT_MS`]), unless a query waits.
//!
//! - A view advances in a partition in one place at a time: where it is leased to (`leases`). Whoever has no lease hears from the store
//!   how far it has come, and takes over within [`LEASE_MS`] of a death.
//! - A checkpoint is a position and the leaf there. Commits expect the checkpoint that they were folded from: whoever was
//!   slower reads it again. Where the log has another leaf there, or none, the view is of another log: it is rebuilt.
//! - A stream whose event can't be decoded, folded or stored is set aside for that view, and the rest goes on. An operator retries it, or
//!   leaves it as it is (`retry`).
//! - A view is rebuilt beside itself while it is read, then takes its own place at once (`rebuild`); and compared, row by row, with what
//!   the log gives when it is folded anew ([`verify`]).
//! - A record of a newer build stops everything here with [`Health::UpgradeNeeded`]: it is neither folded nor set aside.
//! - A log or store that can't serve at present is asked again, ever less often up to [`RETRY_MS_MAX`], and nothing is lost.
//!
//! What never happens here: a command, a query, the wall clock, randomness (but in when a retry comes); nothing knows what a view is
//! about, nor which log or store it is.
//!
//! # Recipes
//!
//! **To add a view**: see `views`; nothing changes here. Tell its story in `tests/stories`, where everything is delivered twice and in odd
//! batches.
//!
//! **To add something that operators ask for**: `orders.rs`, done in `retry.rs` or beside it; then `AdminService` in `proto/` and `grpc`.
//!
//! **To add a reason why a stream is set aside**: `lane.rs`, and a test in `tests/stories/parking.rs`.

mod advance;
mod beside;
mod feed;
mod lane;
mod leases;
mod observe;
mod orders;
mod partition;
mod rebuild;
mod retry;
mod supervisor;
mod trouble;
mod verify;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use event_log::{EventLog, PartitionId};
use tokio::runtime::Handle;
use tokio::sync::{MutexGuard, Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use view_store::{Schema, StoreError, ViewId, ViewStore};
use views::AnyView;

use leases::Leases;
use observe::Observed;
use orders::{Desk, Order};

pub use leases::Terms;
pub use observe::{Fold, Listener, Observer};
pub use orders::{OrderError, Unparked};
pub use rebuild::{Rebuild, RebuildError, RebuildProgress, Step};
pub use trouble::StartError;
pub use verify::{DIFFERENCES_MAX, Difference, Verified, VerifyError, VerifyProgress, verify};

/// A batch has at most so many events. The more there are, the fewer rows are written: an issue's and a counter's once a batch. With what six
/// views make of it, each takes some 12 kB of memory.
pub const BATCH_EVENTS_MAX: usize = 8192;
/// Who is so far behind catches up; at most [`CATCHING_UP_MAX`] partitions at a time, for the sake of memory.
pub const CATCHING_UP_EVENTS: u64 = 4096;
/// One more than there are cores to be kept busy at the least: one reads and folds, one folds, one is being written.
pub const CATCHING_UP_MAX: usize = 3;
/// Where so many events or more wait, and less than a batch, more are on their way: they are waited for, unless a query waits or did
/// so lately ([`ASKED_LATELY_MS`]).
pub const BUSY_EVENTS: u64 = 32;
/// They are waited for in steps of so long.
pub const BUSY_WAIT_MS: u64 = 5;
/// So many steps at most. An issue's next events then are often in the same batch, and its row is written once for all of
/// them. Measured at 12,800 events a second of 64 issues at once: 36 µs of CPU an event without waiting, 28 after 20 ms, 24 after
/// 40 ms, writing it included.
pub const BUSY_WAITS_MAX: u32 = 20;
/// However few wait, a round is rested from for so many times what it took, in such steps and as long at most, unless a query waits or did so lately: so
/// folding a partition takes a tenth of the time from those who write. With one command in flight, on SQLite, 1,290 a second became 1,690.
pub const REST_ROUNDS: u32 = 9;
/// For so long after a query waited, no batch is: who asks for what was just answered will ask again, and fresh answers go before full batches.
pub const ASKED_LATELY_MS: u64 = 500;
const _: () = assert!(BUSY_EVENTS < BATCH_EVENTS_MAX as u64, "a full batch is not kept waiting");
/// A log or store that can't serve is asked again after at most so long.
pub const RETRY_MS_MAX: u64 = 5_000;
/// A lease lasts so long: whoever dies is followed within this time.
pub const LEASE_MS: u64 = 3_000;
/// Leases are renewed so often; and what others let go is asked for.
pub const RENEW_MS: u64 = 750;
const _: () = assert!(RENEW_MS * 3 < LEASE_MS, "two renewals may fail");
/// A view is in use for so long after a node has said so; then, if no other says so, its tables go.
pub const USED_LASTS: Duration = Duration::from_secs(600);
/// It is asked again for the first time after so long.
const RETRY_MS_MIN: u64 = 20;

/// The views there are, or those of a test.
pub type Views = &'static [&'static dyn AnyView];

/// A running projector. Dropping it does not stop it: the token that it was started with does.
pub struct Projector {
    control: Control,
    task: JoinHandle<()>,
}

/// Watches and steers a running projector.
#[derive(Clone)]
pub struct Control {
    shared: Arc<Shared>,
    health: watch::Receiver<Health>,
    /// Where views are rebuilt; `None`: where it is asked for.
    rebuilds: Option<Handle>,
}

/// Whether views are being kept up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// They are, or will be as soon as log and store serve again.
    Running,
    /// The log holds what a newer build wrote: this one is not ready, and folds nothing more.
    UpgradeNeeded {
        /// What it does not know.
        reason: Arc<str>,
    },
    /// They no longer are: it was told to stop.
    Stopped,
}

/// How far a view has come in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Which view.
    pub view: ViewId,
    /// Which partition.
    pub partition: PartitionId,
    /// The last position that it has folded; 0: none.
    pub checkpoint: u64,
    /// The last position of the log.
    pub head: u64,
    /// How many streams it has set aside that no operator has seen; as far as this node knows, which is where it is led.
    pub parked: u64,
    /// How many it has set aside that an operator leaves as they are; likewise.
    pub skipped: u64,
    /// Is the view advanced here, in this partition?
    pub led: bool,
}

/// What the tasks share.
struct Shared {
    log: Arc<dyn EventLog>,
    store: Arc<dyn ViewStore>,
    views: Views,
    leases: Leases,
    /// One for each partition.
    desks: Vec<Desk>,
    parked: BTreeMap<(ViewId, PartitionId), ParkedCounts>,
    /// All that are yet to be seen.
    unseen: watch::Sender<u64>,
    observed: Observed,
    /// Turns of those who catch up.
    turns: Semaphore,
}

/// Parked streams of a view in a partition that is led here.
#[derive(Debug, Default)]
struct ParkedCounts {
    unseen: AtomicU64,
    skipped: AtomicU64,
}

impl Projector {
    /// Prepares the views' tables, empties those that are of another log, and starts folding what is leased to it. What it costs to start
    /// does not depend on how much there is.
    pub async fn start(
        log: Arc<dyn EventLog>,
        store: Arc<dyn ViewStore>,
        views: Views,
        shutdown: CancellationToken,
    ) -> Result<Self, StartError> {
        let partitions = log.identity().partitions;
        let parked = views.iter().flat_map(|view| (0..partitions).map(|partition| (view.schema().id(), partition)));
        let parked = parked.map(|key| (key, ParkedCounts::default())).collect();
        let leases = Leases::of(store.join().await?);
        let desks = (0..partitions).map(|_| Desk::default()).collect();
        let (unseen, observed) = (watch::Sender::new(0), Observed::default());
        let turns = Semaphore::new(CATCHING_UP_MAX);
        let shared = Arc::new(Shared { log, store, views, leases, desks, parked, unseen, observed, turns });
        shared.prepare().await?;
        shared.rebuild_strangers().await?;
        let (health, watched) = watch::channel(Health::Running);
        let task = tokio::spawn(supervisor::run(Arc::clone(&shared), shutdown, health));
        Ok(Self { control: Control { shared, health: watched, rebuilds: None }, task })
    }

    /// What watches and steers it.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// How far each view has come in each partition.
    pub fn progress(&self) -> Vec<Progress> {
        self.control.progress()
    }

    /// True where no view lags behind what can be read of the log now.
    pub fn is_caught_up(&self) -> bool {
        self.control.is_caught_up()
    }

    /// Waits until every view has folded all that can be read of the log now. `false`: it has stopped before.
    pub async fn caught_up(&self) -> bool {
        self.control.caught_up().await
    }

    /// Whether views are being kept up to date, watched.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.control.health()
    }

    /// Waits until it has stopped. A commit that was under way may still be: the store completes it.
    pub async fn stopped(self) {
        // An error means that the task panicked, which the panic has told already.
        let _ = self.task.await;
    }
}

impl Control {
    /// Rebuilds views there, and not among the tasks of who asks for it: they take long, and what they compete with is waited for.
    #[must_use]
    pub fn rebuilding_on(self, threads: Handle) -> Self {
        Self { rebuilds: Some(threads), ..self }
    }

    /// How far each view has come in each partition.
    pub fn progress(&self) -> Vec<Progress> {
        let terms = self.shared.leases.watch();
        let terms = terms.borrow();
        let of = |(&(view, partition), parked): (&(ViewId, PartitionId), &ParkedCounts)| Progress {
            view,
            partition,
            checkpoint: *self.shared.store.advanced(view, partition).borrow(),
            head: *self.shared.log.head(partition).borrow(),
            parked: parked.unseen.load(Ordering::Relaxed),
            skipped: parked.skipped.load(Ordering::Relaxed),
            led: terms.contains_key(&(view, partition)),
        };
        self.shared.parked.iter().map(of).collect()
    }

    /// True where no view lags behind what can be read of the log now.
    pub fn is_caught_up(&self) -> bool {
        self.progress().iter().all(|progress| progress.checkpoint >= progress.head)
    }

    /// Waits until every view has folded all that can be read of the log now. `false`: it has stopped before.
    pub async fn caught_up(&self) -> bool {
        let mut health = self.health.clone();
        let reached = async {
            for Progress { view, partition, head, .. } in self.progress() {
                let mut advanced = self.shared.store.advanced(view, partition);
                if advanced.wait_for(|position| *position >= head).await.is_err() {
                    return false;
                }
            }
            true
        };
        tokio::select! {
            reached = reached => reached,
            _ = health.wait_for(|health| *health != Health::Running) => self.is_caught_up(),
        }
    }

    /// Whether views are being kept up to date, watched.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }

    /// Tells this observer of each batch from now on, unless another one is told already.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        self.shared.observed.by(observer);
    }

    /// Tells this listener of each batch from now on, unless another one is told already.
    pub fn listen(&self, listener: Arc<dyn Listener>) {
        self.shared.observed.heard_by(listener);
    }

    /// What is advanced here: views and partitions, each with the term of its lease; watched.
    pub fn led(&self) -> watch::Receiver<Arc<Terms>> {
        self.shared.leases.watch()
    }

    /// How many streams are set aside, in the views and partitions led here, that no operator has seen; watched.
    pub fn parked(&self) -> watch::Receiver<u64> {
        self.shared.unseen.subscribe()
    }

    /// The views that it folds.
    pub fn views(&self) -> impl Iterator<Item = &'static Schema> {
        self.shared.views.iter().map(|view| view.schema())
    }

    /// The view of this name.
    fn view(&self, name: &str) -> Result<&'static dyn AnyView, OrderError> {
        let found = self.shared.views.iter().find(|view| view.schema().name == name);
        found.copied().ok_or_else(|| OrderError::NoSuchView { name: name.to_owned() })
    }
}

impl Shared {
    /// Makes the tables, anew where they have another shape.
    async fn prepare(&self) -> Result<(), StoreError> {
        let schemas: Vec<_> = self.views.iter().map(|view| view.schema()).collect();
        loop {
            match self.store.prepare(&schemas).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Changed { view }) => {
                    let Some(schema) = schemas.iter().find(|schema| schema.id() == view) else {
                        return Err(StoreError::Changed { view });
                    };
                    tracing::warn!(%view, "a view's tables have another shape than this build's: it is rebuilt");
                    self.store.reset(schema).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Resets each view that has a checkpoint which is not of this log.
    async fn rebuild_strangers(&self) -> Result<(), StartError> {
        for view in self.views {
            let schema = view.schema();
            for (partition, checkpoint) in self.store.checkpoints(schema.id()).await? {
                if !feed::is_of(&*self.log, partition, &checkpoint).await? {
                    let (position, view) = (checkpoint.position, schema.id());
                    tracing::warn!(%view, partition, position, "a view was folded from another log: it is rebuilt");
                    self.store.reset(schema).await?;
                    break;
                }
            }
        }
        Ok(())
    }

    fn set_parked(&self, view: ViewId, partition: PartitionId, (unseen, skipped): (u64, u64)) {
        if let Some(parked) = self.parked.get(&(view, partition)) {
            let before = parked.unseen.swap(unseen, Ordering::Relaxed);
            if before != unseen {
                self.unseen.send_modify(|sum| *sum = (*sum + unseen).saturating_sub(before));
            }
            parked.skipped.store(skipped, Ordering::Relaxed);
        }
    }

    /// What operators ask of a partition.
    async fn orders(&self, partition: PartitionId) -> MutexGuard<'_, mpsc::Receiver<Order>> {
        // There is a desk for each partition of the log.
        match self.desks.get(partition as usize) {
            Some(desk) => desk.orders().await,
            None => std::future::pending().await,
        }
    }
}

impl fmt::Debug for Projector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Projector").field("control", &self.control).finish_non_exhaustive()
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("views", &self.shared.views).finish_non_exhaustive()
    }
}
