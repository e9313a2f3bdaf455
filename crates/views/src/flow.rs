//! The view `flow`: how issues move through the states, and how long that takes. `docs/flow.md` has the formulas.
//!
//! Every count is kept of all issues and of each value of each [`Dimension`], by day and by month, so that an answer reads some
//! hundreds of rows however many issues there are. Days are days in UTC, of `occurred_at`.
//!
//! - An issue is counted under the values it has *now*, its past moves and durations with it: at filing nobody knows its severity,
//!   and a flow by severity in which all is filed under "none" says nothing. So a triage or a changed severity moves what the issue
//!   has counted so far, see `counting.rs`. What is counted depends on the issue's own stream only.
//! - Where an import implied a step, the issue is counted where it stood, but no duration begins or ends with that step.
//! - A duration is a point on the day on which it ended. It is never withdrawn.

mod class;
mod counting;
mod day;
mod document;
mod durations;
mod measure;
mod sketch;
mod steps;
mod tables;

use domain::{Event, Recorded, StreamKind};

pub use class::{ALL_ISSUES, Dimension};
pub use day::{Day, Step};
pub use document::{Document, History};
pub use durations::{Duration, Durations, DurationsOf, GetDurations, Waiting};
pub use measure::Measure;
pub use sketch::{POINTS_FOR_P95, Percentiles, RELATIVE_ERROR, Sketch};
pub use steps::{Counts, GetSteps, Series, Steps};
pub use tables::{ISSUE, MOVES, RUNNING, TIMES};

use crate::row::{Change, Key, Row, RowError, Value};
use crate::table::{Schema, Table};
use crate::view::{Count, Unappliable, View};
use counting::Counting;

/// An answer has so many values of a dimension at most; those with the fewest issues are told together.
pub const VALUES_MAX: usize = 20;
/// A select reads so many rows at most; past that the answer is refused: [`Steps::cut`], [`Durations::cut`].
pub const ROWS_MAX: u32 = 50_000;

/// The view's tables.
pub static SCHEMA: Schema = Schema { name: "flow", version: 1, tables: &[&ISSUE, &MOVES, &TIMES, &RUNNING] };

/// The view.
#[derive(Debug, Clone, Copy)]
pub struct Flow;

impl View for Flow {
    type Document = Document;

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
        let Event::Issue(event) = &recorded.event else {
            return Ok(());
        };
        if let Some(document) = document {
            let class = document.class.clone();
            let counted = (document.history.moves.len(), document.history.points.len());
            document.apply(recorded, event);
            let Document { project, class: now, history, .. } = &*document;
            let (moves, new_moves) = history.moves.split_at(counted.0);
            let (points, new_points) = history.points.split_at(counted.1);
            let mut counting = Counting { project, changes: beside };
            if class != *now {
                counting.history(&class, moves, points, -1);
                counting.history(now, moves, points, 1);
            }
            counting.history(now, new_moves, new_points, 1);
            counting.points_of_days(new_points);
            document.forget();
            return Ok(());
        }
        let filed = Document::filed(recorded, event);
        let filed = filed.ok_or(Unappliable::Refused { reason: "an issue begins with its filing".into() })?;
        let mut counting = Counting { project: &filed.project, changes: beside };
        counting.history(&filed.class, &filed.history.moves, &[], 1);
        *document = Some(filed);
        Ok(())
    }

    fn counts(&self, document: &Document) -> Vec<Count> {
        counting::running(document)
    }

    fn spread(&self, table: &'static Table, key: &Key, deltas: &[(&'static str, i64)]) -> Vec<Change> {
        counting::spread(table, key, deltas)
    }
}
