//! What an issue adds to the counters.
//!
//! A reading moves a row for its class, all five of its values together ([`CLASS_VERDICTS`], [`CLASS_OPEN`]). In a batch those rows are few, and only
//! their sums are spread over the rows of each dimension ([`spread`]).

use std::sync::{Arc, LazyLock};

use super::class::Class;
use super::figure::{Counts, Measured, Open};
use super::reading::Reading;
use super::tables::{OPEN, PAUSES, VERDICTS};
use crate::flow::Day;
use crate::row::{Change, Key, Value};
use crate::table::Table;
use crate::view::Count;

/// Verdicts of a class on a day. Its key: project, class, day, measure, version.
static CLASS_VERDICTS: Table = short("class_verdicts");
/// What is open of a class. Its key: project, class, measure.
static CLASS_OPEN: Table = short("class_open");

/// Shared, as each row's key has one.
static MEASURES: LazyLock<[Arc<str>; 5]> = LazyLock::new(|| Measured::ALL.map(|measured| measured.word().into()));

/// A table in name only: none of its rows is ever stored.
const fn short(name: &'static str) -> Table {
    Table { name, comment: "", columns: &[], key: &[], indexes: &[] }
}

/// What a reading counts.
pub(super) fn counts(project: &Arc<str>, reading: &Reading) -> Vec<Count> {
    let mut counts = Vec::new();
    let mut put = |table, key: Key, columns: &[&'static str], by: &[i64]| {
        let moved = columns.iter().zip(by).filter(|(_, by)| **by != 0);
        counts.extend(moved.map(|(column, by)| Count { table, key: key.clone(), column, by: *by }));
    };
    for figure in reading.figures() {
        let class = Value::from(figure.class.joined());
        let day = Value::Timestamp(figure.day.micros());
        let key = Key::new([project.into(), class, day, measure(figure.of), figure.version.into()]);
        put(&CLASS_VERDICTS, key, &Counts::COLUMNS, &figure.counts.array());
    }
    for (of, class, open) in reading.open() {
        let key = Key::new([project.into(), class.joined().into(), measure(of)]);
        put(&CLASS_OPEN, key, &Open::COLUMNS, &open.array());
    }
    for stop in reading.pauses.iter().filter(|stop| !stop.dismissal) {
        let day = Value::Timestamp(Day::of_micros(stop.from).micros());
        let key = Key::new([project.into(), day, Value::from(&stop.by)]);
        let by = [1, stop.is_suspicious().into(), stop.until.is_none().into(), stop.seconds()];
        put(&PAUSES, key, &["pauses", "suspicious", "lasting", "seconds"], &by);
    }
    counts
}

/// The rows of all dimensions that a row of a class stands for; none for a row of a table that is stored.
pub(super) fn spread(table: &'static Table, key: &Key, deltas: &[(&'static str, i64)]) -> Vec<Change> {
    let add = |table, key: Vec<Value>| Change::Add { table, key: Key::new(key), deltas: deltas.to_vec() };
    match key.values() {
        [project, Value::Text(class), day, measure, version] if table.name == CLASS_VERDICTS.name => {
            let rows = Class::parts(class).map(|(dimension, value)| {
                let (project, day, measure, version) = (project.clone(), day.clone(), measure.clone(), version.clone());
                add(&VERDICTS, vec![project, dimension.into(), day, value.into(), measure, version])
            });
            rows.collect()
        }
        [project, Value::Text(class), measure] if table.name == CLASS_OPEN.name => {
            let rows = Class::parts(class).map(|(dimension, value)| {
                add(&OPEN, vec![project.clone(), dimension.into(), value.into(), measure.clone()])
            });
            rows.collect()
        }
        _ => Vec::new(),
    }
}

fn measure(of: Measured) -> Value {
    (&MEASURES[of as usize]).into()
}

/// The measure's word, shared.
pub(super) fn word(of: Measured) -> Arc<str> {
    Arc::clone(&MEASURES[of as usize])
}
