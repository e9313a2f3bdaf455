//! Documents that are ruled by another one of their project: folded by what it had settled, set aside with it, taken up again after it.

mod laws;

use domain::issue::IssueEvent;
use domain::project::ProjectEvent;
use domain::{StreamKind, StreamRef};
use projector::{Unparked, Views, verify};
use proptest::prelude::*;
use view_store::memory::MemoryViews;
use view_store::{Parked, ViewStore};
use views::row::Select;

use super::events::{commented, filed, issue_stream, project, text};
use super::given::Given;
use laws::{CASE, LAWS, LAWS_MENDED, Laws};

static VIEWS: Views = &[&LAWS];
static MENDED: Views = &[&LAWS_MENDED];

fn project_stream(key: &str) -> StreamRef {
    StreamRef { project: project(key), kind: StreamKind::Project, id: key.into() }
}

/// The project settles something.
async fn settles(given: &mut Given, key: &str, what: &str) {
    let added = ProjectEvent::ComponentAdded { component: what.parse().unwrap(), owner: None };
    given.append(&project_stream(key), added.into(), None).await;
}

/// An event that the view picks.
fn asks() -> IssueEvent {
    IssueEvent::WorkaroundRecorded { text: text("what holds now?") }
}

/// For each issue, by project and number, what held at its events: `PAY 1: 0 2`.
async fn held(given: &Given) -> Vec<String> {
    let answer = given.store.query(Laws::id(), vec![Select::from(&CASE, 100)]).await.unwrap();
    let told = answer.rows[0].iter().filter(|row| row.get::<u64>("ordinal").unwrap() > 0);
    let told = told.map(|row| {
        let held: Vec<_> = row.json::<Vec<u64>>("held").unwrap().iter().map(u64::to_string).collect();
        format!("{} {}: {}", row.get::<&str>("project").unwrap(), row.get::<u64>("ordinal").unwrap(), held.join(" "))
    });
    told.collect()
}

async fn parked(given: &Given) -> Vec<(String, u64)> {
    let parked = given.store.parked(Laws::id(), None, 10).await.unwrap();
    parked.into_iter().map(|Parked { stream, position, .. }| (stream.to_string(), position)).collect()
}

