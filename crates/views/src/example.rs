//! The view `reopenings`: how often each issue was taken up again, and how many of a project were.

use std::sync::Arc;

use domain::issue::IssueEvent;
use domain::{Event, Recorded, StreamKind};

use crate::query::Query;
use crate::record::record;
use crate::row::{Change, Condition, Key, Row, RowError, Select, Value};
use crate::table::{Column, Schema, Table, ViewId};
use crate::view::{Count, Unappliable, View};

record! {
    /// One row an issue.
    pub struct Reopened = REOPENED("reopened")
    key ["project", "ordinal"]
    indexes []
    {
        /// Its project's key.
        project: Arc<str>,
        /// Its number within the project.
        ordinal: u64,
        /// How many events it has.
        revision: u64,
        /// How often it was reopened.
        times: u64,
    }
}

/// Moved by the new document's count less the old one's.
pub static REOPENED_COUNT: Table = Table {
    name: "reopened_count",
    comment: "How many issues of a project were reopened, however often.",
    columns: &[Column::text("project", "The project's key."), Column::integer("issues", "How many.")],
    key: &["project"],
    indexes: &[],
};

/// The view's tables.
pub static SCHEMA: Schema = Schema { name: "reopenings", version: 1, tables: &[&REOPENED, &REOPENED_COUNT] };

/// The view.
#[derive(Debug, Clone, Copy)]
pub struct Reopenings;

impl View for Reopenings {
    type Document = Reopened;

    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn table(&self) -> &'static Table {
        &REOPENED
    }

    fn streams(&self) -> &'static [StreamKind] {
        &[StreamKind::Issue]
    }

    fn key(&self, recorded: &Recorded) -> Key {
        Key::new([Value::from(recorded.stream.project.shared()), Value::from(recorded.ordinal)])
    }

    fn revision(&self, document: &Reopened) -> u64 {
        document.revision
    }

    fn decode(&self, row: &Row) -> Result<Reopened, RowError> {
        Reopened::read(row)
    }

    fn encode(&self, document: &Reopened) -> Result<Row, RowError> {
        document.clone().row()
    }

    fn fold(
        &self,
        document: &mut Option<Reopened>,
        recorded: &Recorded,
        _beside: &mut Vec<Change>,
    ) -> Result<(), Unappliable> {
        let (project, ordinal) = (recorded.stream.project.shared(), recorded.ordinal);
        let document = document.get_or_insert_with(|| Reopened { project, ordinal, revision: 0, times: 0 });
        document.revision = recorded.revision;
        if let Event::Issue(IssueEvent::IssueReopened { .. }) = &recorded.event {
            document.times += 1;
        }
        Ok(())
    }

    fn counts(&self, document: &Reopened) -> Vec<Count> {
        let key = Key::new([Value::from(Arc::clone(&document.project))]);
        let by = i64::from(document.times > 0);
        vec![Count { table: &REOPENED_COUNT, key, column: "issues", by }]
    }
}

/// How many issues of a project were reopened?
#[derive(Debug, Clone)]
pub struct CountReopened {
    /// The project's key.
    pub project: Arc<str>,
}

impl Query for CountReopened {
    type Found = u64;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        let of_project = Condition::Equal("project", Value::from(Arc::clone(&self.project)));
        vec![Select::from(&REOPENED_COUNT, 1).filter(of_project)]
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<u64, RowError> {
        rows.iter().flatten().next().map_or(Ok(0), |row| row.get("issues"))
    }
}
