//! What can be asked of a project.

use std::collections::BTreeSet;

use super::reactor::Reactor;
use super::scheme::Scheme;
use super::state::{TeamModel, Tier};
use crate::calendar::Definition;
use crate::ids::{ComponentId, CustomerId, PersonId, ProjectId, TeamId};
use crate::policy;
use crate::text::Title;

/// A command to a project.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each means what it means in the event of the command")]
pub enum Command {
    CreateProject { id: ProjectId, name: Title, scheme: Scheme },
    ChangeSeverityScheme { scheme: Scheme },
    AddComponent { component: ComponentId, owner: Option<TeamId> },
    ChangeComponentOwner { component: ComponentId, owner: Option<TeamId> },
    AddTeam { team: TeamId, model: TeamModel },
    AddProductOwner { person: PersonId },
    RemoveProductOwner { person: PersonId },
    AddCustomer { customer: CustomerId, tier: Option<Tier>, people: BTreeSet<PersonId> },
    AddCustomerPerson { customer: CustomerId, person: PersonId },
    RemoveCustomerPerson { customer: CustomerId, person: PersonId },
    SetSelfVerification { on: bool },
    DefineCalendar { definition: Definition },
    AdoptPolicy { draft: policy::Draft },
    SwitchReactor { reactor: Reactor, on: bool },
}
