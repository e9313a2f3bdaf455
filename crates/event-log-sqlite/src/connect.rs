//! Connections: how the file is opened, by whom, and what is refused.

use std::path::Path;
use std::time::Duration;

use event_log::{Identity, Mark, Versions};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::Options;
use crate::error::OpenError;
use crate::mark;
use crate::schema::{self, FORMAT, Format, PARTITIONS_MAX};

/// How long a connection waits where another one holds a lock, unless the writer was told otherwise: only for moments, while the WAL is
/// begun anew.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Of a new log's pages. A commit of some 32 appends writes a little into many: with pages of 8 KiB it wrote, summed and copied twice as much,
/// and 64 writers at once made 44,000 appends a second instead of 52,000.
const PAGE_BYTES: u32 = 4096;
/// Statements kept prepared for each connection.
const STATEMENTS_MAX: usize = 32;

/// A file that was opened.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    pub(crate) identity: Identity,
    pub(crate) mark: Mark,
}

/// The one writing connection, on a file that is made if there is none, and upgraded if its format is an older one.
pub(crate) fn open_for_writing(path: &Path, options: &Options) -> Result<Opened, OpenError> {
    let identity = options.founding.identity;
    if identity.partitions == 0 || identity.partitions > PARTITIONS_MAX {
        return Err(OpenError::Partitions { asked: identity.partitions, max: PARTITIONS_MAX });
    }
    let of_sqlite = |error: rusqlite::Error| OpenError::of_sqlite(path, &error);
    let mut connection = connect_for_writing(path, options.pages_max, options.busy_timeout).map_err(of_sqlite)?;
    if connection.is_readonly("main").map_err(of_sqlite)? {
        return Err(OpenError::Unavailable { path: path.to_owned(), reason: "it is read-only".to_owned() });
    }
    match Format::read(&connection).map_err(of_sqlite)? {
        Format::Empty => create(&mut connection, options).map_err(of_sqlite)?,
        Format::Log(FORMAT) => {}
        Format::Log(older) if (1..FORMAT).contains(&older) => {
            // Looked at before it is changed.
            check(path, mark::identity(&connection).map_err(of_sqlite)?)?;
            schema::upgrade(&mut connection, older, |_| Ok(())).map_err(of_sqlite)?;
            tracing::info!(path = %path.display(), from = older, to = FORMAT, "upgraded the event log's format");
        }
        other => return Err(other_format(path, other)),
    }
    let opened = look(path, connection, options.known)?;
    if mark::is_backup(&opened.connection).map_err(of_sqlite)? {
        return Err(OpenError::Backup { path: path.to_owned() });
    }
    set_up_for_writing(&opened.connection).map_err(of_sqlite)?;
    Ok(opened)
}

/// A connection beside the process that serves the log: it reads, and changes the log's mark.
pub(crate) fn open_beside(path: &Path, known: Versions) -> Result<Opened, OpenError> {
    let of_sqlite = |error: rusqlite::Error| OpenError::of_sqlite(path, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(of_sqlite)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(of_sqlite)?;
    match Format::read(&connection).map_err(of_sqlite)? {
        Format::Log(FORMAT) => look(path, connection, known),
        other => Err(other_format(path, other)),
    }
}

/// The writing connection once more, to a log that was open before.
pub(crate) fn reopen_for_writing(
    path: &Path,
    pages_max: Option<u32>,
    busy_timeout: Duration,
) -> rusqlite::Result<Connection> {
    let connection = connect_for_writing(path, pages_max, busy_timeout)?;
    set_up_for_writing(&connection)?;
    Ok(connection)
}

/// A connection that reads.
pub(crate) fn open_for_reading(path: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    keep_statements(&connection)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -8192; PRAGMA cell_size_check = ON;")?;
    Ok(connection)
}

/// Bounds the file, as a full disk would.
pub(crate) fn limit_pages(connection: &Connection, pages_max: u32) -> rusqlite::Result<()> {
    connection.pragma_update(None, "max_page_count", pages_max)
}

/// Does something that waits for other connections no longer than `timeout`, and `usual` again afterwards.
pub(crate) fn with_busy_timeout<T>(
    connection: &Connection,
    timeout: Duration,
    usual: Duration,
    something: impl FnOnce() -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    connection.busy_timeout(timeout)?;
    let done = something();
    connection.busy_timeout(usual)?;
    done
}

/// Why a file of this format is not opened.
pub(crate) fn other_format(path: &Path, format: Format) -> OpenError {
    let path = path.to_owned();
    match format {
        Format::Log(found) => OpenError::OtherFormat { path, found, known: FORMAT },
        Format::Foreign(id) => {
            let reason = format!("a SQLite database of another application (id {id:#x})");
            OpenError::NotALog { path, reason }
        }
        Format::Empty => OpenError::NotALog { path, reason: "an empty file".to_owned() },
    }
}

fn connect_for_writing(path: &Path, pages_max: Option<u32>, busy_timeout: Duration) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(busy_timeout)?;
    keep_statements(&connection)?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
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
    // Begun anew every 4,000 pages (16 MiB in a new log), and cut to 32 MiB if it had to grow beyond that.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = 4000;
         PRAGMA journal_size_limit = 33554432;
         PRAGMA cache_size = -32768;
         PRAGMA cell_size_check = ON;",
    )
}

/// All at once: a crash leaves an empty file, which is made into a log when it is opened again.
fn create(connection: &mut Connection, options: &Options) -> rusqlite::Result<()> {
    let mark = Mark::founded(options.founding, options.known);
    schema::upgrade(connection, 0, |transaction| mark::found(transaction, options.founding.identity, mark))
}

/// What the log says of itself, if it can be served here.
pub(crate) fn look(path: &Path, connection: Connection, known: Versions) -> Result<Opened, OpenError> {
    let of_sqlite = |error: rusqlite::Error| OpenError::of_sqlite(path, &error);
    let identity = mark::identity(&connection).map_err(of_sqlite)?;
    check(path, identity)?;
    let mark = mark::read(&connection).map_err(of_sqlite)?;
    let Versions { rule, record } = mark.versions;
    for (what, found, known) in [("rule", rule, known.rule), ("record", record, known.record)] {
        if found > known {
            return Err(OpenError::UpgradeNeeded { path: path.to_owned(), what, found, known });
        }
    }
    Ok(Opened { connection, identity, mark })
}

/// Whether a log can be this one.
fn check(path: &Path, identity: Identity) -> Result<(), OpenError> {
    if identity.partitions == 0 || identity.partitions > PARTITIONS_MAX {
        let reason = format!("it says that it has {} partitions", identity.partitions);
        return Err(OpenError::Damaged { path: path.to_owned(), reason });
    }
    Ok(())
}
