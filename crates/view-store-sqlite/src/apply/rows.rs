//! A commit's changes, written row by row with prepared statements.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{CachedStatement, Connection};
use view_store::{CommitError, ViewCommit};
use views::row::{Change, Key, Row, Value};

use crate::fault::{concerns_one_row, fault};
use crate::sql::{TableSql, ViewSql};
use crate::value::{bind, bind_all, same};
use crate::words::Pending;

/// Applies the changes in order.
pub(super) fn write<'c>(
    connection: &'c Connection,
    view: &'c ViewSql,
    commit: &'c ViewCommit,
) -> Result<(), CommitError> {
    let rejected = |change: usize, reason: String| CommitError::Rejected { view: commit.view, change, reason };
    let failed = |change: usize, error: rusqlite::Error| {
        if concerns_one_row(&error) { rejected(change, error.to_string()) } else { CommitError::Failed(fault(error)) }
    };
    let mut tables: BTreeMap<usize, TableWriter<'c>> = BTreeMap::new();
    for (at, change) in commit.changes.iter().enumerate() {
        let (place, sql) = view.table(change.table()).map_err(CommitError::Failed)?;
        let table = tables.entry(place).or_insert_with(|| TableWriter::new(connection, sql));
        match change {
            Change::Upsert(row) => table.upsert(at, row),
            Change::Insert(row) => table.insert(at, row),
            Change::Delete { key, .. } => table.delete(at, key),
            Change::Add { key, deltas, .. } => table.add(at, key, deltas),
        }
        .map_err(|error| failed(at, error))?;
    }
    tables.into_values().try_for_each(|table| table.finish().map_err(|(at, error)| failed(at, error)))
}

/// The statements that a commit uses of one table, each looked up once.
struct TableWriter<'c> {
    connection: &'c Connection,
    sql: &'c TableSql,
    probe: Option<CachedStatement<'c>>,
    upsert: Option<CachedStatement<'c>>,
    add: Option<CachedStatement<'c>>,
    /// The key that `add` moved last, which is bound to it still.
    added: Option<&'c Key>,
    /// By the indexed columns that they write.
    updates: HashMap<u64, CachedStatement<'c>>,
    /// The counters' names, in the row's order.
    counters: Vec<&'static str>,
    /// The counters that `add` moves, by their parameters in its statement, and by how much.
    moved: Vec<(usize, i64)>,
    /// Words not yet indexed.
    pending: Pending,
}

impl<'c> TableWriter<'c> {
    fn new(connection: &'c Connection, sql: &'c TableSql) -> Self {
        let counters = sql.table.counters().into_iter().flatten().map(|column| column.name).collect();
        let (probe, upsert, add, added, updates, moved, pending) = <_>::default();
        Self { connection, sql, probe, upsert, add, added, updates, counters, moved, pending }
    }

    /// Looks at a row before it is rewritten, so that only the indexes whose values change are: up to twice as fast as
    /// `ON CONFLICT DO UPDATE` alone, and an insert costs a tenth more.
    fn upsert(&mut self, at: usize, row: &Row) -> rusqlite::Result<()> {
        if let Some(words) = &self.sql.words {
            return words.upsert(self.connection, row, at, &mut self.pending);
        }
        if self.can_update()
            && let Some((id, changed)) = self.changed(row)?
        {
            return self.update(row, id, changed);
        }
        self.put(row)
    }

    /// Writes a row that is new as far as anybody knows: nothing is looked at before.
    fn insert(&mut self, at: usize, row: &Row) -> rusqlite::Result<()> {
        let Some(words) = &self.sql.words else { return self.put(row) };
        if words.insert(self.connection, row, at, &mut self.pending)? {
            return Ok(());
        }
        words.upsert(self.connection, row, at, &mut self.pending)
    }

    fn put(&mut self, row: &Row) -> rusqlite::Result<()> {
        let statement = cached(self.connection, &mut self.upsert, &self.sql.upsert)?;
        bind_all(statement, row.values())?;
        statement.raw_execute().map(drop)
    }

    /// Is there an index to be spared, and a bit for each indexed column?
    fn can_update(&self) -> bool {
        (1..=64).contains(&self.sql.indexed.len())
    }

