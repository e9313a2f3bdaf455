//! Two pages of the same keys, row by row.

use std::cmp::Ordering;

use view_store::{PARKED_ANSWER_MAX, Parked};
use views::row::{Key, Row};

use super::Difference;

/// A page that was found, and the one that was wanted: rows by key, from the same key on.
pub(super) struct Rows {
    found: Vec<Row>,
    wanted: Vec<Row>,
    /// Rows may follow these.
    more: bool,
}

impl Rows {
    /// Both pages, cut where the shorter one ends of those that were full: what follows is for the next page.
    pub(super) fn of(found: Option<Vec<Row>>, wanted: Option<Vec<Row>>, limit: u32) -> Self {
        let (mut found, mut wanted) = (found.unwrap_or_default(), wanted.unwrap_or_default());
        let full = |rows: &[Row]| rows.len() >= limit as usize;
        let ends = [&found, &wanted].into_iter().filter(|rows| full(rows)).filter_map(|rows| rows.last().map(Row::key));
        let end: Option<Key> = ends.min();
        if let Some(end) = &end {
            found.retain(|row| row.key() <= *end);
            wanted.retain(|row| row.key() <= *end);
        }
        Self { found, wanted, more: end.is_some() }
    }

    /// The last row of both, if more may follow.
    pub(super) fn end(&self) -> Option<&Row> {
        let last = [self.found.last(), self.wanted.last()].into_iter().flatten().max_by_key(|row| row.key());
        last.filter(|_| self.more)
    }

    /// Names all differences. Gives how many rows there are.
    pub(super) fn compare(&self, mut differs: impl FnMut(Difference)) -> u64 {
        let (mut found, mut wanted) = (self.found.iter().peekable(), self.wanted.iter().peekable());
        let mut rows = 0;
        loop {
            let order = match (found.peek(), wanted.peek()) {
                (None, None) => return rows,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(found), Some(wanted)) => found.key().cmp(&wanted.key()),
            };
            rows += 1;
            match order {
                Ordering::Less => found.next().into_iter().for_each(|row| differs(whole(row, true))),
                Ordering::Greater => wanted.next().into_iter().for_each(|row| differs(whole(row, false))),
                Ordering::Equal => {
                    if let (Some(found), Some(wanted)) = (found.next(), wanted.next()) {
                        columns(found, wanted, &mut differs);
                    }
                }
            }
        }
    }
}

fn whole(row: &Row, found: bool) -> Difference {
    let text = Some(format!("{row:?}"));
    let (found, wanted) = if found { (text, None) } else { (None, text) };
    Difference { table: row.table().name, key: row.key().to_string(), column: None, found, wanted }
}

fn columns(found: &Row, wanted: &Row, differs: &mut impl FnMut(Difference)) {
    let values = found.values().iter().zip(wanted.values());
    for (column, (found_value, wanted_value)) in found.table().columns.iter().zip(values) {
        if found_value != wanted_value {
            differs(Difference {
                table: found.table().name,
                key: found.key().to_string(),
                column: Some(column.name),
                found: Some(found_value.to_string()),
                wanted: Some(wanted_value.to_string()),
            });
        }
    }
}

/// The streams that are set aside in either, by name; of many the first.
pub(super) struct Parking {
    found: Vec<Parked>,
    wanted: Vec<Parked>,
}

impl Parking {
    pub(super) fn of(mut found: Vec<Parked>, mut wanted: Vec<Parked>) -> Self {
        let full = |parked: &[Parked]| parked.len() >= PARKED_ANSWER_MAX;
        let ends = [&found, &wanted].into_iter().filter(|parked| full(parked)).filter_map(|parked| parked.last());
        if let Some(end) = ends.map(|parked| parked.stream.clone()).min() {
            found.retain(|parked| parked.stream <= end);
            wanted.retain(|parked| parked.stream <= end);
        }
        Self { found, wanted }
    }

    /// Names the streams that are set aside in one only, or from another event on.
    pub(super) fn compare(&self, mut differs: impl FnMut(Difference)) {
        let position = |of: &[Parked], stream: &str| of.iter().find(|it| *it.stream == *stream).map(|it| it.position);
        let mut names: Vec<_> = self.found.iter().chain(&self.wanted).map(|parked| &*parked.stream).collect();
        names.sort_unstable();
        names.dedup();
        for stream in names {
            let (found, wanted) = (position(&self.found, stream), position(&self.wanted, stream));
            if found != wanted {
                let (found, wanted) = (found.map(|it| it.to_string()), wanted.map(|it| it.to_string()));
                differs(Difference { table: "parked", key: stream.to_owned(), column: None, found, wanted });
            }
        }
    }
}
