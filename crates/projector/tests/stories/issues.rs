//! An issue, as it is answered.

use domain::issue::State;
use views::issue::{COMMENTS_PAGE, GetIssue};

use super::events::{accepted, at, commented, filed, key, life, project, triaged};
use super::given::Given;

fn get(ordinal: u64) -> GetIssue {
    GetIssue { key: key(ordinal), comments_after: None }
}

#[tokio::test(start_paused = true)]
async fn an_issue_is_answered_as_its_decider_folds_it() {
    let mut given = Given::nothing();
    given.issue(1, life("Payments fail", "sev1")).await;
    let found = given.ask(&get(1)).await.expect("it was filed");

    assert_eq!(Some(&found.issue), given.decided(1).await.as_ref());
    assert!(matches!(found.issue.state, State::Closed(_)));
    assert_eq!((found.issue.accepted_at, found.issue.state_since), (Some(at(2)), at(5)));
}

#[tokio::test(start_paused = true)]
async fn there_is_no_issue_before_its_filing() {
    let mut given = Given::nothing();
    given.issue(1, [filed("Payments fail")]).await;
    assert_eq!(given.ask(&get(2)).await, None);
    let elsewhere =
        GetIssue { key: domain::ids::IssueKey { project: project("WEB"), ordinal: 1 }, comments_after: None };
    assert_eq!(given.ask(&elsewhere).await, None);
}

#[tokio::test(start_paused = true)]
async fn comments_come_newest_first_and_page_by_page() {
    let mut given = Given::nothing();
    let said = (1..=COMMENTS_PAGE + 2).map(|n| commented(&format!("no. {n}")));
    given.issue(1, [filed("Payments fail")].into_iter().chain(said)).await;
    given.issue(2, [filed("Another"), commented("elsewhere")]).await;

    let newest = given.ask(&get(1)).await.unwrap();
    assert_eq!(newest.comments.len(), COMMENTS_PAGE);
    assert_eq!(&*newest.comments[0].text, "no. 52");
    assert_eq!((newest.comments[0].revision, &*newest.comments[0].author), (53, "ada"));
    assert_eq!(newest.issue.comments, 52);

    let older = given.ask_now(&GetIssue { comments_after: newest.older, ..get(1) }).await.unwrap();
    let texts: Vec<_> = older.comments.iter().map(|comment| &*comment.text).collect();
    assert_eq!(texts, ["no. 2", "no. 1"]);
    assert_eq!(older.older, None);
}

#[tokio::test(start_paused = true)]
async fn what_comes_later_changes_what_is_answered() {
    let mut given = Given::nothing();
    given.issue(1, [filed("Payments fail"), triaged("sev2")]).await;
    assert_eq!(given.ask(&get(1)).await.unwrap().issue.assignee, None);
    given.issue(1, [accepted("dan")]).await;
    let issue = given.ask(&get(1)).await.unwrap().issue;
    assert_eq!((issue.state, issue.revision), (State::Accepted, 3));
}