    /// The stored row's own id, and the indexed columns in which this row differs from it, as bits; `None`: there is none stored.
    fn changed(&mut self, row: &Row) -> rusqlite::Result<Option<(i64, u64)>> {
        let statement = cached(self.connection, &mut self.probe, &self.sql.probe)?;
        bind_all(statement, row.key().values())?;
        let mut found = statement.raw_query();
        let Some(stored) = found.next()? else {
            return Ok(None);
        };
        let mut changed = 0;
        for (bit, at) in self.sql.indexed.iter().enumerate() {
            if !same(&row.values()[*at], stored.get_ref(bit + 1)?) {
                changed |= 1 << bit;
            }
        }
        Ok(Some((stored.get(0)?, changed)))
    }

    fn update(&mut self, row: &Row, id: i64, changed: u64) -> rusqlite::Result<()> {
        if changed == 0 && self.sql.all_indexed() {
            return Ok(());
        }
        let statement = match self.updates.entry(changed) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(new) => {
                new.insert(self.connection.prepare_cached(&self.sql.update(changed))?)
            }
        };
        for at in self.sql.written(changed) {
            bind(statement, at + 1, &row.values()[at])?;
        }
        statement.raw_bind_parameter(row.values().len() + 1, id)?;
        statement.raw_execute().map(drop)
    }

    fn delete(&mut self, at: usize, key: &Key) -> rusqlite::Result<()> {
        if let Some(words) = &self.sql.words {
            return words.delete(self.connection, key.values(), at, &mut self.pending);
        }
        let mut statement = self.connection.prepare_cached(&self.sql.delete)?;
        bind_all(&mut statement, key.values())?;
        statement.raw_execute().map(drop)
    }

    /// Moves counters. A row that they would come to zero in is left alone by the statement, and deleted then. It is not one that tells what
    /// it wrote: that keeps a copy of every page that it touches, and takes twice as long.
    fn add(&mut self, at: usize, key: &'c Key, deltas: &[(&'static str, i64)]) -> rusqlite::Result<()> {
        self.sum(deltas);
        if self.moved.is_empty() {
            return Ok(());
        }
        let keyed = self.sql.table.key.len();
        let is_new = self.add.is_none();
        let statement = cached(self.connection, &mut self.add, &self.sql.add)?;
        if is_new {
            // Between rows all counters stay bound to zero: only those that move are bound anew.
            (1..=self.counters.len()).try_for_each(|at| bind(statement, keyed + at, &Value::Integer(0)))?;
        }
        // So does the key, of which most is as it was: rows come in its order.
        let bound = self.added.replace(key).map_or(&[][..], Key::values);
        for (at, value) in key.values().iter().enumerate().filter(|(at, value)| bound.get(*at) != Some(value)) {
            bind(statement, at + 1, value)?;
        }
        for (parameter, by) in &self.moved {
            bind(statement, *parameter, &Value::Integer(*by))?;
        }
        let written = statement.raw_execute()?;
        for (parameter, _) in &self.moved {
            bind(statement, *parameter, &Value::Integer(0))?;
        }
        if written == 0 { self.delete(at, key) } else { Ok(()) }
    }

    /// Leaves in `moved` which counters these move, and by how much.
    fn sum(&mut self, deltas: &[(&'static str, i64)]) {
        let keyed = self.sql.table.key.len();
        self.moved.clear();
        for (column, by) in deltas {
            // The change has been checked: its columns are counters. What can't be counted, SQLite refuses too.
            let parameter = self.counters.iter().position(|each| each == column).map_or(0, |at| keyed + at + 1);
            match self.moved.iter_mut().find(|(moved, _)| *moved == parameter) {
                Some((_, sum)) => *sum = sum.saturating_add(*by),
                None => self.moved.push((parameter, *by)),
            }
        }
        self.moved.retain(|(_, by)| *by != 0);
    }

    /// Indexes the words that wait for it. Where that fails, the change is said that brought them.
    fn finish(self) -> Result<(), (usize, rusqlite::Error)> {
        match &self.sql.words {
            Some(words) => words.index(self.connection, &self.pending),
            None => Ok(()),
        }
    }
}

fn cached<'s, 'c>(
    connection: &'c Connection,
    slot: &'s mut Option<CachedStatement<'c>>,
    text: &str,
) -> rusqlite::Result<&'s mut CachedStatement<'c>> {
    match slot {
        Some(statement) => Ok(statement),
        None => Ok(slot.insert(connection.prepare_cached(text)?)),
    }
}
