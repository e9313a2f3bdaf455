//! Views' tables: made, dropped, exchanged; and which views there are.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use view_store::check::{behind, check_swap};
use view_store::{Checkpoint, PREPARED_LASTS, PartitionId, Prepared, Schema, StoreError, Stored, SwapError, ViewId};

use crate::fault::fault;
use crate::{apply, ddl};

/// The views' checkpoints by partition.
pub(crate) type Reached = Vec<(ViewId, BTreeMap<PartitionId, Checkpoint>)>;

/// Makes the tables that are missing.
pub(crate) fn prepare(
    connection: &mut Connection,
    views: &[&'static Schema],
) -> Result<(Vec<Prepared>, Reached), StoreError> {
    let transaction = begin(connection)?;
    let mut prepared = Vec::with_capacity(views.len());
    for view in views {
        view.check().map_err(|reason| StoreError::Invalid { reason })?;
        let found = transaction.query_row(
            "SELECT shape FROM snaglog_views WHERE view = ? AND version = ?",
            params![view.name, view.version],
            |row| row.get::<_, String>(0),
        );
        let found = found.optional().map_err(fault)?;
        match &found {
            None => create(&transaction, view).map_err(fault)?,
            Some(shape) if *shape == ddl::shape(view) => {}
            Some(_) => return Err(StoreError::Changed { view: view.id() }),
        }
        keep(&transaction, view.id()).map_err(fault)?;
        prepared.push(Prepared { view: view.id(), created: found.is_none() });
    }
    let reached = views.iter().map(|view| Ok((view.id(), apply::checkpoints(&transaction, view.id())?)));
    let reached = reached.collect::<Result<_, StoreError>>()?;
    transaction.commit().map_err(fault)?;
    Ok((prepared, reached))
}

/// Makes the view's tables anew.
pub(crate) fn reset(connection: &mut Connection, view: &'static Schema) -> Result<(), StoreError> {
    view.check().map_err(|reason| StoreError::Invalid { reason })?;
    let transaction = begin(connection)?;
    drop_tables(&transaction, view.name, view.version).map_err(fault)?;
    create(&transaction, view).map_err(fault)?;
    keep(&transaction, view.id()).map_err(fault)?;
    transaction.commit().map_err(fault)
}

/// Exchanges two views' tables, checkpoints and parked streams.
pub(crate) fn swap(
    connection: &mut Connection,
    view: &'static Schema,
    with: &'static Schema,
) -> Result<Reached, SwapError> {
    check_swap(view, with)?;
    let transaction = begin(connection)?;
    let one = (view.id(), apply::checkpoints(&transaction, view.id())?);
    let other = (with.id(), apply::checkpoints(&transaction, with.id())?);
    if let Some(partition) = behind(&one.1, &other.1) {
        return Err(SwapError::Behind { partition });
    }
    exchange(&transaction, view, with).map_err(fault)?;
    transaction.commit().map_err(fault)?;
    Ok(vec![(view.id(), other.1), (with.id(), one.1)])
}

/// Drops the view's tables.
pub(crate) fn remove(connection: &mut Connection, view: ViewId) -> Result<(), StoreError> {
    let transaction = begin(connection)?;
    drop_tables(&transaction, view.name, view.version).map_err(fault)?;
    transaction.commit().map_err(fault)
}

/// The views there are.
pub(crate) fn stored(connection: &Connection) -> Result<Vec<Stored>, StoreError> {
    let text = "SELECT view, version, in_use_until > unixepoch() FROM snaglog_views ORDER BY view, version";
    let mut statement = connection.prepare_cached(text).map_err(fault)?;
    let read = |row: &rusqlite::Row<'_>| Ok(Stored { name: row.get(0)?, version: row.get(1)?, in_use: row.get(2)? });
    let found = statement.query_map([], read).map_err(fault)?;
    found.collect::<rusqlite::Result<_>>().map_err(fault)
}

/// Notes until when views are in use.
pub(crate) fn announce(connection: &mut Connection, views: &[ViewId], seconds: u64) -> Result<(), StoreError> {
    let transaction = begin(connection)?;
    for view in views {
        let text = "UPDATE snaglog_views SET in_use_until = unixepoch() + ? WHERE view = ? AND version = ?";
        let of = params![seconds.cast_signed(), view.name, view.version];
        let found = transaction.prepare_cached(text).and_then(|mut update| update.execute(of)).map_err(fault)?;
        if found == 0 {
            return Err(StoreError::NotPrepared { view: *view });
        }
    }
    transaction.commit().map_err(fault)
}

/// Drops the views that nobody uses.
pub(crate) fn sweep(connection: &mut Connection) -> Result<Vec<Stored>, StoreError> {
    let transaction = begin(connection)?;
    let mut unused = stored(&transaction)?;
    unused.retain(|view| !view.in_use);
    for Stored { name, version, .. } in &unused {
        drop_tables(&transaction, name, *version).map_err(fault)?;
    }
    transaction.commit().map_err(fault)?;
    Ok(unused)
}

/// Dropped without a commit, it rolls back.
fn begin(connection: &mut Connection) -> Result<Transaction<'_>, StoreError> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)
}

