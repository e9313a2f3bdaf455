//! `snaglog project …`: a project's settings and teams.

mod scheme;
mod setting;
mod story;

use api::projects::v1::projects_service_client::ProjectsServiceClient;
use api::projects::v1::{self as proto, GetProjectRequest, Project};
use clap::{Args, Subcommand, ValueEnum};

use super::failure::Failure;
use super::issue::explain;
use super::session::Session;
use setting::{
    AddComponent, AddCustomer, AddCustomerPerson, AddMember, AddProductOwner, AddTeam, MemberAway, MemberBack,
    RemoveCustomerPerson, RemoveMember, RemoveProductOwner, SelfVerification, SetComponentOwner, SwitchReactor,
};
use story::Done;

/// Projects: severities, components, teams, product owners, customers.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a project
    Create(Create),
    /// Show a project with its teams
    #[command(visible_alias = "get")]
    Show(Show),
    /// Change its severities
    SetSeverities(scheme::SetSeverities),
    /// Add a part of the product
    AddComponent(AddComponent),
    /// Give a component to another team
    SetComponentOwner(SetComponentOwner),
    /// Add a team
    AddTeam(AddTeam),
    /// Somebody joins a team
    AddMember(AddMember),
    /// Somebody leaves a team
    RemoveMember(RemoveMember),
    /// A member of a team is away: no shift is given to them meanwhile
    MemberAway(MemberAway),
    /// A member of a team is back, or won't be away
    MemberBack(MemberBack),
    /// Name somebody who speaks for the product
    AddProductOwner(AddProductOwner),
    /// Somebody no longer speaks for the product
    RemoveProductOwner(RemoveProductOwner),
    /// Add a customer
    AddCustomer(AddCustomer),
    /// Somebody belongs to a customer
    AddCustomerPerson(AddCustomerPerson),
    /// Somebody no longer belongs to a customer
    RemoveCustomerPerson(RemoveCustomerPerson),
    /// Say whether an issue's resolver may verify it (for teams of one)
    SelfVerification(SelfVerification),
    /// Switch on or off what the system does by itself
    SwitchReactor(SwitchReactor),
}

impl Command {
    /// Does what was asked.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Create(create) => create.run(session).await,
            Self::Show(show) => show.run(session).await,
            Self::SetSeverities(set) => set.run(session).await,
            Self::AddComponent(add) => add.run(session).await,
            Self::SetComponentOwner(set) => set.run(session).await,
            Self::AddTeam(add) => add.run(session).await,
            Self::AddMember(add) => add.run(session).await,
            Self::RemoveMember(remove) => remove.run(session).await,
            Self::MemberAway(away) => away.run(session).await,
            Self::MemberBack(back) => back.run(session).await,
            Self::AddProductOwner(add) => add.run(session).await,
            Self::RemoveProductOwner(remove) => remove.run(session).await,
            Self::AddCustomer(add) => add.run(session).await,
            Self::AddCustomerPerson(add) => add.run(session).await,
            Self::RemoveCustomerPerson(remove) => remove.run(session).await,
            Self::SelfVerification(set) => set.run(session).await,
            Self::SwitchReactor(switch) => switch.run(session).await,
        }
    }
}

/// A scheme to start with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Preset {
    Three,
    Four,
}

/// Create a project.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Its key: 2 to 10 letters and digits, a letter first
    project: String,
    /// What people call it [default: its key]
    #[arg(long)]
    name: Option<String>,
    /// A scheme of severities to start with
    #[arg(long, value_enum, default_value = "three")]
    severities: Preset,
}

impl Create {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<Project>(&[])?;
        let preset = match self.severities {
            Preset::Three => proto::SeverityPreset::Three,
            Preset::Four => proto::SeverityPreset::Four,
        };
        let request = proto::CreateProjectRequest {
            request_id: session.request_id(),
            name: self.name.unwrap_or_else(|| self.project.to_uppercase()),
            project: self.project,
            preset: preset.into(),
            scheme: None,
        };
        let answer = ProjectsServiceClient::new(session.wire()).create_project(request).await;
        let answer = answer.map_err(|status| explain(session.failure(status), ""))?.into_inner();
        session.output.show(&answer.project.unwrap_or_default(), Done::done);
        Ok(())
    }
}

/// Show a project with its teams.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The project's key
    project: String,
}

impl Show {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<Project>(&[])?;
        let request = GetProjectRequest { project: self.project };
        let answer = ProjectsServiceClient::new(session.wire()).get_project(request).await;
        let answer = answer.map_err(|status| explain(session.failure(status), ""))?.into_inner();
        session.output.show(&answer.project.unwrap_or_default(), story::project);
        Ok(())
    }
}
