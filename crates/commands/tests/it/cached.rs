//! What is remembered is bounded, and is what the log says.

use commands::Options;
use domain::ids::ReleaseId;
use domain::issue::{Closing, Command, DataFix, FileIssue, Fix, Level, Report, TriageIssue};
use domain::{Fact, issue, release};
use jiff::Timestamp;

use crate::given::{World, ask, comment, filing, first, pay, person, text, triage};

#[tokio::test]
async fn memory_is_bounded_in_bytes() {
    let cache_bytes = 256 * 1024;
    let world = World::with(Options { cache_bytes }).with_project().await;
    for n in 1..=300 {
        let report = Report { details: Some(text(&"long ".repeat(500))), ..filing().report };
        let filing = FileIssue { report, ..filing() };
        world.commands.file_issue(&pay(), filing, ask("olga", n, &n)).await.unwrap();
        assert!(world.commands.cache_bytes() <= cache_bytes, "after {n} issues: {}", world.commands.cache_bytes());
    }
    assert!(world.commands.cache_bytes() > cache_bytes / 2, "what fits is remembered");
    world.issue("ann", 1000, comment("Forgotten, and so read again")).await.unwrap();
}

#[tokio::test]
async fn without_memory_everything_is_read_again() {
    let world = World::with(Options { cache_bytes: 0 }).with_triaged_issue().await;
    world.issue("ann", 3, Command::AcceptIssue).await.unwrap();
    assert!(world.issue("ann", 3, Command::AcceptIssue).await.unwrap().replayed);
    assert_eq!(world.commands.cache_bytes(), 0);
}

/// Changes level and severity with one command, and so with several events.
fn triage_again() -> Command {
    issue::Command::TriageIssue(TriageIssue {
        level: Fact::Known(Level::System),
        nature: None,
        severity: Fact::Known(domain::ids::SeverityId::parse("sev1").unwrap()),
        component: None,
        team: None,
        reason: Some(text("It is down")),
    })
}

#[tokio::test]
async fn what_is_remembered_is_what_is_folded() {
    let world = World::empty().with_issue().await;
    let story = [
        comment("Hm"),
        triage(),
        triage_again(),
        Command::AssignIssue { assignee: Some(person("ann")) },
        Command::RecordWorkaround { text: text("Restart it") },
        Command::AcceptIssue,
        Command::WatchIssue { person: person("carl") },
    ];
    for (n, command) in (2..).zip(story) {
        let done = world.issue("ann", n, command).await.unwrap();
        let folded = world.another_node().commands.find_issue(&first()).await.unwrap().unwrap();
        assert_eq!((done.state, done.revision, done.at), (folded.state, folded.revision, folded.at));
    }
    let issue = world.commands.find_issue(&first()).await.unwrap().unwrap();
    assert!(issue.revision > 8, "one command had several events");
}

#[tokio::test]
async fn times_are_remembered_no_finer_than_they_are_kept() {
    let world = World::empty().with_triaged_issue().await;
    let finer = Timestamp::new(1_790_000_000, 1_999).unwrap();
    let fix = Fix::Data(DataFix { correction: Some("CORR-7".into()), tried_in: Some("staging".into()) });
    let by = Some(person("bob"));
    let story = [
        Command::AcceptIssue,
        Command::ResolveIssue { fix: Fact::Known(fix) },
        Command::VerifyIssue { confirmed_by: Fact::Known(person("olga")) },
        Command::CloseIssue { closing: Fact::Known(Closing::DataApplied { at: Some(finer), by }) },
    ];
    for (n, command) in (3..).zip(story) {
        world.issue("ann", n, command).await.unwrap();
    }
    let remembered = world.commands.find_issue(&first()).await.unwrap().unwrap();
    let folded = world.another_node().commands.find_issue(&first()).await.unwrap().unwrap();
    assert_eq!(remembered.state, folded.state);
}

#[tokio::test]
async fn a_place_is_that_of_the_streams_last_record() {
    let world = World::empty().with_issue().await;
    world.issue("ann", 2, triage()).await.unwrap();
    let done = world.issue("ann", 3, triage_again()).await.unwrap();
    let name = codec::stream_id(&done.at.stream);
    let page = event_log::EventLog::read_stream(&*world.log, &name, done.revision - 1, 2).await.unwrap();
    let [last] = &page.records[..] else { panic!("one record has the last revision") };
    assert_eq!((last.partition, last.position, last.leaf), (done.at.partition, done.at.position, done.at.leaf));
}

#[tokio::test]
async fn a_deployment_is_decided_without_looking_and_the_append_finds_what_was_there() {
    let world = World::empty().with_project().await;
    let release = ReleaseId::parse("7.1").unwrap();
    let deploy = |environment: &str| release::Command::RecordDeployment {
        release: release.clone(),
        environment: environment.into(),
        changes: Vec::new(),
        issues: Vec::new(),
    };
    let staged = world.commands.release(&pay(), deploy("staging"), ask("olga", 1, &1)).await.unwrap();
    assert_eq!(staged.revision, 1);

    // Given a node that has read nothing, when it deploys the release again, then it is added to what the log has
    let elsewhere = world.another_node();
    let deployed = elsewhere.commands.release(&pay(), deploy("production"), ask("olga", 2, &2)).await.unwrap();
    let environments: Vec<_> = deployed.state.environments.keys().map(|name| &**name).collect();
    assert_eq!((deployed.revision, environments), (2, vec!["production", "staging"]));

    // And a repeated request gets its first answer there, too
    let again = world.another_node().commands.release(&pay(), deploy("staging"), ask("olga", 1, &1)).await.unwrap();
    assert!(again.replayed);
    assert_eq!((again.state, again.revision, again.at), (staged.state, staged.revision, staged.at));
}
