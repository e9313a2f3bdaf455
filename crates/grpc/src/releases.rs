//! The releases service: what was deployed where. It reads the log, so it is always fresh.

use std::sync::Arc;

use ::commands::Commands;
use api::errors::v1::Reason;
use api::releases::v1::releases_service_server::ReleasesService;
use api::releases::v1::{
    Environment, GetReleaseRequest, GetReleaseResponse, RecordDeploymentRequest, RecordDeploymentResponse,
    RecordRollbackRequest, RecordRollbackResponse, Release,
};
use domain::ids::{ChangeId, IssueKey, ProjectId, ReleaseId};
use domain::release::{self, Command, Deployment};
use tonic::{Request, Response, Status};

use crate::call::{Call, Mutation, reply, token_at};
use crate::fields::{Faults, short, stamp};
use crate::limits::NAME_CHARS_MAX;
use crate::mutations;
use crate::status::{self, Subject};

/// Serves `snaglog.releases.v1.ReleasesService`.
pub(crate) struct Releases {
    pub(crate) commands: Arc<Commands>,
}

mutations! {
    release: Release;
    RecordDeploymentRequest -> RecordDeploymentResponse [expected_revision] [occurred_at];
    RecordRollbackRequest -> RecordRollbackResponse [expected_revision] [occurred_at];
}

#[tonic::async_trait]
impl ReleasesService for Releases {
    async fn record_deployment(
        &self,
        request: Request<RecordDeploymentRequest>,
    ) -> Result<Response<RecordDeploymentResponse>, Status> {
        let (message, mut call) = Call::open(request)?;
        let faults = &mut call.faults;
        let project = faults.required("project", &message.project, ProjectId::parse);
        let release = faults.required("release", &message.release, ReleaseId::parse);
        let environment = faults.required("environment", &message.environment, short(NAME_CHARS_MAX));
        let changes = faults.list("changes", &message.changes, ChangeId::parse);
        let issues = faults.list("issues", &message.issues, IssueKey::parse);
        let command = |(release, environment)| Command::RecordDeployment { release, environment, changes, issues };
        self.run(call, project.zip(release.zip(environment).map(command))).await
    }

    async fn record_rollback(
        &self,
        request: Request<RecordRollbackRequest>,
    ) -> Result<Response<RecordRollbackResponse>, Status> {
        let (message, mut call) = Call::open(request)?;
        let faults = &mut call.faults;
        let project = faults.required("project", &message.project, ProjectId::parse);
        let release = faults.required("release", &message.release, ReleaseId::parse);
        let environment = faults.required("environment", &message.environment, short(NAME_CHARS_MAX));
        let command = |(release, environment)| Command::RecordRollback { release, environment };
        self.run(call, project.zip(release.zip(environment).map(command))).await
    }

    async fn get_release(&self, request: Request<GetReleaseRequest>) -> Result<Response<GetReleaseResponse>, Status> {
        let message = request.into_inner();
        let mut faults = Faults::default();
        let project = faults.required("project", &message.project, ProjectId::parse);
        let release = faults.required("release", &message.release, ReleaseId::parse);
        let (project, release) = faults.finish(project.zip(release))?;
        let subject = subject(&project, &release);
        let found = self.commands.find_release(&project, &release).await;
        let found = found.map_err(|error| status::command_error(&error, &subject))?;
        let unknown =
            || status::not_found(Reason::UnknownRelease, &subject, "nothing was ever recorded of this release");
        let found = found.ok_or_else(unknown)?;
        let release = show(&project, &found.state);
        Ok(Response::new(GetReleaseResponse { release: Some(release), consistency_token: token_at(&found.at) }))
    }
}

impl Releases {
    async fn run<M>(&self, call: Call<M>, parsed: Option<(ProjectId, Command)>) -> Result<Response<M::Reply>, Status>
    where
        M: Mutation<Resource = Release>,
    {
        let (request, (project, command)) = call.close(parsed)?;
        let (Command::RecordDeployment { release, .. } | Command::RecordRollback { release, .. }) = &command;
        let subject = subject(&project, release);
        let done = self.commands.release(&project, command, request).await;
        let done = done.map_err(|error| status::command_error(&error, &subject))?;
        Ok(reply::<M, _>(&done, show(&project, &done.state)))
    }
}

fn subject(project: &ProjectId, release: &ReleaseId) -> Subject {
    Subject(format!("releases/{project}/{release}"))
}

fn show(project: &ProjectId, release: &release::Release) -> Release {
    let environment = |(name, deployment): (&Arc<str>, &Deployment)| {
        let (deployed, at) = match deployment {
            Deployment::Deployed { at } => (true, at),
            Deployment::RolledBack { at } => (false, at),
        };
        Environment { name: name.to_string(), deployed, since: Some(stamp(*at)) }
    };
    Release {
        id: release.id.to_string(),
        project: project.to_string(),
        changes: release.cargo.changes.iter().map(ToString::to_string).collect(),
        issues: release.cargo.issues.iter().map(ToString::to_string).collect(),
        environments: release.environments.iter().map(environment).collect(),
        revision: release.revision,
    }
}
