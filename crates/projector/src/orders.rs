//! What operators ask a running projector for.

use std::sync::Arc;

use event_log::PartitionId;
use tokio::sync::{Mutex, MutexGuard, mpsc, oneshot};
use view_store::{Parked, ViewId};

use crate::trouble::chain;
use crate::{Control, Health};

/// Orders that wait for a partition; who brings more, waits too.
const QUEUE_ORDERS_MAX: usize = 16;

/// Something to be done with a parked stream, and where to answer.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) view: ViewId,
    pub(crate) stream: Arc<str>,
    pub(crate) what: Ask,
    answer: oneshot::Sender<Result<Unparked, Arc<str>>>,
}

/// What is to be done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Fold it again.
    Retry,
    /// Leave it as it is.
    Skip,
}

/// What became of a parked stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unparked {
    /// It is up to date, and no longer parked.
    Applied {
        /// So many events of it were folded.
        events: u64,
    },
    /// It is parked still: another event, or the same one, can't be applied; or it was told to be left so.
    Parked(Parked),
    /// It is not parked, or there is no such stream.
    NotParked,
}

/// Why an order was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// This build has no such view.
    #[error("there is no view {name}")]
    NoSuchView {
        /// What was asked for.
        name: String,
    },
    /// Nothing is folded here: it stops, or needs an upgrade.
    #[error("views are not kept up to date here")]
    Stopped,
    /// Log or store can't serve at present. It may or may not have been done.
    #[error("{reason}")]
    Failed {
        /// What they say.
        reason: Arc<str>,
    },
}

/// A partition's orders.
#[derive(Debug)]
pub(crate) struct Desk {
    bring: mpsc::Sender<Order>,
    take: Mutex<mpsc::Receiver<Order>>,
}

impl Order {
    /// Whoever asked may be gone; then nobody hears the answer.
    pub(crate) fn answer(self, answer: Result<Unparked, Arc<str>>) {
        drop(self.answer.send(answer));
    }
}

impl Default for Desk {
    fn default() -> Self {
        let (bring, take) = mpsc::channel(QUEUE_ORDERS_MAX);
        Self { bring, take: Mutex::new(take) }
    }
}

impl Desk {
    pub(crate) async fn orders(&self) -> MutexGuard<'_, mpsc::Receiver<Order>> {
        self.take.lock().await
    }
}

impl Control {
    /// Folds a parked stream again, from the first event that the view lacks, up to where the view is; then it is parked no longer.
    pub async fn retry(&self, view: &str, stream: &str) -> Result<Unparked, OrderError> {
        self.ask(view, stream, Ask::Retry).await
    }

    /// Leaves a parked stream as it is: its rows stand still, and nobody is alarmed by it. Its later events are not folded, for
    /// they follow one that is lacking. A retry takes it up again.
    pub async fn skip(&self, view: &str, stream: &str) -> Result<Unparked, OrderError> {
        self.ask(view, stream, Ask::Skip).await
    }

    async fn ask(&self, view: &str, stream: &str, what: Ask) -> Result<Unparked, OrderError> {
        let view = self.view(view)?.schema().id();
        let stream: Arc<str> = stream.into();
        let found = self.shared.store.parked_of(view, vec![Arc::clone(&stream)]).await;
        let found = found.map_err(|error| OrderError::Failed { reason: chain(&error) })?;
        let Some(Parked { partition, .. }) = found.into_iter().next() else { return Ok(Unparked::NotParked) };
        self.bring(partition, |answer| Order { view, stream, what, answer }).await
    }

    async fn bring(
        &self,
        partition: PartitionId,
        order: impl FnOnce(oneshot::Sender<Result<Unparked, Arc<str>>>) -> Order,
    ) -> Result<Unparked, OrderError> {
        let mut health = self.health.clone();
        let Some(desk) = self.shared.desks.get(partition as usize) else { return Ok(Unparked::NotParked) };
        let (answer, answered) = oneshot::channel();
        let brought = async {
            desk.bring.send(order(answer)).await.map_err(|_| OrderError::Stopped)?;
            let done = answered.await.map_err(|_| OrderError::Stopped)?;
            done.map_err(|reason| OrderError::Failed { reason })
        };
        tokio::select! {
            done = brought => done,
            _ = health.wait_for(|health| *health != Health::Running) => Err(OrderError::Stopped),
        }
    }
}
