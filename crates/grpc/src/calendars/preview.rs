//! What defining a calendar would do to the clocks that run. Nothing is recorded.

use std::sync::Arc;

use api::calendars::v1::preview_calendar_response::Step;
use api::calendars::v1::{Calendar, PreviewCalendarResponse};
use api::policies::v1::preview_policy_response::Step as Moving;
use domain::calendar::Definition;
use domain::project::{Command, Project, decide, evolve};
use domain::{Actor, Context, Decision, Recorded, Rejection, StreamKind, StreamRef};
use futures::stream::{self, BoxStream, StreamExt as _};
use jiff::Timestamp;
use tonic::Status;

use crate::policies::preview::moves;
use crate::policies::walk::Walk;

/// The project as it would be with that calendar, as decider and fold make it.
pub(super) fn foreseen(
    project: &Project,
    definition: Definition,
    actor: &Actor,
    now: Timestamp,
) -> Result<Project, Rejection> {
    let context = Context {
        actor,
        now,
        occurred_at: None,
        late_reason: None,
        origin: None,
        project_id: &project.id,
        project: Some(project),
        team: None,
        release: None,
        other: None,
    };
    let Decision { events, occurred_at } = decide(Some(project), Command::DefineCalendar { definition }, &context)?;
    let mut after = project.clone();
    for event in events {
        let stream = StreamRef { project: project.id.clone(), kind: StreamKind::Project, id: project.id.shared() };
        let recorded = Recorded {
            event,
            stream,
            ordinal: 1,
            revision: after.revision + 1,
            position: u64::MAX,
            actor: actor.clone(),
            occurred_at,
            recorded_at: now,
            origin: None,
        };
        after = evolve(Some(after), &recorded).unwrap_or_else(|| project.clone());
    }
    Ok(after)
}

/// The calendar first, then the clocks that would move, then the summary. Where no policy in force counts on it, no clock is looked at.
pub(super) fn stream(
    before: &Project,
    after: Project,
    calendar: Calendar,
    walk: Option<Walk>,
    now: Timestamp,
) -> BoxStream<'static, Result<PreviewCalendarResponse, Status>> {
    let policies = after.policies.clone();
    let version = policies.in_force(now).version;
    let walk = walk.filter(|_| version != before.policies.in_force(now).version);
    let moves = moves(Arc::new(after), (policies, version), walk, now).map(|step| {
        step.map(|step| match step {
            Moving::Move(one) => Some(Step::Move(one)),
            Moving::Summary(summary) => Some(Step::Summary(summary)),
            Moving::Policy(_) => None,
        })
    });
    let steps = stream::iter([Ok(Some(Step::Calendar(calendar)))]).chain(moves);
    steps.map(|step| step.map(|step| PreviewCalendarResponse { step })).boxed()
}
