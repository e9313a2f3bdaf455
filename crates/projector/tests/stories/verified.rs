//! A view is compared with what the log gives.

use projector::{Difference, VerifyError, Views, verify};
use view_store::memory::MemoryViews;
use view_store::{Park, ViewCommit, ViewStore};
use views::AnyView;
use views::issue::{COUNT, ISSUE, Issues};
use views::row::{Change, Key, Select, Value};

use super::events::{commented, filed, issue_stream, life};
use super::given::Given;
use super::tally::{TALLY, TALLY_MENDED};

static BOTH: Views = &[&Issues, &TALLY];

async fn verified(given: &Given, view: &'static dyn AnyView) -> Result<Vec<Difference>, VerifyError> {
    let scratch = MemoryViews::default();
    let verified = verify(&*given.log, &*given.store, view, &scratch, |_| {}).await?;
    assert_eq!(verified.different, verified.differences.len() as u64);
    Ok(verified.differences)
}

async fn folded() -> Given {
    let mut given = Given::with(BOTH);
    for ordinal in 1_u64..=30 {
        given
            .issue_of(if ordinal % 2 == 0 { "PAY" } else { "WEB" }, ordinal.div_ceil(2), life("Payments fail", "sev2"))
            .await;
    }
    given.settled().await;
    given
}

/// Changes rows of the issues behind the projector's back.
async fn tamper(given: &Given, changes: Vec<Change>) {
    let (view, store) = (Issues.schema().id(), &given.store.views);
    let (partition, at) = store.checkpoints(view).await.unwrap().into_iter().next().unwrap();
    store.commit(partition, vec![ViewCommit { changes, ..ViewCommit::new(view, Some(at), at) }]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_was_folded_right_does_not_differ() {
    let given = folded().await;
    assert_eq!(verified(&given, &Issues).await, Ok(Vec::new()));
    assert_eq!(verified(&given, &TALLY).await, Ok(Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn what_differs_is_named() {
    let given = folded().await;
    let answer = given.store.query(Issues.schema().id(), vec![Select::from(&ISSUE, 100)]).await.unwrap();
    let row = answer.rows[0][3].clone();
    let key = row.key().to_string();
    let gone = answer.rows[0][7].key();
    let strange = Key::new([Value::from("PAY"), "closed".into(), "sev9".into()]);
    tamper(
        &given,
        vec![
            Change::Upsert(row.with("title", "Wrong").unwrap()),
            Change::Delete { table: &ISSUE, key: gone.clone() },
            Change::Add { table: &COUNT, key: strange.clone(), deltas: vec![("issues", 3)] },
        ],
    )
    .await;
    let found = verified(&given, &Issues).await.unwrap();
    let short: Vec<_> =
        found.iter().map(|it| (it.table, it.key.clone(), it.column, it.found.is_some(), it.wanted.is_some())).collect();
    assert_eq!(
        short,
        [
            ("issue", key, Some("title"), true, true),
            ("issue", gone.to_string(), None, false, true),
            ("count", strange.to_string(), None, true, false),
        ]
    );
    assert_eq!(found[0].found.as_deref(), Some("\"Wrong\""));
    assert_eq!(found[0].wanted.as_deref(), Some("\"Payments fail\""));
}

#[tokio::test(start_paused = true)]
async fn streams_that_are_set_aside_are_compared_too() {
    let mut given = Given::with(BOTH);
    given.issue(1, [filed("One"), commented("refuse me"), commented("and then")]).await;
    given.issue(2, [filed("Two")]).await;
    given.folded().await;
    assert_eq!(verified(&given, &TALLY).await, Ok(Vec::new()), "parked here and there");
    let found = verified(&given, &TALLY_MENDED).await.unwrap();
    let parked = found.iter().find(|it| it.table == "parked").unwrap();
    assert_eq!(parked.key, issue_stream("PAY", 1).to_string());
    assert_eq!((parked.found.as_deref(), parked.wanted.as_deref()), (Some("2"), None));
    assert!(found.iter().any(|it| it.column == Some("events")), "its row stands still: {found:?}");

    let view = Issues.schema().id();
    let (partition, at) = given.store.checkpoints(view).await.unwrap().into_iter().next().unwrap();
    let park =
        vec![Park { stream: issue_stream("PAY", 2).to_string().into(), position: 1, reason: "no reason".into() }];
    given
        .store
        .views
        .commit(partition, vec![ViewCommit { park, ..ViewCommit::new(view, Some(at), at) }])
        .await
        .unwrap();
    assert_eq!(verified(&given, &Issues).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn while_the_view_goes_on_it_is_compared_at_the_same_moments() {
    let mut given = folded().await;
    let running = given.start().await;
    let (log, store) = (given.log.clone(), given.store.clone());
    let comparing = tokio::spawn(async move {
        let scratch = MemoryViews::default();
        verify(&*log, &*store, &Issues, &scratch, |_| {}).await
    });
    for ordinal in 40..60 {
        given.issue(ordinal, life("Meanwhile", "sev1")).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(comparing.await.unwrap().unwrap().different, 0);
    assert!(running.projector.caught_up().await);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_view_of_another_log_or_of_none_is_said_to_be_so() {
    let nothing = Given::with(BOTH);
    assert_eq!(verified(&nothing, &Issues).await, Err(VerifyError::NotBuilt));
    let mut another = folded().await.another_log();
    another.issue(1, [filed("Of another log")]).await;
    assert!(matches!(verified(&another, &Issues).await, Err(VerifyError::Stranger { .. })));
}
