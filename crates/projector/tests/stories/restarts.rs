//! Starting again: where it was, over another log, after what could not be reached, beside another runner.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use projector::{Projector, Views};
use tokio_util::sync::CancellationToken;
use view_store::{Checkpoint, ViewCommit, ViewStore};
use view_store_sqlite::SqliteViews;
use views::issue::{GetIssue, Issues};

use super::events::{accepted, commented, filed, key, life, triaged};
use super::given::{Given, rows};
use super::tally::{TALLY, TALLY_BEFORE};

static ISSUES: Views = &[&Issues];
static BOTH: Views = &[&Issues, &TALLY];
static BOTH_BEFORE: Views = &[&Issues, &TALLY_BEFORE];

#[tokio::test(start_paused = true)]
async fn a_start_reads_what_is_new_and_not_the_log() {
    let mut given = Given::nothing();
    for ordinal in 1..=40 {
        given.issue(ordinal, life("Payments fail", "sev2")).await;
    }
    given.settled().await;
    given.issue(41, [filed("New")]).await;

    given.log.read.store(0, Ordering::SeqCst);
    given.folded().await;
    let read = given.log.read.load(Ordering::SeqCst);
    // Each view's checkpoint's record, when it starts and when it follows, and once more where a reply was lost; and what is new.
    let most = 3 * given.views.len() + 2;
    assert!((2..=most).contains(&read), "{read} records were read");
    assert!(most < 40, "fewer than there are issues, each of several events");
    given.settled().await;
}

