//! What the view keeps of a stream.

use std::sync::{Arc, OnceLock};

use domain::clocks::Ledger;
use domain::issue::IssueEvent;
use domain::project::{self, Project, ProjectEvent};
use domain::shifts::Standing;
use domain::{Event, Recorded};
use jiff::Timestamp;

use super::history::History;
use super::reading::{Delivered, Reading};
use super::rows::instant;
use super::tables::{DOCUMENT, DocumentRow};
use crate::record::Json;
use crate::row::{Row, RowError};

/// What the view keeps of a stream.
#[derive(Debug)]
pub struct Document {
    pub(super) project: Arc<str>,
    /// 0: a project's.
    pub(super) ordinal: u64,
    pub(super) revision: u64,
    /// When its last event was recorded.
    pub(super) read_at: Timestamp,
    pub(super) history: History,
    pub(super) of: Of,
}

/// Of what.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "almost all are issues'")]
pub(super) enum Of {
    /// A project: what was promised.
    Project(Option<Arc<Project>>),
    /// An issue: what happened, and what its clocks read.
    Issue(Clocked),
}

/// An issue's clocks.
#[derive(Debug, Default)]
pub(super) struct Clocked {
    pub(super) ledger: Ledger,
    deliveries: Vec<Delivered>,
    /// Who is on when.
    shifts: Option<Standing>,
    /// What rules it since its last event; `None`: it reads as it was stored.
    rules: Option<Arc<Project>>,
    reading: OnceLock<Reading>,
}

impl Document {
    /// Of a stream that begins.
    pub(super) fn of(recorded: &Recorded) -> Self {
        let (ordinal, of) = match &recorded.event {
            Event::Project(_) => (0, Of::Project(None)),
            _ => (recorded.ordinal, Of::Issue(Clocked::default())),
        };
        let project = recorded.stream.project.shared();
        let read_at = recorded.recorded_at;
        Self { project, ordinal, revision: 0, read_at, history: History::default(), of }
    }

    /// One event more.
    pub(super) fn apply(&mut self, recorded: &Recorded, ruler: Option<&Self>) -> Result<(), serde_json::Error> {
        self.history.push(recorded)?;
        (self.revision, self.read_at) = (recorded.revision, recorded.recorded_at);
        match &mut self.of {
            Of::Project(project) => {
                if let Some(recorded) = project_event(recorded) {
                    let before = project.take().map(Arc::unwrap_or_clone);
                    *project = project::evolve(before, &recorded).map(Arc::new);
                }
            }
            Of::Issue(clocked) => {
                if let Some(recorded) = issue_event(recorded) {
                    clocked.ledger.note(&recorded);
                    clocked.deliveries.extend(Delivered::of(&recorded));
                    clocked.shifts = Standing::evolve(clocked.shifts.take(), &recorded);
                }
                clocked.rules = ruler.and_then(Self::rules);
                clocked.reading = OnceLock::new();
            }
        }
        Ok(())
    }

    /// The project, where it is a project's.
    fn rules(&self) -> Option<Arc<Project>> {
        match &self.of {
            Of::Project(project) => project.clone(),
            Of::Issue(_) => None,
        }
    }

    /// What an issue's clocks read at its last event. Counted once a batch, when it is asked for.
    pub(super) fn reading(&self) -> Option<&Reading> {
        let Of::Issue(clocked) = &self.of else { return None };
        Some(clocked.reading.get_or_init(|| match &clocked.rules {
            Some(project) => {
                let (terms, shifts) = (project.terms(), clocked.shifts.as_ref());
                Reading::of(&clocked.ledger, shifts, &terms, self.read_at).with(&clocked.deliveries, &clocked.ledger)
            }
            None => Reading::default(),
        }))
    }

    pub(super) fn row(&self) -> Result<Row, RowError> {
        let reading = self.reading().cloned().unwrap_or_default();
        let row = DocumentRow {
            project: Arc::clone(&self.project),
            ordinal: self.ordinal,
            revision: self.revision,
            read_at: self.read_at,
            due_at: reading.due_at.map(instant),
            history: self.history.clone(),
            reading: Json(reading),
        };
        row.row()
    }

    pub(super) fn read(row: &Row) -> Result<Self, RowError> {
        let DocumentRow { project, ordinal, revision, read_at, due_at: _, history, reading } = DocumentRow::read(row)?;
        let misfit = |reason| RowError::Json { table: DOCUMENT.name, column: "history", reason };
        let of = if ordinal == 0 {
            let events = history.events(&project, ordinal, settings).map_err(misfit)?;
            Of::Project(project::fold(&events).map(Arc::new))
        } else {
            let events = history.events(&project, ordinal, facts).map_err(misfit)?;
            let shifts = events.iter().fold(None, Standing::evolve);
            let (ledger, deliveries) = (Ledger::of(&events), events.iter().filter_map(Delivered::of).collect());
            Of::Issue(Clocked { ledger, deliveries, shifts, rules: None, reading: OnceLock::from(reading.0) })
        };
        Ok(Self { project, ordinal, revision, read_at, history, of })
    }

    /// The project's settings, where it is a project's; the ledger, where it is an issue's.
    pub(super) fn into_parts(self) -> (Option<Arc<Project>>, Option<Ledger>) {
        match self.of {
            Of::Project(project) => (project, None),
            Of::Issue(clocked) => (None, Some(clocked.ledger)),
        }
    }
}

fn settings(event: Event) -> Option<ProjectEvent> {
    match event {
        Event::Project(event) => Some(event),
        _ => None,
    }
}

fn facts(event: Event) -> Option<IssueEvent> {
    match event {
        Event::Issue(event) => Some(event),
        _ => None,
    }
}

fn project_event(recorded: &Recorded) -> Option<Recorded<ProjectEvent>> {
    match &recorded.event {
        Event::Project(event) => Some(of(recorded, event.clone())),
        _ => None,
    }
}

fn issue_event(recorded: &Recorded) -> Option<Recorded<IssueEvent>> {
    match &recorded.event {
        Event::Issue(event) => Some(of(recorded, event.clone())),
        _ => None,
    }
}

/// The same record of this event.
fn of<E>(recorded: &Recorded, event: E) -> Recorded<E> {
    Recorded {
        event,
        stream: recorded.stream.clone(),
        ordinal: recorded.ordinal,
        revision: recorded.revision,
        position: recorded.position,
        actor: recorded.actor.clone(),
        occurred_at: recorded.occurred_at,
        recorded_at: recorded.recorded_at,
        origin: recorded.origin.clone(),
    }
}
