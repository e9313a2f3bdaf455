//! What a decision used of other streams still holds when it is admitted.

use std::sync::Arc;

use domain::Rejection;
use domain::issue::{Command, State};

use crate::faults::Call;
use crate::given::{World, ask, dev, first, person, rejection};

#[tokio::test]
async fn a_member_who_is_removed_meanwhile_accepts_nothing() {
    let world = World::empty().with_triaged_issue().await;
    let mut held = world.node.holds_next_append();
    let commands = Arc::clone(&world.commands);
    let request = ask("ann", 3, &());
    let waiting = tokio::spawn(async move { commands.issue(&first(), Command::AcceptIssue, request).await });
    held.reached().await;
    world.remove_member("ann", 4).await.unwrap();
    let before = world.events().await;
    held.go();
    let refused = rejection(waiting.await.unwrap());
    assert_eq!(refused, Rejection::NotAMember { person: person("ann"), team: dev() });
    assert_eq!(world.events().await, before);
}

#[tokio::test]
async fn only_what_moved_is_read_again() {
    let world = World::empty().with_triaged_issue().await;
    let elsewhere = world.another_node();
    let mut held = world.node.holds_next_append();
    let commands = Arc::clone(&world.commands);
    world.node.calls();
    let request = ask("ann", 3, &());
    let waiting = tokio::spawn(async move { commands.issue(&first(), Command::AcceptIssue, request).await });
    held.reached().await;
    elsewhere.add_component("refunds", 4).await.unwrap();
    held.go();
    let accepted = waiting.await.unwrap().unwrap();
    assert_eq!(accepted.state.state, State::Accepted);
    let again = Call::Read("project".to_owned());
    assert_eq!(world.node.calls(), [Call::Append, again, Call::Append]);
}

#[tokio::test]
async fn what_moved_here_is_not_read_again_at_all() {
    let world = World::empty().with_triaged_issue().await;
    let mut held = world.node.holds_next_append();
    let commands = Arc::clone(&world.commands);
    let request = ask("ann", 3, &());
    let waiting = tokio::spawn(async move { commands.issue(&first(), Command::AcceptIssue, request).await });
    held.reached().await;
    world.add_member("carl", 4).await.unwrap();
    world.node.calls();
    held.go();
    waiting.await.unwrap().unwrap();
    assert_eq!(world.node.calls(), [Call::Append]);
}
