//! Whose issue it is: assigning, handing over, accepting.

use super::case::{Case, Outcome};
use super::filing::report_evidence;
use crate::ids::{PersonId, TeamId};
use crate::issue::{IssueEvent, Level, SourceKind, State};
use crate::text::Text;
use crate::{Fact, Missing, Rejection};

pub(super) fn assign(case: &Case<'_>, assignee: Option<PersonId>) -> Outcome {
    case.triaged_not_resolved()?;
    let Some(person) = &assignee else {
        return assign_to_nobody(case);
    };
    if case.issue.assignee == assignee {
        return Err(Rejection::AlreadyAssigned { assignee });
    }
    case.owner_may()?;
    case.member(person)?;
    owner_known(case)?;
    Ok(vec![IssueEvent::IssueAssigned { assignee }])
}

/// Other systems do so; here somebody is always asked.
fn assign_to_nobody(case: &Case<'_>) -> Outcome {
    let mut evidence = case.evidence();
    evidence.need(false, Missing::AssigneeMissing);
    evidence.complete()?;
    if case.issue.assignee.is_none() {
        return Err(Rejection::AlreadyAssigned { assignee: None });
    }
    Ok(vec![IssueEvent::IssueAssigned { assignee: None }])
}

/// An imported issue may have come without a team, and then it has no members to choose from.
fn owner_known(case: &Case<'_>) -> Result<(), Rejection> {
    let mut evidence = case.evidence();
    evidence.need(case.team().is_some(), Missing::TeamMissing);
    evidence.complete()
}

pub(super) fn hand_over(case: &Case<'_>, to: TeamId, reason: Option<Text>) -> Outcome {
    case.knows_team(&to)?;
    case.triaged_not_resolved()?;
    if case.team() == Some(&to) {
        return Err(Rejection::SameTeam { team: to });
    }
    if let Some(level) = case.level() {
        case.team_may(&to, level, case.issue.component.as_ref())?;
    }
    case.reason(reason.as_ref())?;
    let from = case.team().map_or(Fact::NotKnown, |team| Fact::Known(team.clone()));
    Ok(vec![IssueEvent::IssueHandedOver { from, to, reason }])
}

pub(super) fn accept(case: &Case<'_>) -> Outcome {
    case.triaged_not_resolved()?;
    if case.issue.state == State::Accepted {
        return Err(Rejection::AlreadyAccepted);
    }
    if case.imported() {
        let assignee = case.issue.assignee.clone().map_or(Fact::NotKnown, Fact::Known);
        return Ok(vec![IssueEvent::IssueAccepted { assignee, report_owed: false }]);
    }
    let actor = case.context.actor;
    case.owner_may()?;
    case.member(actor)?;
    if case.issue.assignee.as_ref().is_some_and(|assignee| assignee != actor) {
        return Err(Rejection::NotAssignee { assignee: case.issue.assignee.clone() });
    }
    let owed = report_required(case) && !case.issue.report.is_complete();
    let report_owed = owed && works_first(case);
    let mut evidence = case.evidence();
    evidence.need(case.level().is_some(), Missing::LevelMissing);
    evidence.need(case.severity().is_some(), Missing::SeverityMissing);
    evidence.need(case.team().is_some(), Missing::TeamMissing);
    if owed && !report_owed {
        report_evidence(&case.issue.report, &mut evidence);
    }
    evidence.complete()?;
    Ok(vec![IssueEvent::IssueAccepted { assignee: Fact::Known(actor.clone()), report_owed }])
}

/// Customers and product owners describe what they saw; a change of code or data can't do without.
fn report_required(case: &Case<'_>) -> bool {
    let told =
        matches!(case.issue.source.kind, Fact::Known(SourceKind::Customer { .. } | SourceKind::ProductOwner { .. }));
    told && case.level() == Some(Level::CodeOrData)
}

/// True where work begins before the report is complete. The scheme's first severity stands for the policy's `on_top` flag until projects have
/// policies; this is the only place that knows.
fn works_first(case: &Case<'_>) -> bool {
    case.severity()
        .is_some_and(|severity| case.project.scheme.severities.first().is_some_and(|first| first.id == *severity))
}
