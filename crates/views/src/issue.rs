//! The view `issues`: one row an issue, one a comment, and how many issues stand where. [`crate::board`] reads the same rows.
//!
//! A document is the domain's own [`Issue`], folded by the domain's own `evolve`: a query answers what a command answered.
//! What a command's reply must show is therefore in the domain's state, and `stored` loses nothing of it on the way into
//! a row and back. When `evolve` changes what it makes of an event, [`SCHEMA`]'s version rises.

mod details;
mod facets;
mod get;
mod list;
mod stored;
mod tables;
pub(crate) mod words;

use domain::clocks::Ledger;
use domain::ids::{IssueKey, ProjectId};
use domain::issue::{Issue, IssueEvent, evolve};
use domain::text::Text;
use domain::{Event, Recorded, StreamKind};

pub use facets::Dimension;
pub use get::{COMMENTS_PAGE, Comment, GetIssue, IssueFound};
pub use list::{Filter, IssuesFound, ListIssues, Order, STEP_MAX};
pub use tables::{COMMENT, COUNT, FACET, ISSUE};
pub use words::Standing;

use crate::inbox::{self, INBOX, INBOX_COUNT};
use crate::people::{self, DUTY, LOAD};
use crate::row::{Change, Key, Row, RowError, Value};
use crate::table::{Schema, Table};
use crate::view::{Count, Unappliable, View};

pub(crate) use facets::{opener, waiting_on};
use tables::{CommentRow, IssueRow};
pub(crate) use words::{parse_level, source as source_word, unknown};

/// The view's tables.
pub static SCHEMA: Schema = Schema {
    name: "issues",
    version: 2,
    tables: &[&ISSUE, &COMMENT, &COUNT, &FACET, &INBOX, &INBOX_COUNT, &DUTY, &LOAD],
};

/// The view.
#[derive(Debug, Clone, Copy)]
pub struct Issues;

/// What is kept of an issue's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// As it stands.
    issue: Issue,
    /// Position of its last event.
    position: u64,
}

impl View for Issues {
    type Document = Folded;

    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn table(&self) -> &'static Table {
        &ISSUE
    }

    fn streams(&self) -> &'static [StreamKind] {
        &[StreamKind::Issue]
    }

    fn key(&self, recorded: &Recorded) -> Key {
        Key::new([Value::from(recorded.stream.project.shared()), Value::from(recorded.ordinal)])
    }

    fn revision(&self, document: &Folded) -> u64 {
        document.issue.revision
    }

    fn decode(&self, row: &Row) -> Result<Folded, RowError> {
        let row = IssueRow::read(row)?;
        Ok(Folded { position: row.position, issue: row.issue()? })
    }

    fn encode(&self, document: &Folded) -> Result<Row, RowError> {
        IssueRow::of(&document.issue, document.position).row()
    }

    fn fold(
        &self,
        document: &mut Option<Folded>,
        recorded: &Recorded,
        beside: &mut Vec<Change>,
    ) -> Result<(), Unappliable> {
        let Event::Issue(event) = &recorded.event else {
            return Ok(());
        };
        if document.is_none() && !matches!(event, IssueEvent::IssueFiled { .. }) {
            return Err(Unappliable::Refused { reason: "an issue begins with its filing".into() });
        }
        if let IssueEvent::IssueCommented { text } = event {
            let comment = comment(recorded, text).row().map_err(Unappliable::Document)?;
            beside.push(Change::Insert(comment));
        }
        let issue = evolve(document.take().map(|before| before.issue), &of_issue(recorded, event.clone()));
        *document = issue.map(|mut issue| {
            // Its clocks are another view's, here as in a row.
            issue.ledger = Ledger::default();
            Folded { issue, position: recorded.position }
        });
        Ok(())
    }

    fn derived(&self, document: &Folded) -> Result<Vec<Row>, RowError> {
        let duties = people::duties(&document.issue).map(people::Duty::row);
        inbox::row(&document.issue).into_iter().chain(duties).collect()
    }

    fn counts(&self, document: &Folded) -> Vec<Count> {
        let issue = &document.issue;
        let duties = people::duties(issue).map(|duty| duty.count());
        facets::counts(issue).into_iter().chain(inbox::count(issue)).chain(duties).collect()
    }
}

/// The record as the issue's decider takes it.
pub(crate) fn of_issue(recorded: &Recorded, event: IssueEvent) -> Recorded<IssueEvent> {
    let Recorded { event: _, stream, ordinal, revision, position, actor, occurred_at, recorded_at, origin } = recorded;
    Recorded {
        event,
        stream: stream.clone(),
        ordinal: *ordinal,
        revision: *revision,
        position: *position,
        actor: actor.clone(),
        occurred_at: *occurred_at,
        recorded_at: *recorded_at,
        origin: origin.clone(),
    }
}

fn comment(recorded: &Recorded, text: &Text) -> CommentRow {
    CommentRow {
        project: recorded.stream.project.shared(),
        ordinal: recorded.ordinal,
        revision: recorded.revision,
        author: recorded.actor.shared(),
        occurred_at: recorded.occurred_at,
        imported: recorded.origin.is_some(),
        text: text.shared(),
    }
}

/// The issue whose row this is.
pub fn read(row: &Row) -> Result<Issue, RowError> {
    IssueRow::read(row)?.issue()
}

/// The key of the issue whose row this is.
pub(crate) fn key(row: &Row) -> Result<IssueKey, RowError> {
    key_of(row.get("project")?, row.get("ordinal")?)
}

/// The key of a stored issue.
pub(crate) fn key_of(project: &str, ordinal: u64) -> Result<IssueKey, RowError> {
    let project = ProjectId::parse(project).map_err(|error| RowError::Json {
        table: ISSUE.name,
        column: "project",
        reason: error.to_string(),
    })?;
    Ok(IssueKey { project, ordinal })
}
