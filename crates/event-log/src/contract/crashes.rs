//! Crashes: an append whose answer is lost is in the log or not, and a retry tells.

use std::sync::Arc;

use futures::future::try_join_all;

use super::given::{Reader, append, event, issue, log, read_stream};
use super::{Broken, Factory, Outcome, promise, promise_eq};
use crate::append::{Append, Appended};
use crate::log::EventLog;

const ROUNDS: usize = 3;
const APPENDS: usize = 8;

/// A crash after the write and before the answer: the caller never hears, and the retry is answered what it would have heard.
pub(super) async fn an_answer_lost_is_settled_by_a_retry<F: Factory>(factory: &F) -> Outcome {
    let mut log = log(factory).await?;
    for round in 0..ROUNDS {
        let unheard = Append { events: vec![event("a"), event("b")], ..append(&issue(round), 0, 1) };
        drop_the_answer(&*log, &unheard).await?;
        log = factory.crash(log).await?;
        let records = read_stream(&*log, &unheard.stream, 9).await?;
        promise_eq!(records.len(), 2, "records of an append that was written before the crash");
        let settled = log.append(unheard.clone()).await?;
        promise!(settled.replayed, "an append that was in the log is told to be a first one: {settled:?}");
        let last = &records[1];
        promise_eq!((settled.position, settled.leaf), (last.position, last.leaf), "what the retry is answered");
        promise_eq!((settled.first_revision, settled.revision), (1, 2), "the revisions the retry is answered");
        promise_eq!(read_stream(&*log, &unheard.stream, 9).await?.len(), 2, "records after the retry");
    }
    let records = Reader::new(log.identity().partition_of("PAY"), 0).read_all(&*log).await?;
    promise_eq!(records.len(), ROUNDS * 2, "records of all rounds");
    Ok(())
}

/// Crashes with appends in flight: each of them is in whole or not at all, what was answered is in, and retries settle the rest.
pub(super) async fn what_is_in_flight_is_in_whole_or_not_at_all<F: Factory>(factory: &F) -> Outcome {
    let mut log = log(factory).await?;
    for round in 0..ROUNDS {
        let appends: Vec<_> = (0..APPENDS)
            .map(|n| Append {
                events: vec![event("a"), event("b"), event("c")],
                ..append(&issue(name(round, n)), 0, 1)
            })
            .collect();
        let answered = crash_amid(factory, &mut log, &appends, round).await?;
        for (append, answered) in appends.iter().zip(answered) {
            let records = read_stream(&*log, &append.stream, 9).await?.len();
            promise!(records == 0 || records == 3, "{records} of 3 records after a crash");
            promise!(answered.is_none() || records == 3, "an answered append is gone after a crash");
            let settled = log.append(append.clone()).await?;
            promise_eq!(settled.revision, 3, "the revision the retry is answered");
            promise!(settled.replayed || records == 0, "what is in the log is told to be a first one: {settled:?}");
            if let Some(answered) = answered {
                promise_eq!(settled, Appended { replayed: true, ..answered }, "the answer from before, given again");
            }
        }
    }
    let records = Reader::new(log.identity().partition_of("PAY"), 0).read_all(&*log).await?;
    promise_eq!(records.len(), ROUNDS * APPENDS * 3, "records of all rounds");
    Ok(())
}

fn name(round: usize, n: usize) -> String {
    format!("{round}-{n}")
}

/// Begins the append, waits until it can be read, and goes away without having heard the answer.
async fn drop_the_answer<L: EventLog>(log: &L, append: &Append) -> Outcome {
    let partition = log.identity().partition_of(&append.stream.project);
    let mut head = log.head(partition);
    let written = *head.borrow_and_update() + append.events.len() as u64;
    let mut call = log.append(append.clone());
    let in_sight = head.wait_for(|head| *head >= written);
    tokio::pin!(in_sight);
    // The call goes on beside the wait; should it be answered first, nobody listens.
    let mut answered = false;
    let seen = std::future::poll_fn(|context| {
        answered = answered || call.as_mut().poll(context).is_ready();
        in_sight.as_mut().poll(context).map(|seen| seen.is_ok())
    });
    promise!(seen.await, "the head's watch ended before position {written}");
    Ok(())
}

/// Crashes the log a few steps into these appends, and returns what was answered before.
async fn crash_amid<F: Factory>(
    factory: &F,
    log: &mut Arc<F::Log>,
    appends: &[Append],
    round: usize,
) -> Result<Vec<Option<Appended>>, Broken> {
    let calls: Vec<_> = appends
        .iter()
        .map(|append| {
            let (log, append) = (Arc::clone(log), append.clone());
            tokio::spawn(async move { log.append(append).await })
        })
        .collect();
    for _ in 0..round * 3 {
        tokio::task::yield_now().await;
    }
    // Nobody waits any more: who was not answered by now never will be.
    let calls = calls.into_iter().map(|call| async move {
        call.abort();
        match call.await {
            Ok(answer) => Ok(Some(answer?)),
            Err(gone) if gone.is_cancelled() => Ok(None),
            Err(panicked) => Err(Broken::from(panicked)),
        }
    });
    let answered = try_join_all(calls).await?;
    *log = factory.crash(Arc::clone(log)).await?;
    Ok(answered)
}
