//! The policies service: SLA policies of projects. It reads the log, so it is always fresh; only which issues there are comes from the view.

mod explain;
mod parse;
pub(crate) mod preview;
pub(crate) mod show;
mod trial;
pub(crate) mod walk;

use std::sync::Arc;

use api::errors::v1::Reason;
use api::policies::v1::policy_service_server::PolicyService;
use api::policies::v1::{
    AdoptPolicyRequest, AdoptPolicyResponse, ExplainTargetRequest, ExplainTargetResponse, GetPolicyRequest,
    GetPolicyResponse, ListPoliciesRequest, ListPoliciesResponse, PolicyVersion, PreviewPolicyRequest,
    PreviewPolicyResponse, TryPolicyRequest, TryPolicyResponse,
};
use commands::{Commands, Environment};
use domain::Rejection;
use domain::ids::ProjectId;
use domain::policy::{Draft, Policy};
use domain::project::{Command, Project};
use futures::stream::BoxStream;
use jiff::Timestamp;
use prost::Message as _;
use tonic::{Request, Response, Status};

use crate::call::{Call, reply, token_at};
use crate::fields::Faults;
use crate::freshness::{AtLeast, Views};
use crate::limits::{PAGE_BYTES_MAX, PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
use crate::page::Binding;
use crate::status::Subject;
use crate::{mutations, projects, status};
use walk::Walk;

/// Serves `snaglog.policies.v1.PolicyService`.
pub(crate) struct Policies {
    pub(crate) commands: Arc<Commands>,
    pub(crate) views: Arc<Views>,
    /// Tells what is in force now.
    pub(crate) environment: Arc<dyn Environment>,
}

mutations! { policy: PolicyVersion; AdoptPolicyRequest -> AdoptPolicyResponse [expected_revision] []; }

#[tonic::async_trait]
impl PolicyService for Policies {
    type PreviewPolicyStream = BoxStream<'static, Result<PreviewPolicyResponse, Status>>;
    type TryPolicyStream = BoxStream<'static, Result<TryPolicyResponse, Status>>;

    async fn adopt_policy(
        &self,
        request: Request<AdoptPolicyRequest>,
    ) -> Result<Response<AdoptPolicyResponse>, Status> {
        let (message, mut call) = Call::open(request)?;
        let id = call.faults.required("project", &message.project, ProjectId::parse);
        let draft = parse::policy(&mut call.faults, message.policy.as_ref(), message.effective_from.as_ref());
        let (request, (id, draft)) = call.close(id.zip(draft))?;
        let done = self.commands.project(&id, Command::AdoptPolicy { draft }, request).await;
        let done = done.map_err(|error| status::command_error(&error, &subject(&id)))?;
        // The answer to a retry is the project of then: its last policy is this request's.
        let adopted = done.state.policies.latest();
        Ok(reply::<AdoptPolicyRequest, _>(&done, show::version(adopted)))
    }

    async fn preview_policy(
        &self,
        request: Request<PreviewPolicyRequest>,
    ) -> Result<Response<Self::PreviewPolicyStream>, Status> {
        let message = request.into_inner();
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, message.consistency.as_ref())?;
        let id = faults.required("project", &message.project, ProjectId::parse);
        let draft = parse::policy(&mut faults, message.policy.as_ref(), message.effective_from.as_ref());
        let (id, draft) = faults.finish(id.zip(draft))?;
        let project = projects::find(&self.commands, &id).await?.state;
        let now = self.environment.now();
        let policy = read(&project, draft, now)?;
        let walk = (!message.without_clocks).then(|| self.walk(&id, at_least));
        Ok(Response::new(preview::stream(project, policy, walk, now)))
    }

    async fn get_policy(&self, request: Request<GetPolicyRequest>) -> Result<Response<GetPolicyResponse>, Status> {
        let message = request.into_inner();
        let mut faults = Faults::default();
        let id = faults.required("project", &message.project, ProjectId::parse);
        let at = faults.time("at", message.at.as_ref());
        if message.version.is_some() && message.at.is_some() {
            faults.add("at", "must be left out where version is given");
        }
        let id = faults.finish(id)?;
        let found = projects::find(&self.commands, &id).await?;
        let policies = &found.state.policies;
        let now = self.environment.now();
        let policy = match message.version {
            Some(version) => policies.version(version).ok_or_else(|| unknown(&id, version))?,
            None => policies.in_force(at.unwrap_or(now)),
        };
        Ok(Response::new(GetPolicyResponse {
            policy: Some(show::version(policy)),
            in_force: policies.in_force(now).version == policy.version,
            consistency_token: token_at(&found.at),
        }))
    }

    async fn list_policies(
        &self,
        request: Request<ListPoliciesRequest>,
    ) -> Result<Response<ListPoliciesResponse>, Status> {
        let mut message = request.into_inner();
        let mut faults = Faults::default();
        let page_token = std::mem::take(&mut message.page_token);
        let size = std::mem::take(&mut message.page_size);
        let limit = faults.page_size("page_size", size, PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX) as usize;
        let id = faults.required("project", &message.project, ProjectId::parse);
        let id = faults.finish(id)?;
        message.project = id.to_string();
        let binding = Binding::of(&message);
        let before: Option<u32> = binding.cursor(&page_token)?;
        let found = projects::find(&self.commands, &id).await?;
        let policies = &found.state.policies;
        let mut answer = ListPoliciesResponse {
            in_force: policies.in_force(self.environment.now()).version,
            consistency_token: token_at(&found.at),
            ..ListPoliciesResponse::default()
        };
        let mut bytes = 0;
        for policy in policies.all().iter().rev().filter(|policy| before.is_none_or(|before| policy.version < before)) {
            let shown = show::version(policy);
            bytes += shown.encoded_len();
            if let (true, Some(last)) =
                (answer.policies.len() == limit || bytes > PAGE_BYTES_MAX, answer.policies.last())
            {
                answer.next_page_token = binding.token(&last.version)?;
                break;
            }
            answer.policies.push(shown);
        }
        Ok(Response::new(answer))
    }

    async fn explain_target(
        &self,
        request: Request<ExplainTargetRequest>,
    ) -> Result<Response<ExplainTargetResponse>, Status> {
        explain::explain(self, &request.into_inner()).await.map(Response::new)
    }

    async fn try_policy(&self, request: Request<TryPolicyRequest>) -> Result<Response<Self::TryPolicyStream>, Status> {
        let message = request.into_inner();
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, message.consistency.as_ref())?;
        let now = self.environment.now();
        let id = faults.required("project", &message.project, ProjectId::parse);
        let draft = parse::policy(&mut faults, message.policy.as_ref(), None);
        let window = trial::window(&mut faults, &message, now);
        let (id, draft) = faults.finish(id.zip(draft))?;
        let project = projects::find(&self.commands, &id).await?.state;
        let policy = read(&project, draft, now)?;
        let walk = self.walk(&id, at_least).and_since(window.since);
        Ok(Response::new(trial::stream(project, policy, walk, window, now)))
    }
}

impl Policies {
    fn walk(&self, id: &ProjectId, at_least: AtLeast) -> Walk {
        Walk::open(Arc::clone(&self.commands), &self.views, id, at_least)
    }
}

/// The policy as it would be adopted now.
fn read(project: &Project, draft: Draft, now: Timestamp) -> Result<Policy, Status> {
    let read = draft.read(project, now);
    read.map_err(|faults| status::refused(&Rejection::PolicyMalformed { faults }, &subject(&project.id)))
}

fn subject(id: &ProjectId) -> Subject {
    Subject(format!("projects/{id}"))
}

fn unknown(id: &ProjectId, version: u32) -> Status {
    let subject = Subject(format!("policies/{id}/{version}"));
    status::not_found(Reason::UnknownPolicy, &subject, "there is no policy of this version")
}
