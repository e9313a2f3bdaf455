//! The tables of the view `flow`.

use std::sync::Arc;

use jiff::Timestamp;

use super::document::History;
use crate::record::{Json, record};
use crate::table::{Column, Table};

record! {
    /// One row an issue: what the counts of the other tables rest on.
    pub(crate) struct IssueRow = ISSUE("issue")
    key ["project", "ordinal"]
    indexes []
    {
        /// Its project's key.
        project: Arc<str>,
        /// Its number within the project: PAY-42 is 42.
        ordinal: u64,
        /// How many events it has.
        revision: u64,
        /// new_untriaged, new_triaged, accepted, resolved, verified, closed, dismissed.
        state: Arc<str>,
        /// Since when it stands there.
        since: Timestamp,
        /// Severity in force; empty: none yet, or not known.
        severity: Arc<str>,
        /// user_error, system, code_or_data, not_known; empty: never triaged.
        level: Arc<str>,
        /// At levels 2 and 3: incident, bug; empty: neither.
        nature: Arc<str>,
        /// customer, product_owner, security, system, not_known.
        source: Arc<str>,
        /// The part of the product concerned; empty: not said.
        component: Arc<str>,
        /// The owner team; empty: none yet, or not known.
        team: Arc<str>,
        /// Its clocks, its moves and its points.
        history: Json<History>,
    }
}

/// How issues moved, by day and by month.
pub static MOVES: Table = Table {
    name: "moves",
    comment: "How issues moved on a day or in a month (UTC), of all issues and of each value of each dimension. An issue is counted under the \
              values it has now. How many stand in a state at the end of a day: entered less left, summed over all days until then.",
    columns: &[
        Column::text("project", "The project's key."),
        Column::text("dimension", "all, severity, level, nature, source, component, team."),
        Column::text("span", "day or month: how long the row's time is. Add rows of one span only."),
        Column::timestamp("start", "The day's or month's first instant."),
        Column::text("value", "As in the issue table, for its dimension; empty: none, and for the dimension all."),
        Column::integer("filed", "Filed."),
        Column::integer("reopened", "Reopened, from Closed or Dismissed."),
        Column::integer("entered_new_untriaged", "Came to New, untriaged; filings are among them."),
        Column::integer("entered_new_triaged", "Came to New, triaged."),
        Column::integer("entered_accepted", "Came to Accepted."),
        Column::integer("entered_resolved", "Came to Resolved."),
        Column::integer("entered_verified", "Came to Verified."),
        Column::integer("entered_closed", "Came to Closed."),
        Column::integer("entered_dismissed", "Came to Dismissed."),
        Column::integer("left_new_untriaged", "Left New, untriaged."),
        Column::integer("left_new_triaged", "Left New, triaged."),
        Column::integer("left_accepted", "Left Accepted."),
        Column::integer("left_resolved", "Left Resolved."),
        Column::integer("left_verified", "Left Verified."),
        Column::integer("left_closed", "Left Closed."),
        Column::integer("left_dismissed", "Left Dismissed."),
    ],
    key: &["project", "dimension", "span", "start", "value"],
    indexes: &[],
};

/// The columns of [`MOVES`] that count what came to a state, in the order of `Standing::ALL`.
pub(super) const ENTERED: [&str; 7] = [
    "entered_new_untriaged",
    "entered_new_triaged",
    "entered_accepted",
    "entered_resolved",
    "entered_verified",
    "entered_closed",
    "entered_dismissed",
];
/// The columns of [`MOVES`] that count what left a state, in the order of `Standing::ALL`.
pub(super) const LEFT: [&str; 7] = [
    "left_new_untriaged",
    "left_new_triaged",
    "left_accepted",
    "left_resolved",
    "left_verified",
    "left_closed",
    "left_dismissed",
];

macro_rules! times {
    ($($bucket:literal)*) => {
        /// How long things took, by day and by month.
        pub static TIMES: Table = Table {
            name: "times",
            comment: "How long things took that ended on a day or in a month (UTC), counted in buckets 2 % wide: DDSketch's, with a relative \
                      error of 1 %. Bucket 0 is 0 s; bucket i > 0 holds durations d (whole seconds) with i = 1 + floor(ln d / ln(1.01/0.99)). \
                      By day for all issues only, by month for each value of each dimension as well. An issue is counted under the values it has now.",
            columns: &[
                Column::text("project", "The project's key."),
                Column::text("dimension", "all, severity, level, nature, source, component, team."),
                Column::text("span", "day or month: how long the row's time is. Add rows of one span only."),
                Column::timestamp("start", "The day's or month's first instant."),
                Column::text("measure", "lead, cycle, triage, accept, mitigate, resolve, resolve_again, dismiss, in_new_untriaged, \
                                         in_new_triaged, in_accepted, in_resolved, in_verified."),
                Column::text("value", "As in the issue table, for its dimension; empty: none, and for the dimension all."),
                Column::integer("band", "Which buckets: 32 * band to 32 * band + 31."),
                Column::integer("points", "How many durations, in all the row's buckets."),
                Column::integer("seconds", "How long they took together, in whole seconds."),
                $(Column::integer($bucket, "How many durations in this bucket.")),*
            ],
            key: &["project", "dimension", "span", "start", "measure", "value", "band"],
            indexes: &[],
        };

        /// The columns of [`TIMES`] that count a bucket each.
        pub(super) const BUCKETS: [&str; super::sketch::BAND as usize] = [$($bucket),*];
    };
}
times! {
    "b00" "b01" "b02" "b03" "b04" "b05" "b06" "b07" "b08" "b09" "b10" "b11" "b12" "b13" "b14" "b15"
    "b16" "b17" "b18" "b19" "b20" "b21" "b22" "b23" "b24" "b25" "b26" "b27" "b28" "b29" "b30" "b31"
}

/// What has not ended yet.
pub static RUNNING: Table = Table {
    name: "running",
    comment: "How many issues wait for the end of what is measured, by the day on which it began.",
    columns: &[
        Column::text("project", "The project's key."),
        Column::text("measure", "As in the times table."),
        Column::timestamp("since", "The first instant of the day on which it began (UTC)."),
        Column::integer("issues", "How many."),
    ],
    key: &["project", "measure", "since"],
    indexes: &[],
};
