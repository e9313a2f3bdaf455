//! The projects service: projects and their teams. It reads the log, so it is always fresh.

pub(crate) mod show;

use std::sync::Arc;

use ::commands::{Commands, Found};
use api::errors::v1::Reason;
use api::projects::v1::projects_service_server::ProjectsService;
#[cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "every message of the service"))]
use api::projects::v1::*;
use domain::Rejection;
use domain::ids::{ComponentId, CustomerId, PersonId, ProjectId, SeverityId, TeamId};
use domain::project::{self, Command, Scheme, TeamModel};
use domain::team;
use domain::text::Title;
use tonic::{Request, Response, Status};

use crate::call::{Call, Mutation, reply, token_at};
use crate::fields::{Faults, short};
use crate::limits::{DEFINITION_CHARS_MAX, NAME_CHARS_MAX, SEVERITIES_MAX};
use crate::mutations;
use crate::status::{self, Subject};

/// Serves `snaglog.projects.v1.ProjectsService`.
pub(crate) struct Projects {
    pub(crate) commands: Arc<Commands>,
}

/// A command to a project that is there.
trait ProjectCommand: Mutation<Resource = Project> {
    /// Which project.
    fn project(&self) -> &str;

    /// The command. Every field is parsed before the first `?`, so that no fault hides another.
    fn command(self, faults: &mut Faults) -> Option<Command>;
}

/// A command to a team of a project.
trait TeamCommand: Mutation<Resource = Team> {
    /// Which project.
    fn project(&self) -> &str;

    /// The command.
    fn command(self, faults: &mut Faults) -> Option<team::Command>;
}

/// `method(Message -> Reply) [expected_revision] |message, faults| command`, the brackets empty where the message has no revision.
macro_rules! project_commands {
    (
        projects: { $($method:ident($Message:ident -> $Reply:ident) [$($expected:ident)?] |$message:ident, $faults:ident| $parse:expr;)* }
        teams: { $($team:ident($TeamMessage:ident -> $TeamReply:ident) |$team_message:ident, $team_faults:ident| $team_parse:expr;)* }
    ) => {
        mutations! { project: Project; $($Message -> $Reply [$($expected)?] [];)* }
        mutations! { team: Team; $($TeamMessage -> $TeamReply [expected_revision] [];)* }

        $(impl ProjectCommand for $Message {
            fn project(&self) -> &str {
                &self.project
            }

            fn command(self, $faults: &mut Faults) -> Option<Command> {
                let $message = self;
                $parse
            }
        })*

        $(impl TeamCommand for $TeamMessage {
            fn project(&self) -> &str {
                &self.project
            }

            fn command(self, $team_faults: &mut Faults) -> Option<team::Command> {
                let $team_message = self;
                $team_parse
            }
        })*

        #[tonic::async_trait]
        impl ProjectsService for Projects {
            $(async fn $method(&self, request: Request<$Message>) -> Result<Response<$Reply>, Status> {
                self.run(request).await
            })*

            $(async fn $team(&self, request: Request<$TeamMessage>) -> Result<Response<$TeamReply>, Status> {
                self.run_team(request).await
            })*

            async fn get_project(&self, request: Request<GetProjectRequest>) -> Result<Response<GetProjectResponse>, Status> {
                self.get(request.into_inner()).await
            }
        }
    };
}

