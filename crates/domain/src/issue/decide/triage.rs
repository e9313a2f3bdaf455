//! Triage: level, nature, severity, component and owner team of a new issue; and back to it.

use super::case::{Case, Outcome};
use crate::ids::{ComponentId, TeamId};
use crate::issue::{IssueEvent, Level, Nature, State, Triage, TriageIssue};
use crate::text::Text;
use crate::{Fact, Missing, Rejection};

pub(super) fn triage(case: &Case<'_>, asked: TriageIssue) -> Outcome {
    if let Fact::Known(severity) = &asked.severity {
        case.knows_severity(severity)?;
    }
    if let Some(component) = &asked.component {
        case.knows_component(component)?;
    }
    if let Some(team) = &asked.team {
        case.knows_team(team)?;
    }
    case.not_resolved()?;
    match (&case.issue.state, &case.issue.triage) {
        (State::Accepted, _) => Err(Rejection::AlreadyAccepted),
        (State::New { triaged: true }, Some(triage)) => again(case, triage, asked),
        _ => first(case, asked),
    }
}

/// Untriaged until now.
fn first(case: &Case<'_>, asked: TriageIssue) -> Outcome {
    let TriageIssue { level, nature, severity, component, team, reason: _ } = asked;
    let component = component.or_else(|| case.issue.component.clone());
    let team = team.or_else(|| owner_of(case, component.as_ref()).cloned());
    let nature = nature_at(case, level.known().copied(), nature)?;
    if let (Fact::Known(level), Some(team)) = (&level, &team) {
        case.team_may(team, *level, component.as_ref())?;
    }
    let mut evidence = case.evidence();
    evidence.know(&level, Missing::LevelMissing);
    evidence.know(&severity, Missing::SeverityMissing);
    evidence.need(component.is_some(), Missing::ComponentMissing);
    // Without a component nobody can say yet whether a team will be missing.
    evidence.need(team.is_some() || component.is_none(), Missing::TeamMissing);
    evidence.complete()?;
    let team = team.map_or(Fact::NotKnown, Fact::Known);
    Ok(vec![IssueEvent::IssueTriaged { level, nature, severity, component, team }])
}

/// Triaged before: each difference is a change of its own. What is left out stays as it is.
fn again(case: &Case<'_>, triage: &Triage, asked: TriageIssue) -> Outcome {
    let TriageIssue { level, nature, severity, component, team, reason } = asked;
    let new_level = level.known().copied().filter(|level| triage.level != Fact::Known(*level));
    let level_after = new_level.or(case.level());
    let nature_after = match (nature, new_level) {
        (None, None) => triage.nature,
        (nature, _) => nature_at(case, level_after, nature)?,
    };
    let component_after = component.as_ref().or(case.issue.component.as_ref());
    let new_team = team.filter(|team| case.team() != Some(team));
    let team_after = new_team.as_ref().or(case.team());

    let mut events = Vec::new();
    if let Some(to) = new_level {
        let (from, nature, reason) = (triage.level, nature_after, reason.clone());
        events.push(IssueEvent::LevelChanged { from, to, nature, team: None, reason });
    } else if nature_after != triage.nature {
        let (from, to) = (triage.nature, nature_after);
        events.push(IssueEvent::NatureChanged { from, to, reason: reason.clone() });
    }
    if let Fact::Known(to) = &severity
        && case.severity() != Some(to)
    {
        let (from, to) = (triage.severity.clone(), to.clone());
        events.push(IssueEvent::SeverityChanged { from, to, reason: reason.clone() });
    }
    if let Some(to) = component.clone().filter(|to| case.issue.component.as_ref() != Some(to)) {
        let from = case.issue.component.clone();
        events.push(IssueEvent::ComponentChanged { from, to, reason: reason.clone() });
    }
    if let Some(to) = new_team.clone() {
        events.push(IssueEvent::IssueHandedOver { from: triage.team.clone(), to, reason: reason.clone() });
    }
    if let (Some(team), Some(level)) = (team_after, level_after) {
        case.team_may(team, level, component_after)?;
    }
    let mut evidence = case.evidence();
    evidence.know(&level, Missing::LevelMissing);
    evidence.know(&severity, Missing::SeverityMissing);
    evidence.need(events.is_empty() || reason.is_some(), Missing::ReasonMissing);
    evidence.complete()?;
    if events.is_empty() { Err(Rejection::AlreadyTriaged) } else { Ok(events) }
}

/// The nature at a level: as asked, or what is usual there. A user error has none.
pub(super) fn nature_at(
    case: &Case<'_>,
    level: Option<Level>,
    asked: Option<Nature>,
) -> Result<Option<Nature>, Rejection> {
    match (level, asked) {
        (Some(Level::UserError), Some(_)) if !case.imported() => Err(Rejection::LevelHasNoNature),
        (Some(Level::UserError), _) | (None, None) => Ok(None),
        (_, Some(nature)) => Ok(Some(nature)),
        (Some(Level::System), None) => Ok(Some(Nature::Incident)),
        (Some(Level::CodeOrData), None) => Ok(Some(Nature::Bug)),
    }
}

fn owner_of<'a>(case: &Case<'a>, component: Option<&ComponentId>) -> Option<&'a TeamId> {
    case.project.components.get(component?)?.owner.as_ref()
}

pub(super) fn return_to(case: &Case<'_>, reason: Option<Text>) -> Outcome {
    case.not_resolved()?;
    if case.issue.state != State::Accepted {
        return Err(Rejection::NotAccepted);
    }
    case.reason(reason.as_ref())?;
    Ok(vec![IssueEvent::ReturnedToTriage { reason }])
}
