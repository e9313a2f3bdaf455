//! What is due, out of the view `sla`.

use std::sync::Arc;

use async_trait::async_trait;
use domain::ids::{IssueKey, ProjectId};
use view_store::{Answer, StoreError, ViewId, ViewStore};
use views::row::{Condition, Cursor, Row, Select, Value};
use views::sla::{DOCUMENT, SCHEMA};
use views::table::Direction;

use crate::due::{Due, DueIssue, Page};

/// What is due, asked of the view `sla` in this store.
pub fn sla_due(store: Arc<dyn ViewStore>) -> Arc<dyn Due> {
    Arc::new(Sla(store))
}

struct Sla(Arc<dyn ViewStore>);

#[async_trait]
impl Due for Sla {
    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    async fn page(&self, after: Option<Cursor>, limit: u32) -> Result<Page, StoreError> {
        let select = Select::from(&DOCUMENT, limit)
            .filter(Condition::NotNull("due_at"))
            .order("due_at", Direction::Asc)
            .after(after);
        let answer = self.0.query(SCHEMA.id(), vec![select.clone()]).await?;
        let last =
            answer.rows.first().filter(|rows| rows.len() as u64 >= u64::from(limit)).and_then(|rows| rows.last());
        let next = last.map(|last| select.cursor(last)).transpose()?;
        Ok(Page { next, ..page(&answer)? })
    }

    async fn of(&self, issues: &[IssueKey]) -> Result<Page, StoreError> {
        let of = |key: &IssueKey| {
            Select::from(&DOCUMENT, 1)
                .filter(Condition::Equal("project", Value::from(key.project.shared())))
                .filter(Condition::Equal("ordinal", Value::from(key.ordinal)))
                .filter(Condition::NotNull("due_at"))
        };
        page(&self.0.query(SCHEMA.id(), issues.iter().map(of).collect()).await?)
    }

    fn after(&self, due: &DueIssue) -> Cursor {
        // In the order of a page: by instant, then by key.
        let DueIssue { at, issue } = due;
        Cursor(vec![Value::from(*at), Value::from(issue.project.shared()), Value::from(issue.ordinal)])
    }
}

fn page(answer: &Answer) -> Result<Page, StoreError> {
    let mut page = Page {
        generation: answer.generation,
        folded: answer.checkpoints.iter().map(|(partition, at)| (*partition, at.position)).collect(),
        ..Page::default()
    };
    for row in answer.rows.iter().flatten() {
        page.issues.extend(due(row)?);
    }
    Ok(page)
}

/// Only a parsed project has a stream, and so a row.
fn due(row: &Row) -> Result<Option<DueIssue>, StoreError> {
    let project: Arc<str> = row.get("project")?;
    let Ok(project) = ProjectId::parse(&project) else { return Ok(None) };
    let issue = IssueKey { project, ordinal: row.get("ordinal")? };
    Ok(Some(DueIssue { at: row.get("due_at")?, issue }))
}