#[tokio::test(start_paused = true)]
async fn an_issue_is_folded_by_what_its_project_had_settled() {
    let mut given = Given::with(VIEWS);
    given.issue(1, [filed("Before its project")]).await;
    settles(&mut given, "PAY", "one").await;
    given.issue(1, [asks()]).await;
    given.folded().await;
    settles(&mut given, "PAY", "two").await;
    given.issue(1, [commented("passed over"), asks()]).await;
    given.issue(2, [filed("Later")]).await;
    given.issue_of("WEB", 1, [filed("Of another project"), asks()]).await;
    given.settled().await;
    assert_eq!(held(&given).await, ["PAY 1: 0 1 2", "PAY 2: 2", "WEB 1: 0 0"]);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_passed_over_writes_no_row() {
    let mut given = Given::with(VIEWS);
    given.issue(1, [filed("One"), commented("passed over")]).await;
    given.folded().await;
    let answer = given.store.query(Laws::id(), vec![Select::from(&CASE, 100)]).await.unwrap();
    assert_eq!(answer.rows[0][0].get::<u64>("revision"), Ok(1), "the comment is the second");
    given.issue(1, [commented("passed over"), asks()]).await;
    given.settled().await;
    assert_eq!(held(&given).await, ["PAY 1: 0 0"], "nor is it missed");
}

/// A project that the view refuses at its second event, and issues before and after.
async fn refused() -> Given {
    let mut given = Given::with(VIEWS);
    settles(&mut given, "PAY", "one").await;
    given.issue(1, [filed("One")]).await;
    given.issue(2, [filed("Two")]).await;
    settles(&mut given, "PAY", "refuse-me").await;
    settles(&mut given, "WEB", "one").await;
    given.issue(1, [asks(), asks()]).await;
    given.issue_of("WEB", 1, [filed("Elsewhere")]).await;
    given.folded().await;
    given
}

#[tokio::test(start_paused = true)]
async fn while_its_project_is_parked_an_issue_is_parked_at_its_next_event() {
    let mut given = refused().await;
    let (pay, one) = (project_stream("PAY").to_string(), issue_stream("PAY", 1).to_string());
    let first: Vec<_> = parked(&given).await;
    assert_eq!(first, [(one.clone(), 5), (pay.clone(), 4)]);
    assert_eq!(held(&given).await, ["PAY 1: 1", "PAY 2: 1", "WEB 1: 1"], "the others go on");
    given.issue(2, [commented("passed over")]).await;
    given.folded().await;
    assert_eq!(parked(&given).await, first, "what is passed over needs no project");
    let reason = given.store.parked(Laws::id(), None, 1).await.unwrap()[0].reason.to_string();
    assert_eq!(reason, format!("{pay}, by which it is folded, is set aside"));
    given.settled().await;

    let running = given.start().await;
    assert_eq!(running.counted("laws").await, (2, 0));
    let done = running.control().retry("laws", &one).await.unwrap();
    assert!(matches!(done, Unparked::Parked(Parked { position: 5, .. })), "before its project: {done:?}");
    let done = running.control().retry("laws", &pay).await.unwrap();
    assert!(matches!(done, Unparked::Parked(Parked { position: 4, .. })), "it is refused still: {done:?}");
    running.stop().await;
    assert_eq!(parked(&given).await, first);
    given.settled().await;
}

#[tokio::test(start_paused = true)]
async fn a_retried_project_takes_its_issues_with_it() {
    let mut given = refused().await;
    given.issue(2, [asks()]).await;
    settles(&mut given, "PAY", "three").await;
    given.folded().await;
    let left = issue_stream("PAY", 2).to_string();
    given.views = MENDED;
    let running = given.start().await;
    assert_eq!(running.counted("laws").await, (3, 0));
    running.control().skip("laws", &left).await.unwrap();
    let done = running.control().retry("laws", &project_stream("PAY").to_string()).await;
    assert_eq!(done, Ok(Unparked::Applied { events: 4 }), "two of the project, two of the issue");
    assert_eq!(running.counted("laws").await, (0, 1), "what an operator leaves as it is stays so");
    assert_eq!(held(&given).await, ["PAY 1: 1 2 2", "PAY 2: 1", "WEB 1: 1"], "by what held then");
    assert_eq!(running.control().retry("laws", &left).await, Ok(Unparked::Applied { events: 1 }));
    given.issue(1, [asks()]).await;
    assert!(running.projector.caught_up().await);
    running.stop().await;
    assert_eq!(held(&given).await, ["PAY 1: 1 2 2 3", "PAY 2: 1 2", "WEB 1: 1"]);
    given.settled().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_folded_by_something_that_can_not_be_stored_is_folded_again() {
    for what in ["misfit", "unstorable"] {
        let mut given = Given::with(VIEWS);
        settles(&mut given, "PAY", what).await;
        given.issue(1, [filed("One"), asks()]).await;
        given.issue_of("WEB", 1, [filed("Elsewhere")]).await;
        given.folded().await;
        let (pay, one) = (project_stream("PAY").to_string(), issue_stream("PAY", 1).to_string());
        assert_eq!(parked(&given).await, [(one, 2), (pay, 1)], "{what}");
        assert_eq!(held(&given).await, ["WEB 1: 0"], "{what}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parked_and_retried_any_history_is_folded_as_in_one_go(
        history in prop::collection::vec((0..6_u64, 0..8_u8), 1..60),
        refused_at in 0..60_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut given = Given::with(VIEWS);
            for (at, (ordinal, what)) in history.into_iter().enumerate() {
                let key = if ordinal % 2 == 0 { "PAY" } else { "WEB" };
                if at == refused_at {
                    settles(&mut given, "PAY", "refuse-me").await;
                }
                match what {
                    0 => settles(&mut given, key, "one").await,
                    1 => { given.folded().await; }
                    2 => { given.issue_of(key, ordinal / 2 + 1, [commented("passed over")]).await; }
                    _ => { given.issue_of(key, ordinal / 2 + 1, [asks()]).await; }
                }
            }
            given.settled().await;
            given.views = MENDED;
            let running = given.start().await;
            let retried = running.control().retry("laws", &project_stream("PAY").to_string()).await.unwrap();
            let settled = matches!(retried, Unparked::Applied { .. } | Unparked::NotParked);
            prop_assert!(settled, "{:?}", retried);
            running.stop().await;
            prop_assert_eq!(parked(&given).await, []);
            given.settled().await;
            let scratch = MemoryViews::default();
            let verified = verify(&*given.log, &*given.store, &LAWS_MENDED, &scratch, |_| {}).await;
            prop_assert_eq!(verified.unwrap().differences, []);
            Ok(())
        })?;
    }
}
