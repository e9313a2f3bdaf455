//! How many issues stand in each column, without their cards.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::ids::ProjectId;

use super::filter::{Counted, Filter};
use super::tally::{self, Tally};
use crate::issue::{Dimension, Standing};
use crate::row::{Row, RowError, Select};

/// Counts the issues of each column, where the counters of severities know them: one select, the same for all filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    project: ProjectId,
    filter: Filter,
}

/// How many issues stand in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnCount {
    /// Which.
    pub standing: Standing,
    /// How many.
    pub issues: u64,
    /// How many of each severity, by its id; `None`: none yet, or not known.
    pub severities: Vec<(Option<Arc<str>>, u64)>,
}

impl Counts {
    /// Of what the filter shows of the project; `None`: it narrows by more than severity.
    pub fn of(project: &ProjectId, filter: &Filter) -> Option<Self> {
        let known = filter.counted() == Counted::BySeverity;
        known.then(|| Self { project: project.clone(), filter: filter.clone() })
    }

    /// What to select of the view of the issues.
    pub fn select(&self) -> Select {
        tally::counts(&self.project)
    }

    /// One for each of [`Standing::ALL`], in that order, out of what was selected.
    pub fn read(&self, rows: &[Row]) -> Result<Vec<ColumnCount>, RowError> {
        let tallies = shown(&self.filter, tally::read(rows)?);
        let count = |standing| {
            let severities = by_severity(&tallies, standing);
            ColumnCount { standing, issues: severities.values().sum(), severities: told(severities) }
        };
        Ok(Standing::ALL.into_iter().map(count).collect())
    }
}

/// Those that the filter shows, of counters that know more.
pub(super) fn shown(filter: &Filter, mut tallies: Vec<Tally>) -> Vec<Tally> {
    if let Some(severities) = filter.values(Dimension::Severity) {
        tallies.retain(|tally| severities.contains(&tally.severity));
    }
    tallies
}

/// A column's issues by severity; empty: none yet, or not known.
pub(super) fn by_severity(tallies: &[Tally], standing: Standing) -> BTreeMap<Arc<str>, u64> {
    let mut severities = BTreeMap::new();
    for tally in tallies.iter().filter(|tally| tally.standing == standing) {
        *severities.entry(Arc::clone(&tally.severity)).or_default() += tally.issues;
    }
    severities
}

/// As callers have it.
pub(super) fn told(severities: BTreeMap<Arc<str>, u64>) -> Vec<(Option<Arc<str>>, u64)> {
    let told = |(severity, issues): (Arc<str>, u64)| (Some(severity).filter(|it| !it.is_empty()), issues);
    severities.into_iter().map(told).collect()
}
