//! Folds events into a project.

use std::collections::{BTreeMap, BTreeSet};

use super::events::ProjectEvent;
use super::state::{Component, Customer, DefaultSeverity, Project};
use crate::Recorded;
use crate::calendar::Calendars;
use crate::policy::{Policies, Policy};

/// The project after one event more. An event that can't follow changes nothing but the revision; only its creation makes a project.
pub fn evolve(project: Option<Project>, recorded: &Recorded<ProjectEvent>) -> Option<Project> {
    let Some(mut project) = project else {
        return created(recorded);
    };
    project.revision = recorded.revision;
    match &recorded.event {
        ProjectEvent::ProjectCreated { .. } => {}
        ProjectEvent::SeveritySchemeChanged { scheme } => {
            project.scheme = scheme.clone();
            // By when it was recorded: nobody knew before.
            let (since, position) = (recorded.recorded_at, recorded.position);
            project.default_severities.push(DefaultSeverity { since, position, severity: scheme.default.clone() });
            project.policies.scheme_changed(scheme);
        }
        ProjectEvent::ComponentAdded { component, owner } => {
            project.components.entry(component.clone()).or_insert_with(|| Component { owner: owner.clone() });
        }
        ProjectEvent::ComponentOwnerChanged { component, owner } => {
            if let Some(component) = project.components.get_mut(component) {
                component.owner.clone_from(owner);
            }
        }
        ProjectEvent::TeamAdded { team, model } => {
            project.teams.entry(team.clone()).or_insert(*model);
        }
        ProjectEvent::ProductOwnerAdded { person } => {
            project.product_owners.insert(person.clone());
        }
        ProjectEvent::ProductOwnerRemoved { person } => {
            project.product_owners.remove(person);
        }
        ProjectEvent::CustomerAdded { customer, tier, people } => {
            let new = || Customer { tier: tier.clone(), people: people.clone() };
            project.customers.entry(customer.clone()).or_insert_with(new);
        }
        ProjectEvent::CustomerPersonAdded { customer, person } => {
            if let Some(customer) = project.customers.get_mut(customer) {
                customer.people.insert(person.clone());
            }
        }
        ProjectEvent::CustomerPersonRemoved { customer, person } => {
            if let Some(customer) = project.customers.get_mut(customer) {
                customer.people.remove(person);
            }
        }
        ProjectEvent::CalendarDefined { calendar } => {
            project.calendars.define(calendar.clone(), recorded.recorded_at);
        }
        ProjectEvent::PolicyAdopted { policy } => {
            // Deciding precedes recording: what is recorded between was not under it.
            let effective_from = policy.effective_from.max(recorded.recorded_at);
            project.policies.adopt_at(Policy { effective_from, ..policy.clone() }, recorded.position);
        }
        ProjectEvent::SelfVerificationSet { on } => project.self_verification = *on,
        ProjectEvent::ReactorSwitched { reactor, on: true } => {
            project.switched_off.remove(reactor);
        }
        ProjectEvent::ReactorSwitched { reactor, on: false } => {
            project.switched_off.insert(*reactor);
        }
    }
    Some(project)
}

/// The project that these events make.
pub fn fold<'a>(events: impl IntoIterator<Item = &'a Recorded<ProjectEvent>>) -> Option<Project> {
    events.into_iter().fold(None, evolve)
}

fn created(recorded: &Recorded<ProjectEvent>) -> Option<Project> {
    let ProjectEvent::ProjectCreated { id, name, scheme } = &recorded.event else {
        return None;
    };
    Some(Project {
        id: id.clone(),
        revision: recorded.revision,
        name: name.clone(),
        scheme: scheme.clone(),
        components: BTreeMap::new(),
        teams: BTreeMap::new(),
        product_owners: BTreeSet::new(),
        customers: BTreeMap::new(),
        self_verification: false,
        switched_off: BTreeSet::new(),
        calendars: Calendars::default(),
        default_severities: vec![DefaultSeverity::from_the_beginning(scheme.default.clone())],
        policies: Policies::new(scheme),
    })
}
