//! Several nodes of one log: one truth, whichever of them is asked. Untried on a log that has only one node.

use std::collections::HashSet;
use std::sync::Arc;

use futures::future::try_join_all;

use super::given::{
    Reader, append, append_whatever_the_revision, expect_conflict, issue, log, read_everything, read_stream, second,
    stream,
};
use super::{Broken, Factory, Outcome, promise, promise_eq};
use crate::append::{Append, AppendError, Appended};
use crate::log::{EventLog, KnownRequest, PartitionId};
use crate::maintain::Versions;
use crate::record::Recorded;

/// A log with three nodes.
async fn three<F: Factory>(factory: &F) -> Result<[Arc<F::Log>; 3], Broken> {
    let first = log(factory).await?;
    let second = second(factory, &first, Versions::KNOWN).await?;
    let Some(third) = factory.another_node(&first, Versions::KNOWN).await? else {
        return Err(Broken::new("there is a second node, and never a third"));
    };
    promise_eq!(second.identity(), first.identity(), "the identity of another node");
    Ok([first, second, third])
}

/// Writers on three nodes want the same revisions: one wins each, all see the same records, and every number is dense.
pub(super) async fn agree_on_every_record<F: Factory>(factory: &F) -> Outcome {
    const ROUNDS: u64 = 10;
    const WRITERS: u64 = 12;
    let nodes = three(factory).await?;
    for round in 0..ROUNDS {
        let answers = (0..WRITERS).zip(nodes.iter().cycle()).map(|(writer, node)| {
            let request = u128::from(round * WRITERS + writer);
            let (node, wanted) = (Arc::clone(node), append(&issue("wanted"), round, request));
            let own = append(&stream(["PAY", "WEB"][usize::from(writer % 2 == 0)], "issue", request), 0, request);
            tokio::spawn(async move {
                node.append(own).await?;
                Ok::<_, Broken>(node.append(wanted).await)
            })
        });
        let answers: Vec<_> = try_join_all(answers).await?.into_iter().collect::<Result<_, Broken>>()?;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        promise_eq!(won.len(), 1, "winners of revision {} on three nodes", round + 1);
        for answer in lost {
            expect_conflict(&answer, &issue("wanted"), round, round + 1)?;
        }
    }
    let seen = read_everything(&*nodes[0]).await?;
    promise_eq!(seen.len() as u64, ROUNDS * (WRITERS + 1), "records of all writers on all nodes");
    for node in &nodes[1..] {
        promise!(read_everything(&**node).await? == seen, "two nodes show different records");
    }
    for project in ["PAY", "WEB"] {
        let ordinals = seen.iter().map(|recorded| &recorded.record.header).filter(|header| header.revision == 1);
        let ordinals = ordinals.filter(|header| &*header.stream.project == project).map(|header| header.ordinal);
        let ordinals: Vec<_> = ordinals.collect();
        promise!(ordinals.iter().copied().eq(1..=ordinals.len() as u64), "the ordinals of {project}: {ordinals:?}");
    }
    Ok(())
}

/// On one stream, from three nodes: who tries again on conflicts gets in, once.
pub(super) async fn all_get_in_by_trying_again<F: Factory>(factory: &F) -> Outcome {
    const WRITERS: u64 = 24;
    let nodes = three(factory).await?;
    let answers = (0..WRITERS).zip(nodes.iter().cycle()).map(|(writer, node)| {
        let node = Arc::clone(node);
        tokio::spawn(async move {
            append_whatever_the_revision(&*node, append(&issue("busy"), 0, u128::from(writer))).await
        })
    });
    let mut revisions = HashSet::new();
    for appended in try_join_all(answers).await? {
        revisions.insert(appended?.revision);
    }
    promise_eq!(revisions, (1..=WRITERS).collect(), "the revisions answered");
    for node in &nodes {
        let records = read_stream(&**node, &issue("busy"), 100).await?;
        promise_eq!(records.len() as u64, WRITERS, "records in the stream, at each node");
    }
    Ok(())
}

