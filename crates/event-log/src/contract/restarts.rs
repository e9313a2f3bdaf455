//! Restarts: what was answered is there again, and numbers go on where they were.

use std::sync::Arc;

use futures::future::try_join_all;

use super::given::{NOW, append, issue, log, read_everything, read_stream, stream};
use super::{Factory, Outcome, promise, promise_eq};
use crate::append::{Append, AppendError, Appended, LogError};
use crate::log::EventLog;
use crate::maintain::Versions;

/// Every partition holds the same records under the same identity, twice over, and the next append goes on from there.
pub(super) async fn everything_is_there_again<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    for (n, project) in (1..=20).flat_map(|n| ["PAY", "WEB", "OPS"].map(|project| (n, project))) {
        let stream = stream(project, "issue", n);
        log.append(append(&stream, 0, 1)).await?;
        log.append(append(&stream, 1, 2)).await?;
    }
    let (identity, before) = (log.identity(), read_everything(&*log).await?);
    promise_eq!(before.len(), 120, "records before the restart");
    let log = factory.reopen(log, Versions::KNOWN).await?;
    promise_eq!(log.identity(), identity, "the identity after a restart");
    for partition in 0..identity.partitions {
        let head = *log.head(partition).borrow();
        promise_eq!(head, log.barrier(partition).await?, "the head shown after a restart");
    }
    promise_eq!(read_everything(&*log).await?, before, "the records after a restart");
    // The proposer's clock was set back meanwhile: the log's is not.
    let next = log.append(Append { recorded_at: 0, ..append(&issue("next"), 0, 1) }).await?;
    promise_eq!(
        (next.ordinal, next.recorded_at),
        (21, NOW),
        "the ordinal and time of the first stream after a restart"
    );
    promise_eq!(log.append(append(&issue(7), 2, 3)).await?.revision, 3, "the revision of a stream from before");
    promise_eq!(log.find_ordinal("PAY", "issue", 7).await?, Some(issue(7)), "a stream by its ordinal");
    let before = read_everything(&*log).await?;
    let log = factory.reopen(log, Versions::KNOWN).await?;
    promise_eq!(read_everything(&*log).await?, before, "the records after another restart");
    Ok(())
}

/// Request ids do not expire with the process.
pub(super) async fn requests_are_answered_as_before<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    let first = append(&issue("1"), 0, 1);
    let answered = log.append(first.clone()).await?;
    for n in 1..40 {
        log.append(append(&issue("1"), n, 1 + u128::from(n))).await?;
    }
    let log = factory.reopen(log, Versions::KNOWN).await?;
    let again = Appended { replayed: true, ..answered };
    promise_eq!(log.append(first.clone()).await.as_ref(), Ok(&again), "a request repeated after a restart");
    let other = Append { fingerprint: [8; 32], ..first.clone() };
    let reused = AppendError::RequestIdReused { request_id: first.request_id };
    promise_eq!(log.append(other).await, Err(reused), "another command under the id after a restart");
    let known = log.find_request(&first.stream, first.request_id).await?;
    promise_eq!(known.map(|known| known.appended), Some(again), "the request, looked up after a restart");
    Ok(())
}

/// Closing finishes what was taken: whoever was answered finds it there afterwards, and whoever was told that the log is not
/// available had not been admitted. Closing again is fine.
pub(super) async fn closing_finishes_what_was_taken<F: Factory>(factory: &F) -> Outcome {
    const APPENDS: usize = 32;
    let log = log(factory).await?;
    let calls: Vec<_> = (0..APPENDS)
        .map(|n| {
            let (log, append) = (Arc::clone(&log), append(&issue(n), 0, 1));
            tokio::spawn(async move { log.append(append).await })
        })
        .collect();
    tokio::task::yield_now().await;
    log.close().await;
    log.close().await;
    let answers = try_join_all(calls).await?;
    let late = log.append(append(&issue("late"), 0, 1)).await;
    let closed = |answer: &Result<_, _>| matches!(answer, Err(AppendError::Failed(LogError::Unavailable { .. })));
    promise!(late.is_ok() || closed(&late), "an append to a closed log: {late:?}");
    let log = factory.reopen(log, Versions::KNOWN).await?;
    for (n, answer) in answers.into_iter().enumerate() {
        let is_there = !read_stream(&*log, &issue(n), 9).await?.is_empty();
        match answer {
            Ok(appended) => {
                promise!(is_there, "an append answered beside the closing is gone");
                let again = Appended { replayed: true, ..appended };
                promise_eq!(log.append(append(&issue(n), 0, 1)).await.as_ref(), Ok(&again), "its request, repeated");
            }
            Err(AppendError::Unknown(_)) => {}
            refused => {
                promise!(closed(&refused), "an append beside the closing: {refused:?}");
                promise!(!is_there, "an append refused beside the closing is there");
            }
        }
    }
    Ok(())
}
