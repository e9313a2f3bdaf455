//! What is watched.

use std::sync::Arc;

use view_store::{PartitionId, ViewId};
use views::row::{Condition, Row, RowError, Select, Value};
use views::table::{Direction, Table};

/// The column that names a row's project.
pub const PROJECT: &str = "project";
/// The column that has the position of the last event that changed the row.
pub const POSITION: &str = "position";

/// Which rows are wanted.
pub trait Filter: Send + Sync + 'static {
    /// Is this one?
    fn wants(&self, row: &Row) -> Result<bool, RowError>;
}

impl Filter for Vec<Condition> {
    fn wants(&self, row: &Row) -> Result<bool, RowError> {
        for condition in self {
            if !condition.holds(row.value(condition.column())?) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Which rows are watched.
#[derive(Clone)]
pub struct Scope {
    /// Of which view.
    pub view: ViewId,
    /// Of which table of it.
    pub table: &'static Table,
    /// The partition that the project is in.
    pub partition: PartitionId,
    /// Of which project.
    pub project: Arc<str>,
    /// Of which rows anything is told: others are nobody's business.
    pub among: Vec<Condition>,
    /// Which of those are wanted; of the others their removal is told.
    pub filter: Arc<dyn Filter>,
    /// What finds all that is wanted, each a range of an index; it may find more. Their limits are how many rows are read at a time.
    pub snapshot: Vec<Select>,
    /// What else of the view is told with changes, all of it at the same moment: counts, a few rows of an index. The same for all who watch
    /// the project's rows of this table and ask for any.
    pub beside: Option<Select>,
}

/// What a changed row is to a watcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Wanted,
    Unwanted,
    Strange,
}

impl Scope {
    pub(crate) fn fate(&self, row: &Row) -> Result<Fate, RowError> {
        if !self.among.wants(row)? {
            return Ok(Fate::Strange);
        }
        Ok(if self.filter.wants(row)? { Fate::Wanted } else { Fate::Unwanted })
    }
}

/// The project's rows that changed after the position, in the order of their last change.
pub(crate) fn changed_after(table: &'static Table, project: &Arc<str>, position: u64, limit: u32) -> Select {
    Select::from(table, limit)
        .filter(Condition::Equal(PROJECT, Value::Text(Arc::clone(project))))
        .filter(Condition::Greater(POSITION, Value::from(position)))
        .order(POSITION, Direction::Asc)
}
