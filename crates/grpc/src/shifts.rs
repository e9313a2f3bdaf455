//! The shifts service: who is on, when.

mod show;

use std::sync::Arc;

use ::commands::{Commands, Environment};
use api::shifts::v1::shifts_service_server::ShiftsService;
use api::shifts::v1::{
    EndShiftsRequest, EndShiftsResponse, GetOnShiftRequest, GetOnShiftResponse, HandOverShiftRequest,
    HandOverShiftResponse, ListShiftsRequest, ListShiftsResponse, PlanShiftsRequest, PlanShiftsResponse, ShiftPlan,
};
use domain::Rejection;
use domain::ids::{IssueKey, PersonId, ProjectId, TeamId};
use domain::issue::Command;
use tokio::time::Instant;
use tonic::{Request, Response, Status};
use views::row::Cursor;
use views::shifts::{ListPlans, PLANS_MAX, PlanFound, PlansFound};

use crate::call::{Call, Mutation, reply, token_at};
use crate::fields::{Faults, stamp};
use crate::freshness::{AtLeast, Views};
use crate::identity::Caller;
use crate::limits::PAGE_ROWS_DEFAULT;
use crate::page::Binding;
use crate::status;
use crate::{issues, mutations, projects};

/// Serves `snaglog.shifts.v1.ShiftsService`.
pub(crate) struct Shifts {
    pub(crate) commands: Arc<Commands>,
    pub(crate) views: Arc<Views>,
    /// Tells who is on now.
    pub(crate) environment: Arc<dyn Environment>,
}

mutations! {
    plan: ShiftPlan;
    HandOverShiftRequest -> HandOverShiftResponse [expected_revision] [];
    PlanShiftsRequest -> PlanShiftsResponse [expected_revision] [];
    EndShiftsRequest -> EndShiftsResponse [expected_revision] [];
}

#[tonic::async_trait]
impl ShiftsService for Shifts {
    async fn get_on_shift(
        &self,
        mut request: Request<GetOnShiftRequest>,
    ) -> Result<Response<GetOnShiftResponse>, Status> {
        let caller = Caller::attached(&mut request)?;
        let mut message = request.into_inner();
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, message.consistency.take().as_ref())?;
        let size = std::mem::take(&mut message.page_size);
        let limit = faults.page_size("page_size", size, PAGE_ROWS_DEFAULT, PLANS_MAX);
        let page_token = std::mem::take(&mut message.page_token);
        let key = faults.optional("key", &message.key, IssueKey::parse);
        let project = faults.optional("project", &message.project, ProjectId::parse);
        let team = faults.optional("team", &message.team, TeamId::parse);
        match (message.key.is_empty(), message.project.is_empty()) {
            (true, true) => faults.add("key", "is required, or a project"),
            (false, false) => faults.add("project", "must be left out where key is given"),
            _ => {}
        }
        let of = key.map(Of::Issue).or(project.map(Of::Project));
        let project = match faults.finish(of)? {
            Of::Issue(key) => return self.of_issue(&key).await,
            Of::Project(project) => project,
        };
        let binding = Binding::of(&message);
        let after = binding.cursor::<Cursor>(&page_token)?;
        let query = ListPlans { project, team, after, limit };
        let (found, next_page_token, consistency_token) =
            self.page(query, &binding, (&at_least, caller.deadline)).await?;
        let now = self.environment.now();
        let on = found.iter().map(|found| show::on(&found.issue, &found.plan, now)).collect();
        Ok(Response::new(GetOnShiftResponse { at: Some(stamp(now)), on, next_page_token, consistency_token }))
    }

    async fn list_shifts(
        &self,
        mut request: Request<ListShiftsRequest>,
    ) -> Result<Response<ListShiftsResponse>, Status> {
        let caller = Caller::attached(&mut request)?;
        let mut message = request.into_inner();
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, message.consistency.take().as_ref())?;
        let size = std::mem::take(&mut message.page_size);
        let limit = faults.page_size("page_size", size, PAGE_ROWS_DEFAULT, PLANS_MAX);
        let page_token = std::mem::take(&mut message.page_token);
        let project = faults.required("project", &message.project, ProjectId::parse);
        let team = faults.optional("team", &message.team, TeamId::parse);
        let project = faults.finish(project)?;
        let binding = Binding::of(&message);
        let after = binding.cursor::<Cursor>(&page_token)?;
        let query = ListPlans { project, team, after, limit };
        let (found, next_page_token, consistency_token) =
            self.page(query, &binding, (&at_least, caller.deadline)).await?;
        let plans = found.iter().map(|found| show::plan(&found.issue, &found.plan)).collect();
        Ok(Response::new(ListShiftsResponse { plans, next_page_token, consistency_token }))
    }

    async fn hand_over_shift(
        &self,
        request: Request<HandOverShiftRequest>,
    ) -> Result<Response<HandOverShiftResponse>, Status> {
        let (message, mut call) = Call::open(request)?;
        let key = call.faults.required("key", &message.key, IssueKey::parse);
        let shift = call.faults.time("shift", message.shift.as_ref());
        let to = call.faults.required("to", &message.to, PersonId::parse);
        let command = to.map(|to| Command::HandOverShift { shift, to });
        self.command(call, key.zip(command)).await
    }

    async fn plan_shifts(&self, request: Request<PlanShiftsRequest>) -> Result<Response<PlanShiftsResponse>, Status> {
        let (message, mut call) = Call::open(request)?;
        let key = call.faults.required("key", &message.key, IssueKey::parse);
        self.command(call, key.zip(Some(Command::PlanShifts))).await
    }

    async fn end_shifts(&self, request: Request<EndShiftsRequest>) -> Result<Response<EndShiftsResponse>, Status> {
        let (message, mut call) = Call::open(request)?;
        let key = call.faults.required("key", &message.key, IssueKey::parse);
        self.command(call, key.zip(Some(Command::EndShifts))).await
    }
}

