//! The view `shifts`: the plans of shifts that stand. A row an issue that was ever planned for; of every other event nothing is folded.

use std::sync::Arc;

use domain::ids::{IssueKey, ProjectId, TeamId};
use domain::issue::IssueEvent;
use domain::shifts::{Plan, Standing};
use domain::{Event, Recorded, StreamKind};
use jiff::Timestamp;

use crate::issue::key_of;
use crate::query::Query;
use crate::record::record;
use crate::row::{Change, Condition, Cursor, Key, Row, RowError, Select, Value};
use crate::sla::History;
use crate::table::{Direction, Schema, Table, ViewId};
use crate::view::{Unappliable, View};

/// So many plans a page at most.
pub const PLANS_MAX: u32 = 100;

record! {
    /// One row an issue for which shifts were ever planned.
    pub struct PlanRow = PLAN("plan")
    key ["project", "ordinal"]
    indexes [
        [("project", Asc), ("standing", Asc), ("until", Asc)],
        [("project", Asc), ("standing", Asc), ("team", Asc), ("until", Asc)],
        [("standing", Asc)]
    ]
    {
        /// Its project's key.
        project: Arc<str>,
        /// Its number within the project.
        ordinal: u64,
        /// The revision of the last of its events that concerns shifts.
        revision: u64,
        /// Its plan stands; else shifts were ended.
        standing: bool,
        /// Whose members take the shifts; empty: nobody's yet.
        team: Arc<str>,
        /// The first instant that the plan does not cover.
        until: Timestamp,
        /// The event that planned it and the handovers since, as the codec stores them; empty where shifts were ended.
        history: History,
    }
}

/// The view's tables.
pub static SCHEMA: Schema = Schema { name: "shifts", version: 2, tables: &[&PLAN] };

/// The view.
#[derive(Debug, Clone, Copy)]
pub struct Shifts;

/// A plan that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanFound {
    /// Whose.
    pub issue: IssueKey,
    /// Who is on when.
    pub plan: Plan,
}

impl View for Shifts {
    type Document = PlanRow;

    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn table(&self) -> &'static Table {
        &PLAN
    }

    /// Teams, too, of which nothing is folded: whoever listens to what is folded hears then who is away, and mends plans.
    fn streams(&self) -> &'static [StreamKind] {
        &[StreamKind::Issue, StreamKind::Team]
    }

    fn picks(&self) -> Option<fn(&Recorded) -> bool> {
        Some(|recorded| {
            let Event::Issue(event) = &recorded.event else { return false };
            matches!(
                event,
                IssueEvent::ShiftsPlanned { .. } | IssueEvent::ShiftHandedOver { .. } | IssueEvent::ShiftsEnded { .. }
            )
        })
    }

    fn key(&self, recorded: &Recorded) -> Key {
        Key::new([Value::from(recorded.stream.project.shared()), Value::from(recorded.ordinal)])
    }

    fn revision(&self, document: &PlanRow) -> u64 {
        document.revision
    }

    fn decode(&self, row: &Row) -> Result<PlanRow, RowError> {
        PlanRow::read(row)
    }

    fn encode(&self, document: &PlanRow) -> Result<Row, RowError> {
        document.clone().row()
    }

    fn fold(
        &self,
        document: &mut Option<PlanRow>,
        recorded: &Recorded,
        _beside: &mut Vec<Change>,
    ) -> Result<(), Unappliable> {
        let mut next = document.clone().unwrap_or_else(|| PlanRow {
            project: recorded.stream.project.shared(),
            ordinal: recorded.ordinal,
            revision: 0,
            standing: false,
            team: Arc::default(),
            until: recorded.occurred_at,
            history: History::default(),
        });
        next.revision = recorded.revision;
        let told = match &recorded.event {
            Event::Issue(IssueEvent::ShiftsPlanned { plan }) => {
                next.standing = true;
                next.team = plan.team.as_ref().map_or_else(Arc::default, TeamId::shared);
                next.until = plan.until;
                next.history = History::default();
                true
            }
            Event::Issue(IssueEvent::ShiftsEnded { .. }) => {
                next.standing = false;
                next.history = History::default();
                false
            }
            Event::Issue(_) => true,
            _ => false,
        };
        if told {
            let pushed = next.history.push(recorded);
            pushed.map_err(|error| Unappliable::Refused { reason: error.to_string().into() })?;
        }
        *document = Some(next);
        Ok(())
    }
}

