//! A case: the issue, and all that a decision about it rests on; with the checks that many commands share.

use crate::ids::{ComponentId, PersonId, SeverityId, TeamId};
use crate::issue::{Issue, IssueEvent, Level, State};
use crate::project::Project;
use crate::text::Text;
use crate::{Context, Fact, Missing, Rejection};

/// What a command leads to.
pub(super) type Outcome = Result<Vec<IssueEvent>, Rejection>;

/// What a decision rests on.
pub(super) struct Case<'a> {
    pub(super) issue: &'a Issue,
    pub(super) project: &'a Project,
    pub(super) context: &'a Context<'a>,
}

impl<'a> Case<'a> {
    /// True: who, evidence and the like are not asked for, only recorded as far as they are known.
    pub(super) fn imported(&self) -> bool {
        self.context.origin.is_some()
    }

    /// The level in force, where there is one and it is known.
    pub(super) fn level(&self) -> Option<Level> {
        self.issue.triage.as_ref()?.level.known().copied()
    }

    /// The owner team, where there is one and it is known.
    pub(super) fn team(&self) -> Option<&'a TeamId> {
        self.issue.triage.as_ref()?.team.known()
    }

    /// The severity that triage gave, where it did and it is known.
    pub(super) fn severity(&self) -> Option<&'a SeverityId> {
        self.issue.triage.as_ref()?.severity.known()
    }

    // Ids.

    pub(super) fn knows_team(&self, team: &TeamId) -> Result<(), Rejection> {
        if self.project.teams.contains_key(team) { Ok(()) } else { Err(Rejection::UnknownTeam { team: team.clone() }) }
    }

    pub(super) fn knows_component(&self, component: &ComponentId) -> Result<(), Rejection> {
        knows_component(self.project, component)
    }

    pub(super) fn knows_severity(&self, severity: &SeverityId) -> Result<(), Rejection> {
        knows_severity(self.project, self.context, severity)
    }

    // States.

    /// Closed and Dismissed take nothing of the kind.
    pub(super) fn not_over(&self) -> Result<(), Rejection> {
        match self.issue.state {
            State::Closed(_) => Err(Rejection::IsClosed),
            State::Dismissed(_) => Err(Rejection::IsDismissed),
            State::New { .. } | State::Accepted | State::Resolved(_) | State::Verified(_) => Ok(()),
        }
    }

    /// New or Accepted.
    pub(super) fn not_resolved(&self) -> Result<(), Rejection> {
        match self.issue.state {
            State::Resolved(_) | State::Verified(_) => Err(Rejection::AlreadyResolved),
            State::New { .. } | State::Accepted | State::Closed(_) | State::Dismissed(_) => self.not_over(),
        }
    }

    /// New triaged or Accepted.
    pub(super) fn triaged_not_resolved(&self) -> Result<(), Rejection> {
        match self.issue.state {
            State::New { triaged: false } => Err(Rejection::NotTriaged),
            _ => self.not_resolved(),
        }
    }

    // Who.

    /// Whether a team may take a level: by its model, or because it owns the component. Imports are not asked.
    pub(super) fn team_may(
        &self,
        team: &TeamId,
        level: Level,
        component: Option<&ComponentId>,
    ) -> Result<(), Rejection> {
        let owner = component.and_then(|component| self.project.components.get(component)?.owner.as_ref());
        let may = |team: &TeamId| {
            owner == Some(team) || self.project.teams.get(team).is_some_and(|model| model.may_take(level))
        };
        if self.imported() || may(team) {
            return Ok(());
        }
        let may = self.project.teams.keys().filter(|team| may(team)).cloned().collect();
        Err(Rejection::WrongTeamForLevel { team: team.clone(), level, may })
    }

    /// Whether the issue's owner team may take its level, as far as both are known.
    pub(super) fn owner_may(&self) -> Result<(), Rejection> {
        match (self.team(), self.level()) {
            (Some(team), Some(level)) => self.team_may(team, level, self.issue.component.as_ref()),
            _ => Ok(()),
        }
    }

    /// Whether somebody is in the owner team. Of imported people that is not asked.
    pub(super) fn member(&self, person: &PersonId) -> Result<(), Rejection> {
        match self.team() {
            Some(team) if !self.imported() && !self.is_member(person) => {
                Err(Rejection::NotAMember { person: person.clone(), team: team.clone() })
            }
            _ => Ok(()),
        }
    }

    /// True where the issue goes back to an assignee who has left its team meanwhile.
    pub(super) fn assignee_left(&self) -> bool {
        let known = !self.imported() && self.team().is_some();
        known && self.issue.assignee.as_ref().is_some_and(|assignee| !self.is_member(assignee))
    }

    fn is_member(&self, person: &PersonId) -> bool {
        self.context.team.is_some_and(|team| team.members.contains(person))
    }

    // Evidence.

    /// A list of what is missing, to be filled and checked.
    pub(super) fn evidence(&self) -> Evidence {
        Evidence::new(self.context)
    }

    /// A reason is needed, except of imports.
    pub(super) fn reason(&self, reason: Option<&Text>) -> Result<(), Rejection> {
        let mut evidence = self.evidence();
        evidence.need(reason.is_some(), Missing::ReasonMissing);
        evidence.complete()
    }
}

/// Collects all that is missing, so that it is told at once.
pub(super) struct Evidence {
    missing: Vec<Missing>,
    asked: bool,
}

impl Evidence {
    /// Of an import nothing is asked.
    pub(super) fn new(context: &Context<'_>) -> Self {
        Self { missing: Vec::new(), asked: context.origin.is_none() }
    }

    /// Notes what is missing where it isn't there.
    pub(super) fn need(&mut self, there: bool, missing: Missing) {
        if self.asked && !there {
            self.missing.push(missing);
        }
    }

    /// Notes what is missing where the fact isn't known; gives it where it is.
    pub(super) fn know<'f, T>(&mut self, fact: &'f Fact<T>, missing: Missing) -> Option<&'f T> {
        self.need(fact.known().is_some(), missing);
        fact.known()
    }

    /// Refuses what isn't complete.
    pub(super) fn complete(self) -> Result<(), Rejection> {
        if self.missing.is_empty() { Ok(()) } else { Err(Rejection::Incomplete { missing: self.missing }) }
    }
}

/// Whether the project has the component.
pub(super) fn knows_component(project: &Project, component: &ComponentId) -> Result<(), Rejection> {
    if project.components.contains_key(component) {
        Ok(())
    } else {
        Err(Rejection::UnknownComponent { component: component.clone() })
    }
}

/// Whether the severity is in use; that it ever was will do for imports.
pub(super) fn knows_severity(project: &Project, context: &Context<'_>, severity: &SeverityId) -> Result<(), Rejection> {
    match project.scheme.find(severity) {
        Some(found) if !found.retired || context.origin.is_some() => Ok(()),
        _ => Err(Rejection::UnknownSeverity {
            severity: severity.clone(),
            known: project.scheme.in_use().map(|severity| severity.id.clone()).collect(),
        }),
    }
}
