//! The SLA service: what was promised, and how it is kept.

mod audit;
mod due;
mod lists;
mod show;
mod story;

use std::sync::Arc;
use std::time::Duration;

use ::commands::{Commands, Environment};
use api::errors::v1::Reason;
use api::sla::v1::sla_service_server::SlaService;
use api::sla::v1::{
    self as proto, ExplainSlaRequest, ExplainSlaResponse, GetComplianceRequest, GetComplianceResponse,
    GetPausesRequest, GetPausesResponse, GetSlaRequest, GetSlaResponse, ListAtRiskRequest, ListAtRiskResponse,
    ListBreachesRequest, ListBreachesResponse, RecomputeComplianceRequest, RecomputeComplianceResponse,
    WatchDueRequest, WatchDueResponse,
};
use audit::{Auditor, Back, Counting};
use domain::clocks::explain;
use domain::ids::{IssueKey, ProjectId};
use event_log::EventLog;
use futures::stream::{BoxStream, StreamExt as _, try_unfold};
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};
use tonic_types::FieldViolation;
use views::flow::Step;
use views::sla::{Asked, Dimension, GetClocks, GetCompliance};

use crate::fields::Faults;
use crate::freshness::{AtLeast, Views};
use crate::identity::Caller;
use crate::limits::{SLA_DAYS_BY_DIMENSION_MAX, SUBSCRIBERS_MAX};
use crate::window::days;
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
    /// Looks back.
    auditor: Auditor,
}

impl Sla {
    pub(crate) fn new(
        (commands, views, log): (Arc<Commands>, Arc<Views>, Arc<dyn EventLog>),
        environment: Arc<dyn Environment>,
        bookmark_every: Duration,
    ) -> Self {
        let watchers = Arc::new(Semaphore::new(SUBSCRIBERS_MAX));
        Self { commands, views, environment, bookmark_every, watchers, auditor: Auditor::new(log) }
    }
}

#[tonic::async_trait]
impl SlaService for Sla {
    type RecomputeComplianceStream = BoxStream<'static, Result<RecomputeComplianceResponse, Status>>;
    type WatchDueStream = BoxStream<'static, Result<WatchDueResponse, Status>>;

    async fn get_sla(&self, mut request: Request<GetSlaRequest>) -> Result<Response<GetSlaResponse>, Status> {
        let caller = Caller::attached(&mut request)?;
        let GetSlaRequest { key, consistency, look_back } = request.into_inner();
        let (mut faults, now) = (Faults::default(), self.environment.now());
        let at_least = AtLeast::parse(&mut faults, consistency.as_ref())?;
        let key = faults.required("key", &key, IssueKey::parse);
        let back = look_back.as_ref().map(|asked| Back::parse(&mut faults, asked, now));
        let key = faults.finish(key.filter(|_| back != Some(None)))?;
        if let Some(back) = back.flatten() {
            return self.sla_then(&key, back, now).await;
        }
        let query = GetClocks { key };
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
        let GetComplianceRequest { project, window, by, step, consistency, look_back } = request.into_inner();
        let now = self.environment.now();
        if let Some(look_back) = look_back {
            let request = RecomputeComplianceRequest { project, window, by, step, look_back: Some(look_back) };
            return self.compliance_then(request, now).await;
        }
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, consistency.as_ref())?;
        let project = faults.required("project", &project, ProjectId::parse);
        let asked = asked(&mut faults, (window.as_ref(), by, step), now);
        let (project, asked) = faults.finish(project.zip(asked))?;
        let query = GetCompliance { project, asked, now };
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

    async fn recompute_compliance(
        &self,
        request: Request<RecomputeComplianceRequest>,
    ) -> Result<Response<Self::RecomputeComplianceStream>, Status> {
        let permit = Arc::clone(&self.watchers).try_acquire_owned();
        let permit = permit.map_err(|_| status::too_many_watchers(SUBSCRIBERS_MAX))?;
        let counting = self.counting(request.into_inner(), self.environment.now()).await?;
        let told = try_unfold(Some((counting, permit)), |state| async move {
            let Some((mut counting, permit)) = state else { return Ok(None) };
            let more = counting.step().await?;
            let told = counting.progress();
            if more {
                return Ok::<_, Status>(Some((told, Some((counting, permit)))));
            }
            let compliance = Some(counting.answer());
            Ok(Some((RecomputeComplianceResponse { compliance, ..told }, None)))
        });
        Ok(Response::new(told.boxed()))
    }

