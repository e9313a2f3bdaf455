//! Given what was recorded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use codec::StoredEvent;
use domain::Fact::Known;
use domain::ids::{IssueId, ProjectId};
use domain::issue::{CodeFix, Fix, Issue, IssueEvent, Level, Nature, RaisedBy, Report, Source};
use domain::text::{Text, Title};
use domain::{Fact, StreamKind, StreamRef};
use event_log::{Append, EventLog, Identity, MemoryLog, NewEvent};
use history::{Cut, History};
use jiff::Timestamp;
use uuid::Uuid;

/// A fact, and the minutes at which it happened and was recorded.
pub(crate) struct Told<E = IssueEvent> {
    event: E,
    occurred: i64,
    recorded: i64,
}

/// A fact that was recorded when it happened.
pub(crate) fn told<E>(minute: i64, event: E) -> Told<E> {
    late(minute, minute, event)
}

/// A fact that happened at one minute and was recorded at another.
pub(crate) fn late<E>(occurred: i64, recorded: i64, event: E) -> Told<E> {
    Told { event, occurred, recorded }
}

/// So many minutes after the story begins.
pub(crate) fn minute(minute: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + minute * 60).unwrap()
}

/// What is in a log.
pub(crate) struct Story {
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) history: History,
    revisions: Mutex<HashMap<StreamRef, u64>>,
}

impl Story {
    /// A log with nothing in it.
    pub(crate) fn new() -> Self {
        let log = Arc::new(MemoryLog::new(Identity::new(Uuid::from_u128(1), 8)));
        let history = History::new(Arc::clone(&log) as Arc<dyn EventLog>);
        Self { log, history, revisions: Mutex::default() }
    }

    /// A log with one issue, each fact an append of its own.
    pub(crate) async fn given(facts: impl IntoIterator<Item = Told>) -> Self {
        let story = Self::new();
        story.append(&issue(1), facts).await;
        story
    }

    /// Appends facts to a stream, each on its own.
    pub(crate) async fn append<E: StoredEvent>(&self, stream: &StreamRef, facts: impl IntoIterator<Item = Told<E>>) {
        for Told { event, occurred, recorded } in facts {
            let new =
                NewEvent { event_id: self.next_id(), occurred_at: minute(occurred).as_microsecond(), ..stored(&event) };
            self.append_raw(stream, vec![new], minute(recorded).as_microsecond()).await;
        }
    }

    /// Appends events as they are stored.
    pub(crate) async fn append_raw(&self, stream: &StreamRef, events: Vec<NewEvent>, recorded_at: i64) {
        let append = Append {
            stream: codec::stream_id(stream),
            expected: self.revisions.lock().unwrap().get(stream).copied().unwrap_or(0),
            unchanged: Vec::new(),
            events,
            actor: "ada".into(),
            request_id: self.next_id(),
            fingerprint: [0; 32],
            correlation_id: None,
            causation_id: None,
            traceparent: None,
            recorded_at,
        };
        let appended = self.log.append(append).await.unwrap();
        self.revisions.lock().unwrap().insert(stream.clone(), appended.revision);
    }

    /// The issue as a cut leaves it.
    #[track_caller]
    pub(crate) fn issue(&self, cut: Cut) -> impl Future<Output = Option<Issue>> {
        let history = self.history.clone();
        async move {
            let then = history.issue_as_of(&issue(1), cut).await.unwrap();
            then.map(|then| then.issue)
        }
    }

    /// The issue as it was, by all that is known.
    pub(crate) async fn issue_at(&self, at: i64) -> Issue {
        self.issue(Cut::at(minute(at))).await.unwrap()
    }

    fn next_id(&self) -> Uuid {
        let records: u64 = (0..8).map(|partition| *self.log.head(partition).borrow()).sum();
        Uuid::from_u128(u128::from(records) + 1)
    }
}

/// An event as it is stored, with no id and no time of its own.
pub(crate) fn stored(event: &impl StoredEvent) -> NewEvent {
    let encoded = event.encode(None);
    NewEvent {
        event_id: Uuid::from_u128(99),
        event_type: encoded.event_type,
        schema_version: encoded.schema_version,
        occurred_at: 0,
        facts: encoded.facts,
        salt: vec![0; if encoded.texts.is_empty() { 0 } else { 32 }],
        texts: encoded.texts,
    }
}

/// The stream of PAY's n-th issue.
pub(crate) fn issue(n: u128) -> StreamRef {
    StreamRef {
        project: ProjectId::parse("PAY").unwrap(),
        kind: StreamKind::Issue,
        id: Uuid::from_u128(n).to_string().into(),
    }
}

pub(crate) fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

pub(crate) fn filed() -> IssueEvent {
    IssueEvent::IssueFiled {
        id: IssueId(Uuid::from_u128(1)),
        title: Title::parse("Card payments fail").unwrap(),
        source: Source { kind: Fact::NotKnown, raised_by: RaisedBy::Person("zoe".parse().unwrap()), reference: None },
        report: Report::default(),
        reported_severity: None,
        component: None,
    }
}

pub(crate) fn triaged(severity: &str) -> IssueEvent {
    IssueEvent::IssueTriaged {
        level: Known(Level::CodeOrData),
        nature: Some(Nature::Bug),
        severity: Known(severity.parse().unwrap()),
        component: None,
        team: Known("payments".parse().unwrap()),
    }
}

pub(crate) fn accepted() -> IssueEvent {
    IssueEvent::IssueAccepted { assignee: Known("ada".parse().unwrap()), report_owed: false }
}

pub(crate) fn resolved() -> IssueEvent {
    IssueEvent::IssueResolved { fix: Known(Fix::Code(CodeFix::default())) }
}

pub(crate) fn verified() -> IssueEvent {
    IssueEvent::IssueVerified {
        confirmed_by: Known("zoe".parse().unwrap()),
        capacity: Fact::NotKnown,
        self_verified: false,
    }
}

pub(crate) fn workaround() -> IssueEvent {
    IssueEvent::WorkaroundRecorded { text: text("Pay by invoice") }
}

pub(crate) fn assigned(person: &str) -> IssueEvent {
    IssueEvent::IssueAssigned { assignee: Some(person.parse().unwrap()) }
}

pub(crate) fn severity(to: &str) -> IssueEvent {
    IssueEvent::SeverityChanged { from: Fact::NotKnown, to: to.parse().unwrap(), reason: None }
}

pub(crate) fn commented() -> IssueEvent {
    IssueEvent::IssueCommented { text: text("Looking.") }
}
