//! The commands, by the streams they go to.

use std::fmt;
use std::sync::Arc;

use domain::ids::{ComponentId, IssueId, IssueKey, ProjectId, ReleaseId, TeamId};
use domain::issue::{self, FileIssue, Issue};
use domain::project::{self, Project};
use domain::release::{self, Release};
use domain::team::{self, Team};
use domain::{Origin, Rejection, StreamKind};
use event_log::{EventLog, LogError};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::cache::Remembered;
use crate::decider::Decider;
use crate::derived;
use crate::error::CommandError;
use crate::request::{Done, Environment, Found, Options, Request, with_times_as_kept};
use crate::run::Runner;
use crate::streams::{Need, Streams};
use crate::turns::Turns;
use crate::version::Target;

/// Does commands on a log. One for each log and process; shared by all calls.
pub struct Commands {
    runner: Runner,
}

impl Commands {
    /// Commands on this log, with the clock, ids and randomness of this environment.
    pub fn new(log: Arc<dyn EventLog>, environment: Arc<dyn Environment>, options: Options) -> Self {
        let streams = Streams { log, remembered: Remembered::new(options) };
        Self { runner: Runner { streams, environment, turns: Turns::new() } }
    }

    /// The id of the issue that this request files: see the crate's doc.
    pub fn issue_id(project: &ProjectId, request_id: Uuid) -> IssueId {
        derived::issue_id(project, request_id)
    }

    /// The id of the issue that is imported from another system, where it is called `reference`: see the crate's doc.
    pub fn imported_issue_id(project: &ProjectId, system: &str, reference: &str) -> IssueId {
        derived::imported_issue_id(project, system, reference)
    }

    /// Files an issue. Its id follows from project and request id, whatever id the filing carries: a repeated filing finds itself.
    pub async fn file_issue(
        &self,
        project: &ProjectId,
        filing: FileIssue,
        request: Request,
    ) -> Result<Done<Issue>, CommandError> {
        let id = Self::issue_id(project, request.id);
        let command = issue::Command::FileIssue(FileIssue { id, ..filing });
        self.run_issue(project, id, command, request).await
    }

    /// Does a command to the issue with this key.
    pub async fn issue(
        &self,
        key: &IssueKey,
        command: issue::Command,
        request: Request,
    ) -> Result<Done<Issue>, CommandError> {
        match self.find_issue_id(key).await? {
            Some(id) => self.run_issue(&key.project, id, command, request).await,
            None => Err(CommandError::NotFound { key: key.clone() }),
        }
    }

    /// Records a fact of an issue's history in another system. `origin` says where the issue comes from, and so which issue it is here; the filing
    /// is its first fact. A component that the project lacks is added to it first, by who imports.
    pub async fn imported_issue(
        &self,
        project: &ProjectId,
        origin: Origin,
        command: issue::Command,
        request: Request,
    ) -> Result<Done<Issue>, CommandError> {
        let id = Self::imported_issue_id(project, &origin.system, &origin.reference);
        let command = match command {
            issue::Command::FileIssue(filing) => issue::Command::FileIssue(FileIssue { id, ..filing }),
            command => command,
        };
        let request = Request { origin: Some(origin.clone()), ..request };
        match self.run_issue(project, id, command.clone(), request.clone()).await {
            Err(CommandError::Rejected(Rejection::UnknownComponent { component })) => {
                self.add_imported_component(project, component, &origin, &request).await?;
                self.run_issue(project, id, command, request).await
            }
            answer => answer,
        }
    }

    /// Does a command to a project.
    pub async fn project(
        &self,
        id: &ProjectId,
        command: project::Command,
        request: Request,
    ) -> Result<Done<Project>, CommandError> {
        self.runner.run(&Target::project(id), &command, &request).await
    }

    /// Does a command to a team of a project.
    pub async fn team(
        &self,
        project: &ProjectId,
        command: team::Command,
        request: Request,
    ) -> Result<Done<Team>, CommandError> {
        self.runner.run(&Target::team(project, command.team()), &command, &request).await
    }

    /// Does a command to a release of a project.
    pub async fn release(
        &self,
        project: &ProjectId,
        command: release::Command,
        request: Request,
    ) -> Result<Done<Release>, CommandError> {
        let (release::Command::RecordDeployment { release, .. } | release::Command::RecordRollback { release, .. }) =
            &command;
        self.runner.run(&Target::release(project, release), &command, &request).await
    }

    /// The project as of all that was acknowledged before this call; `None` where there is none.
    pub async fn find_project(&self, id: &ProjectId) -> Result<Option<Found<Project>>, CommandError> {
        self.find(&Target::project(id)).await
    }