impl PlanRow {
    fn found(row: &Row) -> Result<Option<PlanFound>, RowError> {
        let row = Self::read(row)?;
        let misfit = |reason| RowError::Json { table: PLAN.name, column: "history", reason };
        let event = |event| match event {
            Event::Issue(event) => Some(event),
            _ => None,
        };
        let events: Vec<Recorded<IssueEvent>> = row.history.events(&row.project, row.ordinal, event).map_err(misfit)?;
        let issue = key_of(&row.project, row.ordinal)?;
        let standing = events.iter().fold(None, Standing::evolve);
        Ok(standing.map(|Standing { plan, .. }| PlanFound { issue, plan }))
    }
}

/// The plans that stand in a project, those first that are to be renewed first.
#[derive(Debug, Clone)]
pub struct ListPlans {
    /// Which project.
    pub project: ProjectId,
    /// Only those of this team.
    pub team: Option<TeamId>,
    /// Where the page before ended.
    pub after: Option<Cursor>,
    /// How many, at most [`PLANS_MAX`].
    pub limit: u32,
}

/// A page of plans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlansFound {
    /// Of the page.
    pub plans: Vec<PlanFound>,
    /// Where it ends, unless nothing comes after.
    pub next: Option<Cursor>,
}

impl ListPlans {
    fn limit(&self) -> usize {
        self.limit.clamp(1, PLANS_MAX) as usize
    }

    fn select(&self) -> Select {
        let select = Select::from(&PLAN, self.limit.clamp(1, PLANS_MAX) + 1)
            .filter(Condition::Equal("project", self.project.shared().into()))
            .filter(Condition::Equal("standing", true.into()))
            .order("until", Direction::Asc)
            .after(self.after.clone());
        match &self.team {
            Some(team) => select.filter(Condition::Equal("team", team.shared().into())),
            None => select,
        }
    }
}

impl Query for ListPlans {
    type Found = PlansFound;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        vec![self.select()]
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<PlansFound, RowError> {
        let rows: Vec<Row> = rows.into_iter().flatten().collect();
        let last = rows.get(self.limit() - 1).filter(|_| rows.len() > self.limit());
        let next = last.map(|row| self.select().cursor(row)).transpose()?;
        let plans = rows.iter().take(self.limit()).filter_map(|row| PlanRow::found(row).transpose());
        Ok(PlansFound { plans: plans.collect::<Result<_, _>>()?, next })
    }
}

/// Which issues of all projects have a plan that stands?
#[derive(Debug, Clone)]
pub struct AllPlans {
    /// At most so many.
    pub limit: u32,
    /// Where a page ended.
    pub after: Option<Cursor>,
}

impl AllPlans {
    fn select(&self) -> Select {
        Select::from(&PLAN, self.limit).filter(Condition::Equal("standing", true.into())).after(self.after.clone())
    }
}

impl Query for AllPlans {
    type Found = (Vec<IssueKey>, Option<Cursor>);

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        vec![self.select()]
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Self::Found, RowError> {
        let rows: Vec<Row> = rows.into_iter().flatten().collect();
        let full = rows.len() as u64 >= u64::from(self.limit);
        let next = rows.last().filter(|_| full).map(|last| self.select().cursor(last)).transpose()?;
        let issues = rows.iter().map(|row| PlanRow::read(row).and_then(|row| key_of(&row.project, row.ordinal)));
        Ok((issues.collect::<Result<_, _>>()?, next))
    }
}
