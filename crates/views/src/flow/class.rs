//! What an issue is counted under: a value for each dimension.

use std::sync::{Arc, LazyLock};

use domain::Fact;
use domain::ids::{SeverityId, TeamId};
use domain::issue::{IssueEvent, Source};

use crate::issue::words;

/// What issues are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// Severity in force.
    Severity,
    /// Triage level: user_error, system, code_or_data, not_known.
    Level,
    /// At levels 2 and 3: incident, bug.
    Nature,
    /// customer, product_owner, security, system, not_known.
    Source,
    /// The part of the product concerned.
    Component,
    /// The owner team.
    Team,
}

impl Dimension {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Severity, Self::Level, Self::Nature, Self::Source, Self::Component, Self::Team];

    /// The word in the tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Severity => "severity",
            Self::Level => "level",
            Self::Nature => "nature",
            Self::Source => "source",
            Self::Component => "component",
            Self::Team => "team",
        }
    }
}

/// The word in the tables for no dimension: all issues of the project.
pub const ALL_ISSUES: &str = "all";

/// The words of all slices: no dimension first, then [`Dimension::ALL`]. Shared, as each row's key has one.
static SLICES: LazyLock<[Arc<str>; 7]> = LazyLock::new(|| {
    let [severity, level, nature, source, component, team] = Dimension::ALL.map(|each| each.word().into());
    [ALL_ISSUES.into(), severity, level, nature, source, component, team]
});

/// See [`SLICES`].
pub(super) fn slices() -> &'static [Arc<str>; 7] {
    &SLICES
}

/// An issue's value in each dimension, in the order of [`Dimension::ALL`]; empty where it has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Class(pub(super) [Arc<str>; 6]);

impl Class {
    /// Of an issue that was filed, and nothing more.
    pub(super) fn filed(source: &Source) -> Self {
        let mut class = Self(std::array::from_fn(|_| Arc::default()));
        class.set(Dimension::Source, source.kind.known().map_or(words::NOT_KNOWN, words::source));
        class
    }

    pub(super) fn get(&self, dimension: Dimension) -> &Arc<str> {
        &self.0[dimension as usize]
    }

    fn set(&mut self, dimension: Dimension, value: impl Into<Arc<str>>) {
        self.0[dimension as usize] = value.into();
    }

    /// What an event that follows says of it.
    pub(super) fn apply(&mut self, event: &IssueEvent) {
        let level = |level: &Fact<_>| level.known().map_or(words::NOT_KNOWN, |level| words::level(*level));
        match event {
            IssueEvent::IssueTriaged { level: known, nature, severity, component, team } => {
                self.set(Dimension::Level, level(known));
                self.set(Dimension::Nature, nature.map_or("", words::nature));
                self.set(Dimension::Severity, severity.known().map_or_else(Arc::default, SeverityId::shared));
                self.set(Dimension::Team, team.known().map_or_else(Arc::default, TeamId::shared));
                if let Some(component) = component {
                    self.set(Dimension::Component, component.shared());
                }
            }
            IssueEvent::IssueFiled { component: Some(to), .. } | IssueEvent::ComponentChanged { to, .. } => {
                self.set(Dimension::Component, to.shared());
            }
            IssueEvent::SeverityChanged { to, .. } => self.set(Dimension::Severity, to.shared()),
            IssueEvent::LevelChanged { to, nature, team, .. } => {
                self.set(Dimension::Level, words::level(*to));
                self.set(Dimension::Nature, nature.map_or("", words::nature));
                if let Some(team) = team {
                    self.set(Dimension::Team, team.shared());
                }
            }
            IssueEvent::NatureChanged { to, .. } => self.set(Dimension::Nature, to.map_or("", words::nature)),
            IssueEvent::IssueHandedOver { to, .. } => self.set(Dimension::Team, to.shared()),
            _ => {}
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
