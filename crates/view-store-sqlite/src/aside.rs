//! Tables that no view has any more: set aside at once, and dropped piece by piece while the writer has nothing else to do.
//!
//! All of a view in one transaction would hold up every other view: a second for a million events, and several where they
//! have to be read from a disk first.

use rusqlite::{Connection, OptionalExtension as _};

use crate::ddl::quoted;

/// Rows of a piece: some milliseconds.
const PIECE_ROWS: usize = 1000;

/// Gives the table a name that nobody looks for. One that somebody has dropped already is no error.
pub(crate) fn set_aside(connection: &Connection, table: &str) -> rusqlite::Result<()> {
    if !connection.table_exists(None, table)? {
        return Ok(());
    }
    // It rises with every table that is renamed, so no two are given it.
    let number: i64 = connection.query_row("PRAGMA schema_version", [], |row| row.get(0))?;
    connection.execute_batch(&format!("ALTER TABLE {} RENAME TO snaglog_aside_{number}", quoted(table)))
}

/// Drops a piece of what was set aside. False: nothing is left of it.
pub(crate) fn drop_piece(connection: &Connection) -> rusqlite::Result<bool> {
    // Indexes come first: without them rows are deleted as fast as a table is dropped. SQLite's own have no text and go with their
    // table, as the tables of an index of words do.
    let next = "SELECT type, name, type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL %' FROM sqlite_schema
        WHERE tbl_name GLOB 'snaglog_aside_*[0-9]' AND sql IS NOT NULL ORDER BY type LIMIT 1";
    let next = connection.query_row(next, [], |row| <(String, String, bool)>::try_from(row)).optional()?;
    let Some((kind, name, has_rows)) = next else {
        return Ok(false);
    };
    let name = quoted(&name);
    if !has_rows || delete_rows(connection, &name)? < PIECE_ROWS {
        connection.execute_batch(&format!("DROP {kind} {name}"))?;
    }
    Ok(true)
}

fn delete_rows(connection: &Connection, table: &str) -> rusqlite::Result<usize> {
    let first = format!("SELECT rowid FROM {table} ORDER BY rowid LIMIT {PIECE_ROWS}");
    connection.execute(&format!("DELETE FROM {table} WHERE rowid <= (SELECT max(rowid) FROM ({first}))"), [])
}

#[cfg(test)]
mod tests;
