//! In which cases other rules hold than the severity's own.

use std::fmt;

use super::SeverityRules;
use super::explain::Mismatch;
use crate::ids::{ComponentId, SelectorId, SeverityId};
use crate::issue::SourceKind;
use crate::project::Tier;

/// A case, and what holds in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// What people call the case: it stands in every "why". Unique within the policy.
    pub name: SelectorId,
    /// Which issues it is about.
    pub when: When,
    /// What holds for them. A severity that isn't here is left to what follows.
    pub severities: Vec<SeverityRules>,
}

/// Which issues a selector is about. An empty list asks for nothing; of several lists, each must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct When {
    /// One of these components.
    pub components: Vec<ComponentId>,
    /// One of these sources.
    pub sources: Vec<SourceWord>,
    /// A customer of one of these tiers.
    pub tiers: Vec<Tier>,
}

impl When {
    /// True where it asks for nothing, and so every issue matches.
    pub fn is_empty(&self) -> bool {
        self.components.is_empty() && self.sources.is_empty() && self.tiers.is_empty()
    }

    /// The first thing about an issue that doesn't match; `None` where all does.
    pub fn mismatch(&self, subject: &Subject) -> Option<Mismatch> {
        if !one_of(&self.components, subject.component.as_ref()) {
            return Some(Mismatch::Component);
        }
        if !one_of(&self.sources, subject.source.as_ref()) {
            return Some(Mismatch::Source);
        }
        (!one_of(&self.tiers, subject.tier.as_ref())).then_some(Mismatch::Tier)
    }
}

fn one_of<T: PartialEq>(wanted: &[T], given: Option<&T>) -> bool {
    wanted.is_empty() || given.is_some_and(|given| wanted.contains(given))
}

/// What of an issue decides which rules hold for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Its severity; before triage the reported one, else the scheme's default.
    pub severity: SeverityId,
    /// The part of the product concerned.
    pub component: Option<ComponentId>,
    /// Where it comes from; `None`: an import did not tell.
    pub source: Option<SourceWord>,
    /// How much was promised to its customer.
    pub tier: Option<Tier>,
}

/// One of the four sources, without its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum SourceWord {
    Customer,
    ProductOwner,
    Security,
    System,
}

impl SourceWord {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Customer, Self::ProductOwner, Self::Security, Self::System];

    /// `customer`, `product_owner`, `security` or `system`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::ProductOwner => "product_owner",
            Self::Security => "security",
            Self::System => "system",
        }
    }
}

impl From<&SourceKind> for SourceWord {
    fn from(kind: &SourceKind) -> Self {
        match kind {
            SourceKind::Customer { .. } => Self::Customer,
            SourceKind::ProductOwner { .. } => Self::ProductOwner,
            SourceKind::Security { .. } => Self::Security,
            SourceKind::System { .. } => Self::System,
        }
    }
}

impl fmt::Display for SourceWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
