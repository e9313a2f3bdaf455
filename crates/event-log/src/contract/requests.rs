//! Request ids: a repeated request is answered as before, for ever, and changes nothing.

use std::sync::Arc;

use futures::future::try_join_all;
use uuid::Uuid;

use super::given::{append, event, expect_conflict, issue, log, read_stream};
use super::{Factory, Outcome, promise, promise_eq};
use crate::append::{Append, AppendError, Appended, Expected};
use crate::log::{EventLog, KnownRequest};

/// At once, and when the stream has moved on far beyond it; by `append` and by `find_request` alike.
pub(super) async fn repeated_are_answered_as_before<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    let stream = issue("repeated");
    let several = Append { events: vec![event("a"), event("b"), event("c")], ..append(&stream, 1, 2) };
    log.append(append(&stream, 0, 1)).await?;
    let first = log.append(several.clone()).await?;
    promise!(!first.replayed, "a first answer that says it is a repetition");
    promise_eq!((first.first_revision, first.revision), (2, 4), "the revisions of three events");
    let again = Appended { replayed: true, ..first };
    promise_eq!(log.append(several.clone()).await.as_ref(), Ok(&again), "a request repeated at once");
    for n in 4..200 {
        log.append(append(&stream, n, u128::from(n))).await?;
    }
    promise_eq!(log.append(several.clone()).await.as_ref(), Ok(&again), "a request repeated 196 revisions later");
    log.barrier(again.partition).await?;
    let known = KnownRequest { fingerprint: several.fingerprint, appended: again };
    promise_eq!(log.find_request(&stream, several.request_id).await?, Some(known), "the request, looked up");
    promise_eq!(log.find_request(&stream, Uuid::from_u128(1000)).await?, None, "a request never made");
    promise_eq!(read_stream(&*log, &stream, 50).await?.len(), 200, "records in the stream");
    Ok(())
}

/// Sixteen copies of each request in flight at once: one is admitted, all are answered the same.
pub(super) async fn repeated_at_once_are_admitted_once<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    for round in 0..10 {
        let stream = issue(round);
        let copies = (0..16).map(|_| {
            let (log, append) = (Arc::clone(&log), append(&stream, 0, 1));
            tokio::spawn(async move { log.append(append).await })
        });
        let mut answers = Vec::new();
        for answer in try_join_all(copies).await? {
            answers.push(answer?);
        }
        promise_eq!(answers.iter().filter(|appended| !appended.replayed).count(), 1, "first answers");
        promise!(
            answers.iter().all(|appended| (appended.position, appended.leaf) == (answers[0].position, answers[0].leaf)),
            "copies of one request were answered differently: {answers:?}"
        );
        promise_eq!(read_stream(&*log, &stream, 50).await?.len(), 1, "records of one request");
    }
    Ok(())
}

/// A lost answer is asked for again with the revision that it had: that is no conflict. Another command under the id is.
pub(super) async fn ids_are_compared_before_revisions<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    let stream = issue("1");
    let first = append(&stream, 0, 1);
    let answered = log.append(first.clone()).await?;
    let again = Appended { replayed: true, ..answered };
    for expected in [0, 1, 9] {
        let repeated = Append { expected, ..first.clone() };
        promise_eq!(log.append(repeated).await.as_ref(), Ok(&again), "a repetition that expects {expected}");
        let other = Append { fingerprint: [8; 32], expected, ..first.clone() };
        let reused = AppendError::RequestIdReused { request_id: first.request_id };
        promise_eq!(log.append(other).await, Err(reused), "another command under the id that expects {expected}");
    }
    promise_eq!(read_stream(&*log, &stream, 50).await?.len(), 1, "records in the stream");
    Ok(())
}

/// A request that the revision or a guard refused was not admitted: its id is free, and the same one gets in when decided anew.
pub(super) async fn refused_are_not_remembered<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    let (stream, other) = (issue("1"), issue("2"));
    let refused = append(&stream, 3, 1);
    expect_conflict(&log.append(refused.clone()).await, &stream, 3, 0)?;
    let guarded = Append { unchanged: vec![Expected { stream: other.clone(), revision: 1 }], ..append(&stream, 0, 1) };
    expect_conflict(&log.append(guarded).await, &other, 1, 0)?;
    promise_eq!(log.find_request(&stream, refused.request_id).await?, None, "a refused request, looked up");
    let anew = Append { fingerprint: [8; 32], expected: 0, ..refused };
    let admitted = log.append(anew).await?;
    promise!(!admitted.replayed && admitted.position == 1, "a request decided anew: {admitted:?}");
    Ok(())
}

/// The same id in another stream is another request.
pub(super) async fn ids_belong_to_their_stream<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    for n in 0..3 {
        let appended = log.append(append(&issue(n), 0, 1)).await?;
        promise!(!appended.replayed, "a request id of another stream was taken for this one's");
    }
    Ok(())
}
