//! What a figure is counted under: a value for each dimension, as it was in force at an instant.

use std::sync::{Arc, LazyLock};

use domain::clocks::{Ledger, Noted};
use domain::ids::{ComponentId, CustomerId, SeverityId, TeamId};
use domain::policy::SourceWord;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::issue::words;

/// What figures are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// Severity.
    Severity,
    /// Owner team.
    Team,
    /// The part of the product concerned.
    Component,
    /// customer, `product_owner`, security, system, `not_known`.
    Source,
    /// The customer who reported it.
    Customer,
}

impl Dimension {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Severity, Self::Team, Self::Component, Self::Source, Self::Customer];

    /// The word in the tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Severity => "severity",
            Self::Team => "team",
            Self::Component => "component",
            Self::Source => "source",
            Self::Customer => "customer",
        }
    }
}

/// The word in the tables for no dimension: all issues of the project.
pub const ALL_ISSUES: &str = "all";

/// Shared, as each row's key has one.
static SLICES: LazyLock<[Arc<str>; 6]> = LazyLock::new(|| {
    let [severity, team, component, source, customer] = Dimension::ALL.map(|each| each.word().into());
    [ALL_ISSUES.into(), severity, team, component, source, customer]
});

/// The sources' words, shared for the same reason; the last: not known.
static SOURCES: LazyLock<[Arc<str>; 5]> = LazyLock::new(|| {
    let [customer, product_owner, security, system] = SourceWord::ALL.map(|source| source.as_str().into());
    [customer, product_owner, security, system, words::NOT_KNOWN.into()]
});

/// A value in each dimension, in the order of [`Dimension::ALL`]; empty: none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Class([Arc<str>; 5]);

impl Class {
    /// What was in force at an instant. The first triage says how severe the issue was from filing on.
    pub fn at(ledger: &Ledger, instant: Timestamp) -> Self {
        let mut class = Self::default();
        let mut triaged = false;
        let notes = || ledger.notes().iter().filter(|note| note.at <= instant);
        for note in notes() {
            match &note.what {
                Noted::Filed { severity, component, source, customer, .. } => {
                    class.set(Dimension::Severity, severity.as_ref().map(SeverityId::shared));
                    class.set(Dimension::Component, component.as_ref().map(ComponentId::shared));
                    let source = source.map_or(SourceWord::ALL.len(), |source| source as usize);
                    class.set(Dimension::Source, Some(Arc::clone(&SOURCES[source])));
                    class.set(Dimension::Customer, customer.as_ref().map(CustomerId::shared));
                }
                Noted::Triaged { severity, component, team, .. } => {
                    class.maybe(Dimension::Severity, severity.as_ref().map(SeverityId::shared));
                    class.maybe(Dimension::Component, component.as_ref().map(ComponentId::shared));
                    class.maybe(Dimension::Team, team.as_ref().map(TeamId::shared));
                    triaged |= severity.is_some();
                }
                Noted::SeverityChanged { to } => class.set(Dimension::Severity, Some(to.shared())),
                Noted::LevelChanged { team, .. } => {
                    class.maybe(Dimension::Team, team.as_ref().map(TeamId::shared));
                }
                Noted::ComponentChanged { to } => class.set(Dimension::Component, Some(to.shared())),
                Noted::HandedOver { to } => class.set(Dimension::Team, Some(to.shared())),
                _ => {}
            }
        }
        if !triaged {
            let first = ledger.notes().iter().find_map(|note| match &note.what {
                Noted::Triaged { severity, .. } => severity.as_ref(),
                _ => None,
            });
            class.maybe(Dimension::Severity, first.map(SeverityId::shared));
        }
        class
    }

    /// True: it has no value in any dimension.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|value| value.is_empty())
    }

    /// The value in a dimension; empty: none.
    pub fn get(&self, dimension: Dimension) -> &Arc<str> {
        &self.0[dimension as usize]
    }

    /// The value in a dimension; of none, all are one.
    pub fn value(&self, by: Option<Dimension>) -> Arc<str> {
        by.map_or_else(Arc::default, |by| Arc::clone(self.get(by)))
    }

    pub(super) fn set(&mut self, dimension: Dimension, value: Option<Arc<str>>) {
        self.0[dimension as usize] = value.unwrap_or_default();
    }

    fn maybe(&mut self, dimension: Dimension, value: Option<Arc<str>>) {
        if value.is_some() {
            self.set(dimension, value);
        }
    }

    /// Its values in one text: no id and no word has a comma.
    pub(super) fn joined(&self) -> Arc<str> {
        self.0.join(",").into()
    }

    /// Of a joined class: dimension and value of each slice that it belongs to.
    pub(super) fn parts(joined: &str) -> impl Iterator<Item = (Arc<str>, Arc<str>)> {
        let values = [""].into_iter().chain(joined.split(','));
        SLICES.iter().cloned().zip(values.map(Arc::from))
    }
}
