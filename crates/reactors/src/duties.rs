//! What follows from an issue's clocks, as commands.

use domain::agenda::{self, Todo};
use domain::clocks::{AlarmKind, clocks};
use domain::ids::{PersonId, TeamId};
use domain::issue::{Command, EscalateSla, Issue};
use domain::policy::{Delivery, Recipient};
use domain::project::{Project, Reactor};
use jiff::Timestamp;

use crate::act::Act;

/// What is to be done for an issue.
#[derive(Debug, Default)]
pub struct Agenda {
    /// By now, in order.
    pub due: Vec<Act>,
    /// Later, if nothing happens before: when, and whose it is.
    pub upcoming: Vec<(Timestamp, Reactor)>,
}

/// What is to be done for an issue at a moment, which is over.
pub fn duties(issue: &Issue, project: &Project, now: Timestamp) -> Agenda {
    let (terms, shifts) = (project.terms(), issue.shifts.as_ref());
    let clocks = clocks(&issue.ledger, &terms, now);
    let due = agenda::due(&issue.ledger, &terms, &clocks, shifts, now);
    Agenda {
        due: due.into_iter().map(|(at, todo)| act(issue, project, at, todo)).collect(),
        upcoming: agenda::upcoming(&issue.ledger, &terms, &clocks, shifts, now),
    }
}

fn act(issue: &Issue, project: &Project, at: Timestamp, todo: Todo) -> Act {
    let reactor = todo.reactor();
    let act = |name, command| Act { reactor, name, due: at, occurred_at: None, command, tell: None };
    match todo {
        Todo::Record(alarm) => {
            let (clock, cycle, set_by) = (alarm.clock, alarm.cycle, alarm.set_by);
            let (kind, command) = match alarm.kind {
                AlarmKind::AtRisk => ("at-risk", Command::RecordSlaAtRisk { clock, cycle, set_by }),
                AlarmKind::Breach => ("breach", Command::RecordSlaBreach { clock, cycle, set_by }),
            };
            act(format!("{kind}/{clock}/{cycle}/{set_by}"), command)
        }
        Todo::Correct { clock, cycle, set_by } => {
            let command = Command::CorrectSlaBreach { clock, cycle, reason: None };
            act(format!("correction/{clock}/{cycle}/{set_by}"), command)
        }
        Todo::Escalate { clock, cycle, due } => {
            let (people, tell) = told(issue, project, &due.to, at);
            let (set_by, step) = (due.set_by, due.step);
            let command = Command::RecordEscalation(EscalateSla { clock, cycle, set_by, step, people });
            Act { tell, ..act(format!("escalation/{clock}/{cycle}/{set_by}/{step}"), command) }
        }
        Todo::Deliver { cycle, delivered } => {
            let command = Command::RecordDelivery { cycle, rule: Delivery::PatchNow, delivered };
            act(delivery_name(cycle), command)
        }
        Todo::PlanShifts { after } => act(format!("shifts/plan/{after}/{}", at.as_microsecond()), Command::PlanShifts),
        Todo::EndShifts { planned_by } => act(format!("shifts/end/{planned_by}"), Command::EndShifts),
    }
}

/// By which name it is recorded, once, whether a cycle's fix got to production as its severity asks.
pub(crate) fn delivery_name(cycle: u32) -> String {
    format!("delivery/{cycle}")
}

/// The release that brought its fix to production, as far as is known.
pub(crate) fn release(issue: &Issue) -> Option<domain::ids::ReleaseId> {
    issue.resolved()?.in_production.clone()
}

/// Whom the policy means: those who are known here, and a team whose members are to be looked up.
fn told(issue: &Issue, project: &Project, to: &Recipient, at: Timestamp) -> (Vec<PersonId>, Option<TeamId>) {
    let owner = || issue.triage.as_ref().and_then(|triage| triage.team.known()).cloned();
    match to {
        Recipient::Person(person) => (vec![person.clone()], None),
        Recipient::Team(team) => (Vec::new(), Some(team.clone())),
        Recipient::OwnerTeam => (Vec::new(), owner()),
        Recipient::ProductOwners => (project.product_owners.iter().cloned().collect(), None),
        Recipient::Assignee => match &issue.assignee {
            Some(assignee) => (vec![assignee.clone()], None),
            None => (Vec::new(), owner()),
        },
        Recipient::OnShift => match issue.shifts.as_ref().and_then(|standing| standing.plan.on(at)) {
            Some(shift) => (vec![shift.person.clone()], None),
            None => (Vec::new(), owner()),
        },
    }
}