fn create(connection: &Connection, view: &Schema) -> rusqlite::Result<()> {
    connection.execute_batch(&ddl::create(view, &free_suffix(connection, view)?))?;
    connection.execute(
        "INSERT INTO snaglog_views (view, version, tables, shape, in_use_until) VALUES (?, ?, ?, ?, 0)",
        params![view.name, view.version, ddl::tables(view).join("\n"), ddl::shape(view)],
    )?;
    Ok(())
}

/// What to end the names of the view's indexes in. An index keeps its name when its table is given another one, so that after a
/// swap the usual name may be taken.
fn free_suffix(connection: &Connection, view: &Schema) -> rusqlite::Result<String> {
    for table in view.tables {
        let first = ddl::index_name(&view.physical_name(table), 0, "");
        let taken = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?)";
        if connection.query_row(taken, [first], |row| row.get(0))? {
            // It rises with every table that is made, so no two have been given it.
            let version: i64 = connection.query_row("PRAGMA schema_version", [], |row| row.get(0))?;
            return Ok(format!("_{version}"));
        }
    }
    Ok(String::new())
}

/// What was just prepared is in use for a while.
fn keep(connection: &Connection, view: ViewId) -> rusqlite::Result<()> {
    let text =
        "UPDATE snaglog_views SET in_use_until = max(in_use_until, unixepoch() + ?) WHERE view = ? AND version = ?";
    let lasts = PREPARED_LASTS.as_secs().cast_signed();
    connection.execute(text, params![lasts, view.name, view.version]).map(drop)
}

/// The names of the tables that were made for the view, whatever they were described as then.
fn tables(connection: &Connection, name: &str, version: u32) -> rusqlite::Result<Vec<String>> {
    let text = "SELECT tables FROM snaglog_views WHERE view = ? AND version = ?";
    let found = connection.query_row(text, params![name, version], |row| row.get::<_, String>(0)).optional()?;
    Ok(found.iter().flat_map(|names| names.lines()).map(String::from).collect())
}

fn drop_tables(connection: &Connection, name: &str, version: u32) -> rusqlite::Result<()> {
    for table in tables(connection, name, version)? {
        connection.execute_batch(&format!("DROP TABLE IF EXISTS {}", ddl::quoted(&table)))?;
    }
    for own in ["snaglog_checkpoints", "snaglog_parked", "snaglog_views"] {
        connection.execute(&format!("DELETE FROM {own} WHERE view = ? AND version = ?"), params![name, version])?;
    }
    Ok(())
}

/// Which tables the view has: a number that goes with them.
pub(crate) fn generation(connection: &Connection, view: ViewId) -> Result<u64, StoreError> {
    let text = "SELECT generation FROM snaglog_views WHERE view = ? AND version = ?";
    let mut statement = connection.prepare_cached(text).map_err(fault)?;
    let found = statement.query_row(params![view.name, view.version], |row| row.get::<_, i64>(0)).optional();
    found.map_err(fault)?.map(i64::cast_unsigned).ok_or(StoreError::NotPrepared { view })
}

/// A name that no view has.
const NOBODY: &str = "";

fn exchange(connection: &Connection, view: &Schema, with: &Schema) -> rusqlite::Result<()> {
    let (ones, others) = (tables(connection, view.name, view.version)?, tables(connection, with.name, with.version)?);
    for (one, other) in ones.iter().zip(&others) {
        for (from, to) in [(one.as_str(), "snaglog_swapped"), (other, one), ("snaglog_swapped", other)] {
            connection.execute_batch(&format!("ALTER TABLE {} RENAME TO {}", ddl::quoted(from), ddl::quoted(to)))?;
        }
    }
    for own in ["snaglog_checkpoints", "snaglog_parked"] {
        for (from, from_version, to, to_version) in [
            (view.name, view.version, NOBODY, 0),
            (with.name, with.version, view.name, view.version),
            (NOBODY, 0, with.name, with.version),
        ] {
            let text = format!("UPDATE {own} SET view = ?, version = ? WHERE view = ? AND version = ?");
            connection.execute(&text, params![to, to_version, from, from_version])?;
        }
    }
    let generations = "UPDATE snaglog_views AS one SET generation = other.generation FROM snaglog_views AS other
        WHERE (one.view = ?1 AND one.version = ?2 AND other.view = ?3 AND other.version = ?4)
        OR (one.view = ?3 AND one.version = ?4 AND other.view = ?1 AND other.version = ?2)";
    connection.execute(generations, params![view.name, view.version, with.name, with.version])?;
    Ok(())
}
