//! Versions: raised by an operator, known or not, never passed by.

use super::given::{NEWER, append, issue, log, read_everything, second};
use super::{Broken, Factory, Outcome, promise, promise_eq};
use crate::append::{AppendError, LogError};
use crate::log::EventLog;
use crate::maintain::{Maintain, Versions};

/// A newer build raises them; positions go on without a gap, and it is all there again later. Lower ones change nothing.
pub(super) async fn activated_are_in_force<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    promise_eq!(log.versions(), Versions::KNOWN, "the versions of a new log");
    log.append(append(&issue("1"), 0, 1)).await?;
    let log = factory.reopen(log, NEWER).await?;
    promise_eq!(log.versions(), Versions::KNOWN, "the versions where only a build is newer");
    log.append(append(&issue("1"), 1, 2)).await?;
    for _ in 0..2 {
        log.activate(NEWER).await?;
        promise_eq!(log.versions(), NEWER, "the versions that were activated");
    }
    log.activate(Versions::KNOWN).await?;
    promise_eq!(log.versions(), NEWER, "the versions after lower ones were activated");
    promise_eq!(*log.trouble().borrow(), None, "the trouble of a node that knows the versions in force");
    let appended = log.append(append(&issue("1"), 2, 3)).await?;
    promise_eq!(appended.position, 3, "the position after versions were activated");
    let before = read_everything(&*log).await?;
    let log = factory.reopen(log, NEWER).await?;
    promise_eq!(log.versions(), NEWER, "the versions after a restart");
    promise_eq!(read_everything(&*log).await?, before, "the records after a restart");
    promise_eq!(log.append(append(&issue("1"), 3, 4)).await?.position, 4, "the position after a restart");
    Ok(())
}

/// What this node doesn't know itself it does not activate, and goes on as it was.
pub(super) async fn unknown_are_not_activated<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    let record = Versions { record: Versions::KNOWN.record + 1, ..Versions::KNOWN };
    for unknown in [NEWER, record] {
        let refused = log.activate(unknown).await;
        promise!(matches!(refused, Err(LogError::UpgradeNeeded { .. })), "activating {unknown:?}: {refused:?}");
    }
    promise_eq!(log.versions(), Versions::KNOWN, "the versions after others were refused");
    promise_eq!(*log.trouble().borrow(), None, "the trouble after others were refused");
    log.append(append(&issue("1"), 0, 1)).await?;
    let log = factory.reopen(log, Versions::KNOWN).await?;
    promise_eq!(log.versions(), Versions::KNOWN, "the versions after a restart");
    log.append(append(&issue("1"), 1, 2)).await?;
    Ok(())
}

/// A build that doesn't know the versions in force does not get to work: opening fails, or everything but what was there before.
pub(super) async fn an_older_build_does_not_begin<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    let before = log.append(append(&issue("1"), 0, 1)).await?;
    let log = factory.reopen(log, NEWER).await?;
    log.activate(NEWER).await?;
    log.append(append(&issue("1"), 1, 2)).await?;
    match factory.reopen(log, Versions::KNOWN).await {
        Err(LogError::UpgradeNeeded { .. }) => Ok(()),
        Err(error) => Err(Broken::new(format!("opening fails otherwise than by name: {error}"))),
        Ok(older) => {
            told(&*older).await?;
            stopped(&*older, before.position).await
        }
    }
}

/// An older node that is at work stops when a newer one activates: by itself, by name, and nothing of what comes later gets
/// through it. Untried on a log that has only one node.
pub(super) async fn an_older_node_stops<F: Factory>(factory: &F) -> Outcome {
    let older = log(factory).await?;
    let newer = second(factory, &older, NEWER).await?;
    let before = older.append(append(&issue("1"), 0, 1)).await?;
    newer.append(append(&issue("1"), 1, 2)).await?;
    older.append(append(&issue("1"), 2, 3)).await?;
    promise_eq!(*older.trouble().borrow(), None, "the trouble of an older node before versions are activated");
    let last = older.barrier(before.partition).await?;
    newer.activate(NEWER).await?;
    // From that moment on nothing is admitted here, whether the node has heard of it or not; and then it has. One that had to
    // propose before it could hear can't say more than that the outcome is unknown: others may admit it.
    let proposed = append(&issue("1"), 3, 4);
    let refused = older.append(proposed.clone()).await;
    let is_in_doubt = match &refused {
        Err(AppendError::Failed(LogError::UpgradeNeeded { .. })) => false,
        Err(AppendError::Unknown(LogError::UpgradeNeeded { .. })) => true,
        answer => return Err(Broken::new(format!("an append at an older node: {answer:?}"))),
    };
    let told_now = older.trouble().borrow().clone();
    promise!(matches!(told_now, Some(LogError::UpgradeNeeded { .. })), "the trouble once so answered: {told_now:?}");
    let settled = newer.append(proposed).await?;
    promise!(is_in_doubt || !settled.replayed, "what an older node refused was admitted: {settled:?}");
    stopped(&*older, last).await?;
    promise_eq!(*newer.trouble().borrow(), None, "the trouble of the newer node");
    promise_eq!(read_everything(&*newer).await?.len(), 4, "records of both nodes");
    Ok(())
}

/// As before, at a node that nobody asks for anything.
pub(super) async fn an_idle_older_node_hears_of_it<F: Factory>(factory: &F) -> Outcome {
    let older = log(factory).await?;
    let newer = second(factory, &older, NEWER).await?;
    newer.activate(NEWER).await?;
    told(&*older).await?;
    stopped(&*older, 0).await
}

/// Waits until the node says that it needs an upgrade.
async fn told<L: EventLog>(log: &L) -> Outcome {
    let mut trouble = log.trouble();
    let told = trouble.wait_for(Option::is_some).await.map(|told| told.clone());
    promise!(matches!(told, Ok(Some(LogError::UpgradeNeeded { .. }))), "the trouble of an older node: {told:?}");
    Ok(())
}

/// Neither admits nor shows anything after `last`; what was there before it may show.
async fn stopped<L: Maintain>(log: &L, last: u64) -> Outcome {
    let upgrade = |error: &LogError| matches!(error, LogError::UpgradeNeeded { .. });
    let (partition, stream) = (log.identity().partition_of("PAY"), issue("1"));
    let answers = [
        ("an append", log.append(append(&stream, 9, 9)).await.err().and_then(failed)),
        ("a barrier", log.barrier(partition).await.err()),
        ("activating lower versions", log.activate(Versions::KNOWN).await.err()),
        ("sealing", log.seal().await.err()),
    ];
    for (what, error) in answers {
        promise!(error.as_ref().is_some_and(upgrade), "{what} at an older node: {error:?}");
    }
    let pages = [log.read_partition(partition, 0, 100).await, log.read_stream(&stream, 0, 100).await];
    for page in pages {
        match page {
            Ok(page) => promise!(
                page.records.iter().all(|recorded| recorded.position <= last),
                "an older node shows what it can't know"
            ),
            Err(error) => promise!(upgrade(&error), "a read at an older node: {error}"),
        }
    }
    Ok(())
}

fn failed(error: AppendError) -> Option<LogError> {
    match error {
        AppendError::Failed(error) => Some(error),
        _ => None,
    }
}
