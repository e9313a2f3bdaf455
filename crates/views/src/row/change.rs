//! What a fold writes.

use super::{Key, Row, RowError, words};
use crate::table::{Column, Table};

/// One change of a table. A commit's changes are applied in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The row with this row's key is this row from now on.
    Upsert(Row),
    /// The same, where nobody knows of a row with this key: a store need not look for one first, but one that is there is replaced.
    Insert(Row),
    /// There is no row with this key from now on; there may have been none before.
    Delete {
        /// Of which table.
        table: &'static Table,
        /// Names the row.
        key: Key,
    },
    /// Counters move by these much. A missing row counts as all zeros, and a row whose counters are all zero is deleted:
    /// what is stored doesn't depend on how the changes were batched. Only for tables that count ([`Table::counters`]).
    Add {
        /// Of which table.
        table: &'static Table,
        /// Names the row.
        key: Key,
        /// Column and by how much; a column not named stays.
        deltas: Vec<(&'static str, i64)>,
    },
}

impl Change {
    /// The table it changes.
    pub fn table(&self) -> &'static Table {
        match self {
            Self::Upsert(row) | Self::Insert(row) => row.table(),
            Self::Delete { table, .. } | Self::Add { table, .. } => table,
        }
    }

    /// Names the row it changes.
    pub fn key(&self) -> Key {
        match self {
            Self::Upsert(row) | Self::Insert(row) => row.key(),
            Self::Delete { key, .. } | Self::Add { key, .. } => key.clone(),
        }
    }
}

/// Says whether changes fit their tables. A store checks all of a commit before it writes any; what is to be known of a table is looked up once.
#[derive(Debug, Default)]
pub struct Checker {
    layouts: Vec<Layout>,
}

/// What changes of a table are checked by.
#[derive(Debug)]
pub(super) struct Layout {
    table: &'static Table,
    key: Vec<&'static Column>,
    /// `None`: it does not count.
    counters: Option<Vec<&'static str>>,
}

impl Checker {
    /// Does the change fit its table?
    pub fn check(&mut self, change: &Change) -> Result<(), RowError> {
        match change {
            Change::Upsert(row) | Change::Insert(row) => words::check_row(row),
            Change::Delete { table, key } => self.layout(table)?.check_key(key),
            Change::Add { table, key, deltas } => {
                let layout = self.layout(table)?;
                layout.check_key(key)?;
                let counters = layout.counters.as_ref().ok_or(RowError::NotCounters { table: table.name })?;
                let missing = deltas.iter().find(|(column, _)| !counters.contains(column));
                missing.map_or(Ok(()), |(column, _)| Err(super::no_column(table, column)))
            }
        }
    }

    fn layout(&mut self, table: &'static Table) -> Result<&Layout, RowError> {
        let known = self.layouts.iter().position(|layout| std::ptr::eq(layout.table, table));
        if known.is_none() {
            self.layouts.push(Layout::of(table)?);
        }
        Ok(&self.layouts[known.unwrap_or(self.layouts.len() - 1)])
    }
}

impl Layout {
    pub(super) fn of(table: &'static Table) -> Result<Self, RowError> {
        let key = table.key.iter().map(|name| Ok(&table.columns[super::at(table, name)?]));
        let counters = table.counters().map(|counters| counters.map(|column| column.name).collect());
        Ok(Self { table, key: key.collect::<Result<_, _>>()?, counters })
    }

    pub(super) fn check_key(&self, key: &Key) -> Result<(), RowError> {
        super::check_width(self.table, self.key.len(), key.values().len())?;
        self.key.iter().zip(key.values()).try_for_each(|(column, value)| super::check_kind(self.table, column, value))
    }
}
