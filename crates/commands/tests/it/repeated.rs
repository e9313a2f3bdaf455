//! A request id is answered once: whatever happened to the first answer, and whatever has happened since.

use commands::{CommandError, Commands};
use domain::issue::{Command, State};
use event_log::LogError;
use tokio::join;

use crate::faults::Call;
use crate::given::{World, ask, comment, filing, first, other_filing, pay};

#[tokio::test]
async fn a_lost_reply_is_settled_by_a_retry() {
    let world = World::empty().with_project().await;
    let before = world.events().await;
    world.node.loses_next_reply();
    let lost = world.file(1).await;
    assert!(matches!(lost, Err(CommandError::Unknown(LogError::Unavailable { .. }))), "{lost:?}");

    let retried = world.file(1).await.unwrap();
    assert!(retried.replayed);
    assert_eq!((retried.revision, retried.state.key.to_string().as_str()), (1, "PAY-1"));
    assert_eq!(world.events().await, before + 1);
}

#[tokio::test]
async fn a_lost_reply_to_what_can_be_done_only_once_is_settled_too() {
    let world = World::empty().with_triaged_issue().await;
    let before = world.events().await;
    world.node.loses_next_reply();
    world.issue("ann", 3, Command::AcceptIssue).await.unwrap_err();

    let retried = world.issue("ann", 3, Command::AcceptIssue).await.unwrap();
    assert!(retried.replayed);
    assert_eq!(retried.state.state, State::Accepted);
    assert_eq!(world.events().await, before + 1);
}

#[tokio::test]
async fn a_filing_sent_twice_is_one_issue() {
    let world = World::empty().with_project().await;
    let once = world.file(1).await.unwrap();
    let twice = world.file(1).await.unwrap();
    assert_eq!((once.replayed, twice.replayed), (false, true));
    assert_eq!((&once.state, once.revision, &once.at), (&twice.state, twice.revision, &twice.at));
    assert_eq!(once.state.id, Commands::issue_id(&pay(), ask("olga", 1, &()).id));

    let another = world.file(2).await.unwrap();
    assert_eq!(another.state.key.to_string(), "PAY-2");
}

#[tokio::test]
async fn a_filing_sent_twice_at_once_is_one_issue_on_one_node_and_on_two() {
    let world = World::empty().with_project().await;
    let elsewhere = world.another_node();
    let before = world.events().await;
    let (one, two, three) = join!(world.file(1), world.file(1), elsewhere.file(1));
    let answers = [one.unwrap(), two.unwrap(), three.unwrap()];
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    for answer in &answers {
        assert_eq!((&answer.state, &answer.at), (&answers[0].state, &answers[0].at));
    }
    assert_eq!(world.events().await, before + 1);
}

#[tokio::test]
async fn a_retry_gets_the_state_of_then() {
    let world = World::empty().with_triaged_issue().await;
    let accepted = world.issue("ann", 3, Command::AcceptIssue).await.unwrap();
    world.issue("bob", 4, comment("I saw it too")).await.unwrap();
    world.issue("bob", 5, comment("And again")).await.unwrap();

    for node in [&world, &world.another_node()] {
        let retried = node.issue("ann", 3, Command::AcceptIssue).await.unwrap();
        assert!(retried.replayed);
        assert_eq!((&retried.state, retried.revision), (&accepted.state, accepted.revision));
        assert_eq!(retried.at, accepted.at);
        assert_eq!(retried.state.comments, 0);
    }
    let now = world.commands.find_issue(&first()).await.unwrap().unwrap();
    assert_eq!(now.state.comments, 2);
}

#[tokio::test]
async fn a_retry_is_answered_by_a_node_that_trails() {
    let world = World::empty().with_triaged_issue().await;
    let trailing = world.another_node();
    trailing.issue("bob", 3, comment("So that it knows the issue")).await.unwrap();
    trailing.node.trails().await;
    world.issue("ann", 4, Command::AcceptIssue).await.unwrap();
    world.issue("ann", 5, comment("On it")).await.unwrap();

    let retried = trailing.issue("ann", 5, comment("On it")).await.unwrap();
    assert_eq!((retried.replayed, retried.revision), (true, 5), "what would be accepted");
    trailing.node.trails().await;
    world.issue("ann", 6, comment("Still on it")).await.unwrap();
    let retried = trailing.issue("ann", 4, Command::AcceptIssue).await.unwrap();
    assert_eq!((retried.replayed, retried.revision), (true, 4), "what would be refused");
}

#[tokio::test]
async fn a_used_id_does_nothing_else() {
    let world = World::empty().with_triaged_issue().await;
    world.issue("ann", 3, Command::AcceptIssue).await.unwrap();
    let before = world.events().await;
    let reused = |answer| matches!(answer, Err(CommandError::RequestIdReused { .. }));

    assert!(reused(world.issue("ann", 3, comment("What would be accepted")).await));
    assert!(reused(world.issue("ann", 3, Command::EstimateItem { points: 3 }).await), "what would be refused");
    assert!(reused(world.issue("bob", 3, Command::AcceptIssue).await), "another's command");
    let other = world.commands.file_issue(&pay(), other_filing(), ask("olga", 1, &other_filing())).await;
    assert!(reused(other));
    assert_eq!(world.events().await, before);
}

#[tokio::test]
async fn an_id_is_used_within_its_stream_only() {
    let world = World::empty().with_triaged_issue().await;
    world.file(7).await.unwrap();
    world.add_component("refunds", 7).await.unwrap();
    world.issue("ann", 7, Command::AcceptIssue).await.unwrap();
}

#[tokio::test]
async fn what_is_accepted_needs_neither_barrier_nor_look_up() {
    let world = World::empty().with_triaged_issue().await;
    world.node.calls();
    world.issue("bob", 3, comment("No accept yet: the team is known, the issue too")).await.unwrap();
    assert_eq!(world.node.calls(), [Call::Append]);
    world.issue("ann", 4, Command::AcceptIssue).await.unwrap();
    assert_eq!(world.node.calls(), [Call::Append]);
    let filed = world.commands.file_issue(&pay(), filing(), ask("olga", 5, &filing())).await.unwrap();
    assert_eq!(world.node.calls(), [Call::Append]);
    world.commands.issue(&filed.state.key, comment("Its key is known as well"), ask("ann", 6, &())).await.unwrap();
    assert_eq!(world.node.calls(), [Call::Append]);
}