#[tokio::test(start_paused = true)]
async fn over_another_log_the_views_are_rebuilt() {
    let mut given = Given::with(BOTH);
    given.issue(1, life("Of the log before", "sev1")).await;
    given.settled().await;

    let mut restored = given.another_log();
    restored
        .issue(1, [filed("Of this log"), triaged("sev3"), accepted("dan"), commented("longer"), commented("than")])
        .await;
    restored.issue(2, [filed("And another"), commented("the one before")]).await;
    let found = restored.ask(&GetIssue { key: key(1), comments_after: None }).await.unwrap();
    assert_eq!(found.issue.title.as_str(), "Of this log");

    let shorter = restored.another_log();
    assert_eq!(
        shorter.ask(&GetIssue { key: key(1), comments_after: None }).await,
        None,
        "nothing is left of a log that is gone"
    );
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_of_another_log_is_found_while_it_runs() {
    let mut given = Given::with(BOTH);
    given.issue(1, life("Payments fail", "sev1")).await;
    let running = given.start().await;
    assert!(running.projector.caught_up().await);

    let view = views::AnyView::schema(&TALLY).id();
    let checkpoints = given.store.checkpoints(view).await.unwrap();
    let (&partition, &mine) = checkpoints.first_key_value().unwrap();
    let theirs = Checkpoint { position: mine.position + 1, leaf: [9; 32] };
    given.store.views.commit(partition, vec![ViewCommit::new(view, Some(mine), theirs)]).await.unwrap();

    given.issue(1, [commented("one")]).await;
    given.issue(2, [filed("Two"), commented("two")]).await;
    assert!(running.projector.caught_up().await);
    running.stop().await;
    given.settled().await;
}

#[tokio::test(start_paused = true)]
async fn a_view_that_comes_later_is_built_beside_the_others() {
    let mut given = Given::with(ISSUES);
    for ordinal in 1..=10 {
        given.issue(ordinal, life("Payments fail", "sev2")).await;
    }
    given.settled().await;
    given.views = BOTH;
    given.issue(11, [filed("Later")]).await;
    given.settled().await;
    let checkpoints = given.store.checkpoints(views::AnyView::schema(&TALLY).id()).await.unwrap();
    assert_eq!(checkpoints.values().map(|checkpoint| checkpoint.position).sum::<u64>(), 61);
}

#[tokio::test(start_paused = true)]
async fn tables_of_another_shape_are_rebuilt() {
    let mut given = Given::with(BOTH_BEFORE);
    given.store.prepare(&[views::AnyView::schema(&TALLY_BEFORE)]).await.unwrap();
    given.views = BOTH;
    given.issue(1, life("Payments fail", "sev2")).await;
    given.settled().await;
}

#[tokio::test(start_paused = true)]
async fn a_log_that_can_not_be_reached_is_waited_for() {
    let mut given = Given::nothing();
    given.issue(1, [filed("Before")]).await;
    let running = given.start().await;
    assert!(running.projector.caught_up().await);

    given.log.unreachable.store(true, Ordering::SeqCst);
    given.issue(1, [triaged("sev1")]).await;
    tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    assert!(!running.projector.is_caught_up());
    given.log.unreachable.store(false, Ordering::SeqCst);
    assert!(running.projector.caught_up().await);
    running.stop().await;
    given.settled().await;
}

#[tokio::test(start_paused = true)]
async fn two_runners_of_the_same_views_do_what_one_does() {
    let mut given = Given::with(BOTH);
    let (one, other) = (given.start().await, given.start().await);
    for ordinal in 1..=12 {
        given.issue(ordinal, life("Payments fail", "sev2")).await;
        tokio::task::yield_now().await;
    }
    assert!(one.projector.caught_up().await && other.projector.caught_up().await);
    one.stop().await;
    other.stop().await;
    given.settled().await;
}

#[tokio::test(start_paused = true)]
async fn stopped_anywhere_it_goes_on_from_there() {
    let mut given = Given::with(BOTH);
    for ordinal in 1..=12 {
        given.issue(ordinal, life("Payments fail", "sev2")).await;
        let running = given.start().await;
        for _ in 0..ordinal * 3 {
            tokio::task::yield_now().await;
        }
        running.stop().await;
    }
    given.settled().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_written_while_it_folds_is_folded_too() {
    let mut given = Given::with(BOTH);
    let running = given.start().await;
    for ordinal in 1..=30_u64 {
        given
            .issue_of(if ordinal % 2 == 0 { "PAY" } else { "WEB" }, ordinal.div_ceil(2), life("Payments fail", "sev2"))
            .await;
        tokio::task::yield_now().await;
    }
    assert!(running.projector.caught_up().await);
    assert!(running.projector.progress().iter().all(|progress| progress.checkpoint == progress.head));
    running.stop().await;
    given.settled().await;
}

#[tokio::test]
async fn in_a_file_it_is_there_after_a_restart() {
    let mut given = Given::with(BOTH);
    for ordinal in 1..=5 {
        given.issue(ordinal, life("Payments fail", "sev2")).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let store = Arc::new(SqliteViews::open(folder.path().join("views.db")).unwrap());
        let stop = CancellationToken::new();
        let projector = Projector::start(given.log.clone(), store.clone(), BOTH, stop.clone()).await.unwrap();
        assert!(projector.caught_up().await && projector.is_caught_up());
        stop.cancel();
        projector.stopped().await;
        seen.push(rows(&*store, BOTH).await);
    }
    given.settled().await;
    assert_eq!(seen, [rows(&*given.store, BOTH).await, rows(&*given.store, BOTH).await], "as in memory");
}

/// Nobody appends any more, so that nothing but the projector itself can notice.
#[tokio::test(start_paused = true)]
async fn what_a_store_lost_in_a_crash_is_folded_again_unasked() {
    let mut given = Given::with(BOTH);
    let running = given.start_on(given.store.views.clone()).await;
    given.issue(1, life("Payments fail", "sev2")).await;
    assert!(running.projector.caught_up().await);
    let saved = given.store.views.save();
    given.issue(2, life("Payments fail again", "sev1")).await;
    assert!(running.projector.caught_up().await);

    given.store.views.crash(saved);
    given.store.views.look();
    assert!(!running.projector.is_caught_up());
    let again = tokio::time::timeout(std::time::Duration::from_secs(60), running.projector.caught_up()).await;
    assert_eq!(again, Ok(true));
    running.stop().await;
    given.settled().await;
}
