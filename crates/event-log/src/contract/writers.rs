//! Writers: one winner for each expected revision, dense numbers, guards, and conflicts that harm nobody else.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::future::{join_all, try_join_all};

use super::given::{
    NOW, Reader, append, append_whatever_the_revision, event, expect_conflict, issue, log, read_stream, stream,
};
use super::{Broken, Factory, Outcome, promise, promise_eq};
use crate::append::{Append, AppendError, Expected};
use crate::log::EventLog;
use crate::record::StreamId;

const WRITERS: u64 = 64;

/// 64 writers want the same revision, twenty times over: one gets it, the others learn where the stream is.
pub(super) async fn one_wins_each_expected_revision<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    let wanted = issue("wanted");
    for round in 0..20 {
        let answers = (0..WRITERS).map(|writer| {
            let (log, append) = (Arc::clone(&log), append(&wanted, round, u128::from(round * WRITERS + writer)));
            tokio::spawn(async move { log.append(append).await })
        });
        let (won, lost): (Vec<_>, Vec<_>) = try_join_all(answers).await?.into_iter().partition(Result::is_ok);
        promise_eq!(won.len(), 1, "winners of revision {}", round + 1);
        for answer in lost {
            expect_conflict(&answer, &wanted, round, round + 1)?;
        }
    }
    promise_eq!(read_stream(&*log, &wanted, 7).await?.len(), 20, "records of 20 winners");
    Ok(())
}

/// 64 writers on one stream, each trying again until it is in: all are, once, at revisions of their own.
pub(super) async fn on_one_stream_all_get_in_by_trying_again<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    let answers = (0..WRITERS).map(|writer| {
        let log = Arc::clone(&log);
        tokio::spawn(
            async move { append_whatever_the_revision(&*log, append(&issue("busy"), 0, u128::from(writer))).await },
        )
    });
    let mut revisions = HashSet::new();
    for appended in try_join_all(answers).await? {
        let appended = appended?;
        promise!(!appended.replayed, "a first answer that says it is a repetition");
        promise_eq!(appended.first_revision, appended.revision, "the revisions of one event");
        revisions.insert(appended.revision);
    }
    promise_eq!(revisions, (1..=WRITERS).collect(), "the revisions answered");
    promise_eq!(read_stream(&*log, &issue("busy"), 100).await?.len() as u64, WRITERS, "records in the stream");
    Ok(())
}

/// 64 writers on streams of 16 projects: positions, revisions and ordinals are dense from 1, and answers say what is read.
pub(super) async fn on_many_streams_numbers_are_dense<F: Factory>(factory: &F) -> Outcome {
    const STREAMS: u64 = 4;
    const APPENDS: u64 = 3;
    let log = log(factory).await?;
    let identity = log.identity();
    let answers = (0..WRITERS).map(|writer| {
        let log = Arc::clone(&log);
        tokio::spawn(async move {
            let mut answers = Vec::new();
            for (n, expected) in (0..STREAMS).flat_map(|n| (0..APPENDS).map(move |expected| (n, expected))) {
                let stream = stream(&format!("P{}", writer % 16), "issue", format!("{writer}-{n}"));
                answers.push(log.append(append(&stream, expected, u128::from(expected))).await?);
            }
            Ok::<_, Broken>(answers)
        })
    });
    let mut answered = HashMap::new();
    for answers in try_join_all(answers).await? {
        answered.extend(answers?.into_iter().map(|appended| ((appended.partition, appended.position), appended)));
    }
    promise_eq!(answered.len() as u64, WRITERS * STREAMS * APPENDS, "positions answered");
    let mut ordinals: HashMap<Arc<str>, Vec<u64>> = HashMap::new();
    for partition in 0..identity.partitions {
        for recorded in Reader::new(partition, 0).read_all(&*log).await? {
            let header = &recorded.record.header;
            promise_eq!(identity.partition_of(&header.stream.project), partition, "where a project's records are");
            let Some(appended) = answered.remove(&(partition, recorded.position)) else {
                return Err(Broken::new(format!("position {} was answered to nobody", recorded.position)));
            };
            let read = (header.revision, header.ordinal, header.metadata.recorded_at, recorded.leaf);
            promise_eq!((appended.revision, appended.ordinal, appended.recorded_at, appended.leaf), read, "an answer");
            if header.revision == 1 {
                ordinals.entry(Arc::clone(&header.stream.project)).or_default().push(header.ordinal);
            }
        }
    }
    promise!(answered.is_empty(), "{} answered positions are not in the log", answered.len());
    for (project, ordinals) in ordinals {
        promise!(ordinals.iter().copied().eq(1..=16), "the ordinals of {project} in order: {ordinals:?}");
    }
    Ok(())
}

