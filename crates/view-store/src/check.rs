//! What every store refuses before it touches anything, so that all refuse the same.

use std::collections::BTreeMap;

use views::row::{Checker, Select};
use views::table::{Schema, Table, ViewId};

use crate::commit::{CommitError, ViewCommit};
use crate::store::{Checkpoint, PartitionId, StoreError};

/// Checks that the table is one of the view's.
pub fn check_table(schema: &Schema, table: &'static Table) -> Result<(), StoreError> {
    let same = |each: &&'static Table| std::ptr::eq(*each, table) || **each == *table;
    if schema.tables.iter().any(same) {
        return Ok(());
    }
    Err(StoreError::Invalid { reason: format!("view {} has no such table {}", schema.id(), table.name) })
}

/// Checks that two views can be swapped: other names, the same tables.
pub fn check_swap(view: &Schema, with: &Schema) -> Result<(), StoreError> {
    if view.id() != with.id() && view.tables == with.tables {
        return Ok(());
    }
    Err(StoreError::Invalid { reason: format!("view {} can't take the place of {}", with.id(), view.id()) })
}

/// Checks that `with` has come as far as `view`. Gives the first partition where it has not.
pub fn behind(
    view: &BTreeMap<PartitionId, Checkpoint>,
    with: &BTreeMap<PartitionId, Checkpoint>,
) -> Option<PartitionId> {
    let position =
        |of: &BTreeMap<PartitionId, Checkpoint>, partition: &PartitionId| of.get(partition).map_or(0, |it| it.position);
    view.keys().copied().find(|partition| position(with, partition) < position(view, partition))
}

/// Checks that the selects fit the view.
pub fn check_selects(schema: &Schema, selects: &[Select]) -> Result<(), StoreError> {
    for select in selects {
        check_table(schema, select.table)?;
        select.check()?;
    }
    Ok(())
}

/// Checks that the commits are of different prepared views, go forward, and change tables of theirs.
pub fn check_commits(
    commits: &[ViewCommit],
    prepared: impl Fn(ViewId) -> Result<&'static Schema, StoreError>,
) -> Result<(), CommitError> {
    for (at, commit) in commits.iter().enumerate() {
        let schema = prepared(commit.view).map_err(CommitError::Failed)?;
        let twice = commits[..at].iter().any(|before| before.view == commit.view);
        let backward = commit.expected.is_some_and(|expected| expected.position > commit.new.position);
        if twice || backward {
            let what = if twice { "is committed twice at once" } else { "would go backward" };
            let reason = format!("view {} {what}", commit.view);
            return Err(CommitError::Failed(StoreError::Invalid { reason }));
        }
        let mut checker = Checker::default();
        for (at, change) in commit.changes.iter().enumerate() {
            check_table(schema, change.table()).map_err(CommitError::Failed)?;
            let rejected = |reason: String| CommitError::Rejected { view: commit.view, change: at, reason };
            checker.check(change).map_err(|error| rejected(error.to_string()))?;
        }
    }
    Ok(())
}
