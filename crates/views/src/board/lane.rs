//! One column of a board, read.

use domain::ids::ProjectId;

use super::access::{Access, Planned};
use super::card::Card;
use super::filter::Filter;
use super::order::{Order, Place, in_state};
use crate::issue::{ISSUE, Standing};
use crate::row::{Condition, Row, RowError, Select};

/// One column of a board.
#[derive(Debug)]
pub(super) struct Lane<'q> {
    pub(super) project: &'q ProjectId,
    pub(super) standing: Standing,
    pub(super) filter: &'q Filter,
    pub(super) order: &'q Order,
    /// Where the page before ended.
    pub(super) after: Option<&'q Place>,
    /// So many cards at most.
    pub(super) cards: u32,
    access: Access,
}

/// What was found of it.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What the filter shows of what was looked at, in order.
    pub(super) shown: Vec<Card>,
    /// So many of them are on the page.
    pub(super) page: usize,
    /// True: not all that the filter shows has been looked at.
    pub(super) more: bool,
    /// Where the page ends, unless nothing comes after it.
    pub(super) next: Option<Place>,
}

impl<'q> Lane<'q> {
    /// `looked_through`: the cards on the page are not enough, all that may be looked at is.
    pub(super) fn new(
        project: &'q ProjectId,
        standing: Standing,
        (filter, order, planned): (&'q Filter, &'q Order, &Planned),
        (after, cards): (Option<&'q Place>, u32),
        looked_through: bool,
    ) -> Self {
        let plain = Access::plain(filter, order).filter(|_| !looked_through);
        let access = plain.unwrap_or_else(|| Access::planned(filter, order, standing, planned));
        Self { project, standing, filter, order, after, cards, access }
    }

    /// One for each range that is still to come.
    pub(super) fn selects(&self) -> Vec<Select> {
        let (column, direction) =
            if self.access.few { ("state_since", in_state(self.standing)) } else { self.order.column(self.standing) };
        let select = |(at, condition): (usize, &Option<Condition>)| {
            let select = Select::from(&ISSUE, self.access.limit(self.cards))
                .filter(Condition::Equal("project", self.project.shared().into()))
                .filter(Condition::Equal("state", self.standing.word().into()))
                .order(column, direction);
            let select = condition.iter().cloned().fold(select, Select::filter);
            let cursor = self.after.filter(|_| !self.access.few && at == self.begun());
            select.after(cursor.map(|place| place.cursor(self.project)))
        };
        self.access.ranges.iter().enumerate().skip(self.begun()).map(select).collect()
    }

    /// How many selects it asks.
    pub(super) fn width(&self) -> usize {
        self.access.ranges.len() - self.begun()
    }

    /// The range in which the page begins.
    fn begun(&self) -> usize {
        let (Order::Severity(_), Some(after), false) = (self.order, self.after, self.access.few) else { return 0 };
        let of_place = |range: &Option<Condition>| match range {
            Some(Condition::Equal(_, value)) => *value == after.severity().into(),
            _ => after.severity().is_empty(),
        };
        self.access.ranges.iter().position(of_place).unwrap_or(self.access.ranges.len())
    }

    /// Out of the rows of each select.
    pub(super) fn read(&self, rows: &[Vec<Row>]) -> Result<Found, RowError> {
        if self.access.few { self.read_few(rows) } else { self.read_ordered(rows) }
    }

    fn read_ordered(&self, rows: &[Vec<Row>]) -> Result<Found, RowError> {
        let (wanted, limit) = (self.cards as usize, self.access.limit(self.cards) as usize);
        let (mut found, mut last) = (Found::default(), None);
        for rows in rows {
            for row in rows {
                let card = Card::read(row)?;
                last = Some(self.order.place(&card));
                if self.filter.shows(&card) {
                    found.shown.push(card);
                }
            }
            if rows.len() >= limit {
                // What comes after these is not known, so nothing of a later range may come before it.
                found.more = true;
                break;
            }
        }
        found.page = found.shown.len().min(wanted);
        found.next = match found.shown.get(wanted) {
            Some(_) => found.shown[..wanted].last().map(|card| self.order.place(card)),
            None => last.filter(|_| found.more),
        };
        Ok(found)
    }

    fn read_few(&self, rows: &[Vec<Row>]) -> Result<Found, RowError> {
        let mut placed = Vec::new();
        for row in rows.iter().flatten() {
            let card = Card::read(row)?;
            if self.filter.shows(&card) {
                placed.push((self.order.place(&card), card));
            }
        }
        let compare = |one: &Place, other: &Place| self.order.compare(self.standing, one, other);
        placed.sort_by(|(one, _), (other, _)| compare(one, other));
        let before = |place: &Place| self.after.is_some_and(|after| compare(place, after).is_le());
        placed.retain(|(place, _)| !before(place));
        let page = placed.len().min(self.cards as usize);
        let next = (page < placed.len()).then(|| placed[..page].last().map(|(place, _)| place.clone())).flatten();
        let limit = self.access.limit(self.cards) as usize;
        let more = rows.iter().any(|rows| rows.len() >= limit);
        Ok(Found { shown: placed.into_iter().map(|(_, card)| card).collect(), page, more, next })
    }
}
