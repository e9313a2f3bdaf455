//! A project, and drafts of policies for it.

use std::sync::Arc;

use domain::ids::{PersonId, ProjectId, SeverityId, TeamId};
use domain::policy::{Draft, Policy, Rules, Selector, SeverityRules, Subject, When};
use domain::project::{Command, Component, Customer, Project, ProjectEvent, Scheme, TeamModel, evolve};
use domain::text::Title;
use domain::{Context, Recorded, Rejection, StreamKind, StreamRef, project};
use jiff::{SignedDuration, Timestamp};

pub(crate) const NOON: &str = "2026-03-02T12:00:00Z";

pub(crate) fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

pub(crate) fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

fn project_id() -> ProjectId {
    ProjectId::parse("PAY").unwrap()
}

/// Project PAY with three severities, component checkout, team ops, and a customer of tier gold. It was created at noon on Monday, 2 March 2026.
pub(crate) fn project() -> Project {
    with_scheme(Scheme::three())
}

pub(crate) fn with_scheme(scheme: Scheme) -> Project {
    let name = Title::parse("Payments").unwrap();
    let created = recorded(ProjectEvent::ProjectCreated { id: project_id(), name, scheme }, 1, at(NOON));
    let mut project = evolve(None, &created).unwrap();
    project.components.insert("checkout".parse().unwrap(), Component::default());
    let ops: TeamId = "ops".parse().unwrap();
    project.teams.insert(ops, TeamModel::Operations);
    let acme = Customer { tier: Some("gold".into()), people: [].into() };
    project.customers.insert("acme".parse().unwrap(), acme);
    project
}

pub(crate) fn recorded(event: ProjectEvent, revision: u64, recorded_at: Timestamp) -> Recorded<ProjectEvent> {
    Recorded {
        event,
        stream: StreamRef { project: project_id(), kind: StreamKind::Project, id: "PAY".into() },
        ordinal: 1,
        revision,
        position: revision,
        actor: "olga".parse().unwrap(),
        occurred_at: recorded_at,
        recorded_at,
        origin: None,
    }
}

/// Decides a command at an instant.
pub(crate) fn decide(project: &Project, now: Timestamp, command: Command) -> Result<Vec<ProjectEvent>, Rejection> {
    let (actor, id): (PersonId, _) = ("olga".parse().unwrap(), project_id());
    let context = Context {
        actor: &actor,
        now,
        occurred_at: None,
        late_reason: None,
        origin: None,
        project_id: &id,
        project: Some(project),
        team: None,
        release: None,
        other: None,
    };
    project::decide(Some(project), command, &context).map(|decision| decision.events)
}

/// The project after a command that is accepted and recorded at that instant.
pub(crate) fn after(project: &Project, now: Timestamp, command: Command) -> Project {
    let mut after = Some(project.clone());
    for event in decide(project, now, command).unwrap() {
        let revision = after.as_ref().unwrap().revision + 1;
        after = evolve(after, &recorded(event, revision, now));
    }
    after.unwrap()
}

/// The project after it has adopted a policy.
pub(crate) fn adopted(project: &Project, now: Timestamp, draft: Draft) -> Project {
    after(project, now, Command::AdoptPolicy { draft })
}

/// The default policy, proposed.
pub(crate) fn draft() -> Draft {
    Draft::of(&Policy::default_for(&Scheme::three()))
}

pub(crate) fn severity(id: &str) -> SeverityId {
    id.parse().unwrap()
}

/// The default rules of a severity.
pub(crate) fn rules(id: &str) -> Rules {
    draft().severities.into_iter().find(|one| one.severity == severity(id)).unwrap().rules
}

/// A selector that gives a severity rules of its own.
pub(crate) fn selector(name: &str, when: When, id: &str, rules: Rules) -> Selector {
    let severities = vec![SeverityRules { severity: severity(id), rules }];
    Selector { name: name.parse().unwrap(), when, severities }
}

/// Customers of that tier.
pub(crate) fn of_tier(tier: &str) -> When {
    When { tiers: vec![Arc::from(tier)], ..When::default() }
}

/// The component of that name.
pub(crate) fn of_component(component: &str) -> When {
    When { components: vec![component.parse().unwrap()], ..When::default() }
}

/// An issue of that severity, and nothing else known of it.
pub(crate) fn subject(id: &str) -> Subject {
    Subject { severity: severity(id), component: None, source: None, tier: None }
}