impl Shifts {
    /// Does a command to an issue's shifts, and answers its plan.
    async fn command<M>(&self, call: Call<M>, parsed: Option<(IssueKey, Command)>) -> Result<Response<M::Reply>, Status>
    where
        M: Mutation<Resource = ShiftPlan>,
    {
        let (request, (key, command)) = call.close(parsed)?;
        let subject = issues::subject(&key);
        let done = self.commands.issue(&key, command, request).await;
        let done = done.map_err(|error| status::command_error(&error, &subject))?;
        // A repeated request is answered as it was, and so was a plan there.
        let none = || ShiftPlan { key: key.to_string(), ..ShiftPlan::default() };
        let plan = done.state.shifts.as_ref().map_or_else(none, |standing| show::plan(&key, &standing.plan));
        Ok(reply::<M, _>(&done, plan))
    }

    async fn of_issue(&self, key: &IssueKey) -> Result<Response<GetOnShiftResponse>, Status> {
        let subject = issues::subject(key);
        let found = self.commands.find_issue(key).await;
        let found = found.map_err(|error| status::command_error(&error, &subject))?;
        let found = found.ok_or_else(|| status::refused(&Rejection::NoSuchIssue, &subject))?;
        let Some(standing) = &found.state.shifts else {
            return Err(status::refused(&Rejection::NoShifts, &subject));
        };
        let now = self.environment.now();
        Ok(Response::new(GetOnShiftResponse {
            at: Some(stamp(now)),
            on: vec![show::on(key, &standing.plan, now)],
            next_page_token: String::new(),
            consistency_token: token_at(&found.at),
        }))
    }

    /// A page of plans, the token of the next, and that of what the answer shows.
    async fn page(
        &self,
        query: ListPlans,
        binding: &Binding,
        (at_least, deadline): (&AtLeast, Instant),
    ) -> Result<(Vec<PlanFound>, String, String), Status> {
        projects::must_exist(&self.commands, &query.project).await?;
        let (found, token) = self.views.ask(&query, &query.project, at_least, deadline).await?;
        let PlansFound { plans, next } = found;
        let next = next.map(|cursor| binding.token(&cursor)).transpose()?.unwrap_or_default();
        Ok((plans, next, token))
    }
}

/// Of what it is asked who is on.
enum Of {
    Issue(IssueKey),
    Project(ProjectId),
}
