//! What was breached, what is breached next, and who pauses: a page at a time.

use api::policies::v1::Clock;
use api::sla::v1::{
    GetPausesRequest, GetPausesResponse, ListAtRiskRequest, ListAtRiskResponse, ListBreachesRequest,
    ListBreachesResponse,
};
use domain::ids::{ComponentId, ProjectId, SeverityId, TeamId};
use tonic::{Request, Response, Status};
use views::row::Cursor;
use views::sla::{GetPauses, ListAtRisk, ListBreaches, Measured, Slice};

use super::{Sla, show, too_much};
use crate::fields::{Faults, stamp};
use crate::freshness::AtLeast;
use crate::identity::Caller;
use crate::limits::{PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX, SLA_DAYS_BY_DIMENSION_MAX};
use crate::page::Binding;
use crate::projects;
use crate::window::days;

impl Sla {
    pub(super) async fn breaches(
        &self,
        mut request: Request<ListBreachesRequest>,
    ) -> Result<Response<ListBreachesResponse>, Status> {
        let caller = Caller::attached(&mut request)?;
        let (mut message, mut faults) = (request.into_inner(), Faults::default());
        let at_least = AtLeast::parse(&mut faults, message.consistency.take().as_ref())?;
        let page_token = std::mem::take(&mut message.page_token);
        let size = std::mem::take(&mut message.page_size);
        let limit = faults.page_size("page_size", size, PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX);
        let project = faults.required("project", &message.project, ProjectId::parse);
        let clock = faults.maybe_choice("clock", message.clock, known_clock);
        let project = faults.finish(project)?;
        message.project = project.to_string();
        let (binding, now) = (Binding::of(&message), self.environment.now());
        let query = ListBreaches { project, clock, now, limit, after: binding.cursor::<Cursor>(&page_token)? };
        let (found, token) = self.views.ask(&query, &query.project, &at_least, caller.deadline).await?;
        if found.items.is_empty() {
            projects::must_exist(&self.commands, &query.project).await?;
        }
        Ok(Response::new(ListBreachesResponse {
            breaches: found.items.into_iter().map(show::breached).collect(),
            next_page_token: found.next.map(|next| binding.token(&next)).transpose()?.unwrap_or_default(),
            as_of: Some(stamp(now)),
            position: show::position(&token),
            consistency_token: token,
        }))
    }

    pub(super) async fn at_risk(
        &self,
        mut request: Request<ListAtRiskRequest>,
    ) -> Result<Response<ListAtRiskResponse>, Status> {
        let caller = Caller::attached(&mut request)?;
        let (mut message, mut faults) = (request.into_inner(), Faults::default());
        let at_least = AtLeast::parse(&mut faults, message.consistency.take().as_ref())?;
        let page_token = std::mem::take(&mut message.page_token);
        let size = std::mem::take(&mut message.page_size);
        let limit = faults.page_size("page_size", size, PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX);
        let project = faults.required("project", &message.project, ProjectId::parse);
        let of = Slice {
            severity: faults.optional("severity", &message.severity, SeverityId::parse).map(|id| id.shared()),
            team: faults.optional("team", &message.team, TeamId::parse).map(|id| id.shared()),
            component: faults.optional("component", &message.component, ComponentId::parse).map(|id| id.shared()),
        };
        let project = faults.finish(project)?;
        message.project = project.to_string();
        let (binding, now) = (Binding::of(&message), self.environment.now());
        let query = ListAtRisk { project, of, now, limit, after: binding.cursor::<Cursor>(&page_token)? };
        let (found, token) = self.views.ask(&query, &query.project, &at_least, caller.deadline).await?;
        if found.items.is_empty() {
            projects::must_exist(&self.commands, &query.project).await?;
        }
        Ok(Response::new(ListAtRiskResponse {
            clocks: found.items.into_iter().map(show::at_risk).collect(),
            next_page_token: found.next.map(|next| binding.token(&next)).transpose()?.unwrap_or_default(),
            as_of: Some(stamp(now)),
            more_untold: found.more_untold,
            position: show::position(&token),
            consistency_token: token,
        }))
    }

    pub(super) async fn pauses(
        &self,
        mut request: Request<GetPausesRequest>,
    ) -> Result<Response<GetPausesResponse>, Status> {
        let caller = Caller::attached(&mut request)?;
        let (mut message, mut faults) = (request.into_inner(), Faults::default());
        let at_least = AtLeast::parse(&mut faults, message.consistency.take().as_ref())?;
        let page_token = std::mem::take(&mut message.page_token);
        let size = std::mem::take(&mut message.page_size);
        let limit = faults.page_size("page_size", size, PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX);
        let project = faults.required("project", &message.project, ProjectId::parse);
        let now = self.environment.now();
        let window = message.window.unwrap_or_default();
        let days = faults.within("window", |faults| days(faults, window.since.as_ref(), window.until.as_ref(), now));
        if let Some((since, until)) = days
            && until.since(since) > SLA_DAYS_BY_DIMENSION_MAX
        {
            faults.add("window", format!("has at most {SLA_DAYS_BY_DIMENSION_MAX} days"));
        }
        let (project, (since, until)) = faults.finish(project.zip(days))?;
        message.project = project.to_string();
        let binding = Binding::of(&message);
        let after = binding.cursor::<Cursor>(&page_token)?;
        let query = GetPauses { project, since, until, limit, after };
        let (found, token) = self.views.ask(&query, &query.project, &at_least, caller.deadline).await?;
        if found.cut {
            return Err(too_much("window"));
        }
        if found.people.is_empty() {
            projects::must_exist(&self.commands, &query.project).await?;
        }
        Ok(Response::new(GetPausesResponse {
            people: if page_token.is_empty() { show::people(&found.people) } else { Vec::new() },
            suspicious: found.suspicious.iter().map(show::suspicion).collect(),
            next_page_token: found.next.map(|next| binding.token(&next)).transpose()?.unwrap_or_default(),
            since: Some(stamp(since.start())),
            until: Some(stamp(until.start())),
            position: show::position(&token),
            consistency_token: token,
        }))
    }
}

fn known_clock(clock: Clock) -> Option<Measured> {
    match clock {
        Clock::Unspecified => None,
        Clock::Accept => Some(Measured::Accept),
        Clock::Mitigate => Some(Measured::Mitigate),
        Clock::Resolve => Some(Measured::Resolve),
    }
}
