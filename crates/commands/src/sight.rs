//! All that one decision sees: its own stream, and what it needs of others.

use std::sync::Arc;

use domain::issue::Issue;
use domain::project::Project;
use domain::release::Release;
use domain::team::Team;
use domain::{Context, Decision, Rejection, StreamRef};
use event_log::{Expected, StreamId};
use jiff::Timestamp;

use crate::decider::Decider;
use crate::error::CommandError;
use crate::request::{Request, as_kept};
use crate::streams::{Need, Streams};
use crate::version::{Target, Version, guard, revision};

/// How new what a decision sees must be.
#[derive(Debug, Default)]
pub(crate) struct Freshness {
    /// Everything is read again, as it is after a barrier.
    pub(crate) latest: bool,
    /// Streams that are known to have moved, with the revision they are known to have.
    pub(crate) moved: Vec<(StreamId, u64)>,
}

impl Freshness {
    fn of(&self, target: &Target) -> Need {
        let moved = self.moved.iter().find(|(name, _)| *name == target.name);
        match moved {
            _ if self.latest => Need::Latest,
            Some(&(_, revision)) => Need::AtLeast(revision),
            None => Need::AtLeast(0),
        }
    }

    /// Notes that a stream has moved.
    pub(crate) fn raise(&mut self, stream: StreamId, actual: u64) {
        match self.moved.iter_mut().find(|(name, _)| *name == stream) {
            Some((_, revision)) => *revision = actual.max(*revision),
            None => self.moved.push((stream, actual)),
        }
    }
}

/// All that one decision sees.
pub(crate) struct Sight<D> {
    pub(crate) own: Option<Arc<Version<D>>>,
    project: Option<Arc<Version<Project>>>,
    team: Option<Arc<Version<Team>>>,
    release: Option<Arc<Version<Release>>>,
    other: Option<Arc<Version<Issue>>>,
    /// The streams that must not have moved when the decision is admitted.
    pub(crate) guards: Vec<Expected>,
}

impl<D: Decider> Sight<D> {
    /// Looks at all that the command's decision rests on.
    pub(crate) async fn look(
        streams: &Streams,
        target: &Target,
        command: &D::Command,
        freshness: &Freshness,
    ) -> Result<Self, CommandError> {
        let unseen = D::creates(command) && !freshness.latest && freshness.moved.is_empty();
        let own = if unseen {
            streams.remembered.get(&target.stream)
        } else {
            streams.load(target, freshness.of(target)).await?
        };
        let state = own.as_deref().map(|version| &*version.state);
        let needs = D::needs(state, command);
        let mut sight = Self { own: None, project: None, team: None, release: None, other: None, guards: Vec::new() };
        let id = &target.stream.project;
        let project = Target::project(id);
        if project.stream != target.stream {
            sight.project = sight.rely(streams, project, freshness).await?;
        }
        if let Some(team) = &needs.team {
            sight.team = sight.rely(streams, Target::team(id, team), freshness).await?;
        }
        if let Some(release) = &needs.release {
            sight.release = sight.rely(streams, Target::release(id, release), freshness).await?;
        }
        if let Some(other) = needs.other {
            let other = Target::issue(id, other);
            sight.other = if other.stream == target.stream {
                streams.load(&other, freshness.of(&other)).await?
            } else {
                sight.rely(streams, other, freshness).await?
            };
        }
        sight.own = own;
        Ok(sight)
    }

    /// Looks at a stream, and guards it.
    async fn rely<O: Decider>(
        &mut self,
        streams: &Streams,
        target: Target,
        freshness: &Freshness,
    ) -> Result<Option<Arc<Version<O>>>, CommandError> {
        let version = streams.load(&target, freshness.of(&target)).await?;
        self.guards.push(guard(target, version.as_deref()));
        Ok(version)
    }

    /// What the command leads to on what is seen here, or why it leads to nothing.
    pub(crate) fn decide(
        &self,
        stream: &StreamRef,
        command: D::Command,
        request: &Request,
        now: Timestamp,
    ) -> Result<Decision<D::Event>, CommandError> {
        let actual = revision(self.own.as_deref());
        if let Some(expected) = request.expected_revision
            && expected != actual
        {
            return Err(CommandError::Conflict { stream: stream.clone(), expected, actual });
        }
        let own = self.own.as_deref().map(|version| &*version.state);
        let context = Context {
            actor: &request.actor,
            now,
            occurred_at: request.occurred_at.map(as_kept),
            late_reason: request.late_reason.as_ref(),
            origin: request.origin.as_ref(),
            project_id: &stream.project,
            project: D::as_project(own).or(self.project.as_deref().map(|version| &*version.state)),
            team: self.team.as_deref().map(|version| &*version.state),
            release: self.release.as_deref().map(|version| &*version.state),
            other: self.other.as_deref().map(|version| &*version.state),
        };
        D::decide(own, command, &context).map_err(|rejection: Rejection| CommandError::Rejected(rejection))
    }
}
