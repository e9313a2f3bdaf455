//! Shifts around the clock: planned, handed over, ended.

use jiff::{SignedDuration, Timestamp};

use super::case::{Case, Outcome};
use crate::Rejection;
use crate::ids::{PersonId, TeamId};
use crate::issue::IssueEvent;
use crate::shifts::{Need, Plan, Standing, need, plan as plan_anew, revised};
use crate::team::Team;

/// Whoever plans so little late plans from when it was due: so that shifts change at the same hours every day.
const LATE_MAX: SignedDuration = SignedDuration::from_secs(60 * 60);

/// The first plan, the next day's, or the one that stands, mended.
pub(super) fn plan(case: &Case<'_>) -> Outcome {
    let now = moment(case.context.now);
    let since = match need(&case.issue.ledger, &case.project.terms(), now) {
        Need::From(since) if since <= now => since,
        Need::From(since) => return Err(Rejection::NoShiftsNeeded { from: Some(since) }),
        Need::None(..) => {
            case.not_over()?;
            return Err(Rejection::NoShiftsNeeded { from: None });
        }
    };
    let owner = owner(case);
    let plan = match &case.issue.shifts {
        None => plan_anew(owner, on_time(since, now), None),
        Some(Standing { plan: before, .. }) if before.until <= now => {
            plan_anew(owner, on_time(before.until, now), Some(before))
        }
        Some(Standing { plan: before, .. }) => {
            let plan = revised(before, owner, now);
            if plan == *before {
                return Err(Rejection::ShiftsStand { until: before.until });
            }
            plan
        }
    };
    Ok(vec![IssueEvent::ShiftsPlanned { plan }])
}

/// A member who is there takes a shift, or what is left of it.
pub(super) fn hand_over(case: &Case<'_>, shift: Option<Timestamp>, to: PersonId) -> Outcome {
    case.not_over()?;
    let plan = standing(case)?;
    let now = moment(case.context.occurred_at.unwrap_or(case.context.now));
    let found = match shift {
        Some(begins) => plan.shifts.iter().find(|one| one.hours.from == begins && now < one.hours.until),
        None => plan.on(now),
    };
    let Some(found) = found else { return Err(Rejection::NoSuchShift { shift: shift.unwrap_or(now) }) };
    case.member(&to)?;
    if found.person == to {
        return Err(Rejection::OnShiftAlready { person: to });
    }
    let rest = (found.hours.from.max(now), found.hours.until);
    let absence = case.context.team.and_then(|team| team.absences(&to, rest.0, rest.1).next().cloned());
    match absence {
        Some(away) => Err(Rejection::AlreadyAway { person: to, from: away.from, until: away.until }),
        None => Ok(vec![IssueEvent::ShiftHandedOver { shift: found.hours.from, from: found.person.clone(), to }]),
    }
}

/// Only when they are needed no longer.
pub(super) fn end(case: &Case<'_>) -> Outcome {
    standing(case)?;
    match need(&case.issue.ledger, &case.project.terms(), moment(case.context.now)) {
        Need::From(_) => Err(Rejection::ShiftsNeeded),
        Need::None(because, _) => Ok(vec![IssueEvent::ShiftsEnded { because }]),
    }
}

fn standing<'a>(case: &Case<'a>) -> Result<&'a Plan, Rejection> {
    case.issue.shifts.as_ref().map(|standing| &standing.plan).ok_or(Rejection::NoShifts)
}

fn owner<'a>(case: &Case<'a>) -> Option<(&'a TeamId, Option<&'a Team>)> {
    case.team().map(|id| (id, case.context.team))
}

/// As fine as the log keeps time.
fn moment(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

fn on_time(due: Timestamp, now: Timestamp) -> Timestamp {
    if now.duration_since(due) <= LATE_MAX { due } else { now }
}
