//! By which index a column is read, so that what it costs is bounded by what it shows, not by what there is.
//!
//! An unfiltered column is the start of a range of an index in the order asked for, and so is one of a single team, component, assignee or
//! severity. Everything else is decided by the counters: where a value leaves few issues of the column, these few are all read and sorted
//! here; where none does, the first of the column are looked at, and the page ends early.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::ids::ProjectId;

use super::filter::{Filter, has};
use super::order::Order;
use super::tally;
use crate::issue::{Dimension, SCHEMA, Standing};
use crate::query::Query;
use crate::row::{Condition, Row, RowError, Select};
use crate::table::ViewId;

/// So many issues of a column are all read where a filter leaves no more.
pub const FEW_MAX: u32 = 1000;
/// So many of a column are looked at where it leaves more, or nobody knows how many.
pub const LOOKED_AT_MAX: u32 = 500;

/// Each has an index of the issue table, by time in the state.
pub(super) const INDEXED: [Dimension; 4] =
    [Dimension::Assignee, Dimension::Component, Dimension::Team, Dimension::Severity];

/// Asks how many issues each dimension of a filter leaves: what [`super::GetBoard`] is planned by. It may be outdated by the time the board is
/// read; the board is right all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which project.
    pub project: ProjectId,
    /// Which issues.
    pub filter: Filter,
}

/// How many issues are left, by standing. The default: nobody knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Planned(Option<BTreeMap<Standing, Left>>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Left {
    all: u64,
    by: BTreeMap<Dimension, u64>,
}

impl Query for Plan {
    type Found = Planned;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        let facets = self.filter.dimensions().filter(|(dimension, _)| *dimension != Dimension::Severity);
        let facets = facets.map(|(dimension, values)| tally::facets(&self.project, dimension, values));
        [tally::counts(&self.project)].into_iter().chain(facets).collect()
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Planned, RowError> {
        let mut left: BTreeMap<Standing, Left> = BTreeMap::new();
        let mut rows = rows.into_iter();
        for tally in tally::read(&rows.next().unwrap_or_default())? {
            let here = left.entry(tally.standing).or_default();
            here.all += tally.issues;
            if self.filter.values(Dimension::Severity).is_some_and(|wanted| wanted.contains(&tally.severity)) {
                *here.by.entry(Dimension::Severity).or_default() += tally.issues;
            }
        }
        let facets = self.filter.dimensions().filter(|(dimension, _)| *dimension != Dimension::Severity);
        for ((dimension, _), rows) in facets.zip(rows) {
            for tally in tally::read(&rows)? {
                *left.entry(tally.standing).or_default().by.entry(dimension).or_default() += tally.issues;
            }
        }
        Ok(Planned(Some(left)))
    }
}

impl Planned {
    fn all(&self, standing: Standing) -> u64 {
        self.0.as_ref().map_or(u64::MAX, |left| left.get(&standing).map_or(0, |here| here.all))
    }

    fn left(&self, standing: Standing, dimension: Dimension) -> u64 {
        let left = |here: &Left| here.by.get(&dimension).copied().unwrap_or(0);
        self.0.as_ref().map_or(u64::MAX, |all| all.get(&standing).map_or(0, left))
    }
}

/// How a column is read: some ranges, each with one condition more than project and state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Access {
    /// `None`: no further condition. By severity: in the order of severities.
    pub(super) ranges: Vec<Option<Condition>>,
    /// True: the ranges are few issues, all of them are read, and sorted afterwards. False: they come in the order asked for.
    pub(super) few: bool,
    /// True: what is read may be more than what the filter shows.
    pub(super) sieved: bool,
}

impl Access {
    /// The access where nothing need be known of numbers; `None`: it depends.
    pub(super) fn plain(filter: &Filter, order: &Order) -> Option<Self> {
        let ordered = |ranges| Some(Self { ranges, few: false, sieved: false });
        let mut dimensions = filter.dimensions();
        match (dimensions.next(), dimensions.next(), order) {
            (None | Some((Dimension::Severity, _)), None, Order::Severity(_)) => ordered(by_severity(filter, order)),
            (None, ..) => ordered(vec![None]),
            (Some((dimension, values)), None, Order::StateLongest) if INDEXED.contains(&dimension) => {
                let only = values.first().filter(|_| values.len() == 1)?;
                ordered(vec![Some(has(dimension, only))])
            }
            _ => None,
        }
    }

    /// The access to a column where that is not enough, or more than the page is to be looked at.
    pub(super) fn planned(filter: &Filter, order: &Order, standing: Standing, planned: &Planned) -> Self {
        let indexed = INDEXED.into_iter().filter_map(|dimension| Some((dimension, filter.values(dimension)?)));
        let fewest = indexed.clone().min_by_key(|(dimension, _)| planned.left(standing, *dimension));
        let left = fewest.map_or(u64::MAX, |(dimension, _)| planned.left(standing, dimension));
        if planned.all(standing).min(left) <= u64::from(FEW_MAX) {
            let ranges = match fewest.filter(|_| left < planned.all(standing)) {
                Some((dimension, values)) => values.iter().map(|value| Some(has(dimension, value))).collect(),
                None => vec![None],
            };
            return Self { ranges, few: true, sieved: true };
        }
        let ranges = match order {
            Order::Severity(_) => by_severity(filter, order),
            Order::StateLongest => {
                let single = indexed.filter(|(_, values)| values.len() == 1);
                let fewest = single.min_by_key(|(dimension, _)| planned.left(standing, *dimension));
                vec![fewest.and_then(|(dimension, values)| Some(has(dimension, values.first()?)))]
            }
            Order::FiledOldest | Order::FiledNewest | Order::ChangedNewest => vec![None],
        };
        Self { ranges, few: false, sieved: true }
    }

    /// At most so many rows of each range, of a column that is to show so many cards.
    pub(super) fn limit(&self, cards: u32) -> u32 {
        let ranges = u32::try_from(self.ranges.len()).unwrap_or(u32::MAX).max(1);
        match (self.few, self.sieved) {
            // Twice, for what came between the plan and this.
            (true, _) => 2 * FEW_MAX,
            (false, true) => (LOOKED_AT_MAX / ranges).max(cards + 1),
            (false, false) => cards + 1,
        }
    }
}

/// A range for each severity asked for, the worst first.
fn by_severity(filter: &Filter, order: &Order) -> Vec<Option<Condition>> {
    let Order::Severity(worst_first) = order else { return vec![None] };
    let wanted = |severity: &Arc<str>| filter.values(Dimension::Severity).is_none_or(|some| some.contains(severity));
    let severities = worst_first.iter().map(domain::ids::SeverityId::shared).chain([Arc::default()]);
    severities.filter(wanted).map(|severity| Some(has(Dimension::Severity, &severity))).collect()
}
