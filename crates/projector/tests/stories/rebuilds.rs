//! A view is rebuilt beside itself while it is read and written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use projector::{OrderError, RebuildError, Step, Unparked, Views};
use view_store::{ViewCommit, ViewStore};
use views::AnyView;
use views::issue::{GetIssue, ISSUE, Issues};
use views::row::{Change, Row, Select};

use super::events::{commented, filed, issue_stream, key, life};
use super::given::Given;
use super::mortal::Mortal;
use super::tally::TALLY;

static BOTH: Views = &[&Issues, &TALLY];

/// Twenty issues, and all of them under a wrong title in the view.
async fn wrong() -> Given {
    let mut given = Given::with(BOTH);
    for ordinal in 1..=20 {
        given.issue(ordinal, life("Payments fail", "sev2")).await;
    }
    given.settled().await;
    let (view, store) = (Issues.schema().id(), &given.store.views);
    for (partition, at) in store.checkpoints(view).await.unwrap() {
        let answer = store.query(view, vec![Select::from(&ISSUE, 100)]).await.unwrap();
        let wrong = |row: Row| Change::Upsert(row.with("title", "Wrong").unwrap());
        let changes = answer.rows.into_iter().flatten().map(wrong).collect();
        let tampered = ViewCommit { changes, ..ViewCommit::new(view, Some(at), at) };
        store.commit(partition, vec![tampered]).await.unwrap();
    }
    assert_eq!(title(&given).await, "Wrong");
    given
}

/// A node that takes its share of leases may take one just then.
#[tokio::test(start_paused = true)]
async fn a_view_that_goes_on_when_it_is_to_stand_still_is_asked_again_and_not_for_ever() {
    for (late, done) in [(2, true), (100, false)] {
        let given = wrong().await;
        let node = Mortal::immortal(given.store.clone());
        let running = given.start_on(node.clone()).await;
        node.late.store(late, Ordering::SeqCst);
        let rebuilt = running.control().rebuild("issues").unwrap().done().await;
        assert_eq!(rebuilt.is_ok(), done, "{rebuilt:?}");
        assert_eq!(title(&given).await, if done { "Payments fail" } else { "Wrong" });
        running.stop().await;
    }
}

async fn title(given: &Given) -> String {
    given.ask_now(&GetIssue { key: key(1), comments_after: None }).await.unwrap().issue.title.to_string()
}

#[tokio::test(start_paused = true)]
async fn no_answer_mixes_old_and_new_and_none_is_refused() {
    let mut given = wrong().await;
    let running = given.start().await;
    let mut rebuild = running.control().rebuild("issues").unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(read_on(given.store.clone(), Arc::clone(&over)));
    for ordinal in 21..=40 {
        given.issue(ordinal, [filed("Payments fail"), commented("meanwhile")]).await;
        tokio::task::yield_now().await;
    }
    rebuild.done().await.unwrap();
    assert_eq!(rebuild.progress().borrow().step, Step::Done);
    over.store(true, Ordering::SeqCst);
    assert_eq!(reader.await.unwrap(), "Payments fail", "the last answer is of the new tables");
    given.issue(1, [commented("afterwards")]).await;
    assert!(running.projector.caught_up().await, "the view goes on in its new tables");
    running.stop().await;
    given.settled().await;
    let left = given.store.stored().await.unwrap();
    assert_eq!(left.len(), 2, "nothing is left of the old tables: {left:?}");
}

/// Asks for all issues until told that it is over; each answer has one title only. Gives the last one's.
async fn read_on(store: Arc<super::doubled::DoubledViews>, over: Arc<AtomicBool>) -> String {
    loop {
        let last = over.load(Ordering::SeqCst);
        let answer = store.query(Issues.schema().id(), vec![Select::from(&ISSUE, 20)]).await.unwrap();
        let mut titles: Vec<String> =
            answer.rows[0].iter().map(|row| row.get::<&str>("title").unwrap().to_owned()).collect();
        assert_eq!(titles.len(), 20, "the issues that were there at first");
        titles.dedup();
        assert_eq!(titles.len(), 1, "old and new in one answer");
        if last {
            return titles.remove(0);
        }
        // The clock stands while anything is ready.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_rebuild_that_is_stopped_changes_nothing_and_goes_on_later() {
    let given = wrong().await;
    let running = given.start().await;
    let rebuild = running.control().rebuild("issues").unwrap();
    let mut progress = rebuild.progress();
    progress.wait_for(|progress| progress.folded > 10).await.unwrap();
    drop(rebuild);
    assert_eq!(title(&given).await, "Wrong");

    // The one that was stopped lets go of its leases in its own time.
    let mut again = loop {
        let mut again = running.control().rebuild("issues").unwrap();
        let begun = again.progress().wait_for(|progress| progress.folded > 0).await.map(|progress| *progress);
        match begun {
            Ok(begun) => {
                assert!(begun.folded > 10, "it goes on where it was: {begun:?}");
                break again;
            }
            Err(_) => assert!(matches!(again.done().await, Err(RebuildError::UnderWay { .. }))),
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    };
    again.done().await.unwrap();
    running.stop().await;
    given.settled().await;
}

#[tokio::test(start_paused = true)]
async fn one_rebuild_of_a_view_at_a_time() {
    let given = wrong().await;
    let (one, other) = (given.start().await, given.start().await);
    let mut first = one.control().rebuild("issues").unwrap();
    first.progress().wait_for(|progress| progress.folded > 0).await.unwrap();
    let mut second = other.control().rebuild("issues").unwrap();
    assert_eq!(second.done().await, Err(RebuildError::UnderWay { view: "issues" }));
    assert!(matches!(other.control().rebuild("nothing"), Err(OrderError::NoSuchView { .. })));
    first.done().await.unwrap();
    one.stop().await;
    other.stop().await;
    given.settled().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_left_as_it_is_is_left_so_still() {
    let mut given = Given::with(BOTH);
    for ordinal in 1..=2 {
        given.issue(ordinal, [filed("One"), commented("refuse me"), commented("and then")]).await;
    }
    given.folded().await;
    let running = given.start().await;
    assert_eq!(running.counted("tally").await, (2, 0));
    let skipped = running.control().skip("tally", &issue_stream("PAY", 2).to_string()).await.unwrap();
    assert!(matches!(skipped, Unparked::Parked(_)));
    running.control().rebuild("tally").unwrap().done().await.unwrap();
    given.issue(1, [commented("later")]).await;
    assert_eq!(running.counted("tally").await, (1, 1));
    running.stop().await;
    given.settled().await;
}
