//! Who lets clocks stand still, how often, and just before deadlines.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::ids::{IssueKey, ProjectId};
use jiff::Timestamp;

use super::SCHEMA;
use super::due::key;
use super::tables::{PAUSES, SUSPICION, SuspicionRow};
use crate::flow::Day;
use crate::query::Query;
use crate::row::{Condition, Cursor, Row, RowError, Select, Value};
use crate::table::{Direction, ViewId};

/// So many rows of days and people are read at most; past that the answer is refused: [`Pausing::cut`].
pub(super) const ROWS_MAX: u32 = 50_000;

/// Asks who pauses.
#[derive(Debug, Clone)]
pub struct GetPauses {
    /// Which project.
    pub project: ProjectId,
    /// From this day …
    pub since: Day,
    /// … to the day before this one.
    pub until: Day,
    /// At most so many suspicious ones.
    pub limit: u32,
    /// After where another page of these ended.
    pub after: Option<Cursor>,
}

/// Who pauses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pausing {
    /// Whoever pauses most first.
    pub people: Vec<(Arc<str>, Paused)>,
    /// The pauses that began just before a deadline, the latest first.
    pub suspicious: Vec<Suspicion>,
    /// Where these ended; `None`: nothing follows.
    pub next: Option<Cursor>,
    /// True: there was more to read than is read. The answer is not to be given.
    pub cut: bool,
}

/// How somebody pauses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Paused {
    /// How often.
    pub pauses: u64,
    /// Among them: less than a tenth of a clock's target was left.
    pub suspicious: u64,
    /// Among them: they last.
    pub lasting: u64,
    /// How long those took that ended, wall time in seconds.
    pub seconds: u64,
}

/// A pause that began just before a deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspicion {
    /// Of which issue.
    pub key: IssueKey,
    /// The revision of the event that began it.
    pub revision: u64,
    /// When it began.
    pub begun_at: Timestamp,
    /// When it ended; `None`: it lasts.
    pub ended_at: Option<Timestamp>,
    /// Who asked.
    pub person: Arc<str>,
    /// How much of a target was left, in percent.
    pub left_percent: u32,
    /// The owner team; empty: none.
    pub team: Arc<str>,
}

impl GetPauses {
    fn within(&self, select: Select, column: &'static str) -> Select {
        let at = |day: Day| Value::Timestamp(day.micros());
        select
            .filter(Condition::Equal("project", self.project.as_str().into()))
            .filter(Condition::AtLeast(column, at(self.since)))
            .filter(Condition::Less(column, at(self.until)))
    }

    fn suspicious(&self) -> Select {
        self.within(Select::from(&SUSPICION, self.limit), "begun_at")
            .order("begun_at", Direction::Desc)
            .after(self.after.clone())
    }
}

impl Query for GetPauses {
    type Found = Pausing;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        vec![self.within(Select::from(&PAUSES, ROWS_MAX), "day"), self.suspicious()]
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Pausing, RowError> {
        let [days, suspicious]: [Vec<Row>; 2] = rows.try_into().unwrap_or_default();
        let mut people: BTreeMap<Arc<str>, Paused> = BTreeMap::new();
        for row in &days {
            let paused = people.entry(row.get("person")?).or_default();
            paused.pauses += row.get::<u64>("pauses")?;
            paused.suspicious += row.get::<u64>("suspicious")?;
            paused.lasting += row.get::<u64>("lasting")?;
            paused.seconds += row.get::<u64>("seconds")?;
        }
        let mut people: Vec<_> = people.into_iter().collect();
        people.sort_by_key(|(_, paused)| std::cmp::Reverse((paused.pauses, paused.suspicious)));
        let full = suspicious.len() >= self.limit as usize;
        let next = suspicious.last().filter(|_| full).map(|last| self.suspicious().cursor(last)).transpose()?;
        let suspicious = suspicious.iter().map(Suspicion::read).collect::<Result<_, _>>()?;
        Ok(Pausing { people, suspicious, next, cut: days.len() >= ROWS_MAX as usize })
    }
}

impl Suspicion {
    fn read(row: &Row) -> Result<Self, RowError> {
        let key = key(row)?;
        let SuspicionRow { revision, begun_at, ended_at, person, left_percent, team, .. } = SuspicionRow::read(row)?;
        Ok(Self { key, revision, begun_at, ended_at, person, left_percent, team })
    }
}
