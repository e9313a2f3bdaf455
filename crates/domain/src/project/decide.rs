//! Decides commands to a project.

use jiff::Timestamp;

use super::calendars;
use super::command::Command;
use super::events::ProjectEvent;
use super::policies;
use super::scheme::Scheme;
use super::state::{Component, Customer, Project};
use crate::ids::{ComponentId, CustomerId, PersonId, TeamId};
use crate::{Context, Decision, Rejection};

/// What the command leads to, or the rule that it breaks.
pub fn decide(
    project: Option<&Project>,
    command: Command,
    context: &Context<'_>,
) -> Result<Decision<ProjectEvent>, Rejection> {
    let event = match (project, command) {
        (None, Command::CreateProject { id, name, scheme }) => {
            scheme.check()?;
            ProjectEvent::ProjectCreated { id, name, scheme }
        }
        (Some(_), Command::CreateProject { id, .. }) => return Err(Rejection::ProjectExists { project: id }),
        (None, _) => {
            return Err(Rejection::UnknownProject { project: context.project_id.clone() });
        }
        (Some(project), command) => change(project, command, context.now)?,
    };
    let of_calendars = calendars::follow(project, &event, context.now)?;
    let of_policies = policies::follow(project, &event, context.now)?;
    let events = std::iter::once(event).chain(of_calendars).chain(of_policies).collect();
    Ok(Decision { events, occurred_at: context.settle(None)? })
}

fn change(project: &Project, command: Command, now: Timestamp) -> Result<ProjectEvent, Rejection> {
    match command {
        Command::CreateProject { id, .. } => Err(Rejection::ProjectExists { project: id }),
        Command::ChangeSeverityScheme { scheme } => change_scheme(project, scheme),
        Command::AddComponent { component, owner } => {
            known_owner(project, owner.as_ref())?;
            if project.components.contains_key(&component) {
                return Err(Rejection::ComponentExists { component });
            }
            Ok(ProjectEvent::ComponentAdded { component, owner })
        }
        Command::ChangeComponentOwner { component, owner } => change_owner(project, component, owner),
        Command::AddTeam { team, model } => match project.teams.get(&team) {
            Some(_) => Err(Rejection::TeamExists { team }),
            None => Ok(ProjectEvent::TeamAdded { team, model }),
        },
        Command::AddProductOwner { person } => {
            if project.product_owners.contains(&person) {
                return Err(Rejection::AlreadyProductOwner { person });
            }
            Ok(ProjectEvent::ProductOwnerAdded { person })
        }
        Command::RemoveProductOwner { person } => {
            if !project.product_owners.contains(&person) {
                return Err(Rejection::NotProductOwner { person });
            }
            Ok(ProjectEvent::ProductOwnerRemoved { person })
        }
        Command::AddCustomer { customer, tier, people } => match project.customers.get(&customer) {
            Some(_) => Err(Rejection::CustomerExists { customer }),
            None => Ok(ProjectEvent::CustomerAdded { customer, tier, people }),
        },
        Command::AddCustomerPerson { customer, person } => {
            if belongs(project, &customer, &person)? {
                return Err(Rejection::AlreadyOfCustomer { person, customer });
            }
            Ok(ProjectEvent::CustomerPersonAdded { customer, person })
        }
        Command::RemoveCustomerPerson { customer, person } => {
            if !belongs(project, &customer, &person)? {
                return Err(Rejection::NotOfCustomer { person, customer });
            }
            Ok(ProjectEvent::CustomerPersonRemoved { customer, person })
        }
        Command::DefineCalendar { definition } => calendars::define(project, definition),
        Command::AdoptPolicy { draft } => policies::adopt(project, draft, now),
        Command::SetSelfVerification { on } if project.self_verification == on => Err(Rejection::SettingUnchanged),
        Command::SetSelfVerification { on } => Ok(ProjectEvent::SelfVerificationSet { on }),
        Command::SwitchReactor { reactor, on } if project.switched_off.contains(&reactor) != on => {
            Err(Rejection::SettingUnchanged)
        }
        Command::SwitchReactor { reactor, on } => Ok(ProjectEvent::ReactorSwitched { reactor, on }),
    }
}

/// A severity that was ever in the scheme may be on an issue: it stays, retired or not.
fn change_scheme(project: &Project, scheme: Scheme) -> Result<ProjectEvent, Rejection> {
    scheme.check()?;
    if let Some(gone) = project.scheme.severities.iter().find(|old| scheme.find(&old.id).is_none()) {
        return Err(Rejection::SeverityRemoved { severity: gone.id.clone() });
    }
    if project.scheme == scheme {
        return Err(Rejection::SettingUnchanged);
    }
    Ok(ProjectEvent::SeveritySchemeChanged { scheme })
}

fn change_owner(project: &Project, component: ComponentId, owner: Option<TeamId>) -> Result<ProjectEvent, Rejection> {
    let Some(Component { owner: present }) = project.components.get(&component) else {
        return Err(Rejection::UnknownComponent { component });
    };
    known_owner(project, owner.as_ref())?;
    if *present == owner {
        return Err(Rejection::SettingUnchanged);
    }
    Ok(ProjectEvent::ComponentOwnerChanged { component, owner })
}

fn known_owner(project: &Project, owner: Option<&TeamId>) -> Result<(), Rejection> {
    match owner {
        Some(team) if !project.teams.contains_key(team) => Err(Rejection::UnknownTeam { team: team.clone() }),
        _ => Ok(()),
    }
}

fn belongs(project: &Project, customer: &CustomerId, person: &PersonId) -> Result<bool, Rejection> {
    match project.customers.get(customer) {
        Some(Customer { people, .. }) => Ok(people.contains(person)),
        None => Err(Rejection::UnknownCustomer { customer: customer.clone() }),
    }
}
