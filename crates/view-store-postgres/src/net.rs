//! What a commit's changes come to: for each row that they touch one write, whatever their order was.

use std::borrow::Cow;
use std::collections::BTreeMap;

use view_store::{CommitError, ViewCommit};
use views::row::{Change, Key, Row, Value};
use views::table::{TIMESTAMP_MIN, Table};

use crate::sql::ViewSql;

/// What becomes of a row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Net<'c> {
    /// It is this one.
    Put(Cow<'c, Row>),
    /// There is none.
    Gone,
    /// Its counters, in the row's order, move by these much.
    Move(Vec<i64>),
}

/// What becomes of a row, and the commit's change (from 0) that began it.
#[derive(Debug)]
pub(crate) struct Touched<'c> {
    pub(crate) change: usize,
    pub(crate) net: Net<'c>,
}

/// The rows touched, for each of the view's tables. By their keys: whoever else writes takes them in the same order.
pub(crate) type Writes<'c> = Vec<BTreeMap<Key, Touched<'c>>>;

/// Reckons the changes up. Those that can't be stored in any way are [`CommitError::Rejected`].
pub(crate) fn reckon<'c>(view: &ViewSql, commit: &'c ViewCommit) -> Result<Writes<'c>, CommitError> {
    let mut writes: Writes<'c> = view.tables.iter().map(|_| BTreeMap::new()).collect();
    for (at, change) in commit.changes.iter().enumerate() {
        let place = view.place(change.table()).map_err(CommitError::Failed)?;
        let rejected = |reason| CommitError::Rejected { view: commit.view, change: at, reason };
        apply(&mut writes[place], at, change).map_err(rejected)?;
    }
    Ok(writes)
}

fn apply<'c>(rows: &mut BTreeMap<Key, Touched<'c>>, at: usize, change: &'c Change) -> Result<(), String> {
    let (table, key) = (change.table(), change.key());
    let before = rows.remove(&key);
    let first = before.as_ref().map_or(at, |touched| touched.change);
    let net = match (change, before.map(|touched| touched.net)) {
        (Change::Upsert(row) | Change::Insert(row), _) => {
            check_times(row)?;
            Net::Put(Cow::Borrowed(row))
        }
        (Change::Delete { .. }, _) => Net::Gone,
        (Change::Add { deltas, .. }, None) => Net::Move(moved(table, vec![0; counters(table)], deltas)?),
        (Change::Add { deltas, .. }, Some(Net::Move(sums))) => Net::Move(moved(table, sums, deltas)?),
        (Change::Add { deltas, .. }, Some(Net::Put(row))) => counted(table, row.into_owned(), deltas)?,
        (Change::Add { deltas, .. }, Some(Net::Gone)) => {
            counted(table, Row::keyed(table, &key).map_err(|error| error.to_string())?, deltas)?
        }
    };
    // The change that is named where a row can't be stored: of a written row the last, of counters the first.
    let change = if matches!(net, Net::Move(_)) { first } else { at };
    rows.insert(key, Touched { change, net });
    Ok(())
}

fn counters(table: &Table) -> usize {
    table.counters().map_or(0, Iterator::count)
}

fn moved(table: &Table, mut sums: Vec<i64>, deltas: &[(&'static str, i64)]) -> Result<Vec<i64>, String> {
    for (sum, counter) in sums.iter_mut().zip(table.counters().into_iter().flatten()) {
        for (_, delta) in deltas.iter().filter(|(column, _)| *column == counter.name) {
            *sum = sum.checked_add(*delta).ok_or_else(|| format!("{}.{} overflows", table.name, counter.name))?;
        }
    }
    Ok(sums)
}

/// A row that is known whole, with its counters moved.
fn counted<'c>(table: &'static Table, mut row: Row, deltas: &[(&'static str, i64)]) -> Result<Net<'c>, String> {
    let told = |error: views::row::RowError| error.to_string();
    for (column, delta) in deltas {
        let count: i64 = row.get(column).map_err(told)?;
        let count = count.checked_add(*delta).ok_or_else(|| format!("{}.{column} overflows", table.name))?;
        row.set(column, count).map_err(told)?;
    }
    let zero = |column: &str| row.get::<i64>(column) == Ok(0);
    let gone = table.counters().is_some_and(|mut counters| counters.all(|column| zero(column.name)));
    Ok(if gone { Net::Gone } else { Net::Put(Cow::Owned(row)) })
}

fn check_times(row: &Row) -> Result<(), String> {
    let early = |value: &Value| matches!(value, Value::Timestamp(it) if *it < TIMESTAMP_MIN);
    match row.values().iter().position(early) {
        None => Ok(()),
        Some(at) => Err(format!("{}.{} is before 4713 BC", row.table().name, row.table().columns[at].name)),
    }
}
