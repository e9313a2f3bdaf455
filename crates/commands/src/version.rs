//! A stream's state as of one revision.

use std::sync::Arc;

use domain::{EventKind, StreamKind, StreamRef, ids};
use event_log::{Expected, Leaf, StreamId};

use crate::decider::Decider;
use crate::request::{Done, Found, Place};

/// A stream by both of its names.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// As the domain names it.
    pub(crate) stream: StreamRef,
    /// As the log names it.
    pub(crate) name: StreamId,
}

impl Target {
    fn new(project: &ids::ProjectId, kind: StreamKind, id: Arc<str>) -> Self {
        let stream = StreamRef { project: project.clone(), kind, id };
        Self { name: codec::stream_id(&stream), stream }
    }

    /// The stream of a project's settings.
    pub(crate) fn project(project: &ids::ProjectId) -> Self {
        Self::new(project, StreamKind::Project, project.as_str().into())
    }

    /// The stream of a team's members.
    pub(crate) fn team(project: &ids::ProjectId, team: &ids::TeamId) -> Self {
        Self::new(project, StreamKind::Team, team.as_str().into())
    }

    /// The stream of a release's deployments.
    pub(crate) fn release(project: &ids::ProjectId, release: &ids::ReleaseId) -> Self {
        Self::new(project, StreamKind::Release, release.as_str().into())
    }

    /// An issue's stream.
    pub(crate) fn issue(project: &ids::ProjectId, issue: ids::IssueId) -> Self {
        let mut buffer = uuid::Uuid::encode_buffer();
        let id: &str = issue.0.hyphenated().encode_lower(&mut buffer);
        Self::new(project, StreamKind::Issue, id.into())
    }
}

/// A stream's state as of one revision. It never changes; the next event makes another one.
#[derive(Debug)]
pub(crate) struct Version<D> {
    pub(crate) state: Arc<D>,
    pub(crate) revision: u64,
    pub(crate) last: Last,
}

/// Where a stream's last event is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Last {
    pub(crate) partition: u32,
    pub(crate) position: u64,
    pub(crate) leaf: Leaf,
}

impl Last {
    pub(crate) fn place(self, stream: &StreamRef) -> Place {
        let Self { partition, position, leaf } = self;
        Place { partition, position, leaf, stream: stream.clone() }
    }
}

impl<D> Version<D> {
    pub(crate) fn done(&self, stream: &StreamRef, replayed: bool) -> Done<D> {
        Done { state: Arc::clone(&self.state), revision: self.revision, at: self.last.place(stream), replayed }
    }

    pub(crate) fn found(&self, stream: &StreamRef) -> Found<D> {
        Found { state: Arc::clone(&self.state), revision: self.revision, at: self.last.place(stream) }
    }
}

/// The revision of a stream, 0 where it does not exist.
pub(crate) fn revision<D>(version: Option<&Version<D>>) -> u64 {
    version.map_or(0, |version| version.revision)
}

/// A stream that a decision relies on, at the revision it saw.
pub(crate) fn guard<D: Decider>(target: Target, version: Option<&Version<D>>) -> Expected {
    debug_assert_eq!(target.stream.kind, <D::Event as EventKind>::STREAM, "a guard is of its state's stream");
    Expected { stream: target.name, revision: revision(version) }
}
