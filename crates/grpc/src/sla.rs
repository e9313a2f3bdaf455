//! The SLA service: what was promised, and how it is kept.

mod due;
mod lists;
mod show;
mod window;

use std::sync::Arc;
use std::time::Duration;

use ::commands::{Commands, Environment};
use api::errors::v1::Reason;
use api::sla::v1::sla_service_server::SlaService;
use api::sla::v1::{
    self as proto, GetComplianceRequest, GetComplianceResponse, GetPausesRequest, GetPausesResponse, GetSlaRequest,
    GetSlaResponse, ListAtRiskRequest, ListAtRiskResponse, ListBreachesRequest, ListBreachesResponse, WatchDueRequest,
    WatchDueResponse,
};
use domain::ids::{IssueKey, ProjectId};
use futures::stream::BoxStream;
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};
use tonic_types::FieldViolation;
use views::flow::Step;
use views::sla::{Asked, Dimension, GetClocks, GetCompliance};

use crate::fields::Faults;
use crate::freshness::{AtLeast, Views};
use crate::identity::Caller;
use crate::limits::{SLA_DAYS_BY_DIMENSION_MAX, SUBSCRIBERS_MAX};

use crate::{projects, status};

/// Serves `snaglog.sla.v1.SlaService`.
pub(crate) struct Sla {
    commands: Arc<Commands>,
    views: Arc<Views>,
    /// Tells what is past its deadline now.
    environment: Arc<dyn Environment>,
    /// Whoever watches hears something so often at least.
    bookmark_every: Duration,
    /// One for each who watches what comes due.
    watchers: Arc<Semaphore>,
}

impl Sla {
    pub(crate) fn new(
        (commands, views): (Arc<Commands>, Arc<Views>),
        environment: Arc<dyn Environment>,
        bookmark_every: Duration,
    ) -> Self {
        let watchers = Arc::new(Semaphore::new(SUBSCRIBERS_MAX));
        Self { commands, views, environment, bookmark_every, watchers }
    }
}

#[tonic::async_trait]
impl SlaService for Sla {
    type WatchDueStream = BoxStream<'static, Result<WatchDueResponse, Status>>;

    async fn get_sla(&self, mut request: Request<GetSlaRequest>) -> Result<Response<GetSlaResponse>, Status> {
        let caller = Caller::attached(&mut request)?;
        let GetSlaRequest { key, consistency } = request.into_inner();
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, consistency.as_ref())?;
        let key = faults.required("key", &key, IssueKey::parse);
        let query = GetClocks { key: faults.finish(key)? };
        let (found, token) = self.views.ask(&query, &query.key.project, &at_least, caller.deadline).await?;
        let Some(live) = found else {
            projects::must_exist(&self.commands, &query.key.project).await?;
            return Err(status::not_found(
                Reason::NoSuchIssue,
                &crate::issues::subject(&query.key),
                "there is no such issue",
            ));
        };
        let sla = show::sla(&query.key, &live, self.environment.now(), &token);
        Ok(Response::new(GetSlaResponse { sla: Some(sla), consistency_token: token }))
    }

    async fn get_compliance(
        &self,
        mut request: Request<GetComplianceRequest>,
    ) -> Result<Response<GetComplianceResponse>, Status> {
        let caller = Caller::attached(&mut request)?;
        let GetComplianceRequest { project, window, by, step, consistency } = request.into_inner();
        let (mut faults, now) = (Faults::default(), self.environment.now());
        let at_least = AtLeast::parse(&mut faults, consistency.as_ref())?;
        let project = faults.required("project", &project, ProjectId::parse);
        let by = known_dimension(&mut faults, by);
        let step = known_step(&mut faults, step);
        let days = faults.within("window", |faults| window::days(faults, window.as_ref(), now));
        if let (Some(Some(_)), Some((since, until))) = (by, days)
            && until.since(since) > SLA_DAYS_BY_DIMENSION_MAX
        {
            let days = until.since(since);
            faults.add("window", format!("by a dimension has at most {SLA_DAYS_BY_DIMENSION_MAX} days, not {days}"));
        }
        let parsed = project.zip(by).zip(step).zip(days);
        let (((project, by), step), (since, until)) = faults.finish(parsed)?;
        let query = GetCompliance { project, asked: Asked { by, since, until, step }, now };
        let (found, token) = self.views.ask(&query, &query.project, &at_least, caller.deadline).await?;
        if found.cut {
            return Err(too_much("window"));
        }
        if found.compliance.lines.is_empty() {
            projects::must_exist(&self.commands, &query.project).await?;
        }
        let compliance = show::compliance(&query.project, &found.compliance, now, &token);
        Ok(Response::new(GetComplianceResponse { compliance: Some(compliance), consistency_token: token }))
    }

    async fn list_breaches(
        &self,
        request: Request<ListBreachesRequest>,
    ) -> Result<Response<ListBreachesResponse>, Status> {
        self.breaches(request).await
    }

    async fn list_at_risk(&self, request: Request<ListAtRiskRequest>) -> Result<Response<ListAtRiskResponse>, Status> {
        self.at_risk(request).await
    }

    async fn get_pauses(&self, request: Request<GetPausesRequest>) -> Result<Response<GetPausesResponse>, Status> {
        self.pauses(request).await
    }

    async fn watch_due(&self, request: Request<WatchDueRequest>) -> Result<Response<Self::WatchDueStream>, Status> {
        self.due(request).await
    }
}

fn known_dimension(faults: &mut Faults, by: i32) -> Option<Option<Dimension>> {
    let known = |by| match by {
        proto::Dimension::Unspecified => None,
        proto::Dimension::Severity => Some(Dimension::Severity),
        proto::Dimension::Team => Some(Dimension::Team),
        proto::Dimension::Component => Some(Dimension::Component),
        proto::Dimension::Source => Some(Dimension::Source),
        proto::Dimension::Customer => Some(Dimension::Customer),
    };
    if by == 0 { Some(None) } else { faults.choice("by", by, known).map(Some) }
}

fn known_step(faults: &mut Faults, step: i32) -> Option<Option<Step>> {
    let known = |step| match step {
        proto::TrendStep::Unspecified => None,
        proto::TrendStep::Day => Some(Step::Day),
        proto::TrendStep::Week => Some(Step::Week),
        proto::TrendStep::Month => Some(Step::Month),
    };
    if step == 0 { Some(None) } else { faults.choice("step", step, known).map(Some) }
}

/// There is more to read than an answer may cost.
fn too_much(field: &str) -> Status {
    let fault = "is too wide: there are too many values in it; ask for less time";
    status::invalid_fields(vec![FieldViolation::new(field, fault)], 0)
}
