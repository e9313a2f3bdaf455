//! What is due, out of the view `sla`.

use std::sync::Arc;

use async_trait::async_trait;
use domain::ids::{IssueKey, ProjectId};
use view_store::{StoreError, ViewId, ViewStore};
use views::row::{Condition, Cursor, Select};
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
        let rows = answer.rows.into_iter().next().unwrap_or_default();
        let mut page = Page {
            folded: answer.checkpoints.iter().map(|(partition, at)| (*partition, at.position)).collect(),
            ..Page::default()
        };
        for row in &rows {
            let project: Arc<str> = row.get("project")?;
            // Only a parsed project has a stream, and so a row.
            let Ok(project) = ProjectId::parse(&project) else { continue };
            let issue = IssueKey { project, ordinal: row.get("ordinal")? };
            page.issues.push(DueIssue { at: row.get("due_at")?, issue });
        }
        if rows.len() as u64 >= u64::from(limit) {
            page.next = rows.last().map(|last| select.cursor(last)).transpose()?;
        }
        Ok(page)
    }
}
