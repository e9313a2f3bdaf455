//! What happens in the stories.

use domain::Fact::{self, Known, NotKnown};
use domain::ids::{IssueId, IssueKey, PersonId, ProjectId, SeverityId};
use domain::issue::{
    Capacity, Closing, CodeFix, Dismissal, Fix, IssueEvent, Level, Nature, OwnerChannel, RaisedBy, Report, Source,
    SourceKind,
};
use domain::text::{Text, Title};
use domain::{StreamKind, StreamRef};
use jiff::Timestamp;
use uuid::Uuid;

/// Who does everything.
pub(crate) const ADA: &str = "ada";

/// So many hours after noon of the first day.
pub(crate) fn at(hours: i64) -> Timestamp {
    Timestamp::from_second(1_772_366_400 + hours * 3600).unwrap()
}

pub(crate) fn project(key: &str) -> ProjectId {
    ProjectId::parse(key).unwrap()
}

pub(crate) fn key(ordinal: u64) -> IssueKey {
    IssueKey { project: project("PAY"), ordinal }
}

pub(crate) fn issue_id(project: &str, ordinal: u64) -> IssueId {
    IssueId(Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{project}-{ordinal}").as_bytes()))
}

pub(crate) fn issue_stream(key: &str, ordinal: u64) -> StreamRef {
    let id = issue_id(key, ordinal).to_string().into();
    StreamRef { project: project(key), kind: StreamKind::Issue, id }
}

pub(crate) fn person(id: &str) -> PersonId {
    id.parse().unwrap()
}

pub(crate) fn severity(id: &str) -> SeverityId {
    id.parse().unwrap()
}

pub(crate) fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

pub(crate) fn filed(title: &str) -> IssueEvent {
    filed_from(title, None)
}

/// A product owner's, known there by this reference.
pub(crate) fn filed_from(title: &str, reference: Option<&str>) -> IssueEvent {
    IssueEvent::IssueFiled {
        id: issue_id("PAY", 1),
        title: Title::parse(title).unwrap(),
        source: Source {
            kind: Known(SourceKind::ProductOwner { channel: OwnerChannel::Ticket }),
            raised_by: RaisedBy::Person(person("olga")),
            reference: reference.map(Into::into),
        },
        report: Report::default(),
        reported_severity: None,
        component: None,
    }
}

/// Level 3, of team dev.
pub(crate) fn triaged(as_severe_as: &str) -> IssueEvent {
    IssueEvent::IssueTriaged {
        level: Known(Level::CodeOrData),
        nature: Some(Nature::Bug),
        severity: Known(severity(as_severe_as)),
        component: Some("checkout".parse().unwrap()),
        team: Known("dev".parse().unwrap()),
    }
}

pub(crate) fn accepted(by: &str) -> IssueEvent {
    IssueEvent::IssueAccepted { assignee: Known(person(by)), report_owed: false }
}

pub(crate) fn resolved() -> IssueEvent {
    let code = CodeFix { changes: vec!["c1".parse().unwrap()], tests: vec!["t1".into()], environment: None };
    IssueEvent::IssueResolved { fix: Known(Fix::Code(code)) }
}

pub(crate) fn verified() -> IssueEvent {
    IssueEvent::IssueVerified {
        confirmed_by: Known(person("olga")),
        capacity: Known(Capacity::Opener),
        self_verified: false,
    }
}

pub(crate) fn closed() -> IssueEvent {
    let released = Closing::Released { release: Some("r1".parse().unwrap()), reverified_by: Some(person("dora")) };
    IssueEvent::IssueClosed { closing: Known(released), deployed_at: None }
}

pub(crate) fn dismissed(dismissal: Dismissal) -> IssueEvent {
    IssueEvent::IssueDismissed { dismissal: Known(dismissal), note: None }
}

pub(crate) fn commented(said: &str) -> IssueEvent {
    IssueEvent::IssueCommented { text: text(said) }
}

/// An issue's whole life.
pub(crate) fn life(title: &str, as_severe_as: &str) -> [IssueEvent; 6] {
    [filed(title), triaged(as_severe_as), accepted("dan"), resolved(), verified(), closed()]
}

/// An import told nothing of what it should have told.
pub(crate) fn triaged_unknown() -> IssueEvent {
    IssueEvent::IssueTriaged {
        level: NotKnown,
        nature: None,
        severity: NotKnown,
        component: None,
        team: Fact::NotKnown,
    }
}
