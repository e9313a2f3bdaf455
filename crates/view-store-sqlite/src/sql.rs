//! The statements of a prepared view, written once.

use std::collections::HashMap;
use std::sync::Arc;

use view_store::StoreError;
use views::table::{Schema, Table, ViewId};

use crate::ddl::{list, quoted};
use crate::words::WordsSql;

/// A row's own id, by the name that no column of a view has: theirs begin with a letter.
const ROW_ID: &str = "_rowid_";

/// The statements of all prepared views.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    by_id: HashMap<ViewId, Arc<ViewSql>>,
}

/// The statements of one view.
#[derive(Debug)]
pub(crate) struct ViewSql {
    pub(crate) schema: &'static Schema,
    tables: Vec<TableSql>,
}

/// The statements of one table. Parameters are numbered by the column's place in the row, from 1, or by the key's.
#[derive(Debug)]
pub(crate) struct TableSql {
    pub(crate) table: &'static Table,
    /// Its name in the database, quoted.
    pub(crate) name: String,
    /// All its columns, in order; those of words empty.
    pub(crate) columns: String,
    /// A row by its key, with its words.
    pub(crate) load: String,
    /// A row, over the one with its key if there is one.
    pub(crate) upsert: String,
    /// Places of the columns outside the key that are in an index.
    pub(crate) indexed: Vec<usize>,
    /// Places of all columns outside the key, each with its place in `indexed`, if it is there.
    pub(crate) outside_key: Vec<(usize, Option<usize>)>,
    /// The row's own id and the values of `indexed`, by key.
    pub(crate) probe: String,
    /// Away with a row.
    pub(crate) delete: String,
    /// Moves all counters, unless they come to zero; parameters are the key, then the counters in the row's order.
    pub(crate) add: String,
    /// Of a table that has words.
    pub(crate) words: Option<WordsSql>,
}

impl Book {
    pub(crate) fn insert(&mut self, schema: &'static Schema) {
        let tables = schema.tables.iter().map(|table| TableSql::new(schema, table)).collect();
        self.by_id.insert(schema.id(), Arc::new(ViewSql { schema, tables }));
    }

    pub(crate) fn remove(&mut self, view: ViewId) {
        self.by_id.remove(&view);
    }

    pub(crate) fn views(&self) -> impl Iterator<Item = ViewId> {
        self.by_id.keys().copied()
    }

    pub(crate) fn get(&self, view: ViewId) -> Result<Arc<ViewSql>, StoreError> {
        self.by_id.get(&view).cloned().ok_or(StoreError::NotPrepared { view })
    }
}

impl ViewSql {
    /// The table's place and statements.
    pub(crate) fn table(&self, table: &Table) -> Result<(usize, &TableSql), StoreError> {
        let found = self.tables.iter().enumerate().find(|(_, each)| each.table.name == table.name);
        found.ok_or_else(|| StoreError::Invalid {
            reason: format!("view {} has no table {}", self.schema.id(), table.name),
        })
    }
}

impl TableSql {
    fn new(schema: &'static Schema, table: &'static Table) -> Self {
        let physical = schema.physical_name(table);
        let name = quoted(&physical);
        let key = list(table.key.iter().copied());
        let by_key = by_key(table);
        let words = WordsSql::new(table, &physical, &by_key);
        let columns = match &words {
            Some(words) => words.columns.clone(),
            None => list(table.columns.iter().map(|column| column.name)),
        };
        let load = match &words {
            Some(WordsSql { columns_joined, joined, .. }) => {
                format!("SELECT {columns_joined} FROM {joined} WHERE {by_key}")
            }
            None => format!("SELECT {columns} FROM {name} WHERE {by_key}"),
        };
        let indexed = indexed(table);
        let probed = indexed.iter().map(|at| quoted(table.columns[*at].name));
        let probed: Vec<_> = std::iter::once(ROW_ID.to_owned()).chain(probed).collect();
        let outside = (0..table.columns.len()).filter(|at| !table.in_key(table.columns[*at].name));
        let outside_key = outside.map(|at| (at, indexed.iter().position(|each| *each == at))).collect();
        let counters: Vec<&str> = table.counters().into_iter().flatten().map(|column| column.name).collect();
        let added: Vec<_> = counters.iter().map(|it| format!("{0} = {0} + excluded.{0}", quoted(it))).collect();
        let left: Vec<_> = counters.iter().map(|it| format!("{0} + excluded.{0} <> 0", quoted(it))).collect();
        Self {
            table,
            load,
            upsert: format!(
                "INSERT INTO {name} ({columns}) VALUES ({}) ON CONFLICT ({key}) DO {}",
                parameters(table.columns.len()),
                on_conflict(table),
            ),
            probe: format!("SELECT {} FROM {name} WHERE {by_key}", probed.join(", ")),
            indexed,
            outside_key,
            delete: format!("DELETE FROM {name} WHERE {by_key}"),
            add: format!(
                "INSERT INTO {name} ({key}, {}) VALUES ({}) ON CONFLICT ({key}) DO UPDATE SET {} WHERE {}",
                list(counters.iter().copied()),
                parameters(table.key.len() + counters.len()),
                added.join(", "),
                left.join(" OR "),
            ),
            name,
            columns,
            words,
        }
    }

    /// Is every column in the key or in an index?
    pub(crate) fn all_indexed(&self) -> bool {
        self.indexed.len() + self.table.key.len() == self.table.columns.len()
    }

    /// Rewrites a row that is there, but not the indexed columns whose bit (their place in `indexed`) is clear: SQLite
    /// rewrites every index that has a column in the list, whether or not its value changed. The parameter after the last
    /// column's is the row's own id.
    pub(crate) fn update(&self, changed: u64) -> String {
        let set = self.written(changed).map(|at| format!("{} = ?{}", quoted(self.table.columns[at].name), at + 1));
        let set: Vec<_> = set.collect();
        format!("UPDATE {} SET {} WHERE {ROW_ID} = ?{}", self.name, set.join(", "), self.table.columns.len() + 1)
    }

    /// Places of the columns that [`Self::update`] writes.
    pub(crate) fn written(&self, changed: u64) -> impl Iterator<Item = usize> + '_ {
        let is_written = move |bit: Option<usize>| bit.is_none_or(|bit| changed >> bit & 1 == 1);
        self.outside_key.iter().filter(move |(_, bit)| is_written(*bit)).map(|(at, _)| *at)
    }
}

/// Places of the columns outside the key that are in an index.
fn indexed(table: &Table) -> Vec<usize> {
    let in_index = |name: &str| table.indexes.iter().any(|index| index.columns.iter().any(|(each, _)| *each == name));
    let columns = table.columns.iter().enumerate();
    columns.filter(|(_, column)| !table.in_key(column.name) && in_index(column.name)).map(|(at, _)| at).collect()
}

fn by_key(table: &Table) -> String {
    let each = table.key.iter().enumerate().map(|(at, column)| format!("{} = ?{}", quoted(column), at + 1));
    each.collect::<Vec<_>>().join(" AND ")
}

fn on_conflict(table: &Table) -> String {
    let rest = table.columns.iter().filter(|column| !table.in_key(column.name));
    let set: Vec<_> = rest.map(|column| format!("{0} = excluded.{0}", quoted(column.name))).collect();
    if set.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", set.join(", ")) }
}

fn parameters(count: usize) -> String {
    (1..=count).map(|at| format!("?{at}")).collect::<Vec<_>>().join(", ")
}
