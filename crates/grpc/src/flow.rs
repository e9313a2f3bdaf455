//! The flow service.

mod show;

use std::sync::Arc;

use api::flow::v1::flow_service_server::FlowService;
use api::flow::v1::{
    self as proto, CumulativeFlow, GetCumulativeFlowRequest, GetCumulativeFlowResponse, GetThroughputRequest,
    GetThroughputResponse, GetTimesRequest, GetTimesResponse, Throughput, Times, Window,
};
use commands::{Commands, Environment};
use domain::ids::ProjectId;
use jiff::Timestamp;
use tonic::{Request, Response, Status};
use tonic_types::FieldViolation;
use views::flow::{Day, Dimension, GetDurations, GetSteps, Step, Steps};

use crate::fields::{Faults, stamp};
use crate::freshness::{AtLeast, Views};
use crate::identity::Caller;
use crate::limits::FLOW_DAYS_BY_DIMENSION_MAX;
use crate::window::days;
use crate::{projects, status};

/// Serves `snaglog.flow.v1.FlowService`.
pub(crate) struct Flow {
    pub(crate) commands: Arc<Commands>,
    pub(crate) views: Arc<Views>,
    pub(crate) environment: Arc<dyn Environment>,
}

/// What all three ask for.
struct Asked {
    project: ProjectId,
    since: Day,
    until: Day,
    by: Option<Dimension>,
}

/// The parts of a question about steps.
struct AboutSteps<'a> {
    project: &'a str,
    window: Option<&'a Window>,
    by: i32,
    step: i32,
}

#[tonic::async_trait]
impl FlowService for Flow {
    async fn get_cumulative_flow(
        &self,
        mut request: Request<GetCumulativeFlowRequest>,
    ) -> Result<Response<GetCumulativeFlowResponse>, Status> {
        let caller = Caller::attached(&mut request)?;
        let GetCumulativeFlowRequest { project, window, step, by, consistency } = request.into_inner();
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, consistency.as_ref())?;
        let about = AboutSteps { project: &project, window: window.as_ref(), by, step };
        let (query, found, consistency_token) = self.steps(faults, &about, &at_least, &caller).await?;
        let flow = CumulativeFlow {
            project: query.project.to_string(),
            step: show::step(query.step).into(),
            by,
            since: found.starts.first().map(|day| stamp(day.start())),
            until: Some(stamp(found.end.start())),
            series: show::standing(&found),
        };
        Ok(Response::new(GetCumulativeFlowResponse { flow: Some(flow), consistency_token }))
    }

    async fn get_throughput(
        &self,
        mut request: Request<GetThroughputRequest>,
    ) -> Result<Response<GetThroughputResponse>, Status> {
        let caller = Caller::attached(&mut request)?;
        let GetThroughputRequest { project, window, step, by, consistency } = request.into_inner();
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, consistency.as_ref())?;
        let about = AboutSteps { project: &project, window: window.as_ref(), by, step };
        let (query, found, consistency_token) = self.steps(faults, &about, &at_least, &caller).await?;
        let throughput = Throughput {
            project: query.project.to_string(),
            step: show::step(query.step).into(),
            by,
            since: found.starts.first().map(|day| stamp(day.start())),
            until: Some(stamp(found.end.start())),
            series: show::throughput(&found),
        };
        Ok(Response::new(GetThroughputResponse { throughput: Some(throughput), consistency_token }))
    }

    async fn get_times(&self, mut request: Request<GetTimesRequest>) -> Result<Response<GetTimesResponse>, Status> {
        let caller = Caller::attached(&mut request)?;
        let GetTimesRequest { project, window, by, consistency } = request.into_inner();
        let (mut faults, now) = (Faults::default(), self.environment.now());
        let at_least = AtLeast::parse(&mut faults, consistency.as_ref())?;
        let asked = asked(&mut faults, &project, window.as_ref(), by, now);
        let Asked { project, since, until, by: dimension } = faults.finish(asked)?;
        let query = GetDurations { project, by: dimension, since, until, now };
        let (found, consistency_token) = self.views.ask(&query, &query.project, &at_least, caller.deadline).await?;
        if found.cut {
            return Err(too_much());
        }
        if found.values.iter().all(|value| value.measures.is_empty()) {
            projects::must_exist(&self.commands, &query.project).await?;
        }
        let times = Times {
            project: query.project.to_string(),
            by,
            since: Some(stamp(found.since.start())),
            until: Some(stamp(found.until.start())),
            as_of: Some(stamp(now)),
            values: found.values.iter().map(show::times).collect(),
        };
        Ok(Response::new(GetTimesResponse { times: Some(times), consistency_token }))
    }
}

