//! Counters and by how much they move: summed over a batch, whoever moved them.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::Folded;
use crate::row::{Change, Key};
use crate::table::Table;
use crate::view::{Count, View};

/// Moves by table and row. A map without an order, as each event of a batch looks rows up in it; they are put in order once.
pub(super) struct Moved(HashMap<(&'static str, Key), Row, FixedState>);

/// Of which table, and by how much each of its counters that moved.
type Row = (&'static Table, Vec<(&'static str, i64)>);

impl Default for Moved {
    fn default() -> Self {
        Self(HashMap::with_hasher(FixedState::default()))
    }
}

impl Moved {
    /// From what a document counted to what it counts.
    pub(super) fn put(&mut self, before: Vec<Count>, after: Vec<Count>) {
        if before == after {
            return;
        }
        for (counts, sign) in [(before, -1), (after, 1)] {
            for Count { table, key, column, by } in counts {
                self.add(table, key, [(column, sign * by)]);
            }
        }
    }

    /// Takes a fold's own move of a counter; gives back any other change.
    pub(super) fn take(&mut self, change: Change) -> Option<Change> {
        let Change::Add { table, key, deltas } = change else { return Some(change) };
        self.add(table, key, deltas);
        None
    }

    fn add(&mut self, table: &'static Table, key: Key, deltas: impl IntoIterator<Item = (&'static str, i64)>) {
        let (_, sums) = self.0.entry((table.name, key)).or_insert_with(|| (table, Vec::new()));
        for (column, by) in deltas {
            match sums.iter_mut().find(|(name, _)| *name == column) {
                Some((_, sum)) => *sum += by,
                None => sums.push((column, by)),
            }
        }
    }

    /// Behind all else that the batch changed, by table and key: a change for each row, the folds' own moves among them.
    pub(super) fn into_changes<V: View>(self, view: &V, folded: &mut Folded) {
        let mut rows: Vec<_> = self.spread(view).rows().collect();
        rows.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        for ((_, key), (table, deltas)) in rows {
            folded.changes.push(Change::Add { table, key, deltas });
            folded.streams.push(None);
        }
    }

    fn spread<V: View>(self, view: &V) -> Self {
        let mut spread = Self::default();
        for ((_, key), (table, deltas)) in self.rows() {
            let rows = view.spread(table, &key, &deltas);
            if rows.is_empty() {
                spread.add(table, key, deltas);
                continue;
            }
            for row in rows {
                if let Change::Add { table, key, deltas } = row {
                    spread.add(table, key, deltas);
                }
            }
        }
        spread
    }

    /// Rows of which something moved, without what did not.
    fn rows(self) -> impl Iterator<Item = ((&'static str, Key), Row)> {
        let moved = |(name, (table, mut deltas)): (_, Row)| {
            deltas.retain(|(_, by)| *by != 0);
            (!deltas.is_empty()).then_some((name, (table, deltas)))
        };
        self.0.into_iter().filter_map(moved)
    }
}
