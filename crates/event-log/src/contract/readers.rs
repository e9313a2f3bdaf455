//! Readers: everything, in order, exactly once, whatever writers are in flight.

use std::sync::Arc;

use futures::future::try_join_all;

use super::given::{Reader, append, append_whatever_the_revision, event, issue, log, read_stream};
use super::{Broken, Factory, Outcome, promise, promise_eq};
use crate::append::Append;
use crate::log::EventLog;
use crate::proposal::PAYLOAD_BYTES_MAX;

/// The fault that most event stores have shipped: numbers are given in one order and become visible in another.
///
/// 1. A reader has read up to n.
/// 2. Writer A begins a slow append; it may be given number n + 1.
/// 3. Writer B begins a quick one; it may be given n + 2.
/// 4. B is answered while A is not. The reader asks for what follows n: if it is shown n + 2 and goes on from there, then
///    A's event is skipped for good.
/// 5. A is answered. The reader goes on: it must have met both, one after the other, with no number left out.
pub(super) async fn nothing_is_skipped_when_writers_finish_in_another_order<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    let partition = log.identity().partition_of("PAY");
    let mut reader = Reader::new(partition, 0);
    for round in 0..30 {
        let before = reader.position;
        let mut slow = append(&issue(format!("slow-{round}")), 0, 1);
        slow.events = vec![event(vec![b' '; PAYLOAD_BYTES_MAX / 2]); 3];
        let quick = append(&issue(format!("quick-{round}")), 0, 2);
        let (a, b) = (spawn(&log, slow), spawn(&log, quick));
        while !(a.is_finished() && b.is_finished()) {
            reader.next(&*log).await?;
            tokio::task::yield_now().await;
        }
        a.await??;
        b.await??;
        reader.read_all(&*log).await?;
        promise_eq!(reader.position, before + 4, "the position after a round of four events");
    }
    Ok(())
}

/// Readers that start at the beginning, in the middle and past the end, with pages of every size, beside 32 writers.
pub(super) async fn from_anywhere_everything_is_seen_once_beside_writers<F: Factory>(factory: &F) -> Outcome {
    const WRITERS: u64 = 32;
    const APPENDS: u64 = 20;
    let log = log(factory).await?;
    let partition = log.identity().partition_of("PAY");
    let last = WRITERS * APPENDS;
    let mut readers = Vec::new();
    for (after, limit) in [(0, 1), (0, 7), (0, 1000), (1, 64), (last / 2, 3), (last - 1, 100)] {
        let log = Arc::clone(&log);
        readers.push(tokio::spawn(async move {
            let mut reader = Reader::new(partition, after).with_limit(limit);
            let records = reader.read_to(&*log, last).await?;
            Ok::<_, Broken>((after, records))
        }));
    }
    let writers = (0..WRITERS).map(|writer| {
        let log = Arc::clone(&log);
        tokio::spawn(async move {
            for n in 0..APPENDS {
                // Half of them on streams of their own, half on one that they share.
                let stream = if n % 2 == 0 { issue(writer) } else { issue("shared") };
                append_whatever_the_revision(&*log, append(&stream, 0, u128::from(writer * APPENDS + n))).await?;
            }
            Ok::<_, Broken>(())
        })
    });
    for written in try_join_all(writers).await? {
        written?;
    }
    let all = Reader::new(partition, 0).read_all(&*log).await?;
    promise_eq!(all.len() as u64, last, "the records of all writers");
    for read in try_join_all(readers).await? {
        let (after, records) = read?;
        let skipped = usize::try_from(after).unwrap_or(usize::MAX);
        promise!(records == all[skipped..], "a reader from {after} saw other records than are there now");
    }
    Ok(())
}

/// A transaction that somebody left open in the storage neither hides what comes after it nor holds writers up.
/// Untried where there is no such thing.
pub(super) async fn an_idle_transaction_hides_nothing<F: Factory>(factory: &F) -> Outcome {
    const APPENDS: u64 = 40;
    let log = log(factory).await?;
    let partition = log.identity().partition_of("PAY");
    let (mut reader, mut idle) = (Reader::new(partition, 0), Vec::new());
    for n in 0..APPENDS {
        if n % 10 == 5 {
            let opened = factory.idle_transaction(&log).await?;
            idle.push(opened.ok_or_else(|| Broken::untried("nobody can leave a transaction open beside it"))?);
        }
        let (own, other) = (append(&issue("own"), n, u128::from(n)), append(&issue(n), 0, 1));
        let (own, other) = futures::join!(log.append(own), log.append(other));
        let last = own?.position.max(other?.position);
        promise_eq!(log.barrier(partition).await?, last, "the barrier beside an idle transaction");
        reader.read_to(&*log, last).await?;
    }
    drop(idle);
    let records = Reader::new(partition, 0).read_all(&*log).await?;
    promise_eq!(records.len() as u64, APPENDS * 2, "records");
    Ok(())
}

