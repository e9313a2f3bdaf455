//! The people, things and events that the stories are about.

use std::sync::Arc;

use domain::Fact::{self, Known};
use domain::ids::{
    ChangeId, ComponentId, CustomerId, IssueId, IssueKey, PersonId, ProjectId, ReleaseId, SeverityId, TeamId,
};
use domain::issue::{
    Asked, Capacity, Closing, CodeFix, Command, CustomerChannel, DataFix, Dismissal, FileIssue, Fix, IssueEvent,
    IssueRef, Level, Nature, OwnerChannel, RaisedBy, Report, Source, SourceKind, TriageIssue,
};
use domain::text::{Text, Title};
use domain::{Missing, Rejection};
use jiff::{Timestamp, ToSpan};

pub(crate) fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}

pub(crate) fn team(id: &str) -> TeamId {
    TeamId::parse(id).unwrap()
}

pub(crate) fn component(id: &str) -> ComponentId {
    ComponentId::parse(id).unwrap()
}

pub(crate) fn severity(id: &str) -> SeverityId {
    SeverityId::parse(id).unwrap()
}

pub(crate) fn release(id: &str) -> ReleaseId {
    ReleaseId::parse(id).unwrap()
}

pub(crate) fn customer(id: &str) -> CustomerId {
    CustomerId::parse(id).unwrap()
}

pub(crate) fn change(id: &str) -> ChangeId {
    ChangeId::parse(id).unwrap()
}

pub(crate) fn project_id() -> ProjectId {
    ProjectId::parse("PAY").unwrap()
}

pub(crate) fn key(ordinal: u64) -> IssueKey {
    IssueKey { project: project_id(), ordinal }
}

/// The issue of that number, which is its key's and its id's.
pub(crate) fn issue_id(ordinal: u64) -> IssueId {
    IssueId(format!("00000000-0000-4000-8000-{ordinal:012}").parse().unwrap())
}

pub(crate) fn issue_ref(ordinal: u64) -> IssueRef {
    IssueRef::Issue { id: issue_id(ordinal), key: key(ordinal) }
}

pub(crate) fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

pub(crate) fn because(reason: &str) -> Option<Text> {
    Some(text(reason))
}

pub(crate) fn s(text: &str) -> Arc<str> {
    text.into()
}

/// So many hours after the first event of every story.
pub(crate) fn hour(hours: i64) -> Timestamp {
    let start: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
    start + hours.hours()
}

// Sources and reports.

pub(crate) fn full_report() -> Report {
    Report {
        steps: because("pay with an expired card"),
        actual: because("the basket is emptied"),
        expected: because("the basket stays"),
        details: None,
    }
}

pub(crate) fn from(kind: SourceKind, raised_by: RaisedBy) -> Source {
    Source { kind: Known(kind), raised_by, reference: None }
}

/// Carl of customer acme, by mail.
pub(crate) fn by_customer() -> Source {
    let kind = SourceKind::Customer { customer: Some(customer("acme")), channel: CustomerChannel::Email };
    from(kind, RaisedBy::Person(person("carl")))
}

pub(crate) fn by_product_owner() -> Source {
    from(SourceKind::ProductOwner { channel: OwnerChannel::Ticket }, RaisedBy::Person(person("olga")))
}

pub(crate) fn by_monitor() -> Source {
    let kind = SourceKind::System { monitor: s("probe"), fingerprint: s("checkout-500") };
    from(kind, RaisedBy::System(s("probe")))
}

pub(crate) fn by_advisory() -> Source {
    let kind =
        SourceKind::Security { advisories: vec![s("CVE-2026-12345")], package: s("libpay"), affected: s("<1.4.7") };
    from(kind, RaisedBy::Nobody)
}

pub(crate) fn filing(source: Source, report: Report) -> Command {
    Command::FileIssue(FileIssue {
        id: issue_id(1),
        title: Title::parse("Paying empties the basket").unwrap(),
        source,
        report,
        reported_severity: Some(severity("sev2")),
        component: Some(component("checkout")),
    })
}

// Events, in the order of a whole life.

pub(crate) fn filed_from(source: Source, report: Report) -> IssueEvent {
    IssueEvent::IssueFiled {
        id: issue_id(1),
        title: Title::parse("Paying empties the basket").unwrap(),
        source,
        report,
        reported_severity: Some(severity("sev2")),
        component: Some(component("checkout")),
    }
}

pub(crate) fn filed() -> IssueEvent {
    filed_from(by_customer(), full_report())
}

pub(crate) fn asked(question: u32) -> IssueEvent {
    IssueEvent::InformationRequested { question, of: Asked::Opener, text: text("which card?") }
}

