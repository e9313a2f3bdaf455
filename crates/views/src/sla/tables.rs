//! The tables of the view `sla`.

use std::sync::Arc;

use jiff::Timestamp;

use super::history::History;
use super::reading::Reading;
use crate::record::{Json, record};
use crate::table::{Column, Table};

record! {
    /// One row a project, number 0, and one an issue: what clocks are counted from, and what they read at its last event.
    pub(crate) struct DocumentRow = DOCUMENT("document")
    key ["project", "ordinal"]
    indexes [[("due_at", Asc)], [("project", Asc), ("due_at", Asc)]]
    {
        /// Its project's key.
        project: Arc<str>,
        /// Its number within the project: PAY-42 is 42. 0: the project itself.
        ordinal: u64,
        /// The revision of the last of its events that concerns clocks.
        revision: u64,
        /// When that was recorded: what the reading is true of.
        read_at: Timestamp,
        /// When something is to be recorded of its clocks next, if nothing happens before.
        due_at: Option<Timestamp>,
        /// Its events that concern clocks, as the codec stores them, without texts.
        history: History,
        /// What its clocks read then.
        reading: Json<Reading>,
    }
}

record! {
    /// One row a cycle that has a target and has not ended, as it stood at the issue's last event that concerns clocks.
    pub(crate) struct ClockRow = CLOCK("clock")
    key ["project", "ordinal", "clock", "cycle"]
    indexes [
        [("project", Asc), ("breaches_at", Asc)],
        [("project", Asc), ("at_risk_at", Asc)]
    ]
    {
        /// Its project's key.
        project: Arc<str>,
        /// The issue's number.
        ordinal: u64,
        /// accept, mitigate, resolve.
        clock: Arc<str>,
        /// From 1 within the clock.
        cycle: u32,
        /// running, paused, cancelled.
        state: Arc<str>,
        /// Since when it is paused or cancelled.
        since: Option<Timestamp>,
        /// When it began.
        start: Timestamp,
        /// The policy's version that rules it.
        version: u32,
        /// When its target is used up: what is breached next. None while it stands still or once it is breached.
        breaches_at: Option<Timestamp>,
        /// When it is at risk, if that is not recorded yet; likewise.
        at_risk_at: Option<Timestamp>,
        /// True: that it is at risk is recorded.
        at_risk: bool,
        /// When it was breached, as far as that was known then.
        breached_at: Option<Timestamp>,
        /// When this row was right: how it stands now may be later.
        read_at: Timestamp,
        /// The target's length in working time, in seconds.
        length: Option<u64>,
        /// True: some cycle of the issue is breached.
        issue_breached: bool,
        /// While it runs and is not breached: how often the issue was handed over within the cycle.
        handovers: u64,
        /// Likewise: for how long nobody had accepted it, wall time in seconds.
        waited: u64,
        /// Likewise: since when nobody has; none: somebody has.
        waits_since: Option<Timestamp>,
        /// Likewise: how often the cycle was paused.
        pauses: u64,
        /// Likewise: how long, wall time in seconds.
        paused: u64,
        /// Severity.
        severity: Arc<str>,
        /// Owner team; empty: none yet.
        team: Arc<str>,
        /// The part of the product concerned; empty: not said.
        component: Arc<str>,
        /// customer, product_owner, security, system, not_known.
        source: Arc<str>,
        /// The customer who reported it; empty: none.
        customer: Arc<str>,
    }
}

record! {
    /// For each clock of which is recorded that it is at risk, one row for each way to ask for it: few are, so that each question is a range of the key.
    pub(crate) struct RiskRow = RISK("risk")
    key ["project", "slice", "breaches_at", "ordinal", "clock", "cycle"]
    indexes []
    {
        /// Its project's key.
        project: Arc<str>,
        /// Severity, owner team and component, with a space between; * for each that is not asked for.
        slice: Arc<str>,
        /// When it is breached, if nothing happens before.
        breaches_at: Timestamp,
        /// The issue's number.
        ordinal: u64,
        /// accept, mitigate, resolve.
        clock: Arc<str>,
        /// From 1 within the clock.
        cycle: u32,
        /// The policy's version that rules it.
        version: u32,
        /// Severity.
        severity: Arc<str>,
        /// Owner team; empty: none yet.
        team: Arc<str>,
        /// The part of the product concerned; empty: not said.
        component: Arc<str>,
        /// customer, product_owner, security, system, not_known.
        source: Arc<str>,
        /// The customer who reported it; empty: none.
        customer: Arc<str>,
    }
}

