//! How long an issue stood where, and waited for whom.

use domain::issue::{Asked, Dismissal, IssueEvent};
use domain::{Fact, Recorded};
use history::{Stand, Timeline, WaitEnd};
use jiff::SignedDuration;

use crate::story::{
    Story, Told, accepted, filed, issue, late, minute, resolved, text, told, triaged, verified, workaround,
};

fn asked(question: u32) -> IssueEvent {
    IssueEvent::InformationRequested { question, of: Asked::Opener, text: text("Which card?") }
}

fn answered(question: u32) -> IssueEvent {
    IssueEvent::InformationProvided { questions: vec![question], text: None }
}

fn minutes(length: SignedDuration) -> i64 {
    length.as_secs() / 60
}

async fn recorded(facts: impl IntoIterator<Item = Told>) -> Vec<Recorded<IssueEvent>> {
    Story::given(facts).await.history.stream(&issue(1)).await.unwrap()
}

async fn timeline(facts: impl IntoIterator<Item = Told>) -> Timeline {
    Timeline::of(&recorded(facts).await)
}

#[tokio::test]
async fn each_stay_lasts_until_the_next_begins() {
    let told = timeline([
        told(0, filed()),
        told(10, triaged("sev2")),
        told(15, IssueEvent::IssueCommented { text: text("Looking.") }),
        told(30, accepted()),
        told(90, resolved()),
        told(100, IssueEvent::ResolutionRejected { reason: None, unassigned: false }),
        told(160, resolved()),
        told(170, verified()),
    ])
    .await;
    let stays: Vec<_> =
        told.stays.iter().map(|stay| (stay.stand, minutes(stay.length(minute(200))), stay.revision)).collect();
    assert_eq!(
        stays,
        [
            (Stand::NewUntriaged, 10, 1),
            (Stand::NewTriaged, 20, 2),
            (Stand::Accepted, 60, 4),
            (Stand::Resolved, 10, 5),
            (Stand::Accepted, 60, 6),
            (Stand::Resolved, 10, 7),
            (Stand::Verified, 30, 8),
        ]
    );
    let ended: Vec<_> = told.ended.iter().map(|ended| ended.as_ref().map(|stay| stay.stand)).collect();
    assert_eq!(ended[..4], [None, Some(Stand::NewUntriaged), None, Some(Stand::NewTriaged)]);
    assert_eq!(told.stays.last().and_then(|stay| stay.to), None, "it stands there");
    assert!(told.stays.windows(2).all(|pair| pair[0].to == Some(pair[1].from)), "without a gap");
}

#[tokio::test]
async fn what_is_recorded_late_ends_no_stay() {
    let told =
        timeline([told(0, filed()), told(10, triaged("sev2")), late(5, 30, workaround()), told(40, accepted())]).await;
    let stays: Vec<_> = told.stays.iter().map(|stay| minutes(stay.length(minute(50)))).collect();
    assert_eq!(stays, [10, 30, 10]);
}

#[tokio::test]
async fn questions_are_waited_for_until_they_are_closed() {
    let told = timeline([
        told(0, filed()),
        told(10, asked(1)),
        told(20, asked(2)),
        told(40, answered(1)),
        told(50, IssueEvent::RequestWithdrawn { questions: vec![2] }),
        told(60, asked(3)),
        told(75, IssueEvent::IssueDismissed { dismissal: Fact::Known(Dismissal::NotADefect), note: None }),
        told(80, IssueEvent::IssueReopened { reason: None, unassigned: false }),
        told(90, asked(4)),
    ])
    .await;
    let waits: Vec<_> =
        told.waits.iter().map(|wait| (wait.question, minutes(wait.length(minute(100))), wait.end)).collect();
    assert_eq!(
        waits,
        [
            (1, 30, Some(WaitEnd::Answered)),
            (2, 30, Some(WaitEnd::Withdrawn)),
            (3, 15, Some(WaitEnd::MovedOn)),
            (4, 10, None),
        ]
    );
    assert_eq!(minutes(told.waited(minute(100))), 40 + 15 + 10, "what overlaps counts once");
}

#[tokio::test]
async fn of_nothing_nothing_is_told() {
    assert_eq!(Timeline::of(&[]), Timeline::default());
}
