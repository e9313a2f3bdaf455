//! What an issue adds to the counters: told by how much they move.
//!
//! A fold moves a row for the class, all six of its values together ([`CLASS_MOVES`], [`CLASS_TIMES`]). In a batch those rows
//! are few, and only their sums are spread over the rows of each dimension ([`spread`]): a third of the work of doing so at each event.

use std::sync::{Arc, LazyLock};

use super::class::{Class, slices};
use super::day::{Day, Step};
use super::document::{Document, Move, Point};
use super::measure::Measure;
use super::sketch::{BAND, bucket};
use super::tables::{BUCKETS, ENTERED, LEFT, MOVES, RUNNING, TIMES};
use crate::row::{Change, Key, Value};
use crate::table::Table;
use crate::view::Count;

/// Rows of a day.
pub(super) const SPAN_DAY: &str = "day";
/// Rows of a month.
pub(super) const SPAN_MONTH: &str = "month";

/// Shared, as each row's key has one.
static DAY: LazyLock<Arc<str>> = LazyLock::new(|| SPAN_DAY.into());
static MONTH: LazyLock<Arc<str>> = LazyLock::new(|| SPAN_MONTH.into());
static MEASURES: LazyLock<[Arc<str>; 13]> = LazyLock::new(|| Measure::ALL.map(|measure| measure.word().into()));

/// Moves of a class on a day. Its key: project, class, day.
static CLASS_MOVES: Table = short("class_moves");
/// Points of a class in a month. Its key: project, class, month, measure, band.
static CLASS_TIMES: Table = short("class_times");

/// A table in name only: none of its rows is ever stored.
const fn short(name: &'static str) -> Table {
    Table { name, comment: "", columns: &[], key: &[], indexes: &[] }
}

/// Moves counters of a project.
pub(super) struct Counting<'a> {
    pub(super) project: &'a Arc<str>,
    pub(super) changes: &'a mut Vec<Change>,
}

impl Counting<'_> {
    /// So many times these moves and points, of issues of this class.
    pub(super) fn history(&mut self, class: &Class, moves: &[Move], points: &[Point], by: i64) {
        if moves.is_empty() && points.is_empty() {
            return;
        }
        let class = class.joined();
        for moved in moves {
            self.moved(&class, *moved, by);
        }
        for point in points {
            self.point(&class, point, by);
        }
    }

    /// So many such points more by day, which is told of all issues only.
    pub(super) fn points_of_days(&mut self, points: &[Point]) {
        for point in points {
            let (band, deltas) = deltas(point, 1);
            let (all, day, measure) = (Value::from(&slices()[0]), (&*DAY).into(), measure(point));
            let key = [self.project(), all, day, Value::Timestamp(point.day.micros()), measure, "".into(), band];
            self.changes.push(Change::Add { table: &TIMES, key: Key::new(key), deltas });
        }
    }

    fn moved(&mut self, class: &Arc<str>, moved: Move, by: i64) {
        let left = moved.left.map_or("filed", |left| LEFT[left as usize]);
        let mut deltas = vec![(ENTERED[moved.entered as usize], by), (left, by)];
        if moved.reopened {
            deltas.push(("reopened", by));
        }
        let key = Key::new([self.project(), class.into(), Value::Timestamp(moved.day.micros())]);
        self.changes.push(Change::Add { table: &CLASS_MOVES, key, deltas });
    }

    fn point(&mut self, class: &Arc<str>, point: &Point, by: i64) {
        let (band, deltas) = deltas(point, by);
        let month = Value::Timestamp(point.day.floor(Step::Month).micros());
        let key = Key::new([self.project(), class.into(), month, measure(point), band]);
        self.changes.push(Change::Add { table: &CLASS_TIMES, key, deltas });
    }

    fn project(&self) -> Value {
        self.project.into()
    }
}

/// What waits for its end.
pub(super) fn running(document: &Document) -> Vec<Count> {
    let waiting = MEASURES.iter().zip(document.running()).filter_map(|(measure, since)| Some((measure, since?)));
    let counts = waiting.map(|(measure, since)| {
        let key = Key::new([(&document.project).into(), measure.into(), Value::Timestamp(since.micros())]);
        Count { table: &RUNNING, key, column: "issues", by: 1 }
    });
    counts.collect()
}

/// The rows of all dimensions that a row of a class stands for; none for a row of a table that is stored.
pub(super) fn spread(table: &'static Table, key: &Key, deltas: &[(&'static str, i64)]) -> Vec<Change> {
    let add = |table, key: Vec<Value>| Change::Add { table, key: Key::new(key), deltas: deltas.to_vec() };
    match key.values() {
        [project, Value::Text(class), Value::Timestamp(day)] if table.name == CLASS_MOVES.name => {
            let month = Day::of_micros(*day).floor(Step::Month).micros();
            let rows = Class::parts(class).flat_map(|(dimension, value)| {
                [(&*DAY, *day), (&*MONTH, month)].map(|(span, start)| {
                    let start = Value::Timestamp(start);
                    add(&MOVES, vec![project.clone(), (&dimension).into(), span.into(), start, (&value).into()])
                })
            });
            rows.collect()
        }
        [project, Value::Text(class), month, measure, band] if table.name == CLASS_TIMES.name => {
            let rows = Class::parts(class).map(|(dimension, value)| {
                let (project, month, measure, band) = (project.clone(), month.clone(), measure.clone(), band.clone());
                add(&TIMES, vec![project, dimension.into(), (&*MONTH).into(), month, measure, value.into(), band])
            });
            rows.collect()
        }
        _ => Vec::new(),
    }
}

fn measure(point: &Point) -> Value {
    (&MEASURES[point.measure as usize]).into()
}

/// The band of a point's bucket, and what such points move in its row.
fn deltas(point: &Point, by: i64) -> (Value, Vec<(&'static str, i64)>) {
    let bucket = bucket(point.seconds);
    let seconds = i64::try_from(point.seconds).unwrap_or(i64::MAX);
    let column = BUCKETS[(bucket % BAND) as usize];
    ((bucket / BAND).into(), vec![("points", by), ("seconds", by * seconds), (column, by)])
}
