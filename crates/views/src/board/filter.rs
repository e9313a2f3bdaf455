//! Which issues a board shows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::access::INDEXED;
use super::card::{Card, Party};
use crate::issue::Dimension;
use crate::row::{Condition, Value};

/// With more values than this, the whole column is read instead of a range for each.
const RANGES_MAX: usize = 10;

/// Which issues. The dimensions narrow together, the values of one widen; what isn't named narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter(BTreeMap<Dimension, BTreeSet<Arc<str>>>);

impl Filter {
    /// Only those with one of these values: ids, or the words of the issue's table; an empty one stands for none. See [`Dimension`] for
    /// the words of waiting. No values narrow nothing.
    #[must_use]
    pub fn only(mut self, dimension: Dimension, values: impl IntoIterator<Item = Arc<str>>) -> Self {
        let mut values = values.into_iter().peekable();
        if values.peek().is_some() {
            self.0.entry(dimension).or_default().extend(values);
        }
        self
    }

    /// Does it show this issue?
    pub fn shows(&self, card: &Card) -> bool {
        self.0.iter().all(|(dimension, values)| match dimension {
            Dimension::Waiting => values.contains(if card.waiting { "yes" } else { "no" }),
            Dimension::WaitingOn => card.waiting_on.iter().any(|party| values.contains(Party::kind(party))),
            dimension => values.contains(card.value(*dimension)),
        })
    }

    /// The ranges of an index of each column that together hold all that is shown there, and maybe more; `None`: the whole column.
    pub fn ranges(&self) -> Vec<Option<Condition>> {
        for dimension in INDEXED {
            if let Some(values) = self.values(dimension).filter(|values| values.len() <= RANGES_MAX) {
                return values.iter().map(|value| Some(has(dimension, value))).collect();
            }
        }
        vec![None]
    }

    /// The values asked for; `None`: it isn't narrowed by these.
    pub fn values(&self, dimension: Dimension) -> Option<&BTreeSet<Arc<str>>> {
        self.0.get(&dimension)
    }

    /// By what it narrows.
    pub(super) fn dimensions(&self) -> impl Iterator<Item = (Dimension, &BTreeSet<Arc<str>>)> {
        self.0.iter().map(|(dimension, values)| (*dimension, values))
    }

    /// By what it narrows, severity aside: the one dimension, where it is one at most and an issue has one value of it only of those asked for.
    /// Of these the counters know exact numbers.
    pub(super) fn counted(&self) -> Counted {
        let mut others = self.dimensions().filter(|(dimension, _)| *dimension != Dimension::Severity);
        match (others.next(), others.next()) {
            (None, _) => Counted::BySeverity,
            (Some((Dimension::WaitingOn, values)), None) if values.len() > 1 => Counted::Not,
            (Some((dimension, _)), None) => Counted::By(dimension),
            (Some(_), Some(_)) => Counted::Not,
        }
    }
}

/// Which counters know how many issues a filter shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// Those by severity alone.
    BySeverity,
    /// Those of this dimension, by severity.
    By(Dimension),
    /// None.
    Not,
}

/// The column of the issue table holds this value; an empty one: nothing.
pub(super) fn has(dimension: Dimension, value: &Arc<str>) -> Condition {
    if value.is_empty() {
        Condition::IsNull(dimension.word())
    } else {
        Condition::Equal(dimension.word(), Value::from(Arc::clone(value)))
    }
}
