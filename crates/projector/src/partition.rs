//! Follows one partition.

use std::sync::Arc;
use std::time::Duration;

use backon::{RetryableWithContext, TokioSleeper};
use event_log::PartitionId;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use view_store::{Claim, ViewStore};

use crate::advance::{Advanced, advance};
use crate::lane::{Lane, Right};
use crate::leases::Terms;
use crate::orders::Order;
use crate::supervisor::patience;
use crate::trouble::{Trouble, chain};
use crate::{
    ASKED_LATELY_MS, BATCH_EVENTS_MAX, BUSY_EVENTS, BUSY_WAIT_MS, BUSY_WAITS_MAX, CATCHING_UP_EVENTS, LEASE_MS,
    RENEW_MS, REST_ROUNDS, Shared,
};

const BUSY_WAIT: Duration = Duration::from_millis(BUSY_WAIT_MS);
/// Whether the store has lost commits is looked at so often, where there is nothing to fold.
const CRASH_LOOK: Duration = Duration::from_millis(RENEW_MS);
const ASKED_LATELY: Duration = Duration::from_millis(ASKED_LATELY_MS);

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
    terms: watch::Receiver<Arc<Terms>>,
    lanes: Vec<Lane>,
    /// The checkpoints in hand may not be those stored: at the start, and after anything went wrong.
    stale: bool,
    /// Until when the last round is rested from.
    rested: Instant,
    /// When somebody last waited for what was about to be folded.
    awaited: Option<Instant>,
}

/// What a partition waits for.
enum Next {
    /// There is something to fold, up to here.
    Head(u64),
    /// Lanes came or went.
    Terms,
    /// Somebody asked for something.
    Order(Order),
    /// The store has lost what was committed last.
    Crash,
}

