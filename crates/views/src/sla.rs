//! The view `sla`: what was promised, and how it is kept. `docs/sla.md` has the rules.
//!
//! A project's document keeps its policies, calendars and customers; an issue's keeps its ledger, and is ruled by its project's. Both are folded from the
//! stream's own events by the domain ([`domain::clocks::Ledger`], [`domain::project::evolve`]), and whatever is told of a clock comes from
//! [`domain::clocks::clocks`], the one function that the live bar, the reactors, the deciders and the auditors use, too.
//!
//! - The fold has no time but its events': a reading is true of the instant at which the issue's last event was recorded. Rows say when it stops being
//!   true (`due_at`, `at_risk_at`, `breaches_at`), and a query adds, by index, what no event has told yet.
//! - Compliance is counted by the day (UTC) of the verdict, under the severity, team, component, source and customer in force then, in one row for each
//!   value: a query costs days times values, however many issues there are.
//! - Comments, links, watchers and the like move no clock: they are passed over, and cost nothing.

mod class;
mod compliance;
mod counting;
mod document;
mod due;
mod figure;
mod history;
mod lists;
mod live;
mod pausing;
mod reading;
mod report;
mod rows;
mod tables;

use domain::issue::IssueEvent;
use domain::project::ProjectEvent;
use domain::{Event, Recorded, StreamKind, StreamRef};

pub use class::{ALL_ISSUES, Class, Dimension};
pub use compliance::{Found, GetCompliance, LATE_MAX, ROWS_MAX};
pub use document::Document;
pub use due::{DuePage, NextDue};
pub use figure::{Counts, Figure, Figures, Measured, Open};
pub(crate) use history::History;
pub use lists::{AtRisk, Breached, ListAtRisk, ListBreaches, Page, Slice, UNTOLD_MAX, Why};
pub use live::{GetClocks, Live};
pub use pausing::{GetPauses, Paused, Pausing, Suspicion};
pub use reading::{Delivered, Fallen, Reading, Run, SUSPICIOUS_PERCENT, Stands, Stop, Told, Way};
pub use report::{Asked, Compliance, Counters, Late, Line, VALUES_MAX, report};
pub use tables::{BREACH, CLOCK, DOCUMENT, OPEN, PAUSES, RISK, SUSPICION, VERDICTS};

use crate::row::{Change, Key, Row, RowError, Value};
use crate::table::{Schema, Table};
use crate::view::{Count, Ruler, Unappliable, View};

/// The view's tables.
pub static SCHEMA: Schema = Schema {
    name: "sla",
    version: 2,
    tables: &[&DOCUMENT, &CLOCK, &RISK, &BREACH, &SUSPICION, &VERDICTS, &OPEN, &PAUSES],
};

/// The view.
#[derive(Debug, Clone, Copy)]
pub struct Sla;

impl View for Sla {
    type Document = Document;

    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn table(&self) -> &'static Table {
        &DOCUMENT
    }

    fn streams(&self) -> &'static [StreamKind] {
        &[StreamKind::Project, StreamKind::Issue]
    }

    fn picks(&self) -> Option<fn(&Recorded) -> bool> {
        Some(concerns_clocks)
    }

    /// The project's. Policies and calendars keep their versions, and none is effective before it was recorded: what clocks read at an instant is
    /// the same by a project as of then and as of any time after.
    fn ruler(&self, stream: &StreamRef) -> Option<Ruler> {
        let project = || stream.project.shared();
        let ruler = || StreamRef { project: stream.project.clone(), kind: StreamKind::Project, id: project() };
        let key = || Key::new([Value::from(project()), 0_u64.into()]);
        (stream.kind == StreamKind::Issue).then(|| Ruler { stream: ruler(), key: key() })
    }

    fn key(&self, recorded: &Recorded) -> Key {
        let ordinal = if recorded.stream.kind == StreamKind::Project { 0 } else { recorded.ordinal };
        Key::new([Value::from(recorded.stream.project.shared()), ordinal.into()])
    }

    fn revision(&self, document: &Document) -> u64 {
        document.revision
    }

    fn decode(&self, row: &Row) -> Result<Document, RowError> {
        Document::read(row)
    }

    fn encode(&self, document: &Document) -> Result<Row, RowError> {
        document.row()
    }

    fn fold(
        &self,
        document: &mut Option<Document>,
        recorded: &Recorded,
        beside: &mut Vec<Change>,
    ) -> Result<(), Unappliable> {
        self.fold_ruled(document, None, recorded, beside)
    }

    fn fold_ruled(
        &self,
        document: &mut Option<Document>,
        ruler: Option<&Document>,
        recorded: &Recorded,
        _beside: &mut Vec<Change>,
    ) -> Result<(), Unappliable> {
        let document = document.get_or_insert_with(|| Document::of(recorded));
        document.apply(recorded, ruler).map_err(|error| Unappliable::Refused { reason: error.to_string().into() })
    }

    fn derived(&self, document: &Document) -> Result<Vec<Row>, RowError> {
        match document.reading() {
            Some(reading) => rows::of((&document.project, document.ordinal), document.read_at, reading),
            None => Ok(Vec::new()),
        }
    }

    fn spread(&self, table: &'static Table, key: &Key, deltas: &[(&'static str, i64)]) -> Vec<Change> {
        counting::spread(table, key, deltas)
    }

    fn counts(&self, document: &Document) -> Vec<Count> {
        document.reading().map(|reading| counting::counts(&document.project, reading)).unwrap_or_default()
    }
}

/// All but what no clock looks at, and no figure is told apart by.
fn concerns_clocks(recorded: &Recorded) -> bool {
    match &recorded.event {
        Event::Issue(event) => !matches!(
            event,
            IssueEvent::ReportAmended { .. }
                | IssueEvent::NatureChanged { .. }
                | IssueEvent::IssueAssigned { .. }
                | IssueEvent::VerificationDelegated { .. }
                | IssueEvent::RegressionTestsAdded { .. }
                | IssueEvent::CauseNamed { .. }
                | IssueEvent::IssuesLinked { .. }
                | IssueEvent::IssueCommented { .. }
                | IssueEvent::WatchStarted { .. }
        ),
        Event::Project(event) => matches!(
            event,
            ProjectEvent::ProjectCreated { .. }
                | ProjectEvent::SeveritySchemeChanged { .. }
                | ProjectEvent::CustomerAdded { .. }
                | ProjectEvent::CalendarDefined { .. }
                | ProjectEvent::PolicyAdopted { .. }
        ),
        Event::Team(_) | Event::Release(_) => false,
    }
}
