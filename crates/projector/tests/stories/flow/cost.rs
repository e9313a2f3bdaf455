//! What an answer costs, in rows read: a year's is some hundreds, however many issues there are.

use domain::issue::IssueEvent;
use domain::{Recorded, StreamRef};
use jiff::{SignedDuration, Timestamp};
use view_store::memory::MemoryViews;
use view_store::{Checkpoint, ViewCommit, ViewStore};
use views::flow::{Dimension, Flow, GetDurations, GetSteps, SCHEMA, Step};
use views::query::Query;

use super::super::events::{at, issue_stream, life, project};
use super::day;

const YEAR_MINUTES: u64 = 365 * 24 * 60;

/// A year of so many issues, each of six events and one of three severities, folded.
async fn a_year_of(issues: u64) -> MemoryViews {
    let (store, folding) = (MemoryViews::default(), views::AnyView::folding(&Flow));
    let mut folding = folding;
    let mut random = fastrand::Rng::with_seed(7);
    for ordinal in 1..=issues {
        let begun = at(-12) + SignedDuration::from_mins(i64::try_from(ordinal * YEAR_MINUTES / issues).unwrap());
        let stream = issue_stream("PAY", ordinal);
        let mut occurred_at = begun;
        for (revision, event) in (1..).zip(life("One of many", ["sev1", "sev2", "sev3"][random.usize(..3)])) {
            folding.fold(&recorded(&stream, ordinal, revision, event, occurred_at)).expect("it follows");
            occurred_at += SignedDuration::from_secs(random.i64(60..1_000_000));
        }
    }
    store.prepare(&[&SCHEMA]).await.expect("it is in memory");
    let mut commit = ViewCommit::new(SCHEMA.id(), None, Checkpoint { position: issues * 6, leaf: [0; 32] });
    commit.changes = folding.finish().changes;
    store.commit(0, vec![commit]).await.expect("it is in memory");
    store
}

fn recorded(stream: &StreamRef, ordinal: u64, revision: u64, event: IssueEvent, occurred_at: Timestamp) -> Recorded {
    let (stream, actor) = (stream.clone(), "ada".parse().unwrap());
    let (event, recorded_at) = (event.into(), occurred_at);
    Recorded { event, stream, ordinal, revision, position: 0, actor, occurred_at, recorded_at, origin: None }
}

async fn rows_read<Q: Query>(store: &MemoryViews, query: &Q) -> usize {
    let answer = store.query(query.view(), query.selects()).await.expect("it is in memory");
    answer.rows.iter().map(Vec::len).sum()
}

#[tokio::test]
async fn a_year_reads_hundreds_of_rows_however_many_issues_there_are() {
    let (few, many) = (a_year_of(500).await, a_year_of(5_000).await);
    let (since, until) = (day("2026-03-01"), day("2027-03-01"));
    let steps = |step, by| GetSteps { project: project("PAY"), by, step, since, until };
    let durations = |by| GetDurations { project: project("PAY"), by, since, until, now: at(365 * 24) };
    let severity = Some(Dimension::Severity);
    let mut read = Vec::new();
    for store in [&few, &many] {
        read.push([
            rows_read(store, &steps(Step::Day, None)).await,
            rows_read(store, &steps(Step::Day, severity)).await,
            rows_read(store, &steps(Step::Month, severity)).await,
            rows_read(store, &durations(None)).await,
        ]);
    }
    let [days, by_severity, months, times] = read[1];
    assert!(days <= 366 && by_severity <= 3 * 366 && months <= 3 * 13 && times <= 13 * 13 * 14, "{read:?}");
    let [few, many] = [&read[0], &read[1]].map(|read| read.iter().sum::<usize>());
    assert!(many < few * 3, "ten times the issues are {many} rows instead of {few}");
}