/// Acknowledged at one node, readable at another after that one's barrier: in its partition, its stream, by ordinal and request.
pub(super) async fn a_barrier_shows_what_another_acknowledged<F: Factory>(factory: &F) -> Outcome {
    let nodes = three(factory).await?;
    for round in 0..20 {
        let (writer, reader) = (&nodes[round % 3], &nodes[(round + 1) % 3]);
        let proposed = append(&issue(round), 0, 1);
        let appended = writer.append(proposed.clone()).await?;
        promise_eq!(reader.barrier(appended.partition).await?, appended.position, "another node's barrier");
        let page = reader.read_partition(appended.partition, appended.position - 1, 1).await?;
        let read = page.records.first().map(|recorded| recorded.leaf);
        promise_eq!(read, Some(appended.leaf), "the leaf read at another node");
        let page = reader.read_stream(&proposed.stream, 0, 9).await?;
        promise_eq!(page.records.len(), 1, "records of the stream at another node");
        let found = reader.find_ordinal("PAY", "issue", appended.ordinal).await?;
        promise_eq!(found.as_ref(), Some(&proposed.stream), "the stream by its ordinal at another node");
        let known = reader.find_request(&proposed.stream, proposed.request_id).await?;
        let appended = Appended { replayed: true, ..appended };
        let promised = KnownRequest { fingerprint: proposed.fingerprint, appended };
        promise_eq!(known, Some(promised), "the request at another node");
    }
    Ok(())
}

/// A request is the same request wherever it is repeated, at once or when the stream has moved on.
pub(super) async fn know_each_others_requests<F: Factory>(factory: &F) -> Outcome {
    let [first, second, third] = three(factory).await?;
    for round in 0..10 {
        let stream = issue(round);
        let proposed = append(&stream, 0, 1);
        let answered = first.append(proposed.clone()).await?;
        let again = Appended { replayed: true, ..answered };
        promise_eq!(second.append(proposed.clone()).await.as_ref(), Ok(&again), "a request repeated at another node");
        second.append(append(&stream, 1, 2)).await?;
        promise_eq!(third.append(proposed.clone()).await.as_ref(), Ok(&again), "a request repeated at a third node");
        let other = Append { fingerprint: [8; 32], ..proposed.clone() };
        let reused = AppendError::RequestIdReused { request_id: proposed.request_id };
        promise_eq!(third.append(other).await, Err(reused), "another command under the id at a third node");
        promise_eq!(read_stream(&*first, &stream, 9).await?.len(), 2, "records in the stream");
    }
    Ok(())
}

/// A node that nobody writes at and nobody asks learns of what others wrote: its heads' watches come to it by themselves, and
/// what they show can be read.
pub(super) async fn heads_reach_every_one<F: Factory>(factory: &F) -> Outcome {
    const APPENDS: u64 = 50;
    let [first, second, third] = three(factory).await?;
    let partition = first.identity().partition_of("PAY");
    let followers = [&second, &third].map(|node| tokio::spawn(follow(Arc::clone(node), partition, APPENDS)));
    for n in 0..APPENDS {
        first.append(append(&issue(n), 0, 1)).await?;
        tokio::task::yield_now().await;
    }
    let all = Reader::new(partition, 0).read_all(&*first).await?;
    for read in try_join_all(followers).await? {
        promise!(read? == all, "another node's reader saw other records");
    }
    Ok(())
}

/// Reads what the watch shows, each time it moves, up to `last`.
async fn follow<L: EventLog>(log: Arc<L>, partition: PartitionId, last: u64) -> Result<Vec<Recorded>, Broken> {
    let (mut head, mut reader, mut records) = (log.head(partition), Reader::new(partition, 0), Vec::new());
    while reader.position < last {
        let here = reader.position;
        let shown = head.wait_for(|head| *head > here).await.map(|head| *head);
        let Ok(shown) = shown else {
            return Err(Broken::new(format!("the head's watch ended at {here} before {last}")));
        };
        records.extend(reader.next(&*log).await?.records);
        promise!(reader.position >= shown, "the watch shows {shown}, and {} can be read", reader.position);
    }
    Ok(records)
}
