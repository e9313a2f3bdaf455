//! How issues moved, day by day, week by week or month by month; and so how many stood where.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::Arc;

use domain::ids::ProjectId;

use super::class::{ALL_ISSUES, Dimension};
use super::counting::{SPAN_DAY, SPAN_MONTH};
use super::day::{Day, Step};
use super::tables::{ENTERED, LEFT, MOVES};
use super::{ROWS_MAX, SCHEMA, VALUES_MAX};
use crate::query::Query;
use crate::row::{Condition, Row, RowError, Select, Value};
use crate::table::{Direction, ViewId};

/// Asks how issues of a project moved.
///
/// It reads a row for each day of the window, where something happened, and one for each month before: of each value, where a
/// dimension is asked for. By months, it reads months only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetSteps {
    /// Which project.
    pub project: ProjectId,
    /// Told apart by this; `None`: all issues together.
    pub by: Option<Dimension>,
    /// How long a step is.
    pub step: Step,
    /// From the step with this day …
    pub since: Day,
    /// … to the step before this day.
    pub until: Day,
}

/// How issues of a project moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps {
    /// The first day of each step.
    pub starts: Vec<Day>,
    /// The day after the last step.
    pub end: Day,
    /// Of all issues, or of each value: at most [`VALUES_MAX`], those with most issues first.
    pub series: Vec<Series>,
    /// True: there was more to read than is read. The answer is not to be given.
    pub cut: bool,
}

/// How the issues of one value moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Which; empty: of none, or all issues. `None`: the values that are not told apart.
    pub value: Option<Arc<str>>,
    /// How many stood in each of `Standing::ALL` when the first step began.
    pub before: [i64; 7],
    /// For each step.
    pub steps: Vec<Counts>,
}

/// What happened in a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Issues filed.
    pub filed: i64,
    /// Issues reopened, from Closed or Dismissed.
    pub reopened: i64,
    /// Issues that came to each of `Standing::ALL`.
    pub entered: [i64; 7],
    /// Issues that left each of them.
    pub left: [i64; 7],
}

impl GetSteps {
    /// The first day of each step, and the day after the last.
    pub fn window(&self) -> (Vec<Day>, Day) {
        let (mut starts, mut day) = (Vec::new(), self.since.floor(self.step));
        while day < self.until {
            starts.push(day);
            day = day.next(self.step);
        }
        (starts, day)
    }

    fn first(&self) -> Day {
        self.since.floor(self.step)
    }

    /// Where rows of days take over from rows of months.
    fn days_from(&self) -> Day {
        match self.step {
            Step::Day | Step::Week => self.first().floor(Step::Month),
            Step::Month => self.until.ceil(Step::Month),
        }
    }

    fn select(&self, span: &str) -> Select {
        let dimension = self.by.map_or(ALL_ISSUES, Dimension::word);
        Select::from(&MOVES, ROWS_MAX)
            .filter(Condition::Equal("project", self.project.as_str().into()))
            .filter(Condition::Equal("dimension", dimension.into()))
            .filter(Condition::Equal("span", span.into()))
            .order("start", Direction::Asc)
    }
}

impl Query for GetSteps {
    type Found = Steps;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        let (from, end) = (self.days_from(), self.window().1);
        let at = |day: Day| Value::Timestamp(day.micros());
        let months = self.select(SPAN_MONTH).filter(Condition::Less("start", at(from.min(end))));
        if from >= end {
            return vec![months];
        }
        let days = self.select(SPAN_DAY).filter(Condition::AtLeast("start", at(from)));
        vec![months, days.filter(Condition::Less("start", at(end)))]
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Steps, RowError> {
        let (starts, end) = self.window();
        let cut = rows.iter().any(|rows| rows.len() >= ROWS_MAX as usize);
        let mut series = BTreeMap::new();
        for row in rows.iter().flatten() {
            let value: Arc<str> = row.get("value")?;
            let series =
                series.entry(value).or_insert_with_key(|value| Series::empty(Some(Arc::clone(value)), &starts));
            let start = Day::of(row.get("start")?);
            let counts = Counts::read(row)?;
            // The steps that begin at or before the row.
            match starts.partition_point(|step| *step <= start).checked_sub(1) {
                Some(step) => series.steps[step] += counts,
                None => series.stood(&counts),
            }
        }
        let mut series: Vec<_> = series.into_values().filter(|series| !series.is_empty()).collect();
        if series.is_empty() && self.by.is_none() {
            series.push(Series::empty(Some(Arc::default()), &starts));
        }
        Ok(Steps { starts, end, series: fewest_together(series), cut })
    }
}

/// The values with most issues first, those past [`VALUES_MAX`] as one.
fn fewest_together(mut series: Vec<Series>) -> Vec<Series> {
    series.sort_by_key(|series| std::cmp::Reverse(series.issues()));
    if series.len() <= VALUES_MAX {
        return series;
    }
    let rest = series.split_off(VALUES_MAX - 1).into_iter().reduce(|mut all, one| {
        all.value = None;
        all.before.iter_mut().zip(one.before).for_each(|(all, one)| *all += one);
        all.steps.iter_mut().zip(one.steps).for_each(|(all, one)| *all += one);
        all
    });
    series.into_iter().chain(rest).collect()
}

impl Series {
    fn empty(value: Option<Arc<str>>, starts: &[Day]) -> Self {
        Self { value, before: [0; 7], steps: vec![Counts::default(); starts.len()] }
    }

    fn stood(&mut self, counts: &Counts) {
        let moved = counts.entered.iter().zip(counts.left);
        self.before.iter_mut().zip(moved).for_each(|(stood, (entered, left))| *stood += entered - left);
    }

    /// Nothing stood there, and nothing happened: all that was counted under this value is counted under another now.
    fn is_empty(&self) -> bool {
        self.before == [0; 7] && self.steps.iter().all(|counts| *counts == Counts::default())
    }

    /// How many issues stood there or were filed.
    fn issues(&self) -> i64 {
        self.before.iter().sum::<i64>() + self.steps.iter().map(|counts| counts.filed).sum::<i64>()
    }

    /// For each step, how many stood in each of `Standing::ALL` when it ended.
    pub fn standing(&self) -> impl Iterator<Item = [i64; 7]> {
        self.steps.iter().scan(self.before, |stood, counts| {
            let moved = counts.entered.iter().zip(counts.left);
            stood.iter_mut().zip(moved).for_each(|(stood, (entered, left))| *stood += entered - left);
            Some(*stood)
        })
    }
}

impl Counts {
    fn read(row: &Row) -> Result<Self, RowError> {
        let mut counts = Self { filed: row.get("filed")?, reopened: row.get("reopened")?, ..Self::default() };
        for (columns, counts) in [(ENTERED, &mut counts.entered), (LEFT, &mut counts.left)] {
            for (column, count) in columns.into_iter().zip(counts) {
                *count = row.get(column)?;
            }
        }
        Ok(counts)
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.filed += other.filed;
        self.reopened += other.reopened;
        self.entered.iter_mut().zip(other.entered).for_each(|(one, other)| *one += other);
        self.left.iter_mut().zip(other.left).for_each(|(one, other)| *one += other);
    }
}
