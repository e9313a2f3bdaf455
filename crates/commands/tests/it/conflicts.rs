//! Several commands to one stream at once, and callers that expect a revision.

use std::sync::Arc;

use commands::{CommandError, Request};
use domain::Rejection;
use domain::issue::Command;
use tokio::task::JoinSet;

use crate::given::{World, ask, comment, first, rejection, triage};

/// Does the same command to PAY-1 from 32 callers at once.
async fn from_32_callers(world: World, command: Command) -> (World, Vec<Result<u64, CommandError>>) {
    let world = Arc::new(world);
    let mut calls = JoinSet::new();
    for n in 0..32 {
        let (world, command) = (Arc::clone(&world), command.clone());
        calls.spawn(async move { world.issue("ann", 100 + n, command).await.map(|done| done.revision) });
    }
    let answers = calls.join_all().await;
    (Arc::into_inner(world).unwrap(), answers)
}

#[tokio::test]
async fn of_32_acceptances_at_once_one_is_done_and_the_others_are_refused_by_name() {
    let world = World::empty().with_triaged_issue().await;
    let before = world.events().await;
    let (world, answers) = from_32_callers(world, Command::AcceptIssue).await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(done.len(), 1);
    assert!(
        refused.iter().all(|answer| matches!(answer, Err(CommandError::Rejected(Rejection::AlreadyAccepted)))),
        "{refused:?}"
    );
    assert_eq!(world.events().await, before + 1);
}

#[tokio::test]
async fn of_32_comments_at_once_each_gets_its_revision() {
    let world = World::empty().with_issue().await;
    let (_, answers) = from_32_callers(world, comment("Me too")).await;
    let mut revisions: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    revisions.sort_unstable();
    assert_eq!(revisions, (2..=33).collect::<Vec<_>>());
}

#[tokio::test]
async fn conflicts_are_decided_anew_up_to_a_bound() {
    let world = World::empty().with_issue().await;
    world.node.conflicts(15);
    world.issue("ann", 2, comment("At the 16th attempt")).await.unwrap();
    world.node.conflicts(16);
    let given_up = world.issue("ann", 3, comment("Not at all")).await;
    assert!(matches!(given_up, Err(CommandError::Contended { conflicts: 16, .. })), "{given_up:?}");
    assert_eq!(world.issue("ann", 3, comment("Not at all")).await.unwrap().revision, 3);
}

fn expecting(revision: u64, request: Request) -> Request {
    Request { expected_revision: Some(revision), ..request }
}

#[tokio::test]
async fn who_expects_another_revision_is_told_the_one_there_is() {
    let world = World::empty().with_issue().await;
    let before = world.events().await;
    for expected in [0, 2] {
        let request = expecting(expected, ask("ann", 2, &expected));
        let answer = world.commands.issue(&first(), comment("Hm"), request).await;
        assert!(matches!(answer, Err(CommandError::Conflict { expected: e, actual: 1, .. }) if e == expected));
    }
    assert_eq!(world.events().await, before);
    let request = expecting(1, ask("ann", 3, &()));
    world.commands.issue(&first(), comment("Hm"), request.clone()).await.unwrap();
    let retried = world.commands.issue(&first(), comment("Hm"), request).await.unwrap();
    assert!(retried.replayed, "the id comes first");
}

#[tokio::test]
async fn who_expects_a_revision_that_this_node_has_not_seen_is_right() {
    let world = World::empty().with_issue().await;
    let elsewhere = world.another_node();
    elsewhere.commands.find_issue(&first()).await.unwrap().unwrap();
    elsewhere.node.trails().await;
    world.issue("ann", 2, comment("Revision 2")).await.unwrap();

    let request = expecting(2, ask("bob", 3, &()));
    let done = elsewhere.commands.issue(&first(), comment("Revision 3"), request).await.unwrap();
    assert_eq!(done.revision, 3);
}

#[tokio::test]
async fn who_expects_a_revision_is_not_decided_anew() {
    let world = World::empty().with_triaged_issue().await;
    let mut held = world.node.holds_next_append();
    let (commands, request) = (Arc::clone(&world.commands), expecting(2, ask("ann", 3, &())));
    let waiting = tokio::spawn(async move { commands.issue(&first(), comment("As it stands"), request).await });
    held.reached().await;
    world.issue("bob", 4, comment("Meanwhile")).await.unwrap();
    held.go();
    let answer = waiting.await.unwrap();
    assert!(matches!(answer, Err(CommandError::Conflict { expected: 2, actual: 3, .. })), "{answer:?}");
}

#[tokio::test]
async fn what_moved_meanwhile_is_decided_anew() {
    let world = World::empty().with_triaged_issue().await;
    let mut held = world.node.holds_next_append();
    let commands = Arc::clone(&world.commands);
    let request = ask("bob", 3, &Command::AcceptIssue);
    let waiting = tokio::spawn(async move { commands.issue(&first(), Command::AcceptIssue, request).await });
    held.reached().await;
    world.issue("ann", 4, Command::AcceptIssue).await.unwrap();
    held.go();
    assert_eq!(rejection(waiting.await.unwrap()), Rejection::AlreadyAccepted);
}

#[tokio::test]
async fn a_node_that_trails_reads_what_it_conflicted_with() {
    let world = World::empty().with_issue().await;
    let elsewhere = world.another_node();
    elsewhere.issue("bob", 3, comment("Untriaged, as far as is known here")).await.unwrap();
    elsewhere.node.trails().await;
    world.issue("ann", 4, triage()).await.unwrap();
    let mut held = elsewhere.node.holds_next_append();
    let (commands, request) = (Arc::clone(&elsewhere.commands), ask("ann", 5, &()));
    let waiting = tokio::spawn(async move { commands.issue(&first(), Command::AcceptIssue, request).await });
    held.reached().await;
    world.issue("bob", 6, comment("Meanwhile, and not readable there")).await.unwrap();
    held.go();
    assert_eq!(waiting.await.unwrap().unwrap().revision, 5);
}