pub(crate) fn triaged_as(level: u32, severity_id: &str, owner: &str) -> IssueEvent {
    let nature = [None, Some(Nature::Incident), Some(Nature::Bug)][level as usize - 1];
    IssueEvent::IssueTriaged {
        level: Known(Level::from_number(level).unwrap()),
        nature,
        severity: Known(severity(severity_id)),
        component: Some(component("checkout")),
        team: Known(team(owner)),
    }
}

/// Level 3, sev2, of team dev, which owns the component.
pub(crate) fn triaged() -> IssueEvent {
    triaged_as(3, "sev2", "dev")
}

pub(crate) fn accepted() -> IssueEvent {
    accepted_by("dan")
}

pub(crate) fn accepted_by(who: &str) -> IssueEvent {
    IssueEvent::IssueAccepted { assignee: Known(person(who)), report_owed: false }
}

pub(crate) fn code_fix() -> CodeFix {
    CodeFix { changes: vec![change("c1")], tests: vec![s("basket::keeps")], environment: Some(s("staging")) }
}

pub(crate) fn data_fix() -> DataFix {
    DataFix { correction: Some(s("baskets.sql")), tried_in: Some(s("staging")) }
}

pub(crate) fn operation() -> Fix {
    Fix::Operation { action: because("restarted the queue") }
}

pub(crate) fn explanation() -> Fix {
    Fix::Explanation { explanation: because("the basket is in the menu"), topic: Some(s("basket")) }
}

pub(crate) fn resolved_by(fix: Fix) -> IssueEvent {
    IssueEvent::IssueResolved { fix: Known(fix) }
}

pub(crate) fn resolved() -> IssueEvent {
    resolved_by(Fix::Code(code_fix()))
}

pub(crate) fn verified() -> IssueEvent {
    IssueEvent::IssueVerified {
        confirmed_by: Known(person("carl")),
        capacity: Known(Capacity::Opener),
        self_verified: false,
    }
}

pub(crate) fn in_release(id: &str) -> Closing {
    Closing::Released { release: Some(release(id)), reverified_by: Some(person("dora")) }
}

pub(crate) fn closed() -> IssueEvent {
    IssueEvent::IssueClosed { closing: Known(in_release("r1")), deployed_at: Some(hour(50)) }
}

pub(crate) fn dismissed_as(dismissal: Dismissal) -> IssueEvent {
    IssueEvent::IssueDismissed { dismissal: Known(dismissal), note: None }
}

pub(crate) fn dismissed() -> IssueEvent {
    dismissed_as(Dismissal::WontFix)
}

/// From filing to triage.
pub(crate) fn to_triaged() -> Vec<IssueEvent> {
    vec![filed(), triaged()]
}

pub(crate) fn to_accepted() -> Vec<IssueEvent> {
    vec![filed(), triaged(), accepted()]
}

pub(crate) fn to_resolved() -> Vec<IssueEvent> {
    vec![filed(), triaged(), accepted(), resolved()]
}

pub(crate) fn to_verified() -> Vec<IssueEvent> {
    vec![filed(), triaged(), accepted(), resolved(), verified()]
}

pub(crate) fn to_closed() -> Vec<IssueEvent> {
    vec![filed(), triaged(), accepted(), resolved(), verified(), closed()]
}

/// At another level: with the fix, as it is with the team that takes it.
pub(crate) fn to_resolved_with(fix: Fix) -> Vec<IssueEvent> {
    let triaged = match &fix {
        Fix::Explanation { .. } => triaged_as(1, "sev3", "help"),
        Fix::Operation { .. } => triaged_as(2, "sev3", "ops"),
        _ => triaged(),
    };
    vec![filed(), triaged, accepted(), resolved_by(fix)]
}

pub(crate) fn then_verified(mut history: Vec<IssueEvent>) -> Vec<IssueEvent> {
    history.push(verified());
    history
}

// Commands that need more than a line.

pub(crate) fn triage(level: u32, severity_id: &str) -> TriageIssue {
    TriageIssue {
        level: Known(Level::from_number(level).unwrap()),
        nature: None,
        severity: Known(severity(severity_id)),
        component: None,
        team: None,
        reason: None,
    }
}

pub(crate) fn resolve(fix: Fix) -> Command {
    Command::ResolveIssue { fix: Known(fix) }
}

pub(crate) fn verify(who: &str) -> Command {
    Command::VerifyIssue { confirmed_by: Known(person(who)) }
}

pub(crate) fn close(closing: Closing) -> Command {
    Command::CloseIssue { closing: Known(closing) }
}

pub(crate) fn dismiss(dismissal: Dismissal) -> Command {
    Command::DismissIssue { dismissal: Fact::Known(dismissal), note: None }
}

// What is refused most often.

pub(crate) fn missing<const N: usize>(missing: [Missing; N]) -> Rejection {
    Rejection::Incomplete { missing: missing.into() }
}
