//! A project as its events tell it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::reactor::Reactor;
use super::scheme::Scheme;
use crate::calendar::Calendars;
use crate::ids::{ComponentId, CustomerId, PersonId, ProjectId, SeverityId, TeamId};
use crate::issue::Level;
use crate::policy::Policies;
use crate::text::Title;

/// A project, folded from its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its key.
    pub id: ProjectId,
    /// How many events it has.
    pub revision: u64,
    /// What people call it.
    pub name: Title,
    /// Its severities.
    pub scheme: Scheme,
    /// Its components.
    pub components: BTreeMap<ComponentId, Component>,
    /// Its teams with what they may take; who is in them is on the teams' own streams.
    pub teams: BTreeMap<TeamId, TeamModel>,
    /// Who speaks for the product.
    pub product_owners: BTreeSet<PersonId>,
    /// Its customers.
    pub customers: BTreeMap<CustomerId, Customer>,
    /// True: an issue's resolver may verify it, stored and counted as such.
    pub self_verification: bool,
    /// What the system does not do by itself here.
    pub switched_off: BTreeSet<Reactor>,
    /// Its calendars, in all their versions.
    pub calendars: Calendars,
    /// Which severity rules an issue that nobody has given one; the first from the beginning.
    pub default_severities: Vec<DefaultSeverity>,
    /// Every SLA policy it has had; before it adopts any, the default.
    pub policies: Policies,
}

/// A severity that rules issues that nobody has given one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultSeverity {
    /// Since when.
    pub since: Timestamp,
    /// At which position of its partition that was recorded.
    pub position: u64,
    /// Which.
    pub severity: SeverityId,
}

impl DefaultSeverity {
    /// A project's first.
    pub fn from_the_beginning(severity: SeverityId) -> Self {
        Self { since: Timestamp::MIN, position: 0, severity }
    }
}

/// A part of the product.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Component {
    /// The team that owns it.
    pub owner: Option<TeamId>,
}

/// A customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// How much was promised to them.
    pub tier: Option<Tier>,
    /// Their people.
    pub people: BTreeSet<PersonId>,
}

/// A customer's tier, such as `gold`. At most 100 characters.
pub type Tier = std::sync::Arc<str>;

/// What kind of team it is, and so which triage levels it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TeamModel {
    /// Levels 1 to 3: owns the stack.
    Combined,
    /// Level 3.
    Development,
    /// Level 3.
    Maintenance,
    /// Level 2.
    Operations,
    /// Level 1.
    Support,
}

impl TeamModel {
    /// Whether a team of this kind may take issues of that level.
    pub fn may_take(self, level: Level) -> bool {
        match self {
            Self::Combined => true,
            Self::Development | Self::Maintenance => level == Level::CodeOrData,
            Self::Operations => level == Level::System,
            Self::Support => level == Level::UserError,
        }
    }
}
