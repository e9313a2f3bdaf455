//! Streams that are set aside, and what must not be.

use event_log::NewEvent;
use projector::{Health, Unparked, Views};
use uuid::Uuid;
use view_store::{Parked, ViewStore};
use views::AnyView;
use views::issue::{GetIssue, Issues};

use super::events::{accepted, commented, filed, issue_stream, key, triaged};
use super::given::Given;
use super::tally::TALLY;

static BOTH: Views = &[&Issues, &TALLY];

async fn title(given: &Given, ordinal: u64) -> Option<(String, u64)> {
    let found = given.ask_now(&GetIssue { key: key(ordinal), comments_after: None }).await;
    found.map(|found| (found.issue.title.to_string(), found.issue.revision))
}

async fn parked(given: &Given, view: &dyn AnyView) -> Vec<Parked> {
    given.store.parked(view.schema().id(), None, 10).await.unwrap()
}

fn stored(event_type: &str, schema_version: u16, facts: &str) -> NewEvent {
    NewEvent {
        event_id: Uuid::from_u128(9),
        event_type: event_type.into(),
        schema_version,
        occurred_at: 0,
        facts: facts.into(),
        texts: Vec::new(),
        salt: Vec::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn what_one_view_refuses_is_set_aside_for_it_alone() {
    let mut given = Given::with(BOTH);
    given.issue(1, [filed("One"), commented("refuse me"), commented("and then")]).await;
    given.issue(2, [filed("Two"), commented("fine")]).await;
    assert_eq!(given.folded().await, [("issues", 0), ("tally", 1)].into());
    given.issue(1, [triaged("sev1")]).await;
    given.issue(2, [triaged("sev1")]).await;
    assert_eq!(given.folded().await, [("issues", 0), ("tally", 1)].into(), "and stays so after a restart");

    assert_eq!(title(&given, 1).await, Some(("One".into(), 4)));
    let parked = parked(&given, &TALLY).await;
    let parked: Vec<_> = parked.iter().map(|it| (&*it.stream, it.position, &*it.reason)).collect();
    let stream = issue_stream("PAY", 1).to_string();
    assert_eq!(parked, [(&*stream, 2, "it was told to")]);
    given.settled().await;
}

#[tokio::test(start_paused = true)]
async fn what_no_build_has_written_is_set_aside_for_every_view_that_wants_it() {
    let mut given = Given::with(BOTH);
    given.issue(1, [filed("One")]).await;
    given.append_stored(&issue_stream("PAY", 1), stored("IssueCommented", 1, "{\"no\":1}")).await;
    given.issue(1, [accepted("dan")]).await;
    given.issue(2, [filed("Two")]).await;
    assert_eq!(given.folded().await, [("issues", 1), ("tally", 1)].into());
    assert_eq!(title(&given, 1).await, Some(("One".into(), 1)));
    assert_eq!(title(&given, 2).await, Some(("Two".into(), 1)));
    let reason = &parked(&given, &Issues).await[0].reason;
    assert!(reason.starts_with("decode IssueCommented v1 at position 2"), "{reason}");

    let running = given.start().await;
    for _ in 0..2 {
        let done = running.control().retry("issues", &issue_stream("PAY", 1).to_string()).await.unwrap();
        let Unparked::Parked(Parked { position: 2, .. }) = done else { panic!("{done:?}") };
    }
    running.stop().await;
    given.settled().await;
}

#[tokio::test(start_paused = true)]
async fn what_the_store_can_not_store_is_set_aside_from_its_first_event_in_the_batch() {
    let mut given = Given::with(BOTH);
    given.issue(1, [filed("One")]).await;
    given.issue(2, [filed("unstorable"), triaged("sev1")]).await;
    given.issue(3, [filed("Three")]).await;
    assert_eq!(given.folded().await, [("issues", 1), ("tally", 0)].into());
    assert_eq!(title(&given, 2).await, None);
    assert_eq!(title(&given, 3).await, Some(("Three".into(), 1)));
    let parked = parked(&given, &Issues).await;
    assert_eq!((parked[0].position, &*parked[0].reason), (2, "a story says so"));
}

#[tokio::test(start_paused = true)]
async fn a_document_that_does_not_fit_its_row_is_set_aside() {
    let mut given = Given::with(BOTH);
    given.issue(1, [filed("One"), commented("misfit"), commented("and then")]).await;
    given.issue(2, [filed("Two")]).await;
    assert_eq!(given.folded().await, [("issues", 0), ("tally", 1)].into());
    let reason = &parked(&given, &TALLY).await[0].reason;
    assert_eq!(&**reason, "the stream's document does not fit its row: stream.events: null where integer belongs");
}

#[tokio::test(start_paused = true)]
async fn what_a_newer_build_has_written_stops_everything_and_sets_nothing_aside() {
    for newer in [stored("IssueCommented", 999, "{}"), stored("IssueSung", 1, "{}")] {
        let mut given = Given::with(BOTH);
        given.issue(1, [filed("One")]).await;
        given.folded().await;
        given.append_stored(&issue_stream("PAY", 1), newer).await;
        given.issue(2, [filed("Two")]).await;

        let running = given.start().await;
        let mut health = running.projector.health();
        let health = health.wait_for(|health| *health != Health::Running).await.unwrap().clone();
        assert!(matches!(health, Health::UpgradeNeeded { .. }), "{health:?}");
        assert!(!running.projector.caught_up().await, "two events are not folded");
        assert!(running.projector.progress().iter().all(|progress| progress.checkpoint <= 1 && progress.parked == 0));
        assert_eq!(title(&given, 2).await, None);
    }
}
