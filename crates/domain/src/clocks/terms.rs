//! What was promised: the terms that an issue's clocks are counted by.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::calendar::Calendars;
use crate::ids::{CustomerId, SeverityId};
use crate::policy::Policies;
use crate::project::{Customer, DefaultSeverity, Project, Tier};

/// What of a project rules the clocks of its issues. An answer for some instant is the same by a project's terms of then and of any time after: policies
/// and calendars keep their versions, and none is effective before it was recorded: not for what was recorded before it in the same instant, either.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Every policy that it has had.
    pub policies: &'a Policies,
    /// Every version of its calendars.
    pub calendars: &'a Calendars,
    /// Its customers, of whom the tiers matter.
    pub customers: &'a BTreeMap<CustomerId, Customer>,
    /// Which severity ruled those that nobody had given one; the oldest first.
    pub defaults: &'a [DefaultSeverity],
}

impl<'a> Terms<'a> {
    /// The severity that rules an issue filed then, recorded at that position, where its filing gives none. `None`: the project has no scheme, which none
    /// that exists lacks.
    pub fn default_severity(&self, (at, position): (Timestamp, u64)) -> Option<&'a SeverityId> {
        let by_then = self.defaults.partition_point(|default| default.since <= at && default.position <= position);
        self.defaults.get(by_then.saturating_sub(1)).map(|default| &default.severity)
    }

    /// How much was promised to a customer.
    pub fn tier(&self, customer: &CustomerId) -> Option<&'a Tier> {
        self.customers.get(customer)?.tier.as_ref()
    }
}

impl Project {
    /// What rules the clocks of its issues.
    pub fn terms(&self) -> Terms<'_> {
        Terms {
            policies: &self.policies,
            calendars: &self.calendars,
            customers: &self.customers,
            defaults: &self.default_severities,
        }
    }
}
