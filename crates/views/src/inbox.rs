//! The inbox for triage: what is New and nobody has triaged. A row an issue, as long as it waits for triage, kept with the view
//! [`crate::issue`]: each section is read by severity, the worst first, the oldest first within one, so what it costs is what it shows.

mod asking;

use std::sync::Arc;

use domain::Missing;
use domain::ids::SeverityId;
use domain::issue::{Issue, State};
use jiff::Timestamp;

use crate::issue;
use crate::record::record;
use crate::row::{Key, Row, RowError, Value};
use crate::table::{Column, Table};
use crate::view::Count;
pub use asking::{ENTRIES_MAX, Entry, GetInbox, Place, SectionFound};

record! {
    /// One row an issue that waits for triage.
    pub(crate) struct InboxRow = INBOX("inbox")
    key ["project", "section", "severity", "filed_at", "ordinal"]
    indexes []
    {
        /// Its project's key.
        project: Arc<str>,
        /// complete, incomplete: its report; waiting: a question is open.
        section: Arc<str>,
        /// As its last triage says, else as it was reported; empty: nobody said.
        severity: Arc<str>,
        /// When it was filed.
        filed_at: Timestamp,
        /// Its number within the project.
        ordinal: u64,
        /// One line.
        title: Arc<str>,
        /// customer, product_owner, security, system; null: not known.
        source_kind: Option<Arc<str>>,
        /// The person who raised it.
        raised_by: Option<Arc<str>>,
        /// The part of the product concerned.
        component: Option<Arc<str>>,
        /// Parts that its report lacks, separated by a blank: steps, actual, expected.
        missing: Arc<str>,
        /// As in the issue table.
        waiting_on: Option<Arc<str>>,
        /// Since when it waits for triage.
        state_since: Timestamp,
        /// It was triaged once, and came back.
        returned: bool,
        /// It was imported.
        imported: bool,
    }
}

/// How many issues of a severity wait for triage. A row of 0 is not kept.
pub static INBOX_COUNT: Table = Table {
    name: "inbox_count",
    comment: "How many issues of a severity wait for triage.",
    columns: &[
        Column::text("project", "The project's key."),
        Column::text("section", "As in the inbox table."),
        Column::text("severity", "As in the inbox table."),
        Column::integer("issues", "How many."),
    ],
    key: &["project", "section", "severity"],
    indexes: &[],
};

/// A part of the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    /// All is there: it can be triaged.
    Complete,
    /// Its report lacks something, and nobody has asked for it.
    Incomplete,
    /// A question is open.
    Waiting,
}

impl Section {
    /// All of them, in the order in which they are to be worked on.
    pub const ALL: [Self; 3] = [Self::Complete, Self::Incomplete, Self::Waiting];

    fn word(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Incomplete => "incomplete",
            Self::Waiting => "waiting",
        }
    }

    /// Where an issue waits for triage, if it does.
    fn of(issue: &Issue) -> Option<Self> {
        (issue.state == State::New { triaged: false }).then(|| {
            if !issue.questions.is_empty() {
                Self::Waiting
            } else if issue.report_missing().is_empty() {
                Self::Complete
            } else {
                Self::Incomplete
            }
        })
    }
}

/// The issue's row, while it waits for triage.
pub(crate) fn row(issue: &Issue) -> Option<Result<Row, RowError>> {
    let section = Section::of(issue)?;
    let missing = issue.report_missing().into_iter().map(missing_word).collect::<Vec<_>>().join(" ");
    let row = InboxRow {
        project: issue.key.project.shared(),
        section: section.word().into(),
        severity: severity(issue),
        filed_at: issue.filed_at,
        ordinal: issue.key.ordinal,
        title: issue.title.shared(),
        source_kind: issue.source.kind.known().map(|kind| issue::source_word(kind).into()),
        raised_by: issue::opener(issue).map(domain::ids::PersonId::shared),
        component: issue.component.as_ref().map(domain::ids::ComponentId::shared),
        missing: missing.into(),
        waiting_on: issue::waiting_on(issue),
        state_since: issue.state_since,
        returned: issue.triage.is_some(),
        imported: issue.origin.is_some(),
    };
    Some(row.row())
}

/// What the issue adds to the counters, while it waits for triage.
pub(crate) fn count(issue: &Issue) -> Option<Count> {
    let key = [Value::from(issue.key.project.shared()), Section::of(issue)?.word().into(), severity(issue).into()];
    Some(Count { table: &INBOX_COUNT, key: Key::new(key), column: "issues", by: 1 })
}

/// The one that rules its clocks; before any triage, the one reported.
fn severity(issue: &Issue) -> Arc<str> {
    let triaged = issue.triage.as_ref().and_then(|triage| triage.severity.known());
    triaged.or(issue.reported_severity.as_ref()).map_or_else(Arc::default, SeverityId::shared)
}

fn missing_word(missing: Missing) -> &'static str {
    match missing {
        Missing::StepsMissing => "steps",
        Missing::ActualMissing => "actual",
        _ => "expected",
    }
}
