//! Several runners of the same views: one leads, the others follow, and take over.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use projector::{Projector, USED_LASTS, Views};
use view_store::ViewStore;
use views::AnyView;
use views::issue::Issues;

use super::events::{commented, filed, life};
use super::given::{Given, Running};
use super::mortal::{Life, Mortal};
use super::tally::TALLY;

static BOTH: Views = &[&Issues, &TALLY];

/// How many lanes it leads.
fn led(projector: &Projector) -> usize {
    projector.progress().iter().filter(|progress| progress.led).count()
}

/// A runner on a node of its own.
async fn node(given: &Given) -> (Arc<Mortal>, Running) {
    let node = Mortal::immortal(given.store.clone());
    let running = given.start_on(node.clone()).await;
    (node, running)
}

#[tokio::test(start_paused = true)]
async fn two_lead_half_each_and_hear_how_far_the_other_has_come() {
    let mut given = Given::with(BOTH);
    let (one, other) = (given.start().await, given.start().await);
    given.issue(1, life("Payments fail", "sev2")).await;
    assert!(one.projector.caught_up().await && other.projector.caught_up().await);
    let all = one.projector.progress().len();
    // Who has lost a lane hears of it when it renews its leases.
    while led(&one.projector) + led(&other.projector) != all || led(&one.projector) != all / 2 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    given.issue(1, [commented("each lane is led in one place")]).await;
    assert!(one.projector.caught_up().await && other.projector.caught_up().await);

    one.stop().await;
    given.issue(2, life("Payments fail", "sev2")).await;
    assert!(other.projector.caught_up().await, "the other has taken over");
    assert_eq!(led(&other.projector), all);
    other.stop().await;
    given.settled().await;
}

#[tokio::test(start_paused = true)]
async fn who_dies_is_followed() {
    let mut given = Given::with(BOTH);
    let (first, one) = node(&given).await;
    given.issue(1, life("Payments fail", "sev2")).await;
    assert!(one.projector.caught_up().await);
    let (_, other) = node(&given).await;
    first.set(Life::Dead);
    given.issue(1, [commented("after a death")]).await;
    given.issue(2, life("Payments fail", "sev1")).await;
    assert!(other.projector.caught_up().await);
    other.stop().await;
    given.settled().await;
}

#[tokio::test(start_paused = true)]
async fn who_stood_still_for_too_long_commits_nothing_and_goes_on_with_its_share() {
    let mut given = Given::with(BOTH);
    let (first, one) = node(&given).await;
    given.issue(1, [filed("One"), commented("one")]).await;
    assert!(one.projector.caught_up().await);
    let (_, other) = node(&given).await;
    first.set(Life::Still);
    given.issue(1, [commented("two"), commented("three")]).await;
    given.issue(2, life("Payments fail", "sev1")).await;
    assert!(other.projector.caught_up().await, "the other has taken over");
    let reached = given.store.checkpoints(Issues.schema().id()).await.unwrap();

    first.set(Life::Alive);
    while first.refused.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(given.store.checkpoints(Issues.schema().id()).await.unwrap(), reached, "nothing was committed twice");
    given.issue(1, [commented("four")]).await;
    assert!(one.projector.caught_up().await && other.projector.caught_up().await);
    one.stop().await;
    other.stop().await;
    given.settled().await;
}

#[tokio::test(start_paused = true)]
async fn tables_that_no_node_uses_go_after_a_while() {
    let given = Given::with(BOTH);
    let gone = views::table::Schema { name: "gone", version: 3, ..*TALLY.schema() };
    given.store.prepare(&[Box::leak(Box::new(gone))]).await.unwrap();
    let running = given.start().await;
    tokio::time::sleep(USED_LASTS / 2).await;
    assert_eq!(given.store.stored().await.unwrap().len(), 3);
    tokio::time::sleep(USED_LASTS).await;
    let left: Vec<_> = given.store.stored().await.unwrap().into_iter().map(|it| (it.name, it.in_use)).collect();
    assert_eq!(left, [("issues".to_owned(), true), ("tally".to_owned(), true)]);
    running.stop().await;
}
