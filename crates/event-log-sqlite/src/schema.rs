//! The file: its format, its tables, and how it is opened.
//!
//! | table | row | found by |
//! |---|---|---|
//! | `log` | the one log | – |
//! | `streams` | a stream, numbered from 1 in the order of their first events | name, ordinal |
//! | `events` | a record; `key` is partition << 48 \| position | key; (stream, revision); (stream, request id) |
//!
//! Positions, revisions and ordinals are dense, so each head is the end of an index: none is stored apart.

use std::path::Path;
use std::time::Duration;

use event_log::{Identity, PartitionId, Versions};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use uuid::Uuid;

use crate::Options;
use crate::error::OpenError;

/// "SnLg": marks the file as ours (`PRAGMA application_id`).
const APPLICATION_ID: i64 = 0x536e_4c67;
/// The format written and read here (`PRAGMA user_version`).
const FORMAT: i64 = 1;
/// Most partitions; a key has room for 32,768.
const PARTITIONS_MAX: u32 = 1024;
/// Bits of a position in a key.
const POSITION_BITS: u32 = 48;
/// The highest position there can be.
const POSITION_MAX: u64 = (1 << POSITION_BITS) - 1;
const _: () =
    assert!((PARTITIONS_MAX as u64) << POSITION_BITS < i64::MAX as u64, "every key is a positive 64-bit number");

/// How long a connection waits where another one holds a lock: only for moments, while the WAL is begun anew.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Statements kept prepared for each connection.
const STATEMENTS_MAX: usize = 16;

const TABLES: &str = "
CREATE TABLE log (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    log_id BLOB NOT NULL,
    partitions INTEGER NOT NULL,
    rule_version INTEGER NOT NULL,
    record_version INTEGER NOT NULL
) STRICT;

CREATE TABLE streams (
    stream INTEGER PRIMARY KEY,         -- dense from 1: new ones share pages, whatever their partitions
    project TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    ordinal INTEGER NOT NULL            -- dense from 1 within (project, kind)
) STRICT;
CREATE UNIQUE INDEX streams_by_name ON streams (project, kind, id);
CREATE UNIQUE INDEX streams_by_ordinal ON streams (project, kind, ordinal);

CREATE TABLE events (
    key INTEGER PRIMARY KEY,            -- partition << 48 | position
    stream INTEGER NOT NULL,
    revision INTEGER NOT NULL,          -- dense from 1 within the stream
    append_events INTEGER,              -- on the last event of an append: how many it has
    event_id BLOB NOT NULL,
    event_type TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    actor TEXT NOT NULL,
    request_id BLOB NOT NULL,
    fingerprint BLOB NOT NULL,
    correlation_id BLOB,
    causation_id BLOB,
    traceparent TEXT,
    occurred_at INTEGER NOT NULL,       -- microseconds since 1970
    recorded_at INTEGER NOT NULL,       -- microseconds since 1970
    leaf BLOB NOT NULL,
    facts BLOB NOT NULL,                -- JSON
    facts_hash BLOB NOT NULL,
    texts BLOB,                         -- JSON; null where there are none, or erased
    salt BLOB,                          -- null with texts
    texts_hash BLOB                     -- null where there never were texts: the hash of nothing
) STRICT;
CREATE UNIQUE INDEX events_by_stream ON events (stream, revision);
CREATE UNIQUE INDEX events_by_request ON events (stream, request_id) WHERE append_events IS NOT NULL;
";

/// The key of an event.
pub(crate) fn key(partition: PartitionId, position: u64) -> i64 {
    (i64::from(partition) << POSITION_BITS) | position.min(POSITION_MAX).cast_signed()
}

/// The position in a key.
pub(crate) fn position(key: i64) -> u64 {
    key.cast_unsigned() & POSITION_MAX
}

/// The partition in a key; none can be written above [`PARTITIONS_MAX`].
pub(crate) fn partition(key: i64) -> PartitionId {
    PartitionId::try_from(key >> POSITION_BITS).unwrap_or(PartitionId::MAX)
}

/// The first and the last key that a partition can have.
pub(crate) fn keys(partition: PartitionId) -> (i64, i64) {
    (key(partition, 0), key(partition, POSITION_MAX))
}

