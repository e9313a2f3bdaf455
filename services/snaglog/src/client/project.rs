//! `snaglog project …`: a project's settings and teams.

mod scheme;

use api::projects::v1::projects_service_client::ProjectsServiceClient;
use api::projects::v1::{self as proto, Absence, GetProjectRequest, Project, Team};
use clap::{Args, Subcommand, ValueEnum};

use super::failure::Failure;
use super::issue::{explain, words};
use super::output::table;
use super::session::Session;
use super::times;

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

/// A subcommand that sends one request about a project and prints what it left.
macro_rules! setting {
    (
        $(#[$doc:meta])* $name:ident => $method:ident($request:ident).$answer:ident: $kind_of_answer:ty
        { $($(#[$attribute:meta])* $field:ident: $kind:ty,)* }
        |$this:ident, $session:ident| { $($part:ident: $value:expr,)* }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Args)]
        pub(crate) struct $name {
            /// The project's key
            project: String,
            $($(#[$attribute])* $field: $kind,)*
            /// Refuse (exit code 5) unless it is at this revision
            #[arg(long, value_name = "N")]
            expected_revision: Option<u64>,
        }

        impl $name {
            async fn run(self, $session: &Session) -> Result<(), Failure> {
                let $this = self;
                $session.output.expect_fields_of::<$kind_of_answer>(&[])?;
                let request = proto::$request {
                    request_id: $session.request_id(),
                    project: $this.project,
                    expected_revision: $this.expected_revision,
                    $($part: $value,)*
                };
                let answer = ProjectsServiceClient::new($session.wire()).$method(request).await;
                let answer = answer.map_err(|status| explain($session.failure(status), ""))?.into_inner();
                $session.output.show(&answer.$answer.unwrap_or_default(), |after| after.done());
                Ok(())
            }
        }
    };
}

/// What a command left, in a line.
trait Done {
    fn done(&self) -> String;
}

impl Done for Project {
    fn done(&self) -> String {
        let count = |n: usize, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
        let parts = [
            count(self.components.len(), "component"),
            count(self.teams.len(), "team"),
            count(self.product_owners.len(), "product owner"),
            count(self.customers.len(), "customer"),
        ];
        format!("{} {}: {} (revision {})", self.id, self.name, parts.join(", "), self.revision)
    }
}

impl Done for Team {
    fn done(&self) -> String {
        let members = words::or_dash(&self.members.join(", "));
        let first = format!("{}: {members} (revision {})", self.id, self.revision);
        let away = self.away.iter().map(|absence| format!("  away: {}", away(absence)));
        std::iter::once(first).chain(away).collect::<Vec<_>>().join("\n")
    }
}

/// Who is away, from when until when.
fn away(absence: &Absence) -> String {
    let time = |time: Option<&prost_types::Timestamp>| times::show(time, times::Style::Local);
    format!("{} from {} until {}", absence.person, time(absence.from.as_ref()), time(absence.until.as_ref()))
}

/// A scheme to start with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Preset {
    Three,
    Four,
}

/// What the system does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Reactor {
    /// Records that a clock is at risk, and its breach
    Deadlines,
    /// Tells those whom a policy names, step by step, of what is at risk or breached
    Escalations,
    /// Marks issues as in production when a deployment carries their fix, and takes the mark off after a rollback
    Production,
    /// Records whether a policy's delivery rule was kept
    Delivery,
    /// Plans shifts for what stays unmitigated
    Shifts,
}

impl Reactor {
    fn wire(self) -> proto::Reactor {
        match self {
            Self::Deadlines => proto::Reactor::Deadlines,
            Self::Escalations => proto::Reactor::Escalations,
            Self::Production => proto::Reactor::Production,
            Self::Delivery => proto::Reactor::Delivery,
            Self::Shifts => proto::Reactor::Shifts,
        }
    }

    /// `None`: a newer server's, that this build does not know.
    fn of(wire: proto::Reactor) -> Option<Self> {
        Self::value_variants().iter().copied().find(|one| one.wire() == wire)
    }
}

/// What kind of team it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Model {
    /// Levels 1 to 3: owns the stack
    Combined,
    /// Level 3
    Development,
    /// Level 3
    Maintenance,
    /// Level 2
    Operations,
    /// Level 1
    Support,
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
        session.output.show(&answer.project.unwrap_or_default(), story);
        Ok(())
    }
}

