//! Of which issues something is to be recorded next.

use std::sync::Arc;

use domain::ids::{IssueKey, ProjectId};
use jiff::Timestamp;

use super::SCHEMA;
use super::tables::DOCUMENT;
use crate::query::Query;
use crate::row::{Condition, Cursor, Row, RowError, Select};
use crate::table::{Direction, ViewId};

/// Asks for the issues of which something is to be recorded next: of all projects, the earliest first. An index gives them.
#[derive(Debug, Clone, Default)]
pub struct NextDue {
    /// Of this project only.
    pub project: Option<ProjectId>,
    /// After where another page ended.
    pub after: Option<Cursor>,
    /// At most so many.
    pub limit: u32,
}

/// Some of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DuePage {
    /// From when on, and which.
    pub issues: Vec<(Timestamp, IssueKey)>,
    /// Where it ended; `None`: nothing follows.
    pub next: Option<Cursor>,
}

impl NextDue {
    fn select(&self) -> Select {
        let all = Select::from(&DOCUMENT, self.limit).filter(Condition::NotNull("due_at"));
        let all = match &self.project {
            Some(project) => all.filter(Condition::Equal("project", project.as_str().into())),
            None => all,
        };
        all.order("due_at", Direction::Asc).after(self.after.clone())
    }
}

impl Query for NextDue {
    type Found = DuePage;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        vec![self.select()]
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<DuePage, RowError> {
        let rows = rows.into_iter().next().unwrap_or_default();
        let full = rows.len() >= self.limit as usize;
        let next = rows.last().filter(|_| full).map(|last| self.select().cursor(last)).transpose()?;
        let issues = rows.iter().map(|row| Ok((row.get("due_at")?, key(row)?)));
        Ok(DuePage { issues: issues.collect::<Result<_, _>>()?, next })
    }
}

/// The issue that a row is of.
pub(super) fn key(row: &Row) -> Result<IssueKey, RowError> {
    let project: Arc<str> = row.get("project")?;
    let misfit = |error: domain::ids::Malformed| RowError::Json {
        table: row.table().name,
        column: "project",
        reason: error.to_string(),
    };
    Ok(IssueKey { project: ProjectId::parse(&project).map_err(misfit)?, ordinal: row.get("ordinal")? })
}
