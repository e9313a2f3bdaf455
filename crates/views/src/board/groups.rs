//! A board's counts, told apart by what issues have in common.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::filter::{Counted, Filter};
use super::lane::Found;
use super::tally::Tally;
use crate::issue::{Dimension, Standing};

/// So many groups come with a board at most; of severities all.
pub const GROUPS_MAX: u32 = 100;

/// Some groups, by value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Groups {
    /// By value, none first.
    pub groups: Vec<Group>,
    /// True: there are more after these.
    pub more: bool,
}

/// The issues that have something in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What; empty: nothing.
    pub value: Arc<str>,
    /// How many, one for each of [`Standing::ALL`].
    pub counts: Vec<GroupCount>,
}

/// How many issues of a group stand in a column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GroupCount {
    /// How many.
    pub issues: u64,
    /// True: of those that were looked at, there may be more.
    pub at_least: bool,
}

/// True: no counters know the groups of what the filter shows, the issues must be looked at.
pub(super) fn uncounted(filter: &Filter, by: Dimension) -> bool {
    match filter.counted() {
        Counted::BySeverity => false,
        Counted::By(dimension) => by != Dimension::Severity && by != dimension,
        Counted::Not => true,
    }
}

/// True: they are counted by other counters than the columns.
pub(super) fn of_their_own(filter: &Filter, by: Dimension) -> bool {
    by != Dimension::Severity && filter.counted() == Counted::BySeverity
}

/// The groups after a value: of the counters that know them, else of what was looked at.
pub(super) fn of(
    by: Dimension,
    after: Option<&str>,
    counters: Option<&Vec<Tally>>,
    founds: &[(Standing, Found)],
) -> Groups {
    let mut counted: BTreeMap<Arc<str>, BTreeMap<Standing, GroupCount>> = BTreeMap::new();
    let mut add = |value: &Arc<str>, standing: Standing, issues: u64, at_least: bool| {
        if after.is_none_or(|after| &**value > after) {
            let count = counted.entry(Arc::clone(value)).or_default().entry(standing).or_default();
            count.issues += issues;
            count.at_least |= at_least;
        }
    };
    for tally in counters.into_iter().flatten() {
        let value = if by == Dimension::Severity { &tally.severity } else { &tally.value };
        add(value, tally.standing, tally.issues, false);
    }
    if counters.is_none() {
        for (standing, found) in founds {
            found.shown.iter().for_each(|card| add(&card.value(by).into(), *standing, 1, found.more));
        }
    }
    let more = counted.len() > GROUPS_MAX as usize;
    let group = |(value, counts): (Arc<str>, BTreeMap<Standing, GroupCount>)| Group {
        value,
        counts: Standing::ALL.iter().map(|standing| counts.get(standing).copied().unwrap_or_default()).collect(),
    };
    Groups { groups: counted.into_iter().take(GROUPS_MAX as usize).map(group).collect(), more }
}
