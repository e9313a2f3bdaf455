//! The tables of the view `issues`.

use std::sync::Arc;

use jiff::Timestamp;

use super::details::Details;
use crate::record::{Json, record};
use crate::table::{Column, Table};

record! {
    /// One row an issue, as it stands. An import that does not tell something leaves it null, or says `not_known`.
    pub(crate) struct IssueRow = ISSUE("issue")
    key ["project", "ordinal"]
    indexes [
        [("project", Asc), ("state", Asc), ("state_since", Asc)],
        [("project", Asc), ("state", Asc), ("filed_at", Asc)],
        [("project", Asc), ("state", Asc), ("changed_at", Asc)],
        [("project", Asc), ("state", Asc), ("severity", Asc), ("state_since", Asc)],
        [("project", Asc), ("state", Asc), ("team", Asc), ("state_since", Asc)],
        [("project", Asc), ("state", Asc), ("component", Asc), ("state_since", Asc)],
        [("project", Asc), ("state", Asc), ("assignee", Asc), ("state_since", Asc)],
        [("project", Asc), ("source_reference", Asc)],
        [("project", Asc), ("position", Asc)]
    ]
    {
        /// Its project's key.
        project: Arc<str>,
        /// Its number within the project: PAY-42 is 42.
        ordinal: u64,
        /// Its stream's id, a UUID.
        id: Arc<str>,
        /// How many events it has.
        revision: u64,
        /// Position in the project's partition of the last of them: what changed after a position is a range of an index.
        position: u64,
        /// One line.
        title: Arc<str>,
        /// new_untriaged, new_triaged, accepted, resolved, verified, closed, dismissed.
        state: Arc<str>,
        /// Since when it stands there.
        state_since: Timestamp,
        /// Severity in force, of the project's scheme; null: never triaged, or not known.
        severity: Option<Arc<str>>,
        /// user_error, system, code_or_data, not_known; null: never triaged.
        level: Option<Arc<str>>,
        /// At levels 2 and 3: incident, bug.
        nature: Option<Arc<str>>,
        /// The part of the product concerned.
        component: Option<Arc<str>>,
        /// The owner team; null: never triaged, or not known.
        team: Option<Arc<str>>,
        /// Whose it is.
        assignee: Option<Arc<str>>,
        /// A question is open.
        waiting: bool,
        /// Of whom open questions are asked, each once, the longest open first, separated by a blank: opener, customer,
        /// product_owner, @ and a person's id. Null: no question is open.
        waiting_on: Option<Arc<str>>,
        /// It was imported.
        imported: bool,
        /// When it was filed.
        filed_at: Timestamp,
        /// Who filed it.
        filed_by: Arc<str>,
        /// When something last happened to it.
        changed_at: Timestamp,
        /// When its present cycle began: filing, the last rejected resolution, the last reopening from Closed.
        cycle_start: Timestamp,
        /// When it was first accepted.
        accepted_at: Option<Timestamp>,
        /// How severe the reporter said it was.
        reported_severity: Option<Arc<str>>,
        /// customer, product_owner, security, system; null: not known.
        source_kind: Option<Arc<str>>,
        /// The person who raised it.
        raised_by: Option<Arc<str>>,
        /// The system that raised it.
        raised_by_system: Option<Arc<str>>,
        /// What the original is called where it came from.
        source_reference: Option<Arc<str>>,
        /// It was accepted without a complete report.
        report_owed: bool,
        /// When its standing resolution was made.
        resolved_at: Option<Timestamp>,
        /// Who made it.
        resolved_by: Option<Arc<str>>,
        /// code, data, code_and_data, operation, explanation, not_known; null: it is not fixed.
        fix_kind: Option<Arc<str>>,
        /// When its standing resolution was confirmed.
        verified_at: Option<Timestamp>,
        /// Who confirmed it; null where verified_at is given: not known.
        confirmed_by: Option<Arc<str>>,
        /// Its own resolver confirmed it.
        self_verified: bool,
        /// The release that brought it to production, while it is there.
        release: Option<Arc<str>>,
        /// When it was closed or dismissed, while it is.
        closed_at: Option<Timestamp>,
        /// Who closed or dismissed it.
        closed_by: Option<Arc<str>>,
        /// duplicate, cannot_reproduce, not_a_defect, wont_fix, withdrawn, no_answer, not_known.
        dismissal: Option<Arc<str>>,
        /// What it is a duplicate of: a key, or another system's reference.
        duplicate_of: Option<Arc<str>>,
        /// How many comments it has.
        comments: u64,
        /// Since when there is a way around it.
        workaround_at: Option<Timestamp>,
        /// What has parts of its own: source, origin, questions, fix, evidence, causes, links, watchers.
        details: Json<Details>,
        /// A way around it.
        workaround: Option<Arc<str>>,
        /// Report: steps to reproduce.
        steps: Option<Arc<str>>,
        /// Report: what actually happens.
        actual: Option<Arc<str>>,
        /// Report: what was expected instead.
        expected: Option<Arc<str>>,
        /// Report: whatever else was said.
        more: Option<Arc<str>>,
    }
}

record! {
    /// One row a comment.
    pub(crate) struct CommentRow = COMMENT("comment")
    key ["project", "ordinal", "revision"]
    indexes []
    {
        /// Its issue's project.
        project: Arc<str>,
        /// Its issue's number.
        ordinal: u64,
        /// The issue's revision that it made.
        revision: u64,
        /// Who said it.
        author: Arc<str>,
        /// When.
        occurred_at: Timestamp,
        /// It was imported.
        imported: bool,
        /// What was said.
        text: Arc<str>,
    }
}

/// How many issues of a severity stand in a state. A row of 0 is not kept.
pub static COUNT: Table = Table {
    name: "count",
    comment: "How many issues of a severity stand in a state.",
    columns: &[
        Column::text("project", "The project's key."),
        Column::text("state", "As in the issue table."),
        Column::text("severity", "Severity; empty: none yet, or not known."),
        Column::integer("issues", "How many."),
    ],
    key: &["project", "state", "severity"],
    indexes: &[],
};

/// How many issues of a severity have something in common in a state. A row of 0 is not kept.
pub static FACET: Table = Table {
    name: "facet",
    comment: "How many issues of a severity have something in common in a state.",
    columns: &[
        Column::text("project", "The project's key."),
        Column::text("dimension", "team, component, assignee, level, nature, source_kind, waiting, waiting_on."),
        Column::text(
            "value",
            "As in the issue table; empty: none. Of waiting: yes, no. Of waiting_on, whoever is asked: opener, customer, \
             product_owner, person.",
        ),
        Column::text("state", "As in the issue table."),
        Column::text("severity", "Severity; empty: none yet, or not known."),
        Column::integer("issues", "How many."),
    ],
    key: &["project", "dimension", "value", "state", "severity"],
    indexes: &[],
};