/// At the end of what can be read stands the end of an append, never its middle.
pub(super) async fn an_append_is_seen_whole<F: Factory>(factory: &F) -> Outcome {
    const APPENDS: u64 = 60;
    let log = log(factory).await?;
    let writer = {
        let log = Arc::clone(&log);
        tokio::spawn(async move {
            for n in 0..APPENDS {
                let mut several = append(&issue(n), 0, 1);
                several.events = (0..5).map(|k| event(k.to_string())).collect();
                log.append(several).await?;
                // A log that answers at once leaves the reader a turn.
                tokio::task::yield_now().await;
            }
            Ok::<_, Broken>(())
        })
    };
    let mut reader = Reader::new(log.identity().partition_of("PAY"), 0).with_limit(1000);
    while !writer.is_finished() {
        let page = reader.next(&*log).await?;
        if let Some(last) = page.records.last().filter(|_| page.end) {
            promise_eq!(last.record.header.revision, 5, "the last revision in sight at {}", last.position);
        }
        tokio::task::yield_now().await;
    }
    writer.await??;
    reader.read_all(&*log).await?;
    promise_eq!(reader.position, APPENDS * 5, "the last position");
    Ok(())
}

/// Pages of a stream and of a partition: as many as asked for, from where asked, and `end` only at the end.
pub(super) async fn pages_tell_where_they_end<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    let (one, other) = (issue("one"), issue("other"));
    for n in 0..5 {
        log.append(append(&one, n, u128::from(n))).await?;
        log.append(append(&other, n, u128::from(n))).await?;
    }
    let partition = log.identity().partition_of("PAY");
    log.barrier(partition).await?;
    for (after, limit, count, end) in
        [(0, 2, 2, false), (3, 1, 1, false), (3, 2, 2, true), (4, 9, 1, true), (5, 9, 0, true)]
    {
        let page = log.read_stream(&one, after, limit).await?;
        promise_eq!((page.records.len(), page.end), (count, end), "{limit} of a stream of 5 after {after}");
        let (after, limit) = (after * 2, limit * 2);
        let page = log.read_partition(partition, after, limit).await?;
        promise_eq!((page.records.len(), page.end), (count * 2, end), "{limit} of a partition of 10 after {after}");
    }
    promise_eq!(log.read_stream(&one, 0, 0).await?.records.len(), 1, "a limit of 0 counts as 1:");
    promise_eq!(read_stream(&*log, &one, 2).await?.len(), 5, "a stream's records");
    // 12 payloads of half a MiB don't fit on one page, and must come all the same.
    let mut large = append(&issue("large"), 0, 1);
    large.events = vec![event(vec![b' '; PAYLOAD_BYTES_MAX / 2]); 3];
    for n in 0..4 {
        let next = Append { expected: n * 3, request_id: uuid::Uuid::from_u128(u128::from(n)), ..large.clone() };
        log.append(next).await?;
    }
    let page = log.read_partition(partition, 10, 100).await?;
    promise!(page.records.len() < 12 && !page.end, "6 MiB on one page");
    promise_eq!(read_stream(&*log, &large.stream, 100).await?.len(), 12, "a large stream's records");
    Ok(())
}

/// Unknown streams, ordinals, requests and partitions, and positions past the end, are empty: none is an error.
pub(super) async fn what_does_not_exist_is_empty<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    for after in [0, 7, u64::MAX] {
        let page = log.read_stream(&issue("none"), after, 10).await?;
        promise!(page.records.is_empty() && page.end, "a stream that does not exist has records");
        for partition in [0, 7, 8, u32::MAX] {
            let page = log.read_partition(partition, after, 10).await?;
            promise!(page.records.is_empty() && page.end, "partition {partition} has records");
        }
    }
    for ordinal in [0, 1, u64::MAX] {
        promise_eq!(log.find_ordinal("PAY", "issue", ordinal).await?, None, "ordinal {ordinal}");
    }
    promise_eq!(log.find_request(&issue("none"), uuid::Uuid::nil()).await?, None, "a request never made");
    let head = *log.head(0).borrow();
    promise_eq!((head, log.barrier(0).await?), (0, 0), "the head and barrier of an empty partition");
    Ok(())
}

type Answer = Result<crate::append::Appended, crate::append::AppendError>;

fn spawn<L: EventLog>(log: &Arc<L>, append: Append) -> tokio::task::JoinHandle<Answer> {
    let log = Arc::clone(log);
    tokio::spawn(async move { log.append(append).await })
}
