//! What can happen to a project.

use std::collections::BTreeSet;

use super::reactor::Reactor;
use super::scheme::Scheme;
use super::state::{TeamModel, Tier};
use crate::calendar::Calendar;
use crate::ids::{ComponentId, CustomerId, PersonId, ProjectId, TeamId};
use crate::policy::Policy;
use crate::text::Title;

/// Something that happened to a project.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field means what it means in the project's state")]
pub enum ProjectEvent {
    /// It was created.
    ProjectCreated { id: ProjectId, name: Title, scheme: Scheme },
    /// Its severities were changed; those in use may be retired, not removed.
    SeveritySchemeChanged { scheme: Scheme },
    /// It has a component more; imports add unknown ones.
    ComponentAdded { component: ComponentId, owner: Option<TeamId> },
    /// A component is owned by another team, or by none. Open issues do not move.
    ComponentOwnerChanged { component: ComponentId, owner: Option<TeamId> },
    /// It has a team more.
    TeamAdded { team: TeamId, model: TeamModel },
    /// Somebody speaks for the product.
    ProductOwnerAdded { person: PersonId },
    /// Somebody no longer does.
    ProductOwnerRemoved { person: PersonId },
    /// It has a customer more.
    CustomerAdded { customer: CustomerId, tier: Option<Tier>, people: BTreeSet<PersonId> },
    /// Somebody belongs to a customer.
    CustomerPersonAdded { customer: CustomerId, person: PersonId },
    /// Somebody no longer does.
    CustomerPersonRemoved { customer: CustomerId, person: PersonId },
    /// A calendar was defined: its first version, or its next. The policies that count on it are adopted anew beside.
    CalendarDefined { calendar: Calendar },
    /// It is ruled by another SLA policy from its `effective_from` on, which lies never before this was recorded.
    PolicyAdopted { policy: Policy },
    /// Whether a resolver may verify.
    SelfVerificationSet { on: bool },
    /// Whether the system does something by itself.
    ReactorSwitched { reactor: Reactor, on: bool },
}
