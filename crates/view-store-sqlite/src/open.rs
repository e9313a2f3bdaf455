//! Opening the file, and refusing what isn't ours.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::writer::WAL_BYTES_MAX;

/// Marks the file as a view store's: "SNGV".
pub(crate) const APPLICATION_ID: i64 = 0x534E_4756;
/// The file's own tables' version. A file of another one is not read.
pub(crate) const FORMAT: i64 = 3;
/// How long a writer waits for another process's.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements kept by a connection.
const STATEMENTS_CACHED: usize = 256;
/// Pages after which a commit moves the write-ahead log into the file: 16 MB of it.
const AUTOCHECKPOINT_PAGES: u32 = 4000;
/// Updates all over a large table write whole pages: 4 KiB ones measured up to 1.8 times the rows of 8 KiB ones, else the same.
const PAGE_BYTES: u32 = 4096;
/// Cache of the writer; a reader has a quarter.
const WRITER_CACHE_KIB: u32 = 32 << 10;

/// Checkpoints, parked streams, and which views there are.
const OWN_TABLES: &str = "
CREATE TABLE snaglog_views ( -- The views whose tables are here.
  view TEXT NOT NULL, version INTEGER NOT NULL,
  tables TEXT NOT NULL, -- their names, one a line
  shape TEXT NOT NULL, -- what they were described as
  in_use_until INTEGER NOT NULL, -- seconds since 1970: whoever uses it has said so until then
  generation INTEGER NOT NULL DEFAULT (random()), -- goes with the tables, and no others are given it
  PRIMARY KEY (view, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE snaglog_checkpoints ( -- How far each view has come.
  view TEXT NOT NULL, version INTEGER NOT NULL, partition INTEGER NOT NULL,
  position INTEGER NOT NULL, -- of the last event folded
  leaf BLOB NOT NULL, -- that event's
  PRIMARY KEY (view, version, partition)
) STRICT, WITHOUT ROWID;
CREATE TABLE snaglog_parked ( -- Streams set aside, because an event could not be applied.
  view TEXT NOT NULL, version INTEGER NOT NULL, stream TEXT NOT NULL,
  partition INTEGER NOT NULL,
  position INTEGER NOT NULL, -- of the first event that the view lacks
  reason TEXT NOT NULL, -- why that event could not be applied
  skipped INTEGER NOT NULL DEFAULT 0, -- 1: an operator has seen it and leaves it as it is
  PRIMARY KEY (view, version, stream)
) STRICT, WITHOUT ROWID;
";

/// Why a file can't be used as a view store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It can't be opened or written at present: no such folder, no permission, read-only, full, locked by another process.
    #[error("{} can't be opened", path.display())]
    Unavailable {
        /// The file.
        path: PathBuf,
        /// What SQLite, or the system, says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It is damaged, or no SQLite database. If it was a view store, it can be deleted: it is rebuilt from the log.
    #[error("{} is damaged; views can be deleted, they are rebuilt from the log", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// It is a view store of another format. It can be deleted: it is rebuilt from the log.
    #[error(
        "{} has format {found}, this version writes {FORMAT}; views can be deleted, they are rebuilt from the log",
        path.display()
    )]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
    },
    /// It is some other application's database, and not to be deleted for being here.
    #[error("{} is not a view store but another application's database", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
}

impl OpenError {
    /// Is the file ours to delete? [`SqliteViews::delete`](crate::SqliteViews::delete) does.
    pub fn disposable(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::OtherFormat { .. })
    }

    fn of(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            // None: a query of SQLite's own tables can't be understood, so their text is damaged.
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) | None => Self::Damaged { path, source },
            Some(_) => Self::Unavailable { path, source: source.into() },
        }
    }
}

/// The one connection that writes; makes the file's own tables where there are none.
pub(crate) fn writer(path: &Path) -> Result<Connection, OpenError> {
    let failed = |source| OpenError::of(path, source);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    let empty = is_empty(&connection).map_err(failed)?;
    if !empty {
        check_format(path, &connection)?;
    }
    configure_writer(&connection).map_err(failed)?;
    if empty {
        make(&mut connection).map_err(failed)?;
    }
    // Another process may have made it between the two looks.
    check_format(path, &connection)?;
    Ok(connection)
}

/// A connection that reads. The writer must have opened the file before.
pub(crate) fn reader(path: &Path) -> Result<Connection, OpenError> {
    let open = || -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "cache_size", -i64::from(WRITER_CACHE_KIB / 4))?;
        keep_statements(&connection)?;
        Ok(connection)
    };
    open().map_err(|source| OpenError::of(path, source))
}

fn configure_writer(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "wal_autocheckpoint", AUTOCHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES_MAX.cast_signed())?;
    connection.pragma_update(None, "cache_size", -i64::from(WRITER_CACHE_KIB))?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    keep_statements(connection)
}

/// Statements are prepared once. Without the stability guarantee SQLite plans a query anew for each value bound to its
/// `LIMIT` and its conditions, which took two thirds of a small query's time.
fn keep_statements(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}

fn make(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    if is_empty(&transaction)? {
        transaction.execute_batch(OWN_TABLES)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
    }
    transaction.commit()
}

fn check_format(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let pragma = |name: &str| -> Result<i64, OpenError> {
        connection.pragma_query_value(None, name, |row| row.get(0)).map_err(|source| OpenError::of(path, source))
    };
    if pragma("application_id")? != APPLICATION_ID {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    match pragma("user_version")? {
        FORMAT => Ok(()),
        found => Err(OpenError::OtherFormat { path: path.to_owned(), found }),
    }
}