    /// The team as of all that was acknowledged before this call; `None` where nobody was ever in it.
    pub async fn find_team(&self, project: &ProjectId, team: &TeamId) -> Result<Option<Found<Team>>, CommandError> {
        self.find(&Target::team(project, team)).await
    }

    /// The release as of all that was acknowledged before this call; `None` where nothing was ever recorded of it.
    pub async fn find_release(
        &self,
        project: &ProjectId,
        release: &ReleaseId,
    ) -> Result<Option<Found<Release>>, CommandError> {
        self.find(&Target::release(project, release)).await
    }

    /// The issue as of all that was acknowledged before this call; `None` where no issue has this key.
    pub async fn find_issue(&self, key: &IssueKey) -> Result<Option<Found<Issue>>, CommandError> {
        match self.find_issue_id(key).await? {
            Some(id) => self.find(&Target::issue(&key.project, id)).await,
            None => Ok(None),
        }
    }

    /// The issue that was imported from another system, as of all that was acknowledged before this call; `None` where it was not.
    pub async fn find_imported_issue(
        &self,
        project: &ProjectId,
        system: &str,
        reference: &str,
    ) -> Result<Option<Found<Issue>>, CommandError> {
        let id = Self::imported_issue_id(project, system, reference);
        self.find(&Target::issue(project, id)).await
    }

    /// Which issue has this key; `None` where none had when this was called.
    pub async fn find_issue_id(&self, key: &IssueKey) -> Result<Option<IssueId>, CommandError> {
        let streams = &self.runner.streams;
        if let Some(id) = streams.remembered.issue_id(key) {
            return Ok(Some(id));
        }
        let mut found = self.find_key(key).await?;
        if found.is_none() {
            streams.barrier(&Target::project(&key.project)).await?;
            found = self.find_key(key).await?;
        }
        if let Some(id) = found {
            streams.remembered.put_key(key.clone(), id);
        }
        Ok(found)
    }

    /// How much memory is used for what is remembered, in bytes as estimated. Never more than [`Options::cache_bytes`].
    pub fn cache_bytes(&self) -> u64 {
        self.runner.streams.remembered.bytes()
    }

    async fn find_key(&self, key: &IssueKey) -> Result<Option<IssueId>, CommandError> {
        let kind = StreamKind::Issue.as_str();
        let log = &self.runner.streams.log;
        let found = log.find_ordinal(key.project.as_str(), kind, key.ordinal).await.map_err(CommandError::Log)?;
        let Some(name) = found else { return Ok(None) };
        let id = Uuid::try_parse(&name.id).map_err(|_| {
            let reason = format!("{} is not named by a UUID", event_log::StreamName(&name));
            CommandError::Log(LogError::DataLoss { reason })
        })?;
        Ok(Some(IssueId(id)))
    }

    async fn find<D: Decider>(&self, target: &Target) -> Result<Option<Found<D>>, CommandError> {
        let streams = &self.runner.streams;
        streams.barrier(target).await?;
        let version = streams.load::<D>(target, Need::Latest).await?;
        Ok(version.map(|version| version.found(&target.stream)))
    }

    async fn run_issue(
        &self,
        project: &ProjectId,
        id: IssueId,
        command: issue::Command,
        request: Request,
    ) -> Result<Done<Issue>, CommandError> {
        let command = with_times_as_kept(command);
        let done = self.runner.run::<Issue>(&Target::issue(project, id), &command, &request).await?;
        if done.state.revision == 1 {
            self.runner.streams.remembered.put_key(done.state.key.clone(), id);
        }
        Ok(done)
    }

    /// Adds a component because an import names it. Whoever imports, it is the same request, so that two that import at once add it once: the
    /// importer's name is not in its fingerprint.
    async fn add_imported_component(
        &self,
        project: &ProjectId,
        component: ComponentId,
        origin: &Origin,
        request: &Request,
    ) -> Result<(), CommandError> {
        let mut content = Sha256::new();
        for part in ["snaglog.commands.AddImportedComponent", project.as_str(), component.as_str()] {
            content.update((part.len() as u64).to_be_bytes());
            content.update(part.as_bytes());
        }
        let request = Request {
            id: derived::component_request_id(project, &component),
            fingerprint: content.finalize().into(),
            actor: origin.imported_by.clone(),
            expected_revision: None,
            occurred_at: None,
            late_reason: None,
            origin: None,
            traceparent: request.traceparent.clone(),
        };
        let command = project::Command::AddComponent { component, owner: None };
        match self.project(project, command, request).await {
            Ok(_) | Err(CommandError::Rejected(Rejection::ComponentExists { .. })) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl fmt::Debug for Commands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commands").finish_non_exhaustive()
    }
}
