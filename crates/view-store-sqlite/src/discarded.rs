//! Tables that no view has any more: discarded at once, and dropped piece by piece while the writer has nothing else to do.
//!
//! All of a view in one transaction would hold up every other view: a second for a million events, and several where they have to be
//! read from a disk first.

use rusqlite::Connection;
use view_store::StoreError;

use crate::ddl::quoted;
use crate::fault::fault;
use crate::sql::ROW_ID;
use crate::tables::begin;

/// Rows of a piece: some milliseconds.
const PIECE_ROWS: usize = 250;

/// Gives the table a name that nobody looks for. One that somebody has dropped already is no error.
pub(crate) fn discard(connection: &Connection, table: &str) -> rusqlite::Result<()> {
    if !connection.table_exists(None, table)? {
        return Ok(());
    }
    // It rises with every table that is renamed, so no two are given it.
    let number: i64 = connection.query_row("PRAGMA schema_version", [], |row| row.get(0))?;
    connection.execute_batch(&format!("ALTER TABLE {} RENAME TO snaglog_discarded_{number}", quoted(table)))
}

/// Drops a piece of what was discarded. False: nothing is left.
pub(crate) fn drop_piece(connection: &mut Connection) -> Result<bool, StoreError> {
    // Another process may be about to drop the same.
    let transaction = begin(connection)?;
    let dropped = drop_next(&transaction).map_err(fault)?;
    transaction.commit().map_err(fault)?;
    Ok(dropped)
}

fn drop_next(connection: &Connection) -> rusqlite::Result<bool> {
    // The tables of an index of words end in letters, and go with it.
    let tables = "SELECT name, sql LIKE 'CREATE VIRTUAL %' FROM sqlite_schema
        WHERE type = 'table' AND name GLOB 'snaglog_discarded_*[0-9]'";
    let mut tables = connection.prepare(tables)?;
    let tables = tables.query_map([], |row| <(String, bool)>::try_from(row))?;
    let tables = tables.collect::<rusqlite::Result<Vec<_>>>()?;
    for (table, of_words) in &tables {
        if !of_words && delete_rows(connection, &quoted(table))? > 0 {
            return Ok(true);
        }
    }
    // All at once, and their indexes not before: each time that tables change, every connection prepares its statements anew.
    for (table, _) in &tables {
        connection.execute_batch(&format!("DROP TABLE {}", quoted(table)))?;
    }
    Ok(false)
}

fn delete_rows(connection: &Connection, table: &str) -> rusqlite::Result<usize> {
    let first = format!("SELECT {ROW_ID} AS id FROM {table} ORDER BY {ROW_ID} LIMIT {PIECE_ROWS}");
    connection.execute(&format!("DELETE FROM {table} WHERE {ROW_ID} <= (SELECT max(id) FROM ({first}))"), [])
}

#[cfg(test)]
mod tests;
