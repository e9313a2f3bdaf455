//! How long things took, and how long what has not ended has been waiting.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::ids::ProjectId;
use jiff::Timestamp;

use super::class::{ALL_ISSUES, Dimension};
use super::counting::{SPAN_DAY, SPAN_MONTH};
use super::day::{Day, Step};
use super::measure::Measure;
use super::sketch::{BAND, Percentiles, Sketch, bucket};
use super::tables::{BUCKETS, RUNNING, TIMES};
use super::{ROWS_MAX, SCHEMA, VALUES_MAX};
use crate::query::Query;
use crate::row::{Condition, Row, RowError, Select, Value};
use crate::table::{Direction, ViewId};

/// Half a day, in seconds: what began on a day is taken to have begun at its noon.
const NOON: i64 = 12 * 3600;

/// Asks how long things took that ended in a window.
///
/// It reads rows of whole months and, for all issues, of the days at both ends: of each at most some for each measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetDurations {
    /// Which project.
    pub project: ProjectId,
    /// Told apart by this; `None`: all issues together.
    pub by: Option<Dimension>,
    /// From this day; by a dimension: from the first of its month.
    pub since: Day,
    /// To the day before this one; by a dimension: to the end of that day's month.
    pub until: Day,
    /// When ages are told.
    pub now: Timestamp,
}

/// How long things took.
#[derive(Debug, Clone, PartialEq)]
pub struct Durations {
    /// The window's first day.
    pub since: Day,
    /// The day after its last.
    pub until: Day,
    /// Of all issues, or of each value: at most [`VALUES_MAX`], those with most points first.
    pub values: Vec<DurationsOf>,
    /// True: there was more to read than is read. The answer is not to be given.
    pub cut: bool,
}

/// How long things took for the issues of a value.
#[derive(Debug, Clone, PartialEq)]
pub struct DurationsOf {
    /// Which; empty: of none, or all issues. `None`: the values that are not told apart.
    pub value: Option<Arc<str>>,
    /// In the order of [`Measure::ALL`]: those that ended, and of all issues those that wait.
    pub measures: Vec<Duration>,
}

/// How long one thing took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Duration {
    /// What.
    pub measure: Measure,
    /// Of those that ended in the window.
    pub ended: Percentiles,
    /// What waits for its end now; by a dimension it is not told.
    pub waiting: Option<Waiting>,
}

/// What has not ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waiting {
    /// Ages: how long it has been waiting, to half a day.
    pub ages: Percentiles,
}

impl GetDurations {
    /// The window that is read.
    pub fn window(&self) -> (Day, Day) {
        match self.by {
            None => (self.since, self.until),
            Some(_) => (self.since.floor(Step::Month), self.until.ceil(Step::Month)),
        }
    }

    /// The whole months in it; none where the first is not before the second.
    fn months(&self) -> (Day, Day) {
        let (since, until) = self.window();
        (since.ceil(Step::Month), until.floor(Step::Month))
    }

    fn select(&self, span: &str, from: Day, to: Day) -> Select {
        let dimension = self.by.map_or(ALL_ISSUES, Dimension::word);
        Select::from(&TIMES, ROWS_MAX)
            .filter(Condition::Equal("project", self.project.as_str().into()))
            .filter(Condition::Equal("dimension", dimension.into()))
            .filter(Condition::Equal("span", span.into()))
            .filter(Condition::AtLeast("start", Value::Timestamp(from.micros())))
            .filter(Condition::Less("start", Value::Timestamp(to.micros())))
            .order("start", Direction::Asc)
    }
}

impl Query for GetDurations {
    type Found = Durations;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        let running =
            Select::from(&RUNNING, ROWS_MAX).filter(Condition::Equal("project", self.project.as_str().into()));
        let ((since, until), (first, last)) = (self.window(), self.months());
        let times = if first < last {
            vec![(SPAN_DAY, since, first), (SPAN_MONTH, first, last), (SPAN_DAY, last, until)]
        } else {
            vec![(SPAN_DAY, since, until)]
        };
        let times = times.into_iter().filter(|(_, from, to)| from < to);
        let times = times.map(|(span, from, to)| self.select(span, from, to));
        self.by.is_none().then_some(running).into_iter().chain(times).collect()
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Durations, RowError> {
        let (since, until) = self.window();
        let cut = rows.iter().any(|rows| rows.len() >= ROWS_MAX as usize);
        let mut rows = rows.into_iter();
        let waiting = match self.by {
            None => Some(self.waiting(&rows.next().unwrap_or_default())?),
            Some(_) => None,
        };
        let mut ended: BTreeMap<Arc<str>, BTreeMap<Measure, Sketch>> = BTreeMap::new();
        for row in rows.flatten() {
            let sketch = ended.entry(row.get("value")?).or_default().entry(measure(&row, TIMES.name)?).or_default();
            let band: u32 = row.get("band")?;
            for (at, column) in (0..).zip(BUCKETS) {
                sketch.add(band * BAND + at, row.get(column)?);
            }
        }
        if self.by.is_none() {
            ended.entry(Arc::default()).or_default();
        }
        let ended = ended.into_iter().map(|(value, sketches)| (Some(value), sketches)).collect();
        let told = fewest_together(ended).into_iter();
        let values =
            told.map(|(value, sketches)| DurationsOf { value, measures: told_of(&sketches, waiting.as_ref()) });
        Ok(Durations { since, until, values: values.collect(), cut })
    }
}

impl GetDurations {
    fn waiting(&self, rows: &[Row]) -> Result<BTreeMap<Measure, Sketch>, RowError> {
        let mut waiting: BTreeMap<Measure, Sketch> = BTreeMap::new();
        for row in rows {
            let since: Timestamp = row.get("since")?;
            let age = (self.now.as_second() - since.as_second() - NOON).max(0).unsigned_abs();
            waiting.entry(measure(row, RUNNING.name)?).or_default().add(bucket(age), row.get("issues")?);
        }
        Ok(waiting)
    }
}

/// The measures that have something to tell.
fn told_of(ended: &BTreeMap<Measure, Sketch>, waiting: Option<&BTreeMap<Measure, Sketch>>) -> Vec<Duration> {
    let none = Sketch::default();
    let told = Measure::ALL.into_iter().map(|measure| Duration {
        measure,
        ended: ended.get(&measure).unwrap_or(&none).percentiles(),
        waiting: waiting.map(|waiting| Waiting { ages: waiting.get(&measure).unwrap_or(&none).percentiles() }),
    });
    told.filter(|told| told.ended.points + told.waiting.map_or(0, |waiting| waiting.ages.points) > 0).collect()
}

type OfValue = (Option<Arc<str>>, BTreeMap<Measure, Sketch>);

/// The values with most points first, those past [`VALUES_MAX`] as one.
fn fewest_together(mut values: Vec<OfValue>) -> Vec<OfValue> {
    values.sort_by_key(|(_, sketches)| std::cmp::Reverse(sketches.values().map(Sketch::points).sum::<u64>()));
    if values.len() <= VALUES_MAX {
        return values;
    }
    let mut rest: BTreeMap<Measure, Sketch> = BTreeMap::new();
    for (_, sketches) in values.split_off(VALUES_MAX - 1) {
        for (measure, sketch) in sketches {
            rest.entry(measure).or_default().merge(&sketch);
        }
    }
    values.push((None, rest));
    values
}

fn measure(row: &Row, table: &'static str) -> Result<Measure, RowError> {
    let word: &str = row.get("measure")?;
    let unknown = || RowError::Json { table, column: "measure", reason: format!("{word:?} is none of its words") };
    Measure::parse(word).ok_or_else(unknown)
}
