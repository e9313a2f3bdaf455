//! A refusal is never stale: what a node remembers, or can read so far, never refuses wrongly.

use commands::CommandError;
use domain::ids::IssueKey;
use domain::issue::{Command, Dismissal, IssueRef, State};
use domain::{Fact, Rejection, release};

use crate::given::{World, ask, comment, component, first, pay, person, rejection, text, triage};

#[tokio::test]
async fn what_another_node_made_possible_is_accepted() {
    let world = World::empty().with_issue().await;
    let elsewhere = world.another_node();
    elsewhere.issue("bob", 3, comment("Untriaged, as far as is known here")).await.unwrap();
    elsewhere.node.trails().await;
    world.issue("ann", 4, triage()).await.unwrap();

    let accepted = elsewhere.issue("ann", 5, Command::AcceptIssue).await.unwrap();
    assert_eq!(accepted.state.state, State::Accepted);
}

#[tokio::test]
async fn what_another_node_made_impossible_is_refused() {
    let world = World::empty().with_triaged_issue().await;
    let elsewhere = world.another_node();
    elsewhere.issue("bob", 3, comment("Not accepted, as far as is known here")).await.unwrap();
    elsewhere.node.trails().await;
    world.issue("ann", 4, Command::AcceptIssue).await.unwrap();

    let before = world.events().await;
    let refused = elsewhere.issue("bob", 5, Command::AcceptIssue).await;
    assert_eq!(rejection(refused), Rejection::AlreadyAccepted);
    assert_eq!(world.events().await, before);
}

#[tokio::test]
async fn other_streams_never_refuse_stale_either() {
    let world = World::empty().with_triaged_issue().await;
    let elsewhere = world.another_node();
    let refused = elsewhere.issue("carl", 3, Command::AcceptIssue).await;
    assert!(matches!(rejection(refused), Rejection::NotAMember { .. }));
    elsewhere.node.trails().await;
    world.add_member("carl", 4).await.unwrap();
    world.add_component("refunds", 5).await.unwrap();

    let moved = Command::ChangeComponent { component: component("refunds"), reason: Some(text("It is the refund")) };
    elsewhere.issue("carl", 6, moved).await.unwrap();
    elsewhere.issue("carl", 7, Command::AcceptIssue).await.unwrap();
}

#[tokio::test]
async fn a_project_and_an_issue_made_elsewhere_are_found() {
    let world = World::empty();
    let elsewhere = world.another_node();
    let refused = elsewhere.file(1).await;
    assert_eq!(rejection(refused), Rejection::UnknownProject { project: pay() });
    elsewhere.node.trails().await;
    let world = world.with_issue().await;

    elsewhere.issue("ann", 2, comment("By a key that was given elsewhere")).await.unwrap();
    elsewhere.file(3).await.unwrap();
    let release = domain::ids::ReleaseId::parse("7.1").unwrap();
    let deploy = release::Command::RecordDeployment {
        release: release.clone(),
        environment: "production".into(),
        changes: Vec::new(),
        issues: vec![first()],
    };
    world.commands.release(&pay(), deploy.clone(), ask("olga", 4, &deploy)).await.unwrap();
    elsewhere.issue("ann", 5, Command::NameCause { release }).await.unwrap();
}

#[tokio::test]
async fn a_key_that_nothing_has_is_not_found() {
    let world = World::empty().with_issue().await;
    let key = IssueKey { project: pay(), ordinal: 2 };
    let answer = world.commands.issue(&key, Command::AcceptIssue, ask("ann", 2, &())).await;
    assert!(matches!(answer, Err(CommandError::NotFound { key: of }) if of == key));
}

#[tokio::test]
async fn what_is_refused_leaves_no_event() {
    let world = World::empty().with_issue().await;
    let before = world.events().await;
    assert_eq!(rejection(world.issue("ann", 2, Command::AcceptIssue).await), Rejection::NotTriaged);
    let estimate = world.issue("ann", 3, Command::EstimateItem { points: 5 }).await;
    assert_eq!(rejection(estimate), Rejection::DefectsAreNotEstimated);
    let refused = rejection(world.add_component("checkout", 4).await);
    assert_eq!(refused, Rejection::ComponentExists { component: component("checkout") });
    let refused = rejection(world.add_member("ann", 5).await);
    assert_eq!(refused, Rejection::AlreadyMember { person: person("ann") });
    assert_eq!(world.events().await, before);

    world.issue("ann", 6, triage()).await.unwrap();
    world.issue("ann", 2, Command::AcceptIssue).await.unwrap();
}

#[tokio::test]
async fn an_issue_is_no_duplicate_of_itself() {
    let world = World::empty().with_issue().await;
    let itself = world.commands.find_issue(&first()).await.unwrap().unwrap();
    let dismissal = Fact::Known(Dismissal::DuplicateOf(IssueRef::Issue { id: itself.state.id, key: first() }));
    let refused = world.issue("ann", 2, Command::DismissIssue { dismissal, note: None }).await;
    assert_eq!(rejection(refused), Rejection::DuplicateOfItself);
}
