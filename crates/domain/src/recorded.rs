//! What was recorded: an event with its place, its time and its author.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::ids::{IssueKey, Malformed, PersonId, ProjectId};
use crate::issue::IssueEvent;
use crate::project::ProjectEvent;
use crate::release::ReleaseEvent;
use crate::team::TeamEvent;

/// Who acts: a person, or a system under an id of its own such as `system:deadlines`.
pub type Actor = PersonId;

/// Something that an imported history may not tell: then it is *not known*, never "none".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fact<T> {
    /// Told, or decided here.
    Known(T),
    /// An import did not tell it.
    NotKnown,
}

impl<T> Fact<T> {
    /// The value, where it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::NotKnown => None,
        }
    }
}

/// Where an imported fact comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The other system, such as `bugzilla`.
    pub system: Arc<str>,
    /// What the issue is called there, such as `446261`.
    pub reference: Arc<str>,
    /// True: the other system skipped this step, the importer added it. Left out of every measure.
    pub implied: bool,
    /// Who imported it. The record's actor is who did it there.
    pub imported_by: PersonId,
}

/// Kinds of streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StreamKind {
    /// A project's settings.
    Project,
    /// A team's members.
    Team,
    /// A release and where it is deployed.
    Release,
    /// An issue.
    Issue,
}

impl StreamKind {
    /// The name in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Team => "team",
            Self::Release => "release",
            Self::Issue => "issue",
        }
    }

    /// The kind by its name in the log.
    pub fn parse(name: &str) -> Result<Self, Malformed> {
        [Self::Project, Self::Team, Self::Release, Self::Issue]
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or(Malformed::Form { expected: "must be project, team, release or issue" })
    }
}

/// A stream of a project.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamRef {
    /// The project.
    pub project: ProjectId,
    /// What it is a stream of.
    pub kind: StreamKind,
    /// Unique within project and kind: an issue's UUID, a team's or a release's id, the project's own id.
    pub id: Arc<str>,
}

impl fmt::Display for StreamRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.kind.as_str(), self.project, self.id)
    }
}

/// An event of any kind of stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Of an issue.
    Issue(IssueEvent),
    /// Of a project.
    Project(ProjectEvent),
    /// Of a team.
    Team(TeamEvent),
    /// Of a release.
    Release(ReleaseEvent),
}

/// What the events of a kind of stream have in common.
pub trait EventKind: Clone + fmt::Debug + PartialEq + Into<Event> + Send + Sync + 'static {
    /// The kind of stream they belong to.
    const STREAM: StreamKind;
}

/// An event as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded<E = Event> {
    /// What happened.
    pub event: E,
    /// Where.
    pub stream: StreamRef,
    /// The stream's ordinal within (project, kind).
    pub ordinal: u64,
    /// The event's number within its stream, from 1.
    pub revision: u64,
    /// The event's number within its partition, from 1.
    pub position: u64,
    /// Who did it.
    pub actor: Actor,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it entered the log.
    pub recorded_at: Timestamp,
    /// Set on imported facts.
    pub origin: Option<Origin>,
}

impl<E> Recorded<E> {
    /// The key of the issue whose stream this is.
    pub fn key(&self) -> IssueKey {
        IssueKey { project: self.stream.project.clone(), ordinal: self.ordinal }
    }

    /// The same record of another event.
    pub fn map<F>(self, f: impl FnOnce(E) -> F) -> Recorded<F> {
        let Self { event, stream, ordinal, revision, position, actor, occurred_at, recorded_at, origin } = self;
        Recorded { event: f(event), stream, ordinal, revision, position, actor, occurred_at, recorded_at, origin }
    }
}

/// What a command led to: one event or more, and when they happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<E> {
    /// In order; never empty.
    pub events: Vec<E>,
    /// The command's own time, or the moment it was decided.
    pub occurred_at: Timestamp,
}

macro_rules! event_kinds {
    ($($kind:ident($event:ty))*) => {$(
        impl From<$event> for Event {
            fn from(event: $event) -> Self {
                Self::$kind(event)
            }
        }
        impl EventKind for $event {
            const STREAM: StreamKind = StreamKind::$kind;
        }
    )*};
}
event_kinds! { Issue(IssueEvent) Project(ProjectEvent) Team(TeamEvent) Release(ReleaseEvent) }