record! {
    /// One row a breach that stands, with its causes.
    pub(crate) struct BreachRow = BREACH("breach")
    key ["project", "ordinal", "clock", "cycle"]
    indexes [[("project", Asc), ("breached_at", Desc)], [("project", Asc), ("clock", Asc), ("breached_at", Desc)]]
    {
        /// Its project's key.
        project: Arc<str>,
        /// The issue's number.
        ordinal: u64,
        /// accept, mitigate, resolve.
        clock: Arc<str>,
        /// From 1 within the clock.
        cycle: u32,
        /// When it was breached.
        breached_at: Timestamp,
        /// The deadline that was passed.
        deadline: Timestamp,
        /// The policy's version by which it was.
        version: u32,
        /// deadline, first_triage, severity_change, rebase.
        cause: Arc<str>,
        /// The revision of the event that tells it; none: none did at the issue's last event.
        recorded: Option<u64>,
        /// When the cycle ended; none: it has not.
        ended_at: Option<Timestamp>,
        /// How often the issue was handed over within the cycle until then.
        handovers: u64,
        /// For how long nobody had accepted it within the cycle until then, wall time in seconds.
        waited: u64,
        /// How often the cycle was paused until then.
        pauses: u64,
        /// How long, wall time in seconds.
        paused: u64,
        /// Severity then.
        severity: Arc<str>,
        /// Owner team then; empty: none yet.
        team: Arc<str>,
        /// The part of the product concerned then; empty: not said.
        component: Arc<str>,
        /// customer, product_owner, security, system, not_known.
        source: Arc<str>,
        /// The customer who reported it; empty: none.
        customer: Arc<str>,
    }
}

record! {
    /// One row a pause that began just before a deadline, and moved it.
    pub(crate) struct SuspicionRow = SUSPICION("suspicion")
    key ["project", "ordinal", "revision"]
    indexes [[("project", Asc), ("begun_at", Desc)]]
    {
        /// Its project's key.
        project: Arc<str>,
        /// The issue's number.
        ordinal: u64,
        /// The revision of the event that began it.
        revision: u64,
        /// When.
        begun_at: Timestamp,
        /// When it ended; none: it lasts.
        ended_at: Option<Timestamp>,
        /// Who asked.
        person: Arc<str>,
        /// Of the target of the clocks that stood still, the least that was left, in percent.
        left_percent: u32,
        /// Owner team now; empty: none yet.
        team: Arc<str>,
    }
}

/// Verdicts by day.
pub static VERDICTS: Table = Table {
    name: "verdicts",
    comment: "Verdicts of a day (UTC), of all issues and of each value of each dimension as it was in force at the verdict. Compliance is met by met \
              and breached together.",
    columns: &[
        Column::text("project", "The project's key."),
        Column::text("dimension", "all, severity, team, component, source, customer."),
        Column::timestamp("day", "The day's first instant."),
        Column::text("value", "As in the breach table, for its dimension; empty: none, and for the dimension all."),
        Column::text(
            "measure",
            "accept, mitigate, resolve: cycles. issue: issues, met only if every cycle is. delivery: rules, kept or broken.",
        ),
        Column::integer("version", "The policy's version by which it was."),
        Column::integer("met", "Met; of delivery rules: kept."),
        Column::integer("breached", "Breached; of delivery rules: broken."),
        Column::integer("corrected", "Among the met: a breach was recorded and taken back."),
        Column::integer("sent_back", "Among all: another cycle began after it ended."),
        Column::integer("cancelled", "No verdict: the issue was dismissed."),
        Column::integer("untargeted", "No verdict: it ended without a target."),
    ],
    key: &["project", "dimension", "day", "value", "measure", "version"],
    indexes: &[],
};

/// What is open.
pub static OPEN: Table = Table {
    name: "open",
    comment: "Cycles with a target that have not ended, of all issues and of each value of each dimension as it is now.",
    columns: &[
        Column::text("project", "The project's key."),
        Column::text("dimension", "As in the verdicts table."),
        Column::text("value", "Likewise."),
        Column::text("measure", "accept, mitigate, resolve."),
        Column::integer("running", "They run, and are neither at risk nor breached as far as is recorded."),
        Column::integer("paused", "They stand still."),
        Column::integer("at_risk", "They are at risk, as is recorded."),
        Column::integer(
            "breached",
            "They are breached, as far as was known at the issue's last event that concerns clocks.",
        ),
    ],
    key: &["project", "dimension", "value", "measure"],
    indexes: &[],
};

/// Who pauses.
pub static PAUSES: Table = Table {
    name: "pauses",
    comment: "Pauses of clocks that began on a day (UTC), by who asked. Dismissals are not among them.",
    columns: &[
        Column::text("project", "The project's key."),
        Column::timestamp("day", "The day's first instant."),
        Column::text("person", "Who asked."),
        Column::integer("pauses", "How many."),
        Column::integer("suspicious", "Among them: less than a tenth of a clock's target was left."),
        Column::integer("lasting", "Among them: they last."),
        Column::integer("seconds", "How long those took that ended, wall time."),
    ],
    key: &["project", "day", "person"],
    indexes: &[],
};