impl Partition {
    pub(crate) fn new(shared: Arc<Shared>, id: PartitionId) -> Self {
        let (head, terms) = (shared.log.head(id), shared.leases.watch());
        let lanes = shared.views.iter().map(|view| Lane::new(*view, id)).collect();
        Self { shared, id, head, terms, lanes, stale: true, rested: Instant::now(), awaited: None }
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

    /// Waits until there is something to do. If it is to fold, takes every view that lags one batch on.
    async fn round(&mut self) -> Result<(), Trouble> {
        self.take_over().await?;
        let least = self.led().map(Lane::position).min().unwrap_or(u64::MAX);
        let head = match self.next(least).await {
            Next::Terms => return Ok(()),
            Next::Order(order) => return self.obey(order).await,
            Next::Crash => {
                tracing::warn!(partition = self.id, "views have lost their latest commits: they are folded again");
                self.stale = true;
                return Ok(());
            }
            Next::Head(head) => head,
        };
        let waiting = head - least;
        let waits = match waiting {
            BUSY_EVENTS.. => BUSY_WAITS_MAX,
            _ => steps(self.rested.saturating_duration_since(Instant::now())),
        };
        self.gather(least, waits).await;
        let begun = Instant::now();
        // The foremost first: who lives with the log is not kept waiting by a rebuild. At the head they meet.
        let mut places: Vec<u64> = self.led().map(Lane::position).filter(|place| *place < head).collect();
        places.sort_unstable();
        places.dedup();
        for place in places.into_iter().rev() {
            let shared = Arc::clone(&self.shared);
            let _turn = if head - place > CATCHING_UP_EVENTS { shared.turns.acquire().await.ok() } else { None };
            let (log, store) = (&*self.shared.log, &*self.shared.store);
            match advance((log, store), &mut self.lanes, place, BATCH_EVENTS_MAX, &self.shared.observed).await? {
                Advanced::Done => self.count_parked(),
                Advanced::NotHeld(view) => {
                    self.lost(view);
                    return Ok(());
                }
            }
        }
        self.rested = Instant::now() + begun.elapsed() * REST_ROUNDS;
        Ok(())
    }

    /// Lets go of lanes whose lease is gone, and takes up those that are leased from now on.
    async fn take_over(&mut self) -> Result<(), Trouble> {
        let terms = Arc::clone(&self.terms.borrow_and_update());
        let (log, store) = (&*self.shared.log, &*self.shared.store);
        for lane in &mut self.lanes {
            let right = terms.get(&(lane.id(), self.id)).map_or(Right::None, |term| Right::Leased(*term));
            if self.stale || lane.right() != right {
                lane.begin(log, store, right).await?;
            }
        }
        self.stale = false;
        self.count_parked();
        Ok(())
    }

    /// Waits for what is to be done next.
    async fn next(&mut self, least: u64) -> Next {
        let mut orders = self.shared.orders(self.id).await;
        tokio::select! {
            head = beyond(&mut self.head, least) => Next::Head(head),
            Ok(()) = self.terms.changed() => Next::Terms,
            Some(order) = orders.recv() => Next::Order(order),
            () = crashed(&*self.shared.store, &self.lanes) => Next::Crash,
        }
    }

    /// Waits a moment for a fuller batch: the more events of one stream it holds, the fewer rows are written. Ends early when
    /// the batch is full, or when somebody waits for what is in it: then, and for a while after, views are kept up with the log.
    async fn gather(&mut self, least: u64, waits: u32) {
        for _ in 0..waits {
            let waiting = self.head.borrow().saturating_sub(least);
            if self.led().any(|lane| self.shared.store.is_awaited(lane.id(), self.id)) {
                self.awaited = Some(Instant::now());
            }
            let asked_lately = self.awaited.is_some_and(|at| at.elapsed() < ASKED_LATELY);
            if waiting >= BATCH_EVENTS_MAX as u64 || asked_lately {
                return;
            }
            tokio::time::sleep(BUSY_WAIT).await;
        }
    }

    /// Does what an operator asked for, under a lease that is taken from whoever has it.
    async fn obey(&mut self, order: Order) -> Result<(), Trouble> {
        let done = self.do_it(&order).await;
        let (answer, done) = match done {
            Ok(done) => (Ok(done), Ok(())),
            Err(error) => (Err(chain(&error)), Err(error)),
        };
        self.count_parked();
        self.shared.observed.moved(self.id);
        order.answer(answer);
        done
    }

    async fn do_it(&mut self, order: &Order) -> Result<crate::Unparked, Trouble> {
        let (log, store) = (&*self.shared.log, &*self.shared.store);
        let Some(lane) = self.lanes.iter_mut().find(|lane| lane.id() == order.view) else {
            return Ok(crate::Unparked::NotParked);
        };
        if !lane.is_led() {
            let lasting = Duration::from_millis(LEASE_MS);
            let claim =
                Claim { holder: self.shared.leases.holder, of: vec![(lane.id(), self.id)], lasting, anyway: true };
            for lease in store.lease(claim).await? {
                lane.begin(log, store, Right::Leased(lease.term)).await?;
                self.shared.leases.gained(lane.id(), self.id, lease.term);
            }
        }
        lane.obey(log, store, order).await
    }

    fn lost(&mut self, view: view_store::ViewId) {
        self.stale = true;
        let lane = self.lanes.iter().find(|lane| lane.id() == view);
        if let Some(Right::Leased(term)) = lane.map(Lane::right) {
            tracing::info!(%view, partition = self.id, "somebody else advances a view now");
            self.shared.leases.lost(view, self.id, term);
        }
    }

    fn led(&self) -> impl Iterator<Item = &Lane> {
        self.lanes.iter().filter(|lane| lane.is_led())
    }

    fn count_parked(&self) {
        for lane in &self.lanes {
            self.shared.set_parked(lane.id(), self.id, lane.parked.counts());
        }
    }
}

/// Waits until the store says of a view that it has come less far than was committed here: its machine has crashed since, and nothing may be
/// appended that would show it. Asked for now and then, and not watched: who watches is one who waits for the view.
async fn crashed(store: &dyn ViewStore, lanes: &[Lane]) {
    let is_behind =
        |lane: &Lane| lane.is_led() && *store.advanced(lane.id(), lane.partition).borrow() < lane.position();
    loop {
        tokio::time::sleep(CRASH_LOOK).await;
        if lanes.iter().any(is_behind) {
            return;
        }
    }
}

/// So many steps of gathering are so long.
fn steps(rest: Duration) -> u32 {
    let steps = rest.as_nanos().div_ceil(BUSY_WAIT.as_nanos());
    u32::try_from(steps).unwrap_or(BUSY_WAITS_MAX).min(BUSY_WAITS_MAX)
}

/// Waits until the log reaches further.
async fn beyond(head: &mut watch::Receiver<u64>, least: u64) -> u64 {
    let reached = head.wait_for(|head| *head > least).await.map(|head| *head);
    match reached {
        Ok(head) => head,
        // The log is gone, and its process goes with it.
        Err(_) => std::future::pending().await,
    }
}
