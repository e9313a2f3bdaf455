//! The views of this node, asked until they answer; and which partitions are looked after here.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use backon::Retryable as _;
use domain::ids::ProjectId;
use event_log::{Identity, PartitionId};
use projector::Terms;
use tokio::sync::watch;
use view_store::{StoreError, ViewId, ViewStore};
use views::Query;

use crate::doer::{chain, patience};

/// What a task that follows events works with.
pub(crate) struct Asked {
    pub(crate) store: Arc<dyn ViewStore>,
    pub(crate) identity: Identity,
    pub(crate) led: watch::Receiver<Arc<Terms>>,
}

impl Asked {
    /// Makes `mine` the partitions of which this node advances the view by now. Gives those that are new among them.
    pub(crate) fn take_up(&self, view: ViewId, mine: &mut BTreeSet<PartitionId>) -> BTreeSet<PartitionId> {
        let led = self.led.borrow();
        let now = led.keys().filter(|(led, _)| *led == view).map(|(_, partition)| *partition).collect();
        let before = std::mem::replace(mine, now);
        mine.difference(&before).copied().collect()
    }

    pub(crate) fn partition_of(&self, project: &ProjectId) -> PartitionId {
        self.identity.partition_of(project.as_str())
    }

    /// Asks the view until it answers.
    pub(crate) async fn ask<Q: Query>(&self, question: impl Fn() -> Q) -> Q::Found {
        let ask = || async {
            let question = question();
            let answer = self.store.query(question.view(), question.selects()).await?;
            Ok::<_, StoreError>(question.read(answer.rows)?)
        };
        loop {
            let notify = |error: &StoreError, wait: Duration| {
                let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                tracing::warn!(error = %chain(error), wait_ms, "what is to be done can't be looked up");
            };
            // Every failure is tried again, without end.
            if let Ok(found) = ask.retry(patience()).notify(notify).await {
                return found;
            }
        }
    }
}
