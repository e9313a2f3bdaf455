//! Projects and teams as the contract has them.

use api::projects::v1 as wire;
use domain::project::{Project, Reactor, Scheme, TeamModel};
use domain::team::{Absence, Team};

use crate::fields::stamp;

/// The project; of its teams only what the project knows, without members.
pub(super) fn project(project: &Project) -> wire::Project {
    let component = |(id, component): (&domain::ids::ComponentId, &domain::project::Component)| wire::Component {
        id: id.to_string(),
        owner_team: component.owner.as_ref().map(ToString::to_string).unwrap_or_default(),
    };
    let team = |(id, team): (&domain::ids::TeamId, &TeamModel)| wire::Team {
        id: id.to_string(),
        model: model(Some(*team)).into(),
        ..wire::Team::default()
    };
    let customer = |(id, customer): (&domain::ids::CustomerId, &domain::project::Customer)| wire::Customer {
        id: id.to_string(),
        tier: customer.tier.as_ref().map(ToString::to_string).unwrap_or_default(),
        people: customer.people.iter().map(ToString::to_string).collect(),
    };
    wire::Project {
        id: project.id.to_string(),
        name: project.name.to_string(),
        scheme: Some(scheme(&project.scheme)),
        components: project.components.iter().map(component).collect(),
        teams: project.teams.iter().map(team).collect(),
        product_owners: project.product_owners.iter().map(ToString::to_string).collect(),
        customers: project.customers.iter().map(customer).collect(),
        self_verification: project.self_verification,
        switched_off: project.switched_off.iter().map(|one| reactor(*one).into()).collect(),
        revision: project.revision,
    }
}

/// The team with its members.
pub(super) fn team(team: &Team, of_model: Option<TeamModel>) -> wire::Team {
    wire::Team {
        id: team.id.to_string(),
        model: model(of_model).into(),
        members: team.members.iter().map(ToString::to_string).collect(),
        revision: team.revision,
        away: team.away.iter().map(absence).collect(),
    }
}

fn absence(absence: &Absence) -> wire::Absence {
    wire::Absence {
        person: absence.person.to_string(),
        from: Some(stamp(absence.from)),
        until: Some(stamp(absence.until)),
    }
}

pub(crate) fn model(model: Option<TeamModel>) -> wire::TeamModel {
    match model {
        Some(TeamModel::Combined) => wire::TeamModel::Combined,
        Some(TeamModel::Development) => wire::TeamModel::Development,
        Some(TeamModel::Maintenance) => wire::TeamModel::Maintenance,
        Some(TeamModel::Operations) => wire::TeamModel::Operations,
        Some(TeamModel::Support) => wire::TeamModel::Support,
        None => wire::TeamModel::Unspecified,
    }
}

pub(crate) fn reactor(reactor: Reactor) -> wire::Reactor {
    match reactor {
        Reactor::Deadlines => wire::Reactor::Deadlines,
        Reactor::Escalations => wire::Reactor::Escalations,
        Reactor::Production => wire::Reactor::Production,
        Reactor::Delivery => wire::Reactor::Delivery,
        Reactor::Shifts => wire::Reactor::Shifts,
    }
}

pub(crate) fn scheme(scheme: &Scheme) -> wire::SeverityScheme {
    let severity = |severity: &domain::project::Severity| wire::Severity {
        id: severity.id.to_string(),
        name: severity.name.to_string(),
        definition: severity.definition.to_string(),
        retired: severity.retired,
    };
    wire::SeverityScheme {
        severities: scheme.severities.iter().map(severity).collect(),
        default_severity: scheme.default.to_string(),
    }
}
