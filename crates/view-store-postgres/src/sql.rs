//! The statements of a prepared view, written once.

use std::collections::HashMap;
use std::sync::Arc;

use view_store::StoreError;
use views::table::{Schema, Table, ViewId};

use crate::ddl::{list, quoted};

/// The statements of all prepared views.
#[derive(Debug, Default)]
pub(crate) struct Book {
    by_id: HashMap<ViewId, Arc<ViewSql>>,
}

/// The statements of one view.
#[derive(Debug)]
pub(crate) struct ViewSql {
    pub(crate) schema: &'static Schema,
    pub(crate) tables: Vec<TableSql>,
    /// Begins a transaction that sees one moment. The tables are held before that moment is chosen: from then on nobody drops them
    /// or gives them other names.
    pub(crate) begin_reading: Arc<str>,
}

/// The statements of one table. Parameters are arrays: one a column, in the row's order, or one a column of the key.
#[derive(Debug)]
pub(crate) struct TableSql {
    pub(crate) table: &'static Table,
    /// Its name in the database, quoted.
    pub(crate) name: String,
    /// Rows by their keys: the key's number from 1, then all columns in order.
    pub(crate) load: Arc<str>,
    /// Rows, over those with their keys if there are any.
    pub(crate) upsert: Arc<str>,
    /// Away with rows.
    pub(crate) delete: Arc<str>,
    /// Moves counters; parameters are the key's, then one a counter. Answers whether a row came to zeros.
    pub(crate) add: Arc<str>,
    /// Away with rows of zeros.
    pub(crate) delete_zeros: Arc<str>,
}

impl Book {
    pub(crate) fn insert(&mut self, schema: &'static Schema) {
        self.by_id.insert(schema.id(), Arc::new(ViewSql::new(schema)));
    }

    pub(crate) fn remove(&mut self, view: ViewId) {
        self.by_id.remove(&view);
    }

    pub(crate) fn get(&self, view: ViewId) -> Result<Arc<ViewSql>, StoreError> {
        self.by_id.get(&view).cloned().ok_or(StoreError::NotPrepared { view })
    }

    /// The prepared views.
    pub(crate) fn views(&self) -> impl Iterator<Item = ViewId> {
        self.by_id.keys().copied()
    }
}

impl ViewSql {
    fn new(schema: &'static Schema) -> Self {
        let tables: Vec<_> = schema.tables.iter().map(|table| TableSql::new(schema, table)).collect();
        let names: Vec<_> = tables.iter().map(|table| table.name.as_str()).collect();
        let begin_reading = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE {} IN ACCESS SHARE MODE",
            names.join(", ")
        );
        Self { schema, tables, begin_reading: begin_reading.into() }
    }

    /// The table's place.
    pub(crate) fn place(&self, table: &Table) -> Result<usize, StoreError> {
        let found = self.tables.iter().position(|each| each.table.name == table.name);
        found.ok_or_else(|| StoreError::Invalid {
            reason: format!("view {} has no table {}", self.schema.id(), table.name),
        })
    }

    /// The table's statements.
    pub(crate) fn table(&self, table: &Table) -> Result<&TableSql, StoreError> {
        Ok(&self.tables[self.place(table)?])
    }
}

impl TableSql {
    fn new(schema: &'static Schema, table: &'static Table) -> Self {
        let name = quoted(&schema.physical_name(table));
        let columns = list(table.columns.iter().map(|column| column.name));
        let key = list(table.key.iter().copied());
        let counters: Vec<&str> = table.counters().into_iter().flatten().map(|column| column.name).collect();
        let added: Vec<_> = counters.iter().map(|it| format!("{0} = t.{0} + excluded.{0}", quoted(it))).collect();
        let zero = |of: &str| {
            let each = counters.iter().map(|it| format!("{of}{} = 0", quoted(it)));
            each.chain((counters.is_empty()).then(|| "true".to_owned())).collect::<Vec<_>>().join(" AND ")
        };
        let (all, keys) = (parameters(table.columns.len()), parameters(table.key.len()));
        let of_keys = format!("unnest({keys}) AS k({key})");
        let by_key = by_key(table);
        Self {
            table,
            load: format!(
                "SELECT k.snaglog_n, {} FROM unnest({keys}) WITH ORDINALITY AS k({key}, snaglog_n) JOIN {name} t ON {by_key}",
                table.columns.iter().map(|it| format!("t.{}", quoted(it.name))).collect::<Vec<_>>().join(", "),
            )
            .into(),
            upsert: format!(
                "INSERT INTO {name} ({columns}) SELECT * FROM unnest({all}) ON CONFLICT ({key}) DO {}",
                on_conflict(table),
            )
            .into(),
            delete: format!("DELETE FROM {name} t USING {of_keys} WHERE {by_key}").into(),
            add: format!(
                "WITH moved AS (INSERT INTO {name} AS t ({key}, {}) SELECT * FROM unnest({}) ON CONFLICT ({key}) \
                 DO UPDATE SET {} RETURNING {} AS zero) SELECT coalesce(bool_or(zero), false) FROM moved",
                list(counters.iter().copied()),
                parameters(table.key.len() + counters.len()),
                added.join(", "),
                zero("t."),
            )
            .into(),
            delete_zeros: format!("DELETE FROM {name} t USING {of_keys} WHERE {by_key} AND {}", zero("t.")).into(),
            name,
        }
    }
}

fn by_key(table: &Table) -> String {
    let each = table.key.iter().map(|column| format!("t.{0} = k.{0}", quoted(column)));
    each.collect::<Vec<_>>().join(" AND ")
}

fn on_conflict(table: &Table) -> String {
    let rest = table.columns.iter().filter(|column| !table.in_key(column.name));
    let set: Vec<_> = rest.map(|column| format!("{0} = excluded.{0}", quoted(column.name))).collect();
    if set.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", set.join(", ")) }
}

fn parameters(count: usize) -> String {
    (1..=count).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ")
}
