//! Histories of other systems: each fact once, with the components it names.

use std::sync::Arc;

use commands::{CommandError, Commands, Done, Request};
use domain::ids::ComponentId;
use domain::issue::{Command, FileIssue, Issue, State};
use domain::{Fact, Origin, issue};
use event_log::EventLog;
use jiff::Timestamp;
use tokio::join;

use crate::given::{World, ask, component, filing, pay, person};

fn bug(imported_by: &str) -> Origin {
    Origin { system: "bugzilla".into(), reference: "446261".into(), implied: false, imported_by: person(imported_by) }
}

/// A fact of bug 446261, so many seconds after it all began.
async fn import(world: &World, seconds: i64, importer: &str, command: Command) -> Result<Done<Issue>, CommandError> {
    let request = Request {
        occurred_at: Some(Timestamp::new(1_200_000_000 + seconds, 0).unwrap()),
        ..ask("reporter", 1000 + u128::from(seconds.unsigned_abs()), &command)
    };
    world.commands.imported_issue(&pay(), bug(importer), command, request).await
}

fn filed_in(component: ComponentId) -> Command {
    Command::FileIssue(FileIssue { component: Some(component), ..filing() })
}

fn triaged_in(component: ComponentId) -> Command {
    Command::TriageIssue(issue::TriageIssue {
        level: Fact::NotKnown,
        nature: None,
        severity: Fact::NotKnown,
        component: Some(component),
        team: None,
        reason: None,
    })
}

#[tokio::test]
async fn a_history_is_imported_at_its_own_times() {
    let world = World::empty().with_project().await;
    let filed = import(&world, 0, "olga", filed_in(component("checkout"))).await.unwrap();
    assert_eq!(filed.state.id, Commands::imported_issue_id(&pay(), "bugzilla", "446261"));
    assert_eq!(filed.state.filed_at, Timestamp::new(1_200_000_000, 0).unwrap());
    assert_eq!(filed.state.origin, Some(bug("olga")));
    let triaged = import(&world, 60, "olga", triaged_in(component("checkout"))).await.unwrap();
    assert_eq!(triaged.state.state, State::New { triaged: true });
}

#[tokio::test]
async fn an_import_repeated_adds_nothing() {
    let world = World::empty().with_project().await;
    let facts = [(0, filed_in(component("downloads"))), (60, triaged_in(component("tabs")))];
    for (at, fact) in facts.clone() {
        assert!(!import(&world, at, "olga", fact).await.unwrap().replayed);
    }
    let before = world.events().await;
    for node in [&world, &world.another_node()] {
        for (at, fact) in facts.clone() {
            assert!(import(node, at, "olga", fact).await.unwrap().replayed);
        }
    }
    assert_eq!(world.events().await, before);
}

#[tokio::test]
async fn a_component_that_the_project_lacks_is_added_by_the_importer() {
    let world = World::empty().with_project().await;
    let before = world.events().await;
    import(&world, 0, "olga", filed_in(component("tabs"))).await.unwrap();
    import(&world, 60, "olga", triaged_in(component("downloads"))).await.unwrap();
    assert_eq!(world.events().await, before + 4);

    let project = world.commands.find_project(&pay()).await.unwrap().unwrap();
    assert!(["tabs", "downloads", "checkout"].iter().all(|id| project.state.components.contains_key(&component(id))));
    let partition = world.log.identity().partition_of("PAY");
    let page = world.log.read_partition(partition, before, 1).await.unwrap();
    let header = &page.records[0].record.header;
    assert_eq!((&*header.event_type, &*header.metadata.actor), ("ComponentAdded", "olga"));
}

#[tokio::test]
async fn two_importers_at_once_add_a_component_once() {
    let world = World::empty().with_project().await;
    let elsewhere = world.another_node();
    let before = world.events().await;
    let filed = filed_in(component("tabs"));
    let (one, two) = join!(import(&world, 0, "olga", filed.clone()), import(&elsewhere, 0, "oscar", filed));
    assert_eq!(one.unwrap().at, two.unwrap().at);
    assert_eq!(world.events().await, before + 2);
}

#[tokio::test]
async fn a_component_that_somebody_adds_meanwhile_will_do() {
    let world = Arc::new(World::empty().with_project().await);
    let mut held = world.node.holds_next_append();
    let importing = Arc::clone(&world);
    let waiting = tokio::spawn(async move { import(&importing, 0, "olga", filed_in(component("tabs"))).await });
    held.reached().await;
    world.add_component("tabs", 1).await.unwrap();
    held.go();
    assert_eq!(waiting.await.unwrap().unwrap().state.component, Some(component("tabs")));
}

#[tokio::test]
async fn what_is_not_imported_adds_no_component() {
    let world = World::empty().with_project().await;
    let before = world.events().await;
    let unknown = FileIssue { component: Some(component("tabs")), ..filing() };
    let refused = world.commands.file_issue(&pay(), unknown, ask("olga", 1, &())).await;
    assert!(matches!(refused, Err(CommandError::Rejected(domain::Rejection::UnknownComponent { .. }))));
    assert_eq!(world.events().await, before);
}

#[tokio::test]
async fn an_imported_issue_is_found_by_its_origin() {
    let world = World::empty().with_project().await;
    let project = pay();
    let find = || world.commands.find_imported_issue(&project, "bugzilla", "446261");
    assert!(find().await.unwrap().is_none());
    let filed = import(&world, 0, "olga", filed_in(component("checkout"))).await.unwrap();
    assert_eq!(find().await.unwrap().unwrap().state.key, filed.state.key);
}
