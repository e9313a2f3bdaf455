//! Severity, level and component, changed after triage.

use super::case::{Case, Outcome};
use super::triage::nature_at;
use crate::ids::{ComponentId, SeverityId, TeamId};
use crate::issue::{IssueEvent, Level, Nature, State};
use crate::text::Text;
use crate::{Fact, Missing, Rejection};

pub(super) fn change_severity(case: &Case<'_>, to: SeverityId, reason: Option<Text>) -> Outcome {
    case.knows_severity(&to)?;
    case.not_over()?;
    if case.issue.state == (State::New { triaged: false }) {
        return Err(Rejection::NotTriaged);
    }
    if case.severity() == Some(&to) {
        return Err(Rejection::SameSeverity { severity: to });
    }
    case.reason(reason.as_ref())?;
    let from = case.issue.triage.as_ref().map_or(Fact::NotKnown, |triage| triage.severity.clone());
    Ok(vec![IssueEvent::SeverityChanged { from, to, reason }])
}

pub(super) fn change_level(
    case: &Case<'_>,
    to: Level,
    nature: Option<Nature>,
    team: Option<TeamId>,
    reason: Option<Text>,
) -> Outcome {
    if let Some(team) = &team {
        case.knows_team(team)?;
    }
    case.triaged_not_resolved()?;
    if case.level() == Some(to) {
        return Err(Rejection::SameLevel { level: to });
    }
    let nature = nature_at(case, Some(to), nature)?;
    let owner = team.as_ref().or(case.team());
    if let Some(owner) = owner {
        case.team_may(owner, to, case.issue.component.as_ref())?;
    }
    let mut evidence = case.evidence();
    evidence.need(owner.is_some(), Missing::TeamMissing);
    evidence.need(reason.is_some(), Missing::ReasonMissing);
    evidence.complete()?;
    let from = case.level().map_or(Fact::NotKnown, Fact::Known);
    let team = team.filter(|team| case.team() != Some(team));
    Ok(vec![IssueEvent::LevelChanged { from, to, nature, team, reason }])
}

pub(super) fn change_component(case: &Case<'_>, to: ComponentId, reason: Option<Text>) -> Outcome {
    case.knows_component(&to)?;
    case.not_over()?;
    if case.issue.component.as_ref() == Some(&to) {
        return Err(Rejection::SameComponent { component: to });
    }
    case.reason(reason.as_ref())?;
    Ok(vec![IssueEvent::ComponentChanged { from: case.issue.component.clone(), to, reason }])
}