impl Flow {
    async fn steps(
        &self,
        mut faults: Faults,
        about: &AboutSteps<'_>,
        at_least: &AtLeast,
        caller: &Caller,
    ) -> Result<(GetSteps, Steps, String), Status> {
        let asked = asked(&mut faults, about.project, about.window, about.by, self.environment.now());
        let step = faults.maybe_choice("step", about.step, known_step);
        let days = asked.as_ref().map_or(0, |asked| asked.until.since(asked.since));
        let by_dimension = asked.as_ref().is_some_and(|asked| asked.by.is_some());
        if by_dimension && days > FLOW_DAYS_BY_DIMENSION_MAX && matches!(step, Some(Step::Day | Step::Week)) {
            let at_most =
                format!("of days or weeks by a dimension has at most {FLOW_DAYS_BY_DIMENSION_MAX} days, not {days}");
            faults.add("window", at_most);
        }
        let Asked { project, since, until, by } = faults.finish(asked)?;
        let step = step.unwrap_or(match by {
            _ if days <= FLOW_DAYS_BY_DIMENSION_MAX => Step::Day,
            None => Step::Week,
            Some(_) => Step::Month,
        });
        let query = GetSteps { project, by, step, since, until };
        let (found, token) = self.views.ask(&query, &query.project, at_least, caller.deadline).await?;
        if found.cut {
            return Err(too_much());
        }
        if found.series.iter().all(|series| series.before == [0; 7]) {
            projects::must_exist(&self.commands, &query.project).await?;
        }
        Ok((query, found, token))
    }
}

/// Parses what all three ask for.
fn asked(faults: &mut Faults, project: &str, window: Option<&Window>, by: i32, now: Timestamp) -> Option<Asked> {
    let project = faults.required("project", project, ProjectId::parse);
    let by = faults.maybe_choice("by", by, known_dimension);
    let window = window.copied().unwrap_or_default();
    let days = faults.within("window", |faults| days(faults, window.since.as_ref(), window.until.as_ref(), now));
    let ((since, until), project) = days.zip(project)?;
    Some(Asked { project, since, until, by })
}

fn known_dimension(dimension: proto::Dimension) -> Option<Dimension> {
    Some(match dimension {
        proto::Dimension::Unspecified | proto::Dimension::Severity => Dimension::Severity,
        proto::Dimension::Level => Dimension::Level,
        proto::Dimension::Nature => Dimension::Nature,
        proto::Dimension::Source => Dimension::Source,
        proto::Dimension::Component => Dimension::Component,
        proto::Dimension::Team => Dimension::Team,
    })
}

fn known_step(step: proto::Step) -> Option<Step> {
    match step {
        proto::Step::Unspecified => None,
        proto::Step::Day => Some(Step::Day),
        proto::Step::Week => Some(Step::Week),
        proto::Step::Month => Some(Step::Month),
    }
}

/// The project has more values of the dimension than an answer may cost.
fn too_much() -> Status {
    let fault = "is too wide: there are too many values of the dimension; ask for less time";
    status::invalid_fields(vec![FieldViolation::new("window", fault)], 0)
}
