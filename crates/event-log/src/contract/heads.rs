//! Heads and barriers: what is announced can be read.

use std::sync::Arc;

use super::given::{Reader, append, issue, log};
use super::{Broken, Factory, Outcome, promise, promise_eq};
use crate::log::EventLog;

const APPENDS: u64 = 300;

/// Whatever position the watch shows, that position can be read; it never goes back, and it reaches the last.
pub(super) async fn the_watch_never_runs_ahead<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    let partition = log.identity().partition_of("PAY");
    let watcher = {
        let log = Arc::clone(&log);
        tokio::spawn(async move {
            let mut head = log.head(partition);
            let mut last = 0;
            while last < APPENDS {
                let shown = *head.borrow_and_update();
                promise!(shown >= last, "the head went back from {last} to {shown}");
                if shown > 0 {
                    let page = log.read_partition(partition, shown - 1, 1).await?;
                    let read = page.records.first().map(|recorded| recorded.position);
                    promise_eq!(read, Some(shown), "the record at the head shown");
                }
                last = shown;
                if last < APPENDS {
                    promise!(head.changed().await.is_ok(), "the watch ended at {last}");
                }
            }
            Ok::<_, Broken>(())
        })
    };
    for n in 0..APPENDS {
        log.append(append(&issue("watched"), n, u128::from(n))).await?;
    }
    watcher.await??;
    promise_eq!(*log.head(partition).borrow(), APPENDS, "the head shown to one who comes later");
    Ok(())
}

/// After an answer, a barrier is at least at its position, and that much can be read; other partitions have their own.
pub(super) async fn a_barrier_shows_what_was_acknowledged<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    let mut reader = Reader::new(log.identity().partition_of("PAY"), 0);
    for n in 0..50 {
        let appended = log.append(append(&issue("1"), n, u128::from(n))).await?;
        promise_eq!(log.barrier(appended.partition).await?, appended.position, "the barrier after an answer");
        let page = reader.next(&*log).await?;
        promise_eq!(page.records.len(), 1, "records readable after the barrier");
    }
    for partition in (0..log.identity().partitions).filter(|partition| *partition != reader.partition) {
        promise_eq!(log.barrier(partition).await?, 0, "the barrier of an empty partition");
    }
    Ok(())
}

/// Writing, reading, refusing and closing leave a log that says nothing of damage.
pub(super) async fn what_is_sound_is_in_no_trouble<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    let trouble = log.trouble();
    let appended = log.append(append(&issue("1"), 0, 0)).await?;
    let refused = log.append(append(&issue("1"), 0, 1)).await;
    promise!(refused.is_err(), "a conflict was admitted: {refused:?}");
    log.read_partition(appended.partition, 0, 1).await?;
    promise_eq!(*trouble.borrow(), None, "the trouble told before the log is closed");
    log.close().await;
    promise_eq!(*log.trouble().borrow(), None, "the trouble told of a closed log");
    Ok(())
}
