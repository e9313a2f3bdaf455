//! What a fold writes.

use super::{Key, Row, RowError, words};
use crate::table::{Kind, Table};

/// One change of a table. A commit's changes are applied in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The row with this row's key is this row from now on.
    Upsert(Row),
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
            Self::Upsert(row) => row.table(),
            Self::Delete { table, .. } | Self::Add { table, .. } => table,
        }
    }

    /// Names the row it changes.
    pub fn key(&self) -> Key {
        match self {
            Self::Upsert(row) => row.key(),
            Self::Delete { key, .. } | Self::Add { key, .. } => key.clone(),
        }
    }

    /// Does it fit its table? A store checks this of every change before it writes any.
    pub fn check(&self) -> Result<(), RowError> {
        match self {
            Self::Upsert(row) => words::check_row(row),
            Self::Delete { table, key } => key.check(table),
            Self::Add { table, key, deltas } => {
                key.check(table)?;
                if table.counters().is_none() {
                    return Err(RowError::NotCounters { table: table.name });
                }
                deltas.iter().try_for_each(|(column, _)| check_counter(table, column))
            }
        }
    }
}

fn check_counter(table: &'static Table, column: &str) -> Result<(), RowError> {
    let counter = table.position(column).map(|at| &table.columns[at]);
    let counts = counter.is_some_and(|it| it.kind == Kind::Integer && !table.in_key(it.name));
    if counts { Ok(()) } else { Err(RowError::NoColumn { table: table.name, column: column.to_owned() }) }
}