fn story(project: &Project) -> String {
    let bold = anstyle::Style::new().bold();
    let mut parts = vec![format!("{bold}{}  {}{bold:#} (revision {})", project.id, project.name, project.revision)];
    let scheme = project.scheme.clone().unwrap_or_default();
    let severities = scheme.severities.iter().map(|one| {
        let default = if one.id == scheme.default_severity { ", the default" } else { "" };
        let retired = if one.retired { ", retired" } else { "" };
        vec![format!("{}{default}{retired}", one.id), one.name.clone(), one.definition.clone()]
    });
    parts.push(table(&["SEVERITY", "NAME", "DEFINITION"], severities));
    let components = project.components.iter().map(|one| vec![one.id.clone(), words::or_dash(&one.owner_team)]);
    let model = |team: &Team| team.model().as_str_name().trim_start_matches("TEAM_MODEL_").to_lowercase();
    let teams =
        project.teams.iter().map(|team| vec![team.id.clone(), model(team), words::or_dash(&team.members.join(", "))]);
    let customers = project
        .customers
        .iter()
        .map(|one| vec![one.id.clone(), words::or_dash(&one.tier), words::or_dash(&one.people.join(", "))]);
    if !project.components.is_empty() {
        parts.push(table(&["COMPONENT", "OWNER"], components));
    }
    if !project.teams.is_empty() {
        parts.push(table(&["TEAM", "MODEL", "MEMBERS"], teams));
    }
    let absent: Vec<_> = project.teams.iter().flat_map(|team| &team.away).map(away).collect();
    if !absent.is_empty() {
        parts.push(format!("Away: {}", absent.join("; ")));
    }
    if !project.customers.is_empty() {
        parts.push(table(&["CUSTOMER", "TIER", "PEOPLE"], customers));
    }
    if !project.product_owners.is_empty() {
        parts.push(format!("Product owners: {}", project.product_owners.join(", ")));
    }
    if project.self_verification {
        parts.push(String::from("A resolver may verify their own fix."));
    }
    if !project.switched_off.is_empty() {
        let off = project.switched_off().filter_map(Reactor::of).filter_map(|one| one.to_possible_value());
        let off: Vec<_> = off.map(|one| one.get_name().to_owned()).collect();
        parts.push(format!("Switched off: {}", off.join(", ")));
    }
    parts.join("\n\n")
}

setting! {
    /// Add a part of the product.
    AddComponent => add_component(AddComponentRequest).project: Project {
        /// Its id
        component: String,
        /// The team that owns it
        #[arg(long, value_name = "TEAM")]
        owner: Option<String>,
    }
    |this, session| { component: this.component, owner_team: this.owner.unwrap_or_default(), }
}

setting! {
    /// Give a component to another team. Open issues do not move.
    SetComponentOwner => change_component_owner(ChangeComponentOwnerRequest).project: Project {
        /// Its id
        component: String,
        /// The team [default: none]
        #[arg(long, value_name = "TEAM")]
        owner: Option<String>,
    }
    |this, session| { component: this.component, owner_team: this.owner.unwrap_or_default(), }
}

setting! {
    /// Add a team.
    AddTeam => add_team(AddTeamRequest).project: Project {
        /// Its id
        team: String,
        /// What kind of team, and so which levels it may take
        #[arg(long)]
        model: Model,
    }
    |this, session| {
        team: this.team,
        model: match this.model {
            Model::Combined => proto::TeamModel::Combined,
            Model::Development => proto::TeamModel::Development,
            Model::Maintenance => proto::TeamModel::Maintenance,
            Model::Operations => proto::TeamModel::Operations,
            Model::Support => proto::TeamModel::Support,
        }.into(),
    }
}

setting! {
    /// Somebody joins a team.
    AddMember => add_team_member(AddTeamMemberRequest).team: Team {
        /// Which team
        team: String,
        /// Who; @me is the actor
        person: String,
    }
    |this, session| { team: this.team, person: session.person(&this.person), }
}

