//! The clocks of one issue as they stand now.

use std::sync::Arc;

use domain::clocks::{Clocks, Ledger, clocks};
use domain::ids::IssueKey;
use domain::project::Project;
use jiff::Timestamp;

use super::SCHEMA;
use super::document::Document;
use super::tables::DOCUMENT;
use crate::query::Query;
use crate::row::{Condition, Row, RowError, Select};
use crate::table::ViewId;

/// Asks for an issue's clocks.
#[derive(Debug, Clone)]
pub struct GetClocks {
    /// Which issue.
    pub key: IssueKey,
}

/// An issue's clocks: what happened, and what was promised.
#[derive(Debug, Clone)]
pub struct Live {
    /// What happened.
    pub ledger: Ledger,
    /// What was promised.
    pub project: Arc<Project>,
}

impl Live {
    /// As they stand at an instant.
    pub fn clocks(&self, now: Timestamp) -> Clocks {
        clocks(&self.ledger, &self.project.terms(), now)
    }
}

impl Query for GetClocks {
    type Found = Option<Live>;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        let of = |ordinal: u64| {
            Select::from(&DOCUMENT, 1)
                .filter(Condition::Equal("project", self.key.project.as_str().into()))
                .filter(Condition::Equal("ordinal", ordinal.into()))
        };
        vec![of(0), of(self.key.ordinal)]
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Option<Live>, RowError> {
        let (mut project, mut ledger) = (None, None);
        for row in rows.iter().flatten() {
            let (settings, noted) = Document::read(row)?.into_parts();
            (project, ledger) = (project.or(settings), ledger.or(noted));
        }
        Ok(ledger.zip(project).map(|(ledger, project)| Live { ledger, project }))
    }
}
