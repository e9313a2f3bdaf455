//! What every store refuses before it touches anything, so that all refuse the same.

use std::collections::HashMap;

use views::row::Select;
use views::table::{Schema, Table, ViewId};

use crate::commit::{CommitError, ViewCommit};
use crate::store::StoreError;

/// The views prepared in a store.
#[derive(Debug, Clone, Default)]
pub struct Views {
    by_id: HashMap<ViewId, &'static Schema>,
}

impl Views {
    /// Takes note of a view that is prepared.
    pub fn insert(&mut self, view: &'static Schema) {
        self.by_id.insert(view.id(), view);
    }

    /// The view, if it is prepared.
    pub fn get(&self, view: ViewId) -> Result<&'static Schema, StoreError> {
        self.by_id.get(&view).copied().ok_or(StoreError::NotPrepared { view })
    }

    /// Checks that the selects fit the view.
    pub fn check_selects(&self, view: ViewId, selects: &[Select]) -> Result<&'static Schema, StoreError> {
        let schema = self.get(view)?;
        for select in selects {
            check_table(schema, select.table)?;
            select.check()?;
        }
        Ok(schema)
    }

    /// Checks that the commits are of different prepared views, go forward, and change tables of theirs.
    pub fn check_commits(&self, commits: &[ViewCommit]) -> Result<(), CommitError> {
        for (at, commit) in commits.iter().enumerate() {
            let schema = self.get(commit.view).map_err(CommitError::Failed)?;
            let twice = commits[..at].iter().any(|before| before.view == commit.view);
            let backward = commit
                .expected
                .is_some_and(|expected| expected.position > commit.new.position);
            if twice || backward {
                let what = if twice {
                    "is committed twice at once"
                } else {
                    "would go backward"
                };
                let reason = format!("view {} {what}", commit.view);
                return Err(CommitError::Failed(StoreError::Invalid { reason }));
            }
            for (at, change) in commit.changes.iter().enumerate() {
                check_table(schema, change.table()).map_err(CommitError::Failed)?;
                let rejected = |reason: String| CommitError::Rejected {
                    view: commit.view,
                    change: at,
                    reason,
                };
                change.check().map_err(|error| rejected(error.to_string()))?;
            }
        }
        Ok(())
    }
}

/// Checks that the table is one of the view's.
pub fn check_table(schema: &Schema, table: &'static Table) -> Result<(), StoreError> {
    let same = |each: &&'static Table| std::ptr::eq(*each, table) || **each == *table;
    if schema.tables.iter().any(same) {
        return Ok(());
    }
    Err(StoreError::Invalid {
        reason: format!("view {} has no such table {}", schema.id(), table.name),
    })
}
