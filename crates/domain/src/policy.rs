//! SLA policies: which targets rule an issue, counted on which calendar, and why.
//!
//! A project has one [`Policies`]: every version that was ever adopted, none of which changes. Version 0 is the default
//! ([`Policy::default_for`]): a project that adopts nothing is ruled by it. A version says for each severity its [`Rules`], and in which cases
//! ([`Selector`]: component, source, customer tier) others hold instead; the first selector that matches wins.
//!
//! What the system does hangs on these rules, never on a severity's name.

mod check;
mod draft;
mod explain;
mod policies;
mod preset;
mod rules;
mod selector;

pub use draft::Draft;
pub use explain::{Mismatch, Why};
pub use policies::{Policies, Ruling};
pub use rules::{Clock, Delivery, Entry, Escalation, Moment, Pauses, Recipient, Rules, Target, Targets};
pub use selector::{Selector, SourceWord, Subject, When};

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::ids::{CalendarId, SeverityId};

/// A policy holds at most this many selectors.
pub const SELECTORS_MAX: usize = 50;
/// Rules hold at most this many escalation steps.
pub const ESCALATIONS_MAX: usize = 20;
/// A selector names at most this many components, and as many tiers.
pub const LIST_MAX: usize = 100;

/// One version of a project's policy. It never changes once it is adopted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Dense from 1 within the project; 0 is the default policy, which nobody adopted.
    pub version: u32,
    /// From when on it is in force; never before it was recorded. The default policy's lies before everything.
    pub effective_from: Timestamp,
    /// What holds for each severity, the worst first; each stands here once.
    pub severities: Vec<SeverityRules>,
    /// What holds instead in particular cases: the first that matches wins.
    pub selectors: Vec<Selector>,
    /// The version of each calendar that the rules name: a calendar changed later moves nothing here.
    pub calendars: BTreeMap<CalendarId, u32>,
}

/// The rules of one severity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeverityRules {
    /// The severity.
    pub severity: SeverityId,
    /// What holds for it.
    pub rules: Rules,
}

impl Policy {
    /// What holds for an issue, and why; `None` where the policy says nothing of its severity.
    pub fn rules(&self, subject: &Subject) -> Option<Ruling<'_>> {
        let by_selector = self.selectors.iter().enumerate().find_map(|(index, selector)| {
            let rules = find(&selector.severities, &subject.severity)?;
            selector.when.mismatch(subject).is_none().then_some((rules, Some(index)))
        });
        let (rules, selector) = match by_selector {
            Some(found) => found,
            None => (find(&self.severities, &subject.severity)?, None),
        };
        Some(Ruling { policy: self, rules, selector })
    }

    /// Whether both say the same, whatever their versions, and from whenever on.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let Self { version: _, effective_from: _, severities, selectors, calendars } = self;
        (severities, selectors, calendars) == (&other.severities, &other.selectors, &other.calendars)
    }

    /// The version of that calendar that this policy counts on; `None`: none of its rules names it.
    pub fn calendar_version(&self, calendar: &CalendarId) -> Option<u32> {
        self.calendars.get(calendar).copied()
    }

    /// Every set of rules in it, the severities' own first.
    pub fn all_rules(&self) -> impl Iterator<Item = &SeverityRules> {
        self.severities.iter().chain(self.selectors.iter().flat_map(|selector| &selector.severities))
    }
}

fn find<'a>(severities: &'a [SeverityRules], severity: &SeverityId) -> Option<&'a Rules> {
    severities.iter().find(|one| one.severity == *severity).map(|one| &one.rules)
}
