//! Callers that go away.

use std::sync::Arc;

use futures::future::join_all;

use super::given::{Reader, append, issue, log, read_stream};
use super::{Factory, Outcome, promise, promise_eq};
use crate::append::Append;
use crate::log::EventLog;

/// A caller dropped at any step has appended or not, as a whole; those who stay are answered, and a retry settles it.
pub(super) async fn who_goes_away_changes_nothing_else<F: Factory>(factory: &F) -> Outcome {
    const ROUNDS: usize = 60;
    let log = log(factory).await?;
    for round in 0..ROUNDS {
        let leaving = several(&format!("leaving-{round}"));
        let staying = several(&format!("staying-{round}"));
        let left = {
            let (log, append) = (Arc::clone(&log), leaving.clone());
            tokio::spawn(async move { log.append(append).await })
        };
        let stayed = {
            let (log, append) = (Arc::clone(&log), staying);
            tokio::spawn(async move { log.append(append).await })
        };
        for _ in 0..round % 6 {
            tokio::task::yield_now().await;
        }
        left.abort();
        let gone = left.await;
        let answered = stayed.await??;
        promise_eq!(answered.revision, 3, "the revision answered to who stayed");
        let settled = log.append(leaving.clone()).await?;
        promise_eq!(settled.revision, 3, "the revision a retry is answered");
        if let Ok(Ok(first)) = gone {
            promise!(settled.replayed && first.position == settled.position, "answered, then appended again");
        }
        promise_eq!(read_stream(&*log, &leaving.stream, 50).await?.len(), 3, "records of one request");
    }
    let records = Reader::new(log.identity().partition_of("PAY"), 0).read_all(&*log).await?;
    promise_eq!(records.len(), ROUNDS * 6, "records");
    // Dropped in every way at once: not awaited, awaited once, and with the log's answer ignored.
    let appends: Vec<Append> = (0..50).map(|n| append(&issue(format!("dropped-{n}")), 0, 1)).collect();
    let mut calls: Vec<_> = appends.iter().map(|append| log.append(append.clone())).collect();
    for call in calls.iter_mut().step_by(2) {
        let _ = futures::poll!(call);
    }
    drop(calls);
    let settled = join_all(appends.iter().map(|append| log.append(append.clone()))).await;
    for (append, settled) in appends.iter().zip(settled) {
        promise_eq!(settled?.revision, 1, "the revision a retry is answered");
        promise_eq!(read_stream(&*log, &append.stream, 9).await?.len(), 1, "records of one request");
    }
    Ok(())
}

/// A caller that has begun and then attends to something else holds nobody up.
pub(super) async fn who_stalls_holds_nobody_up<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    for round in 0..10 {
        let mut stalled: Vec<_> =
            (0..8).map(|n| log.append(append(&issue(format!("stalled-{round}-{n}")), 0, 1))).collect();
        let mut answers = Vec::new();
        for (n, call) in stalled.iter_mut().enumerate() {
            let (log, append) = (Arc::clone(&log), append(&issue(format!("other-{round}-{n}")), 0, 1));
            answers.push(tokio::spawn(async move { log.append(append).await }));
            if let std::task::Poll::Ready(answer) = futures::poll!(call) {
                promise_eq!(answer?.revision, 1, "the revision answered at once");
            }
        }
        for answer in answers {
            promise_eq!(answer.await??.revision, 1, "the revision answered beside who stalls");
        }
        for (n, call) in stalled.into_iter().enumerate() {
            drop(call);
            let settled = log.append(append(&issue(format!("stalled-{round}-{n}")), 0, 1)).await?;
            promise_eq!(settled.revision, 1, "the revision a retry is answered");
        }
    }
    Ok(())
}

fn several(id: &str) -> Append {
    let one = append(&issue(id), 0, 1);
    Append { events: vec![one.events[0].clone(); 3], ..one }
}