    async fn explain_sla(&self, request: Request<ExplainSlaRequest>) -> Result<Response<ExplainSlaResponse>, Status> {
        let ExplainSlaRequest { key, look_back } = request.into_inner();
        let (mut faults, now) = (Faults::default(), self.environment.now());
        let key = faults.required("key", &key, IssueKey::parse);
        let back = look_back.as_ref().map(|asked| Back::parse(&mut faults, asked, now));
        let key = faults.finish(key.filter(|_| back != Some(None)))?;
        let sight = self.auditor.sight(&key.project, back.flatten(), now).await?;
        let live = self.auditor.live(&key, &sight).await?;
        let (_, told) = explain(&live.ledger, &live.project.terms(), sight.instant);
        Ok(Response::new(ExplainSlaResponse {
            sla: Some(show::sla(&key, &live, sight.instant, &sight.token)),
            stories: story::stories(&told),
            consistency_token: sight.token,
        }))
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

impl Sla {
    async fn sla_then(&self, key: &IssueKey, back: Back, now: Timestamp) -> Result<Response<GetSlaResponse>, Status> {
        let sight = self.auditor.sight(&key.project, Some(back), now).await?;
        let live = self.auditor.live(key, &sight).await?;
        let sla = Some(show::sla(key, &live, sight.instant, &sight.token));
        Ok(Response::new(GetSlaResponse { sla, consistency_token: sight.token }))
    }

    async fn compliance_then(
        &self,
        request: RecomputeComplianceRequest,
        now: Timestamp,
    ) -> Result<Response<GetComplianceResponse>, Status> {
        let mut counting = self.counting(request, now).await?;
        while counting.step().await? {}
        let compliance = counting.answer();
        let consistency_token = counting.token();
        Ok(Response::new(GetComplianceResponse { compliance: Some(compliance), consistency_token }))
    }

    async fn counting(&self, request: RecomputeComplianceRequest, now: Timestamp) -> Result<Counting, Status> {
        let RecomputeComplianceRequest { project, window, by, step, look_back } = request;
        let mut faults = Faults::default();
        let project = faults.required("project", &project, ProjectId::parse);
        let back = look_back.as_ref().map(|asked| Back::parse(&mut faults, asked, now));
        let end = back.flatten().and_then(|back| back.instant()).unwrap_or(now);
        let asked_then = asked(&mut faults, (window.as_ref(), by, step), end);
        let (project, _) = faults.finish(project.zip(asked_then).filter(|_| back != Some(None)))?;
        let sight = self.auditor.sight(&project, back.flatten(), now).await?;
        // A window that says no end ends then.
        let mut faults = Faults::default();
        let asked = asked(&mut faults, (window.as_ref(), by, step), sight.instant);
        let asked = faults.finish(asked)?;
        Ok(self.auditor.count(project, asked, sight))
    }
}

/// What is asked of compliance; a window that says no end ends at `now`.
fn asked(
    faults: &mut Faults,
    (window, by, step): (Option<&proto::ComplianceWindow>, i32, i32),
    now: Timestamp,
) -> Option<Asked> {
    let by = faults.maybe_choice("by", by, known_dimension);
    let step = faults.maybe_choice("step", step, known_step);
    let window = window.copied().unwrap_or_default();
    let days = faults.within("window", |faults| days(faults, window.since.as_ref(), window.until.as_ref(), now));
    if let (Some(_), Some((since, until))) = (by, days)
        && until.since(since) > SLA_DAYS_BY_DIMENSION_MAX
    {
        let days = until.since(since);
        faults.add("window", format!("by a dimension has at most {SLA_DAYS_BY_DIMENSION_MAX} days, not {days}"));
    }
    let (since, until) = days?;
    Some(Asked { by, since, until, step })
}

fn known_dimension(by: proto::Dimension) -> Option<Dimension> {
    match by {
        proto::Dimension::Unspecified => None,
        proto::Dimension::Severity => Some(Dimension::Severity),
        proto::Dimension::Team => Some(Dimension::Team),
        proto::Dimension::Component => Some(Dimension::Component),
        proto::Dimension::Source => Some(Dimension::Source),
        proto::Dimension::Customer => Some(Dimension::Customer),
    }
}

fn known_step(step: proto::TrendStep) -> Option<Step> {
    match step {
        proto::TrendStep::Unspecified => None,
        proto::TrendStep::Day => Some(Step::Day),
        proto::TrendStep::Week => Some(Step::Week),
        proto::TrendStep::Month => Some(Step::Month),
    }
}

/// There is more to read than an answer may cost.
fn too_much(field: &str) -> Status {
    let fault = "is too wide: there are too many values in it; ask for less time";
    status::invalid_fields(vec![FieldViolation::new(field, fault)], 0)
}
