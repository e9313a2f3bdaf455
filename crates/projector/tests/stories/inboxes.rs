//! What waits for triage.

use domain::Fact::{Known, NotKnown};
use domain::issue::{Asked, IssueEvent, RaisedBy, Report, Source, SourceKind};
use domain::text::Title;
use views::inbox::{GetInbox, Section, SectionFound};

use super::events::{accepted, filed, issue_id, person, project, severity, text, triaged};
use super::given::Given;

fn complete() -> Report {
    Report { steps: Some(text("pay")), actual: Some(text("twice")), expected: Some(text("once")), details: None }
}

fn reported(report: Report, as_severe_as: Option<&str>) -> IssueEvent {
    let IssueEvent::IssueFiled { id, title, source, component, .. } = filed("Payments fail") else { unreachable!() };
    let reported_severity = as_severe_as.map(severity);
    IssueEvent::IssueFiled { id, title, source, report, reported_severity, component }
}

/// A monitor's, which describes nothing in words.
fn monitored() -> IssueEvent {
    let kind = Known(SourceKind::System { monitor: "probe".into(), fingerprint: "5xx".into() });
    IssueEvent::IssueFiled {
        id: issue_id("PAY", 1),
        title: Title::parse("Errors").unwrap(),
        source: Source { kind, raised_by: RaisedBy::System("probe".into()), reference: None },
        report: Report::default(),
        reported_severity: None,
        component: None,
    }
}

fn asked() -> IssueEvent {
    IssueEvent::InformationRequested { question: 1, of: Asked::Opener, text: text("When?") }
}

fn inbox(entries: u32) -> GetInbox {
    GetInbox {
        project: project("PAY"),
        worst_first: ["sev1", "sev2", "sev3"].map(severity).into(),
        sections: Section::ALL.map(|section| (section, None)).to_vec(),
        entries,
    }
}

/// The sections that have something: how many issues, of which severities, and their keys.
fn told(sections: &[SectionFound]) -> Vec<String> {
    let told = sections.iter().filter(|section| section.count > 0).map(|section| {
        let severity = |(severity, count): &(Option<std::sync::Arc<str>>, u64)| {
            format!("{count} {}", severity.as_deref().unwrap_or("-"))
        };
        let severities = section.severities.iter().map(severity).collect::<Vec<_>>().join(", ");
        let keys = section.entries.iter().map(|entry| entry.key.to_string()).collect::<Vec<_>>().join(" ");
        format!("{:?} {}: {severities}: {keys}", section.section, section.count)
    });
    told.collect()
}

#[tokio::test(start_paused = true)]
async fn the_worst_come_first_and_complete_reports_stand_apart() {
    let mut given = Given::nothing();
    given.issue(1, [reported(complete(), Some("sev3"))]).await;
    given.issue(2, [reported(complete(), None)]).await;
    given.issue(3, [reported(complete(), Some("sev1"))]).await;
    given.issue(4, [reported(Report { actual: None, ..complete() }, Some("sev1"))]).await;
    given.issue(5, [monitored()]).await;
    given.issue(6, [reported(complete(), Some("sev1"))]).await;
    given.issue(7, [reported(Report::default(), None), asked()]).await;
    given.issue_of("WEB", 1, [reported(complete(), None)]).await;
    let found = given.ask(&inbox(20)).await;
    assert_eq!(
        told(&found),
        [
            "Complete 5: 2 sev1, 1 sev3, 2 -: PAY-3 PAY-6 PAY-1 PAY-2 PAY-5",
            "Incomplete 1: 1 sev1: PAY-4",
            "Waiting 1: 1 -: PAY-7"
        ]
    );
    assert_eq!(found[1].entries[0].missing, ["actual".into()]);
    assert_eq!(found[2].entries[0].missing.len(), 3);
    assert_eq!(found[2].entries[0].waiting_on, [views::board::Party::Opener]);
}

#[tokio::test(start_paused = true)]
async fn an_issue_goes_from_section_to_section_and_leaves_with_its_triage() {
    let mut given = Given::nothing();
    let steps = [
        (reported(Report { steps: None, ..complete() }, Some("sev2")), vec!["Incomplete 1: 1 sev2: PAY-1"]),
        (asked(), vec!["Waiting 1: 1 sev2: PAY-1"]),
        (IssueEvent::InformationProvided { questions: vec![1], text: None }, vec!["Incomplete 1: 1 sev2: PAY-1"]),
        (
            IssueEvent::ReportAmended { report: Report { steps: Some(text("pay")), ..Report::default() } },
            vec!["Complete 1: 1 sev2: PAY-1"],
        ),
        (triaged("sev1"), vec![]),
        (accepted("dan"), vec![]),
        (IssueEvent::ReturnedToTriage { reason: None }, vec!["Complete 1: 1 sev1: PAY-1"]),
        (IssueEvent::IssueDismissed { dismissal: NotKnown, note: None }, vec![]),
        (IssueEvent::IssueReopened { reason: None, unassigned: false }, vec!["Complete 1: 1 sev1: PAY-1"]),
    ];
    for (event, expected) in steps {
        given.issue(1, [event]).await;
        assert_eq!(told(&given.ask(&inbox(20)).await), expected);
    }
    let entry = given.ask_now(&inbox(20)).await.remove(0).entries.remove(0);
    assert!(entry.returned);
    assert_eq!(entry.raised_by.as_deref(), Some(person("olga").as_str()));
}

#[tokio::test(start_paused = true)]
async fn pages_of_a_section_join_across_severities() {
    let mut given = Given::nothing();
    let severities = [Some("sev3"), None, Some("sev1"), Some("sev2"), Some("sev1"), None, Some("sev3")];
    for (as_severe_as, ordinal) in severities.into_iter().zip(1..) {
        given.issue(ordinal, [reported(complete(), as_severe_as)]).await;
    }
    given.settled().await;
    for entries in [1, 2, 3, 7, 100] {
        let mut query = GetInbox { sections: vec![(Section::Complete, None)], ..inbox(entries) };
        let mut ordinals = Vec::new();
        loop {
            let section = given.ask_now(&query).await.remove(0);
            assert_eq!(section.count, 7);
            ordinals.extend(section.entries.iter().map(|entry| entry.key.ordinal));
            let Some(next) = section.next else { break };
            query.sections = vec![(Section::Complete, Some(next))];
        }
        assert_eq!(ordinals, [3, 5, 4, 1, 7, 2, 6], "in pages of {entries}");
    }
}