setting! {
    /// Somebody leaves a team.
    RemoveMember => remove_team_member(RemoveTeamMemberRequest).team: Team {
        /// Which team
        team: String,
        /// Who; @me is the actor
        person: String,
    }
    |this, session| { team: this.team, person: session.person(&this.person), }
}

setting! {
    /// A member of a team is away: no shift is given to them meanwhile.
    MemberAway => set_member_away(SetMemberAwayRequest).team: Team {
        /// Which team
        team: String,
        /// Who; @me is the actor
        person: String,
        /// The first instant of it: RFC 3339, a date, or `2 days` from now [default: now]
        #[arg(long, value_name = "TIME", value_parser = times::parse)]
        from: Option<prost_types::Timestamp>,
        /// The first instant at which they are there again
        #[arg(long, value_name = "TIME", value_parser = times::parse)]
        until: prost_types::Timestamp,
    }
    |this, session| {
        team: this.team,
        person: session.person(&this.person),
        from: this.from,
        until: Some(this.until),
    }
}

setting! {
    /// A member of a team is back sooner than was said, or won't be away at all.
    MemberBack => set_member_back(SetMemberBackRequest).team: Team {
        /// Which team
        team: String,
        /// Who; @me is the actor
        person: String,
        /// When the absence begins [default: the one that runs now]
        #[arg(long, value_name = "TIME", value_parser = times::parse)]
        from: Option<prost_types::Timestamp>,
    }
    |this, session| { team: this.team, person: session.person(&this.person), from: this.from, }
}

setting! {
    /// Name somebody who speaks for the product.
    AddProductOwner => add_product_owner(AddProductOwnerRequest).project: Project {
        /// Who; @me is the actor
        person: String,
    }
    |this, session| { person: session.person(&this.person), }
}

setting! {
    /// Somebody no longer speaks for the product.
    RemoveProductOwner => remove_product_owner(RemoveProductOwnerRequest).project: Project {
        /// Who; @me is the actor
        person: String,
    }
    |this, session| { person: session.person(&this.person), }
}

setting! {
    /// Add a customer.
    AddCustomer => add_customer(AddCustomerRequest).project: Project {
        /// Its id
        customer: String,
        /// How much was promised to them, such as gold
        #[arg(long)]
        tier: Option<String>,
        /// One of their people; may be given several times
        #[arg(long)]
        person: Vec<String>,
    }
    |this, session| { customer: this.customer, tier: this.tier.unwrap_or_default(), people: this.person, }
}

setting! {
    /// Somebody belongs to a customer.
    AddCustomerPerson => add_customer_person(AddCustomerPersonRequest).project: Project {
        /// The customer's id
        customer: String,
        /// Who; @me is the actor
        person: String,
    }
    |this, session| { customer: this.customer, person: session.person(&this.person), }
}

setting! {
    /// Somebody no longer belongs to a customer.
    RemoveCustomerPerson => remove_customer_person(RemoveCustomerPersonRequest).project: Project {
        /// The customer's id
        customer: String,
        /// Who; @me is the actor
        person: String,
    }
    |this, session| { customer: this.customer, person: session.person(&this.person), }
}

setting! {
    /// Say whether an issue's resolver may verify it: for teams of one. Stored and counted as such.
    SelfVerification => set_self_verification(SetSelfVerificationRequest).project: Project {
        /// on or off
        #[arg(value_name = "on|off", action = clap::ArgAction::Set, value_parser = clap::builder::BoolishValueParser::new())]
        on: bool,
    }
    |this, session| { on: this.on, }
}

setting! {
    /// Switch on or off what the system does by itself, in this project. Everything is on unless it was switched off; the history says what
    /// the system did, as `system:deadlines` for instance.
    SwitchReactor => switch_reactor(SwitchReactorRequest).project: Project {
        /// What
        #[arg(value_enum)]
        reactor: Reactor,
        /// on or off
        #[arg(value_name = "on|off", action = clap::ArgAction::Set, value_parser = clap::builder::BoolishValueParser::new())]
        on: bool,
    }
    |this, session| { reactor: this.reactor.wire().into(), on: this.on, }
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
