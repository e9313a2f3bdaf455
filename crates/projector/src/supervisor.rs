//! Keeps one task for each partition, and starts all anew where a view must be rebuilt.

use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable, TokioSleeper};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::leases;
use crate::partition::{End, Partition};
use crate::trouble::chain;
use crate::{Health, RETRY_MS_MAX, RETRY_MS_MIN, Shared, StartError};

/// Runs until it is told to stop, or until an upgrade is needed.
pub(crate) async fn run(shared: Arc<Shared>, shutdown: CancellationToken, health: watch::Sender<Health>) {
    let stop = shutdown.child_token();
    let leases = tokio::spawn(leases::keep(Arc::clone(&shared), stop.clone()));
    let ended = follow(&shared, &shutdown).await;
    stop.cancel();
    // An error means that the task panicked, which the panic has told already.
    let _ = leases.await;
    health.send_replace(ended);
}

/// Follows all partitions, time and again from what is stored. Gives what it ends in.
async fn follow(shared: &Arc<Shared>, shutdown: &CancellationToken) -> Health {
    loop {
        match generation(shared, shutdown).await {
            End::Stopped => return Health::Stopped,
            End::UpgradeNeeded(reason) => {
                tracing::error!(%reason, "views are no longer folded: a newer build has written to the log");
                return Health::UpgradeNeeded { reason };
            }
            End::Stranger => {
                tokio::select! {
                    () = rebuild(shared) => {}
                    () = shutdown.cancelled() => {}
                }
            }
        }
    }
}

/// A task for each partition, until one of them ends; then all.
async fn generation(shared: &Arc<Shared>, shutdown: &CancellationToken) -> End {
    let stop = shutdown.child_token();
    let mut tasks = JoinSet::new();
    for partition in 0..shared.log.identity().partitions {
        tasks.spawn(Partition::new(Arc::clone(shared), partition).run(stop.clone()));
    }
    let mut end = End::Stopped;
    while let Some(ended) = tasks.join_next().await {
        stop.cancel();
        match ended {
            Ok(End::Stopped) => {}
            Ok(other) => end = other,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => {}
        }
    }
    end
}

async fn rebuild(shared: &Shared) {
    let again = || shared.rebuild_strangers();
    let notify = |error: &StartError, wait: Duration| {
        let (error, wait_ms) = (chain(error), u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        tracing::warn!(%error, wait_ms, "views are not compared with the log yet");
    };
    // It ends in success only: every failure is tried again.
    let _ = again.retry(patience()).sleep(TokioSleeper).notify(notify).await;
}

/// Ever longer waits, without end.
pub(crate) fn patience() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(RETRY_MS_MIN))
        .with_max_delay(Duration::from_millis(RETRY_MS_MAX))
        .with_jitter()
        .without_max_times()
}