/// The one writing connection, on a file that is made if there is none.
pub(crate) fn open_for_writing(path: &Path, options: &Options) -> Result<(Connection, Identity), OpenError> {
    if options.partitions == 0 || options.partitions > PARTITIONS_MAX {
        return Err(OpenError::Partitions { asked: options.partitions, max: PARTITIONS_MAX });
    }
    let of_sqlite = |error: rusqlite::Error| OpenError::of_sqlite(path, &error);
    let mut connection = connect_for_writing(path, options.pages_max).map_err(of_sqlite)?;
    if connection.is_readonly("main").map_err(of_sqlite)? {
        return Err(OpenError::Unavailable { path: path.to_owned(), reason: "it is read-only".to_owned() });
    }
    let (identity, versions) = match format(&connection).map_err(of_sqlite)? {
        (0, 0, 0) => create(&mut connection, options).map_err(of_sqlite)?,
        (APPLICATION_ID, FORMAT, _) => read_identity(&connection).map_err(of_sqlite)?,
        (APPLICATION_ID, found, _) => {
            return Err(OpenError::OtherFormat { path: path.to_owned(), found, known: FORMAT });
        }
        (id, ..) => {
            let reason = format!("a SQLite database of another application (id {id:#x})");
            return Err(OpenError::NotALog { path: path.to_owned(), reason });
        }
    };
    check(path, identity, versions)?;
    set_up_for_writing(&connection).map_err(of_sqlite)?;
    Ok((connection, identity))
}

/// Whether a log of this identity can be served here.
fn check(path: &Path, identity: Identity, versions: Versions) -> Result<(), OpenError> {
    if identity.partitions == 0 || identity.partitions > PARTITIONS_MAX {
        let reason = format!("it says that it has {} partitions", identity.partitions);
        return Err(OpenError::Damaged { path: path.to_owned(), reason });
    }
    for (what, found, known) in
        [("rule", versions.rule, Versions::KNOWN.rule), ("record", versions.record, Versions::KNOWN.record)]
    {
        if found > known {
            return Err(OpenError::UpgradeNeeded { path: path.to_owned(), what, found, known });
        }
    }
    Ok(())
}

/// The writing connection once more, to a log that was open before.
pub(crate) fn reopen_for_writing(path: &Path, pages_max: Option<u32>) -> rusqlite::Result<Connection> {
    let connection = connect_for_writing(path, pages_max)?;
    set_up_for_writing(&connection)?;
    Ok(connection)
}

/// A connection that reads.
pub(crate) fn open_for_reading(path: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    keep_statements(&connection)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -8192;")?;
    Ok(connection)
}

/// Bounds the file, as a full disk would.
pub(crate) fn limit_pages(connection: &Connection, pages_max: u32) -> rusqlite::Result<()> {
    connection.pragma_update(None, "max_page_count", pages_max)
}

/// Does something that waits for other connections no longer than `timeout`.
pub(crate) fn with_busy_timeout<T>(
    connection: &Connection,
    timeout: Duration,
    something: impl FnOnce() -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    connection.busy_timeout(timeout)?;
    let done = something();
    connection.busy_timeout(BUSY_TIMEOUT)?;
    done
}

fn connect_for_writing(path: &Path, pages_max: Option<u32>) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    keep_statements(&connection)?;
    connection.pragma_update(None, "page_size", 8192)?;
    if let Some(pages_max) = pages_max {
        limit_pages(&connection, pages_max)?;
    }
    Ok(connection)
}

/// Statements are prepared once. Without the stability guarantee SQLite plans a query anew for each value bound to its `LIMIT`,
/// which was a twelfth of the server's time under load.
fn keep_statements(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Only on a file that is known to be ours: this writes to it.
fn set_up_for_writing(connection: &Connection) -> rusqlite::Result<()> {
    // Begun anew every 2,000 pages (16 MiB), and cut to 32 MiB if it had to grow beyond that.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = 2000;
         PRAGMA journal_size_limit = 33554432;
         PRAGMA cache_size = -32768;",
    )
}

/// Application id, format, and how many things the schema has.
fn format(connection: &Connection) -> rusqlite::Result<(i64, i64, i64)> {
    let number = |sql| connection.query_row(sql, [], |row| row.get(0));
    Ok((
        number("PRAGMA application_id")?,
        number("PRAGMA user_version")?,
        number("SELECT count(*) FROM sqlite_schema")?,
    ))
}

/// All at once: a crash leaves an empty file, which is made into a log when it is opened again.
fn create(connection: &mut Connection, options: &Options) -> rusqlite::Result<(Identity, Versions)> {
    let (identity, versions) = (Identity::new(options.log_id, options.partitions), Versions::KNOWN);
    let transaction = connection.transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.execute(
        "INSERT INTO log (one, log_id, partitions, rule_version, record_version) VALUES (1, ?, ?, ?, ?)",
        params![identity.log_id.as_bytes(), identity.partitions, versions.rule, versions.record],
    )?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()?;
    Ok((identity, versions))
}

fn read_identity(connection: &Connection) -> rusqlite::Result<(Identity, Versions)> {
    let sql = "SELECT log_id, partitions, rule_version, record_version FROM log WHERE one = 1";
    let identity = connection
        .query_row(sql, [], |row| {
            let identity = Identity::new(Uuid::from_bytes(row.get(0)?), row.get(1)?);
            Ok((identity, Versions { rule: row.get(2)?, record: row.get(3)? }))
        })
        .optional()?;
    identity.ok_or(rusqlite::Error::QueryReturnedNoRows)
}
