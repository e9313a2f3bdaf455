//! Changes of rows, of which only the last counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use views::row::{Key, Row, RowError};

use crate::ring::weight;
use crate::scope::{Fate, Scope};

/// What changed, a row once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    rows: BTreeMap<Key, Option<Arc<Row>>>,
    bytes: usize,
}

impl Changes {
    /// Adds a changed row: it takes the place of what was known of it.
    pub(crate) fn put(&mut self, scope: &Scope, row: &Arc<Row>) -> Result<(), RowError> {
        let told = match scope.fate(row)? {
            Fate::Strange => return Ok(()),
            Fate::Wanted => Some(Arc::clone(row)),
            Fate::Unwanted => None,
        };
        let before = told.as_ref().map_or(0, |row| weight(row));
        let replaced = self.rows.insert(row.key(), told).flatten();
        self.bytes = self.bytes + before - replaced.map_or(0, |row| weight(&row));
        Ok(())
    }

    /// Adds a row that a snapshot found.
    pub(crate) fn found(&mut self, scope: &Scope, row: Row) -> Result<(), RowError> {
        if scope.fate(&row)? == Fate::Wanted {
            self.bytes += weight(&row);
            self.rows.insert(row.key(), Some(Arc::new(row)));
        }
        Ok(())
    }

    /// About how much it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// True: nothing changed.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Each changed row by its key; `None`: it is not, or no longer, what is watched.
    pub fn into_rows(self) -> impl Iterator<Item = (Key, Option<Arc<Row>>)> {
        self.rows.into_iter()
    }
}
