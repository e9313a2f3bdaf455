//! Which lanes are led here: leases, claimed and renewed as long as the runner runs.

mod share;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use event_log::PartitionId;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use view_store::{Claim, Holder, StoreError, Term, ViewId};

use crate::trouble::chain;
use crate::{LEASE_MS, RENEW_MS, Shared, USED_LASTS};

/// Terms by view and partition.
pub type Terms = BTreeMap<(ViewId, PartitionId), Term>;

/// That a view is in use is said so often.
const ANNOUNCE_EVERY: Duration = Duration::from_secs(60);

/// Who stops waits so long at most to let go of leases.
const RELEASE_MAX: Duration = Duration::from_secs(1);

/// What is leased to this runner, as far as it knows.
#[derive(Debug)]
pub(crate) struct Leases {
    pub(crate) holder: Holder,
    terms: watch::Sender<Arc<Terms>>,
    /// A lease may be free.
    ask: Notify,
}

impl Leases {
    pub(crate) fn of(holder: Holder) -> Self {
        Self { holder, terms: watch::Sender::default(), ask: Notify::new() }
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Arc<Terms>> {
        self.terms.subscribe()
    }

    /// It was said that the lease is held no more.
    pub(crate) fn lost(&self, view: ViewId, partition: PartitionId, term: Term) {
        self.change(|terms| {
            if terms.get(&(view, partition)) == Some(&term) {
                terms.remove(&(view, partition));
            }
        });
        self.ask.notify_one();
    }

    /// It was granted beside the rest.
    pub(crate) fn gained(&self, view: ViewId, partition: PartitionId, term: Term) {
        self.change(|terms| {
            terms.insert((view, partition), term);
        });
    }

    /// Asks at once for what may be free now.
    pub(crate) fn ask(&self) {
        self.ask.notify_one();
    }

    fn change(&self, change: impl FnOnce(&mut Terms)) {
        self.terms.send_if_modified(|terms| {
            let mut changed = Terms::clone(&**terms);
            change(&mut changed);
            let is_new = changed != **terms;
            if is_new {
                *terms = Arc::new(changed);
            }
            is_new
        });
    }
}

/// Claims every lane, keeps what it gets, and lets go of it in the end. Says meanwhile which views are in use.
pub(crate) async fn keep(shared: Arc<Shared>, stop: CancellationToken) {
    let began = Instant::now();
    let mut announced = None::<Instant>;
    while !stop.is_cancelled() {
        if let Err(error) = renew(&shared).await {
            tracing::warn!(error = %chain(&error), "leases are not renewed");
        }
        if announced.is_none_or(|announced| announced.elapsed() >= ANNOUNCE_EVERY) {
            match announce(&shared, began).await {
                Ok(()) => announced = Some(Instant::now()),
                Err(error) => tracing::warn!(error = %chain(&error), "views are not announced"),
            }
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(RENEW_MS)) => {}
            () = shared.leases.ask.notified() => {}
            () = stop.cancelled() => {}
        }
    }
    // Where that fails or takes too long, they run out by themselves.
    let released = tokio::time::timeout(RELEASE_MAX, shared.store.release(shared.leases.holder)).await;
    tracing::debug!(?released, "leases are let go");
}

async fn renew(shared: &Shared) -> Result<(), StoreError> {
    let partitions = shared.log.identity().partitions;
    let of = shared.views.iter().flat_map(|view| (0..partitions).map(|partition| (view.schema().id(), partition)));
    let claim = Claim {
        holder: shared.leases.holder,
        of: of.collect(),
        lasting: Duration::from_millis(LEASE_MS),
        anyway: false,
    };
    let granted = shared.store.lease(claim).await?;
    let granted = granted.into_iter().map(|lease| ((lease.view, lease.partition), lease.term)).collect();
    shared.leases.change(|terms| *terms = granted);
    take_share(shared).await
}

/// Takes partitions from those who have more of them, so that each node folds its part: what is free goes to the first that asks, which
/// may be all there is.
async fn take_share(shared: &Shared) -> Result<(), StoreError> {
    let views: Vec<_> = shared.views.iter().map(|view| view.schema().id()).collect();
    let holders = shared.store.held(&views).await?;
    for partition in share::wanted(shared.leases.holder, &holders) {
        // Whose copy of the log trails would keep the view's readers waiting.
        let head = *shared.log.head(partition).borrow();
        let trails = views.iter().any(|view| *shared.store.advanced(*view, partition).borrow() > head);
        if trails || shared.log.trouble().borrow().is_some() {
            continue;
        }
        let claim = Claim {
            holder: shared.leases.holder,
            of: views.iter().map(|view| (*view, partition)).collect(),
            lasting: Duration::from_millis(LEASE_MS),
            anyway: true,
        };
        for lease in shared.store.lease(claim).await? {
            shared.leases.gained(lease.view, lease.partition, lease.term);
        }
        tracing::info!(partition, "views of a partition are led here from now on: another node had more of them");
    }
    Ok(())
}

/// Says that the views are in use. Whoever has run for long enough to have heard of all others drops what nobody uses.
async fn announce(shared: &Shared, began: Instant) -> Result<(), StoreError> {
    let views: Vec<_> = shared.views.iter().map(|view| view.schema().id()).collect();
    if let Err(error) = shared.store.announce(&views, USED_LASTS).await {
        let StoreError::NotPrepared { view } = error else { return Err(error) };
        tracing::warn!(%view, "a view's tables are gone: it is rebuilt");
        shared.prepare().await?;
        shared.store.announce(&views, USED_LASTS).await?;
    }
    if began.elapsed() >= USED_LASTS {
        // The views are announced all the same.
        let swept = shared.store.sweep().await;
        let swept = swept.inspect_err(|error| tracing::info!(error = %chain(error), "unused tables are dropped later"));
        for gone in swept.unwrap_or_default() {
            tracing::info!(view = gone.name, version = gone.version, "tables that nobody uses were dropped");
        }
    }
    Ok(())
}
