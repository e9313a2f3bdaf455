//! Boards: a project's issues by state, or a team's, a component's, somebody's. The rows are those of the view [`crate::issue`]: each column
//! is a range of an index or a few, and its counts are kept, so a board costs the same however many issues there are.
//!
//! A board without a filter is one question. With one, [`Plan`] asks first how much the filter leaves, see [`needs_plan`].

mod access;
mod card;
mod counts;
mod filter;
mod groups;
mod lane;
mod order;
pub(crate) mod tally;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::ids::ProjectId;

pub use access::{FEW_MAX, LOOKED_AT_MAX, Plan, Planned};
pub use card::{Card, Party};
pub use counts::{ColumnCount, Counts};
pub use filter::Filter;
pub use groups::{GROUPS_MAX, Group, GroupCount, Groups};
pub use order::{Order, Place};

use crate::issue::{Dimension, SCHEMA, Standing};
use crate::query::Query;
use crate::row::{Row, RowError, Select};
use crate::table::ViewId;
use access::Access;
use filter::Counted;
use lane::{Found, Lane};
use tally::Tally;

/// So many cards of a column at most.
pub const CARDS_MAX: u32 = 100;

/// Does it cost less to ask for the [`Plan`] first?
pub fn needs_plan(filter: &Filter, order: &Order, group_by: Option<Dimension>) -> bool {
    Access::plain(filter, order).is_none() || group_by.is_some_and(|by| groups::uncounted(filter, by))
}

/// Asks for a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetBoard {
    /// Which project.
    pub project: ProjectId,
    /// Which of its issues.
    pub filter: Filter,
    /// How the cards are ordered.
    pub order: Order,
    /// How many cards of each column, at most [`CARDS_MAX`].
    pub cards_per_column: u32,
    /// By what the counts are told apart: severity, team, level, assignee or component.
    pub group_by: Option<Dimension>,
    /// Only groups after this value. Severities are not paged.
    pub groups_after: Option<Arc<str>>,
    /// See [`needs_plan`].
    pub planned: Planned,
}

/// Asks for a page of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListColumn {
    /// Which project.
    pub project: ProjectId,
    /// Which column.
    pub standing: Standing,
    /// Which of its issues.
    pub filter: Filter,
    /// How they are ordered.
    pub order: Order,
    /// Where the page before ended; `None`: the first.
    pub after: Option<Place>,
    /// How many cards, at most [`CARDS_MAX`].
    pub cards: u32,
    /// See [`needs_plan`].
    pub planned: Planned,
}

/// A board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// One for each of [`Standing::ALL`], in that order.
    pub columns: Vec<Column>,
    /// Where they were asked for.
    pub groups: Groups,
}

/// The issues of one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Which.
    pub standing: Standing,
    /// How many issues stand here.
    pub count: u64,
    /// True: of those that were looked at, there may be more.
    pub count_at_least: bool,
    /// How many of each severity, by its id; `None`: none yet, or not known.
    pub severities: Vec<(Option<Arc<str>>, u64)>,
    /// In the order asked for.
    pub cards: Vec<Card>,
    /// Where they end, unless nothing comes after them.
    pub next: Option<Place>,
}

/// A page of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnPage {
    /// In the order asked for.
    pub cards: Vec<Card>,
    /// Where they end, unless nothing comes after them.
    pub next: Option<Place>,
}

impl GetBoard {
    /// A project's board: all of it, the longest in their state first.
    pub fn of(project: ProjectId, cards_per_column: u32) -> Self {
        Self {
            project,
            filter: Filter::default(),
            order: Order::default(),
            cards_per_column,
            group_by: None,
            groups_after: None,
            planned: Planned::default(),
        }
    }

    fn lanes(&self) -> Vec<Lane<'_>> {
        let looked_through = self.group_by.is_some_and(|by| groups::uncounted(&self.filter, by));
        let lane = |standing| {
            let cards = self.cards_per_column.clamp(1, CARDS_MAX);
            Lane::new(
                &self.project,
                standing,
                (&self.filter, &self.order, &self.planned),
                (None, cards),
                looked_through,
            )
        };
        Standing::ALL.into_iter().map(lane).collect()
    }

    /// The counters that know how many issues the filter shows.
    fn counters(&self) -> Option<Select> {
        match self.filter.counted() {
            Counted::BySeverity => Some(tally::counts(&self.project)),
            Counted::By(dimension) => {
                self.filter.values(dimension).map(|values| tally::facets(&self.project, dimension, values))
            }
            Counted::Not => None,
        }
    }

    /// The counters that know the groups, where those of [`GetBoard::counters`] don't.
    fn group_counters(&self) -> Option<Select> {
        let by = self.group_by.filter(|by| groups::of_their_own(&self.filter, *by))?;
        Some(tally::all_facets(&self.project, by, self.groups_after.as_ref(), GROUPS_MAX + 1))
    }
}

impl Query for GetBoard {
    type Found = Board;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        let cards = self.lanes().into_iter().flat_map(|lane| lane.selects());
        self.counters().into_iter().chain(self.group_counters()).chain(cards).collect()
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Board, RowError> {
        let mut rest = &rows[..];
        let mut tallied = |asked: Option<Select>| {
            let Some((rows, further)) = asked.and_then(|_| rest.split_first()) else { return Ok(None) };
            rest = further;
            tally::read(rows).map(|tallies| Some(counts::shown(&self.filter, tallies)))
        };
        let counters = tallied(self.counters())?;
        let group_counters = tallied(self.group_counters())?;
        let mut founds = Vec::new();
        for lane in self.lanes() {
            let (rows, further) = rest.split_at(lane.width().min(rest.len()));
            rest = further;
            founds.push((lane.standing, lane.read(rows)?));
        }
        let groups = self.group_by.map(|by| {
            let known = group_counters.as_ref().or(counters.as_ref());
            let known = known.filter(|_| !groups::uncounted(&self.filter, by));
            groups::of(by, self.groups_after.as_deref(), known, &founds)
        });
        let columns = founds.into_iter().map(|(standing, found)| column(standing, found, counters.as_deref()));
        Ok(Board { columns: columns.collect(), groups: groups.unwrap_or_default() })
    }
}

impl Query for ListColumn {
    type Found = ColumnPage;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        self.lane().selects()
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<ColumnPage, RowError> {
        let mut found = self.lane().read(&rows)?;
        found.shown.truncate(found.page);
        Ok(ColumnPage { cards: found.shown, next: found.next })
    }
}

impl ListColumn {
    fn lane(&self) -> Lane<'_> {
        let cards = self.cards.clamp(1, CARDS_MAX);
        let how = (&self.filter, &self.order, &self.planned);
        Lane::new(&self.project, self.standing, how, (self.after.as_ref(), cards), false)
    }
}

fn column(standing: Standing, mut found: Found, counters: Option<&[Tally]>) -> Column {
    let severities = match counters {
        Some(tallies) => counts::by_severity(tallies, standing),
        None => found.shown.iter().fold(BTreeMap::new(), |mut severities, card| {
            *severities.entry(card.severity.clone().unwrap_or_default()).or_default() += 1;
            severities
        }),
    };
    found.shown.truncate(found.page);
    Column {
        standing,
        count: severities.values().sum(),
        count_at_least: counters.is_none() && found.more,
        severities: counts::told(severities),
        cards: found.shown,
        next: found.next,
    }
}