project_commands! {
    projects: {
    create_project(CreateProjectRequest -> CreateProjectResponse) [] |message, faults| {
        let id = ProjectId::parse(&message.project).ok(); // its fault is noted already
        let name = faults.required("name", &message.name, Title::parse);
        let preset = faults.maybe_choice("preset", message.preset, preset);
        let own = message.scheme.as_ref().map(|own| scheme(faults, own));
        if message.preset != 0 && own.is_some() {
            faults.add("scheme", "must be left out where preset is given");
        }
        let scheme = match own {
            Some(own) => own?,
            None => preset.unwrap_or_else(Scheme::three),
        };
        Some(Command::CreateProject { id: id?, name: name?, scheme })
    };
    change_severity_scheme(ChangeSeveritySchemeRequest -> ChangeSeveritySchemeResponse) [expected_revision] |message, faults| {
        let Some(own) = &message.scheme else {
            faults.add("scheme", "is required");
            return None;
        };
        Some(Command::ChangeSeverityScheme { scheme: scheme(faults, own)? })
    };
    add_component(AddComponentRequest -> AddComponentResponse) [expected_revision] |message, faults| {
        let component = faults.required("component", &message.component, ComponentId::parse);
        let owner = faults.optional("owner_team", &message.owner_team, TeamId::parse);
        Some(Command::AddComponent { component: component?, owner })
    };
    change_component_owner(ChangeComponentOwnerRequest -> ChangeComponentOwnerResponse) [expected_revision] |message, faults| {
        let component = faults.required("component", &message.component, ComponentId::parse);
        let owner = faults.optional("owner_team", &message.owner_team, TeamId::parse);
        Some(Command::ChangeComponentOwner { component: component?, owner })
    };
    add_team(AddTeamRequest -> AddTeamResponse) [expected_revision] |message, faults| {
        let team = faults.required("team", &message.team, TeamId::parse);
        let model = faults.choice("model", message.model, model);
        Some(Command::AddTeam { team: team?, model: model? })
    };
    add_product_owner(AddProductOwnerRequest -> AddProductOwnerResponse) [expected_revision] |message, faults| {
        Some(Command::AddProductOwner { person: faults.required("person", &message.person, PersonId::parse)? })
    };
    remove_product_owner(RemoveProductOwnerRequest -> RemoveProductOwnerResponse) [expected_revision] |message, faults| {
        Some(Command::RemoveProductOwner { person: faults.required("person", &message.person, PersonId::parse)? })
    };
    add_customer(AddCustomerRequest -> AddCustomerResponse) [expected_revision] |message, faults| {
        let customer = faults.required("customer", &message.customer, CustomerId::parse);
        let tier = faults.optional("tier", &message.tier, short(NAME_CHARS_MAX));
        let people = faults.list("people", &message.people, PersonId::parse).into_iter().collect();
        Some(Command::AddCustomer { customer: customer?, tier, people })
    };
    add_customer_person(AddCustomerPersonRequest -> AddCustomerPersonResponse) [expected_revision] |message, faults| {
        let customer = faults.required("customer", &message.customer, CustomerId::parse);
        let person = faults.required("person", &message.person, PersonId::parse);
        Some(Command::AddCustomerPerson { customer: customer?, person: person? })
    };
    remove_customer_person(RemoveCustomerPersonRequest -> RemoveCustomerPersonResponse) [expected_revision] |message, faults| {
        let customer = faults.required("customer", &message.customer, CustomerId::parse);
        let person = faults.required("person", &message.person, PersonId::parse);
        Some(Command::RemoveCustomerPerson { customer: customer?, person: person? })
    };
    set_self_verification(SetSelfVerificationRequest -> SetSelfVerificationResponse) [expected_revision] |message, _faults| {
        Some(Command::SetSelfVerification { on: message.on })
    };
    switch_reactor(SwitchReactorRequest -> SwitchReactorResponse) [expected_revision] |message, faults| {
        Some(Command::SwitchReactor { reactor: faults.choice("reactor", message.reactor, reactor)?, on: message.on })
    };
    }
    teams: {
    add_team_member(AddTeamMemberRequest -> AddTeamMemberResponse) |message, faults| {
        let team = faults.required("team", &message.team, TeamId::parse);
        let person = faults.required("person", &message.person, PersonId::parse);
        Some(team::Command::AddMember { team: team?, person: person? })
    };
    remove_team_member(RemoveTeamMemberRequest -> RemoveTeamMemberResponse) |message, faults| {
        let team = faults.required("team", &message.team, TeamId::parse);
        let person = faults.required("person", &message.person, PersonId::parse);
        Some(team::Command::RemoveMember { team: team?, person: person? })
    };
    set_member_away(SetMemberAwayRequest -> SetMemberAwayResponse) |message, faults| {
        let team = faults.required("team", &message.team, TeamId::parse);
        let person = faults.required("person", &message.person, PersonId::parse);
        let from = faults.time("from", message.from.as_ref());
        let until = faults.time("until", message.until.as_ref());
        if message.until.is_none() {
            faults.add("until", "is required");
        }
        Some(team::Command::MemberAway { team: team?, person: person?, from, until: until? })
    };
    set_member_back(SetMemberBackRequest -> SetMemberBackResponse) |message, faults| {
        let team = faults.required("team", &message.team, TeamId::parse);
        let person = faults.required("person", &message.person, PersonId::parse);
        let from = faults.time("from", message.from.as_ref());
        Some(team::Command::MemberBack { team: team?, person: person?, from })
    };
    }
}

impl Projects {
    async fn run<M: ProjectCommand>(&self, request: Request<M>) -> Result<Response<M::Reply>, Status> {
        let (message, mut call) = Call::open(request)?;
        let id = call.faults.required("project", message.project(), ProjectId::parse);
        let command = message.command(&mut call.faults);
        let (request, (id, command)) = call.close(id.zip(command))?;
        let done = self.commands.project(&id, command, request).await;
        let done = done.map_err(|error| status::command_error(&error, &subject(&id)))?;
        Ok(reply::<M, _>(&done, show::project(&done.state)))
    }

    async fn run_team<M: TeamCommand>(&self, request: Request<M>) -> Result<Response<M::Reply>, Status> {
        let (message, mut call) = Call::open(request)?;
        let project = call.faults.required("project", message.project(), ProjectId::parse);
        let command = message.command(&mut call.faults);
        let (request, (project, command)) = call.close(project.zip(command))?;
        let subject = Subject(format!("teams/{project}/{}", command.team()));
        let done = self.commands.team(&project, command, request).await;
        let done = done.map_err(|error| status::command_error(&error, &subject))?;
        let settings = find(&self.commands, &project).await?;
        let model = settings.state.teams.get(&done.state.id).copied();
        Ok(reply::<M, _>(&done, show::team(&done.state, model)))
    }

