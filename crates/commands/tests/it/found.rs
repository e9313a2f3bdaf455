//! What is found is as new as the log; what can't be read is said, not guessed.

use std::sync::Arc;

use commands::CommandError;
use domain::ids::{ProjectId, ReleaseId, TeamId};
use domain::issue::Command;
use event_log::{Append, EventLog, NewEvent, StreamId};
use uuid::Uuid;

use crate::given::{World, dev, first, pay, person};

#[tokio::test]
async fn what_is_found_is_as_new_as_the_log() {
    let world = World::empty().with_issue().await;
    let elsewhere = world.another_node();
    elsewhere.commands.find_team(&pay(), &dev()).await.unwrap().unwrap();
    elsewhere.node.trails().await;
    world.remove_member("ann", 2).await.unwrap();
    let removed = world.remove_member("bob", 3).await.unwrap();

    let found = elsewhere.commands.find_team(&pay(), &dev()).await.unwrap().unwrap();
    assert_eq!(found.state.members, []);
    assert_eq!((found.revision, found.at), (removed.revision, removed.at));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::empty().with_project().await;
    let ops = ProjectId::parse("OPS").unwrap();
    assert!(world.commands.find_project(&ops).await.unwrap().is_none());
    assert!(world.commands.find_team(&pay(), &TeamId::parse("ops").unwrap()).await.unwrap().is_none());
    assert!(world.commands.find_release(&pay(), &ReleaseId::parse("7.1").unwrap()).await.unwrap().is_none());
    assert!(world.commands.find_issue(&first()).await.unwrap().is_none());
    assert!(world.commands.find_issue_id(&first()).await.unwrap().is_none());
    world.file(1).await.unwrap();
    assert!(world.commands.find_issue(&first()).await.unwrap().is_some());
}

/// A record that no build of today writes.
fn from_the_future(stream: StreamId, expected: u64) -> Append {
    Append {
        stream,
        expected,
        unchanged: Vec::new(),
        events: vec![NewEvent {
            event_id: Uuid::from_u128(99),
            event_type: "IssueTeleported".into(),
            schema_version: 1,
            occurred_at: 0,
            facts: b"{}".to_vec(),
            texts: Vec::new(),
            salt: Vec::new(),
        }],
        actor: Arc::from(person("ann").as_str()),
        request_id: Uuid::from_u128(99),
        fingerprint: [9; 32],
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        recorded_at: 0,
    }
}

#[tokio::test]
async fn a_newer_versions_event_is_not_decided_upon() {
    let world = World::empty().with_issue().await;
    let stream = world.log.find_ordinal("PAY", "issue", 1).await.unwrap().unwrap();
    world.log.append(from_the_future(stream, 1)).await.unwrap();
    let before = world.events().await;
    let answer = world.issue("ann", 2, Command::AcceptIssue).await;
    assert!(matches!(&answer, Err(CommandError::History { source, .. }) if source.is_upgrade_needed()), "{answer:?}");
    assert_eq!(world.events().await, before);
}
