//! One setting of a project, changed: its components, teams, people, customers, and what the system does by itself.

use api::projects::v1::projects_service_client::ProjectsServiceClient;
use api::projects::v1::{self as proto, Project, Team};
use clap::{Args, ValueEnum};

use super::story::Done;
use crate::client::failure::Failure;
use crate::client::issue::explain;
use crate::client::session::Session;
use crate::client::times;

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
            /// Does it.
            pub(super) async fn run(self, $session: &Session) -> Result<(), Failure> {
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

/// What the system does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Reactor {
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
    pub(super) fn of(wire: proto::Reactor) -> Option<Self> {
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
        #[arg(value_name = "on|off", hide_possible_values = true, action = clap::ArgAction::Set, value_parser = clap::builder::BoolishValueParser::new())]
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
        #[arg(value_name = "on|off", hide_possible_values = true, action = clap::ArgAction::Set, value_parser = clap::builder::BoolishValueParser::new())]
        on: bool,
    }
    |this, session| { reactor: this.reactor.wire().into(), on: this.on, }
}
