//! What was true, by all that is known.

use domain::Fact::Known;
use domain::ids::{PersonId, SeverityId};
use domain::issue::{Issue, IssueEvent, Question, State};
use domain::{Fact, Recorded};
use history::{AsOf, Cut};

use crate::story::{
    Story, accepted, assigned, commented, filed, issue, late, minute, resolved, severity, text, told, triaged,
    verified, workaround,
};

fn severity_of(issue: &Issue) -> Fact<SeverityId> {
    issue.triage.as_ref().unwrap().severity.clone()
}

fn assignee(issue: &Issue) -> Option<&str> {
    issue.assignee.as_ref().map(PersonId::as_str)
}

#[tokio::test]
async fn facts_count_from_when_they_happened() {
    let story =
        Story::given([told(0, filed()), told(10, triaged("sev2")), told(20, accepted()), late(5, 30, workaround())])
            .await;
    assert_eq!(story.issue(Cut::at(minute(-1))).await, None);
    assert!(story.issue_at(4).await.workaround.is_none());
    let then = story.issue_at(5).await;
    assert_eq!(then.workaround.unwrap().at, minute(5));
    assert_eq!(then.state, State::New { triaged: false });
    let then = story.issue_at(15).await;
    assert!(then.workaround.is_some() && then.state == State::New { triaged: true });
}

#[tokio::test]
async fn without_late_facts_it_is_what_was_known() {
    let facts = || {
        [told(0, filed()), told(10, triaged("sev2")), told(20, accepted()), told(30, commented()), told(40, resolved())]
    };
    let story = Story::given(facts()).await;
    for at in [-1, 0, 10, 15, 20, 30, 39, 40, 50] {
        let known = story.issue(Cut::as_of(AsOf::RecordedAt(minute(at)))).await;
        assert_eq!(story.issue(Cut::at(minute(at))).await, known, "{at}");
    }
}

#[tokio::test]
async fn as_of_cuts_first() {
    let story = Story::given([told(0, filed()), told(10, triaged("sev2")), late(5, 30, workaround())]).await;
    let both = |known, at| Cut { as_of: Some(AsOf::RecordedAt(minute(known))), at: Some(minute(at)) };
    // What was true at 7, as it was known at 20 and at 30.
    assert!(story.issue(both(20, 7)).await.unwrap().workaround.is_none());
    assert!(story.issue(both(30, 7)).await.unwrap().workaround.is_some());
    // What was true at 20, as it was known at 0.
    assert_eq!(story.issue(both(0, 20)).await.unwrap().state, State::New { triaged: false });
}

#[tokio::test]
async fn what_happened_last_rules_then_and_what_was_said_last_rules_now() {
    let story = Story::given([
        told(0, filed()),
        told(10, triaged("sev2")),
        told(20, accepted()),
        told(40, assigned("ben")),
        late(30, 50, assigned("cy")),
    ])
    .await;
    assert_eq!(assignee(&story.issue_at(25).await), Some("ada"));
    assert_eq!(assignee(&story.issue_at(35).await), Some("cy"));
    assert_eq!(assignee(&story.issue_at(45).await), Some("ben"));
    assert_eq!(assignee(&story.issue(Cut::default()).await.unwrap()), Some("cy"));
}

#[tokio::test]
async fn at_one_instant_the_log_rules() {
    let story = Story::given([
        told(0, filed()),
        told(10, triaged("sev2")),
        late(20, 20, assigned("ben")),
        late(20, 30, assigned("cy")),
    ])
    .await;
    assert_eq!(assignee(&story.issue_at(20).await), Some("cy"));
}

