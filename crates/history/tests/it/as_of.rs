//! What was known.

use domain::Recorded;
use domain::issue::IssueEvent;
use event_log::NewEvent;
use history::{AsOf, Cut, HistoryError};

use crate::story::{
    Story, accepted, commented, filed, issue, late, minute, resolved, stored, told, triaged, workaround,
};

async fn recorded_late() -> Story {
    Story::given([
        told(0, filed()),
        told(10, triaged("sev2")),
        told(20, accepted()),
        late(5, 30, workaround()),
        told(40, resolved()),
    ])
    .await
}

#[tokio::test]
async fn at_a_time_of_recording() {
    let story = recorded_late().await;
    let known = async |at| story.issue(Cut::as_of(AsOf::RecordedAt(minute(at)))).await;
    assert_eq!(known(-1).await, None);
    assert_eq!(known(0).await.unwrap().state_name(), "New");
    assert_eq!(known(19).await.unwrap().revision, 2);
    assert_eq!(known(20).await.unwrap().state_name(), "Accepted");
    // It had been found by then, but nobody had said so.
    assert!(known(29).await.unwrap().workaround.is_none());
    assert_eq!(known(30).await.unwrap().workaround.unwrap().at, minute(5));
    assert_eq!(known(1000).await.unwrap().state_name(), "Resolved");
}

#[tokio::test]
async fn at_a_revision_or_position() {
    let story = recorded_late().await;
    let before = issue(2);
    story.append(&before, [told(50, filed())]).await;
    let as_of = async |as_of| story.issue(Cut::as_of(as_of)).await;
    assert_eq!(as_of(AsOf::Revision(0)).await, None);
    assert_eq!(as_of(AsOf::Revision(3)).await.unwrap().state_name(), "Accepted");
    assert_eq!(as_of(AsOf::Position(3)).await, as_of(AsOf::Revision(3)).await);
    assert_eq!(as_of(AsOf::Position(6)).await, story.issue(Cut::default()).await);
}

#[tokio::test]
async fn what_comes_later_changes_nothing() {
    let story = recorded_late().await;
    let cut = Cut::as_of(AsOf::RecordedAt(minute(25)));
    let before = story.history.issue_as_of(&issue(1), cut).await.unwrap();
    story.append(&issue(1), [late(1, 60, workaround())]).await;
    assert_eq!(story.history.issue_as_of(&issue(1), cut).await.unwrap(), before);
}

#[tokio::test]
async fn what_comes_later_need_not_even_be_readable() {
    let story = recorded_late().await;
    let cut = Cut::as_of(AsOf::Revision(5));
    let before = story.issue(cut).await;
    let newer = NewEvent { schema_version: 9, ..stored(&commented()) };
    story.append_raw(&issue(1), vec![newer], minute(70).as_microsecond()).await;
    assert_eq!(story.issue(cut).await, before);
    let now = story.history.issue_as_of(&issue(1), Cut::default()).await;
    assert!(matches!(now, Err(HistoryError::Decode(error)) if error.is_upgrade_needed()));
}

#[tokio::test]
async fn an_answer_says_what_it_rests_on() {
    let story = recorded_late().await;
    let then = story.history.issue_as_of(&issue(1), Cut::as_of(AsOf::Revision(2))).await.unwrap().unwrap();
    let page = story.history.page::<IssueEvent>(&issue(1), 1, 1, None).await.unwrap();
    assert_eq!((then.partition, then.position), (0, 2));
    assert_eq!(then.leaf, page.entries[0].leaf);
}

#[tokio::test]
async fn an_issue_that_does_not_exist_never_did() {
    let story = Story::new();
    assert_eq!(story.issue(Cut::default()).await, None);
    assert_eq!(story.issue(Cut::at(minute(0))).await, None);
    let events: Vec<Recorded<IssueEvent>> = story.history.stream(&issue(1)).await.unwrap();
    assert_eq!(events, []);
}
