//! Plans of shifts as the contract has them.

use api::shifts::v1 as wire;
use domain::ids::{IssueKey, TeamId};
use domain::shifts::{Hours, Obstacle, Plan, Shift};
use jiff::Timestamp;

use crate::fields::stamp;

pub(super) fn plan(issue: &IssueKey, plan: &Plan) -> wire::ShiftPlan {
    wire::ShiftPlan {
        key: issue.to_string(),
        team: team(plan),
        from: Some(stamp(plan.from)),
        until: Some(stamp(plan.until)),
        shifts: plan.shifts.iter().map(shift).collect(),
        uncovered: plan.uncovered.iter().map(hours).collect(),
        obstacle: obstacle(plan.obstacle).into(),
    }
}

/// Who is on at that moment, and who is next.
pub(super) fn on(issue: &IssueKey, plan: &Plan, now: Timestamp) -> wire::OnShift {
    let next = plan.shifts.iter().find(|shift| shift.hours.from > now);
    wire::OnShift {
        key: issue.to_string(),
        team: team(plan),
        now: plan.on(now).map(shift),
        next: next.map(shift),
        obstacle: obstacle(plan.obstacle).into(),
    }
}

fn team(plan: &Plan) -> String {
    plan.team.as_ref().map(TeamId::to_string).unwrap_or_default()
}

fn shift(shift: &Shift) -> wire::Shift {
    let Hours { from, until } = shift.hours;
    wire::Shift { person: shift.person.to_string(), from: Some(stamp(from)), until: Some(stamp(until)) }
}

fn hours(hours: &Hours) -> wire::Hours {
    wire::Hours { from: Some(stamp(hours.from)), until: Some(stamp(hours.until)) }
}

fn obstacle(obstacle: Option<Obstacle>) -> wire::Obstacle {
    match obstacle {
        None => wire::Obstacle::Unspecified,
        Some(Obstacle::NoOwnerTeam) => wire::Obstacle::NoOwnerTeam,
        Some(Obstacle::NoMembers) => wire::Obstacle::NoMembers,
        Some(Obstacle::TeamOfOne) => wire::Obstacle::TeamOfOne,
        Some(Obstacle::MembersAway) => wire::Obstacle::MembersAway,
    }
}