    async fn get(&self, message: GetProjectRequest) -> Result<Response<GetProjectResponse>, Status> {
        let mut faults = Faults::default();
        let id = faults.required("project", &message.project, ProjectId::parse);
        let id = faults.finish(id)?;
        let found = find(&self.commands, &id).await?;
        let mut project = show::project(&found.state);
        let mut latest = found.at.clone();
        for (shown, (team, model)) in project.teams.iter_mut().zip(&found.state.teams) {
            let members = self.commands.find_team(&id, team).await;
            let members = members.map_err(|error| status::command_error(&error, &subject(&id)))?;
            if let Some(members) = members {
                *shown = show::team(&members.state, Some(*model));
                if members.at.position > latest.position {
                    latest = members.at.clone();
                }
            }
        }
        Ok(Response::new(GetProjectResponse { project: Some(project), consistency_token: token_at(&latest) }))
    }
}

/// `NOT_FOUND` where there is no such project.
pub(crate) async fn must_exist(commands: &Commands, id: &ProjectId) -> Result<(), Status> {
    find(commands, id).await.map(drop)
}

/// What a query names of its project.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) teams: Vec<TeamId>,
    pub(crate) components: Vec<ComponentId>,
    pub(crate) severities: Vec<SeverityId>,
}

/// As [`must_exist`], and refused where the project has nothing of a name, and never had: a query that is misspelt says so.
pub(crate) async fn must_have(commands: &Commands, id: &ProjectId, named: Names) -> Result<(), Status> {
    let project = find(commands, id).await?;
    let project = &project.state;
    let Names { teams, components, severities } = named;
    let team = teams.into_iter().find(|team| !project.teams.contains_key(team));
    let component = components.into_iter().find(|component| !project.components.contains_key(component));
    let severity = severities.into_iter().find(|severity| project.scheme.find(severity).is_none());
    let known = project.scheme.in_use().map(|severity| severity.id.clone()).collect();
    let unknown = team
        .map(|team| Rejection::UnknownTeam { team })
        .or(component.map(|component| Rejection::UnknownComponent { component }))
        .or(severity.map(|severity| Rejection::UnknownSeverity { severity, known }));
    unknown.map_or(Ok(()), |unknown| Err(status::refused(&unknown, &subject(id))))
}

/// The project as of all that was acknowledged before, or why there is none to show.
pub(crate) async fn find(commands: &Commands, id: &ProjectId) -> Result<Found<project::Project>, Status> {
    let found = commands.find_project(id).await.map_err(|error| status::command_error(&error, &subject(id)))?;
    found.ok_or_else(|| status::not_found(Reason::UnknownProject, &subject(id), "there is no such project"))
}

fn subject(id: &ProjectId) -> Subject {
    Subject(format!("projects/{id}"))
}

fn model(model: api::projects::v1::TeamModel) -> Option<TeamModel> {
    use api::projects::v1::TeamModel as Wire;
    match model {
        Wire::Combined => Some(TeamModel::Combined),
        Wire::Development => Some(TeamModel::Development),
        Wire::Maintenance => Some(TeamModel::Maintenance),
        Wire::Operations => Some(TeamModel::Operations),
        Wire::Support => Some(TeamModel::Support),
        Wire::Unspecified => None,
    }
}

fn reactor(reactor: Reactor) -> Option<project::Reactor> {
    match reactor {
        Reactor::Deadlines => Some(project::Reactor::Deadlines),
        Reactor::Escalations => Some(project::Reactor::Escalations),
        Reactor::Production => Some(project::Reactor::Production),
        Reactor::Delivery => Some(project::Reactor::Delivery),
        Reactor::Shifts => Some(project::Reactor::Shifts),
        Reactor::Unspecified => None,
    }
}

fn preset(preset: SeverityPreset) -> Option<Scheme> {
    match preset {
        SeverityPreset::Three => Some(Scheme::three()),
        SeverityPreset::Four => Some(Scheme::four()),
        SeverityPreset::Unspecified => None,
    }
}

/// A scheme of the project's own. Whether its parts fit together is the domain's to say.
fn scheme(faults: &mut Faults, scheme: &SeverityScheme) -> Option<Scheme> {
    faults.within("scheme", |faults| {
        faults.at_most("severities", scheme.severities.len(), SEVERITIES_MAX);
        let mut severities = Vec::new();
        for (n, severity) in scheme.severities.iter().take(SEVERITIES_MAX).enumerate() {
            severities.push(faults.within(&format!("severities[{n}]"), |faults| {
                let id = faults.required("id", &severity.id, SeverityId::parse);
                let name = faults.required("name", &severity.name, short(NAME_CHARS_MAX));
                let definition = faults.optional("definition", &severity.definition, short(DEFINITION_CHARS_MAX));
                let definition = definition.unwrap_or_default();
                Some(project::Severity { id: id?, name: name?, definition, retired: severity.retired })
            }));
        }
        let default = faults.required("default_severity", &scheme.default_severity, SeverityId::parse);
        Some(Scheme { severities: severities.into_iter().collect::<Option<_>>()?, default: default? })
    })
}
