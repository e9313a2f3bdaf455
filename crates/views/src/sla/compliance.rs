//! How promises were kept in a window: met ÷ (met + breached), and what it rests on.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::ids::ProjectId;
use jiff::Timestamp;

use super::SCHEMA;
use super::class::{ALL_ISSUES, Dimension};
use super::figure::{Counts, Measured, Open};
use super::report::{Asked, Compliance, Counters, Late, report};
use super::tables::{CLOCK, ClockRow, OPEN, VERDICTS};
use crate::flow::Day;
use crate::query::Query;
use crate::row::{Condition, Row, RowError, Select, Value};
use crate::table::{Direction, ViewId};

/// A select reads so many rows at most; past that the answer is refused: [`Found::cut`].
pub const ROWS_MAX: u32 = 50_000;

/// Of the clocks that ran past their deadline untold, so many are counted at most, the earliest: [`Compliance::more_untold`].
pub const LATE_MAX: u32 = 10_000;

/// Asks how promises were kept.
///
/// It reads a row for each day, value, measure and version of the policy with a verdict; what is open, by value and measure; and the clocks that ran
/// past their deadline untold, which are few while deadlines are recorded.
#[derive(Debug, Clone)]
pub struct GetCompliance {
    /// Which project.
    pub project: ProjectId,
    /// Window and dimension.
    pub asked: Asked,
    /// What is past its deadline now, and not recorded, is counted as breached.
    pub now: Timestamp,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The answer.
    pub compliance: Compliance,
    /// True: there was more to read than is read. The answer is not to be given.
    pub cut: bool,
}

impl Query for GetCompliance {
    type Found = Found;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        let dimension = self.asked.by.map_or(ALL_ISSUES, Dimension::word);
        let of_dimension = |table| {
            Select::from(table, ROWS_MAX)
                .filter(Condition::Equal("project", self.project.as_str().into()))
                .filter(Condition::Equal("dimension", dimension.into()))
        };
        let at = |day: Day| Value::Timestamp(day.micros());
        let verdicts = of_dimension(&VERDICTS)
            .filter(Condition::AtLeast("day", at(self.asked.since)))
            .filter(Condition::Less("day", at(self.asked.until)));
        vec![verdicts, of_dimension(&OPEN), late(&self.project, self.now)]
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Found, RowError> {
        let [verdicts, open, late]: [Vec<Row>; 3] = rows.try_into().unwrap_or_default();
        let cut = [&verdicts, &open].into_iter().any(|rows| rows.len() >= ROWS_MAX as usize);
        let mut counters = Counters::default();
        for row in &verdicts {
            let (value, day) = (row.get::<Arc<str>>("value")?, Day::of(row.get("day")?));
            *counters.verdicts.entry((value, measured(row)?, day, row.get("version")?)).or_default() += counts(row)?;
        }
        for row in &open {
            *counters.open.entry((row.get("value")?, measured(row)?)).or_default() += opened(row)?;
        }
        let told = report(self.asked, counters, &lates(self.asked.by, &late)?);
        let compliance = Compliance { more_untold: late.len() >= LATE_MAX as usize, ..told };
        Ok(Found { compliance, cut })
    }
}

/// The clocks that ran past their deadline, and that no event tells, the latest last.
pub(super) fn late(project: &ProjectId, now: Timestamp) -> Select {
    Select::from(&CLOCK, LATE_MAX)
        .filter(Condition::Equal("project", project.as_str().into()))
        .filter(Condition::AtMost("breaches_at", now.into()))
        .order("breaches_at", Direction::Asc)
}

fn lates(by: Option<Dimension>, rows: &[Row]) -> Result<Vec<Late>, RowError> {
    let mut broken = BTreeSet::new();
    let mut lates = Vec::with_capacity(rows.len());
    for row in rows {
        let row = ClockRow::read(row)?;
        let value = match by {
            None => Arc::default(),
            Some(Dimension::Severity) => Arc::clone(&row.severity),
            Some(Dimension::Team) => Arc::clone(&row.team),
            Some(Dimension::Component) => Arc::clone(&row.component),
            Some(Dimension::Source) => Arc::clone(&row.source),
            Some(Dimension::Customer) => Arc::clone(&row.customer),
        };
        let (Some(at), Some(clock)) = (row.breaches_at, Measured::parse(&row.clock)) else { continue };
        let breaks_issue = broken.insert(row.ordinal) && !row.issue_breached;
        lates.push(Late { at, value, clock, version: row.version, at_risk: row.at_risk, breaks_issue });
    }
    Ok(lates)
}

fn measured(row: &Row) -> Result<Measured, RowError> {
    let word: &str = row.get("measure")?;
    let unknown = || RowError::Json { table: row.table().name, column: "measure", reason: format!("{word:?}") };
    Measured::parse(word).ok_or_else(unknown)
}

fn counts(row: &Row) -> Result<Counts, RowError> {
    let mut counts = [0; 6];
    for (column, count) in Counts::COLUMNS.into_iter().zip(&mut counts) {
        *count = row.get(column)?;
    }
    Ok(Counts::of(counts))
}

fn opened(row: &Row) -> Result<Open, RowError> {
    let mut counts = [0; 4];
    for (column, count) in Open::COLUMNS.into_iter().zip(&mut counts) {
        *count = row.get(column)?;
    }
    Ok(Open::of(counts))
}