#[tokio::test]
async fn a_late_fact_that_says_nothing_yet_is_told_where_it_was_recorded() {
    let tests = vec!["tests/pay.rs".into()];
    let story = Story::given([
        told(0, filed()),
        told(10, triaged("sev2")),
        told(20, accepted()),
        told(30, resolved()),
        // Written before the fix was called resolved.
        late(25, 35, IssueEvent::RegressionTestsAdded { tests }),
        told(40, verified()),
        // Deployed before it was verified.
        late(38, 45, IssueEvent::MarkedInProduction { release: "r1".parse().unwrap() }),
    ])
    .await;
    assert_eq!(story.issue_at(29).await.state, State::Accepted);
    let State::Resolved(then) = story.issue_at(30).await.state else { panic!("not resolved") };
    assert_eq!(then.tests_added.len(), 1);
    let State::Resolved(then) = story.issue_at(39).await.state else { panic!("not resolved") };
    assert!(then.in_production.is_some());
    let State::Verified(then) = story.issue_at(40).await.state else { panic!("not verified") };
    assert!(then.resolved.in_production.is_some());
    assert_eq!(story.issue(Cut::default()).await.unwrap().state, story.issue_at(50).await.state);
}

#[tokio::test]
async fn a_severity_from_before_triage_is_told_where_it_was_recorded() {
    let story = Story::given([
        told(0, filed()),
        told(10, triaged("sev3")),
        told(20, accepted()),
        late(5, 30, severity("sev1")),
    ])
    .await;
    assert!(story.issue_at(7).await.triage.is_none());
    assert_eq!(severity_of(&story.issue_at(10).await), Known("sev3".parse().unwrap()));
    assert_eq!(severity_of(&story.issue_at(20).await), Known("sev1".parse().unwrap()));
}

#[tokio::test]
async fn a_late_fact_never_moves_the_issue() {
    let over =
        |team: &str| IssueEvent::IssueHandedOver { from: Fact::NotKnown, to: team.parse().unwrap(), reason: None };
    // Recorded in New triaged, where a handover moves nothing; it happened in Accepted, where it would have.
    let story = Story::given([
        told(0, filed()),
        told(10, triaged("sev2")),
        told(20, accepted()),
        told(40, IssueEvent::ReturnedToTriage { reason: None }),
        told(50, triaged("sev2")),
        late(30, 60, over("ops")),
        told(70, accepted()),
    ])
    .await;
    assert_eq!(story.issue_at(35).await.state, State::Accepted);
    assert_eq!(story.issue_at(45).await.state, State::New { triaged: false });
    assert_eq!(story.issue_at(55).await.state, State::New { triaged: true });
    assert_eq!(story.issue_at(55).await.triage.unwrap().team, Known("ops".parse().unwrap()));
    assert_eq!(story.issue_at(75).await.state, State::Accepted);
}

#[tokio::test]
async fn a_revision_is_the_last_one_told() {
    let story = Story::given([told(0, filed()), told(10, triaged("sev2")), late(5, 30, workaround())]).await;
    assert_eq!(story.issue_at(7).await.revision, 3);
    assert_eq!(story.issue_at(10).await.revision, 3);
    assert_eq!(story.issue_at(4).await.revision, 1);
}

#[tokio::test]
async fn events_come_in_the_order_in_which_they_happened() {
    let story =
        Story::given([told(0, filed()), told(10, triaged("sev2")), late(5, 30, workaround()), told(40, accepted())])
            .await;
    let events: Vec<Recorded<IssueEvent>> = story.history.cut(&issue(1), Cut::at(minute(10))).await.unwrap();
    assert_eq!(events.iter().map(|event| event.revision).collect::<Vec<_>>(), [1, 3, 2]);
}

#[tokio::test]
async fn an_answer_waits_for_its_question() {
    let asked =
        IssueEvent::InformationRequested { question: 1, of: domain::issue::Asked::Opener, text: text("Which card?") };
    let answered = IssueEvent::InformationProvided { questions: vec![1], text: None };
    let story =
        Story::given([told(0, filed()), told(10, asked), told(20, triaged("sev2")), late(15, 30, answered)]).await;
    let open = |issue: Issue| issue.questions.iter().map(|question: &Question| question.number).collect::<Vec<_>>();
    assert_eq!(open(story.issue_at(12).await), [1]);
    assert!(open(story.issue_at(15).await).is_empty());
    assert!(open(story.issue_at(25).await).is_empty());
}