/// Good proposals and bad ones, all in flight at once: each gets its own answer.
pub(super) async fn a_conflict_fails_only_its_own<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    let proposals = (0..WRITERS).flat_map(|n| {
        let stream = issue(n);
        let malformed = Append { events: Vec::new(), ..append(&stream, 0, 3) };
        [append(&stream, 0, 1), append(&stream, 9, 2), malformed]
    });
    let answers = join_all(proposals.map(|append| log.append(append))).await;
    for (n, answers) in answers.chunks(3).enumerate() {
        promise!(answers[0].is_ok(), "a good proposal beside bad ones: {:?}", answers[0]);
        let actual = |actual| expect_conflict(&answers[1], &issue(n), 9, actual);
        actual(1).or_else(|_| actual(0))?;
        promise!(matches!(answers[2], Err(AppendError::Invalid { .. })), "a malformed proposal: {:?}", answers[2]);
    }
    let records = Reader::new(log.identity().partition_of("PAY"), 0).read_all(&*log).await?;
    promise_eq!(records.len() as u64, WRITERS, "records");
    Ok(())
}

/// What a decision relied on is as it was, or the append is a conflict of that stream; racing, one of two wins.
pub(super) async fn guards_hold<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    let settings = stream("PAY", "project", "PAY");
    let guarded = |id: &str, revision| {
        let unchanged = vec![Expected { stream: settings.clone(), revision }];
        Append { unchanged, ..append(&issue(id), 0, 1) }
    };
    log.append(guarded("before", 0)).await?;
    log.append(append(&settings, 0, 1)).await?;
    expect_conflict(&log.append(guarded("stale", 0)).await, &settings, 0, 1)?;
    expect_conflict(&log.append(guarded("early", 2)).await, &settings, 2, 1)?;
    promise_eq!(read_stream(&*log, &issue("stale"), 9).await?.len(), 0, "records of a refused append");
    log.append(guarded("fresh", 1)).await?;
    for round in 1..20 {
        let (a, b) = (stream("PAY", "a", round), stream("PAY", "b", round));
        let on = |own: &_, other: &_| Append {
            unchanged: vec![Expected { stream: StreamId::clone(other), revision: 0 }],
            ..append(own, 0, 1)
        };
        let both = [on(&a, &b), on(&b, &a)].map(|append| {
            let log = Arc::clone(&log);
            tokio::spawn(async move { log.append(append).await })
        });
        let won = try_join_all(both).await?.iter().filter(|answer| answer.is_ok()).count();
        promise_eq!(won, 1, "winners of two that each rely on the other not being there");
    }
    Ok(())
}

/// Proposers' clocks differ; the log's time does not go back within a partition, and never runs ahead of all clocks.
pub(super) async fn recorded_at_never_goes_back<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    let mut highest = i64::MIN;
    for (n, offset) in [0, 500, -500, 499, 501, -1_000_000].into_iter().enumerate() {
        let appended = log.append(Append { recorded_at: NOW + offset, ..append(&issue(n), 0, 1) }).await?;
        highest = highest.max(NOW + offset);
        promise_eq!(appended.recorded_at, highest, "recorded_at, proposed {offset} µs off");
    }
    let records = Reader::new(log.identity().partition_of("PAY"), 0).read_all(&*log).await?;
    promise!(
        records.iter().all(|recorded| recorded.record.header.metadata.occurred_at == NOW),
        "occurred_at was moved"
    );
    Ok(())
}

/// The n-th stream of a kind in a project is found by n, and kinds and projects count apart.
pub(super) async fn ordinals_lead_to_streams<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    for (project, kind) in [("PAY", "issue"), ("PAY", "story"), ("WEB", "issue"), ("WEB", "story")] {
        for ordinal in 1..=3 {
            let stream = stream(project, kind, format!("id-{ordinal}"));
            let several = Append { events: vec![event("1"), event("2")], ..append(&stream, 0, 1) };
            promise_eq!(log.append(several).await?.ordinal, ordinal, "the ordinal of {stream:?}");
            promise_eq!(log.append(append(&stream, 2, 2)).await?.ordinal, ordinal, "the ordinal later");
            log.barrier(log.identity().partition_of(project)).await?;
            let found = log.find_ordinal(project, kind, ordinal).await?;
            promise_eq!(found.as_ref(), Some(&stream), "the stream with ordinal {ordinal}");
        }
    }
    promise_eq!(log.find_ordinal("PAY", "issue", 4).await?, None, "the ordinal after the last");
    Ok(())
}
