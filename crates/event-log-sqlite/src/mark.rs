//! What the log's one row says: which log it is, its versions, and where it is in its life.
//!
//! Whoever appends reads versions and phase in the transaction that appends: what an operator wrote there, by another process
//! perhaps, holds from the next batch on.

use event_log::{Identity, Mark, Phase, Versions};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

const MARK: &str = "SELECT phase, rule_version, record_version FROM log WHERE one = 1";
const IDENTITY: &str = "SELECT log_id, partitions FROM log WHERE one = 1";
const FOUND: &str =
    "INSERT INTO log (one, log_id, partitions, rule_version, record_version, phase) VALUES (1, ?, ?, ?, ?, ?)";
const CHANGE: &str = "UPDATE log SET phase = ?, rule_version = ?, record_version = ? WHERE one = 1";

/// The mark as of now.
pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Mark> {
    let read = |row: &Row<'_>| {
        let Stored(phase) = row.get(0)?;
        Ok(Mark { phase, versions: Versions { rule: row.get(1)?, record: row.get(2)? } })
    };
    one(connection.prepare_cached(MARK)?.query_row([], read))
}

/// Puts another one in its place.
pub(crate) fn write(connection: &Connection, mark: Mark) -> rusqlite::Result<()> {
    let Mark { phase, versions } = mark;
    connection.execute(CHANGE, params![phase.name(), versions.rule, versions.record]).map(drop)
}

/// Writes the row of a new log.
pub(crate) fn found(connection: &Connection, identity: Identity, mark: Mark) -> rusqlite::Result<()> {
    let Mark { phase, versions } = mark;
    let Identity { log_id, partitions } = identity;
    connection
        .execute(FOUND, params![log_id.as_bytes(), partitions, versions.rule, versions.record, phase.name()])
        .map(drop)
}

/// Which log it is; the same in every format.
pub(crate) fn identity(connection: &Connection) -> rusqlite::Result<Identity> {
    one(connection.query_row(IDENTITY, [], |row| Ok(Identity::new(Uuid::from_bytes(row.get(0)?), row.get(1)?))))
}

/// Whether the file is a backup.
pub(crate) fn is_backup(connection: &Connection) -> rusqlite::Result<bool> {
    one(connection.query_row("SELECT backup FROM log WHERE one = 1", [], |row| row.get(0)))
}

/// A log without its row is no log.
fn one<T>(row: rusqlite::Result<T>) -> rusqlite::Result<T> {
    row.optional()?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

/// A phase as it is stored.
struct Stored(Phase);

impl FromSql for Stored {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let name = value.as_str()?;
        Phase::named(name).map(Self).ok_or_else(|| FromSqlError::Other(format!("no log is {name}").into()))
    }
}
