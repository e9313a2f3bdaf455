//! SQLite's errors, told once in the log's words.

use std::path::{Path, PathBuf};

use event_log::LogError;
use rusqlite::ErrorCode;

/// Why a log could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another process, or another log in this one, has it open.
    #[error("{} is in use by another process", path.display())]
    InUse {
        /// The log's file.
        path: PathBuf,
    },
    /// The folder or the file can't be written to, or not be reached.
    #[error("{} can't be opened for writing: {reason}", path.display())]
    Unavailable {
        /// The log's file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The file is something else.
    #[error("{} is not an event log: {reason}", path.display())]
    NotALog {
        /// The file.
        path: PathBuf,
        /// What it seems to be.
        reason: String,
    },
    /// The file is a log of a format that this version doesn't know.
    #[error("{} has format {found}, and this version knows up to {known}: upgrade needed", path.display())]
    OtherFormat {
        /// The log's file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format known here.
        known: i64,
    },
    /// The log's admission rule or record version was raised by a newer version than this one.
    #[error("{} needs an upgrade: its {what} version is {found}, and this version knows up to {known}", path.display())]
    UpgradeNeeded {
        /// The log's file.
        path: PathBuf,
        /// Which version: "rule" or "record".
        what: &'static str,
        /// The log's.
        found: u32,
        /// The newest one known here.
        known: u32,
    },
    /// The file is a backup: it would go on as a second log of the same id.
    #[error("{} is a backup: restore it to another file first", path.display())]
    Backup {
        /// The file.
        path: PathBuf,
    },
    /// A file that was to be made is there already.
    #[error("{} is there already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file is a log, but not as it was written.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The log's file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
    /// A new log was asked for with a number of partitions that can't be.
    #[error("a log has 1 to {max} partitions, not {asked}")]
    Partitions {
        /// What was asked for.
        asked: u32,
        /// The most there can be.
        max: u32,
    },
}

impl OpenError {
    /// What SQLite said while the file was opened.
    pub(crate) fn of_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let (path, reason) = (path.to_owned(), error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotALog { path, reason },
            _ if is_damage(error) => Self::Damaged { path, reason },
            _ => Self::Unavailable { path, reason },
        }
    }

    /// What was found in the file when it was looked at.
    pub(crate) fn of_log(path: &Path, error: LogError) -> Self {
        let path = path.to_owned();
        match error {
            LogError::DataLoss { reason } => Self::Damaged { path, reason },
            LogError::Unavailable { reason } => Self::Unavailable { path, reason },
            other => Self::Unavailable { path, reason: other.to_string() },
        }
    }

    /// What the system said of it.
    pub(crate) fn of_io(path: &Path, error: &std::io::Error) -> Self {
        Self::Unavailable { path: path.to_owned(), reason: error.to_string() }
    }
}

/// What an open log would answer.
impl From<OpenError> for LogError {
    fn from(error: OpenError) -> Self {
        let reason = error.to_string();
        match error {
            OpenError::Damaged { .. } => Self::DataLoss { reason },
            OpenError::OtherFormat { .. } | OpenError::UpgradeNeeded { .. } => Self::UpgradeNeeded { reason },
            OpenError::InUse { .. }
            | OpenError::Unavailable { .. }
            | OpenError::NotALog { .. }
            | OpenError::Backup { .. }
            | OpenError::Exists { .. }
            | OpenError::Partitions { .. } => Self::Unavailable { reason },
        }
    }
}

/// What SQLite said while `doing` something with an open log.
pub(crate) fn of_sqlite(error: &rusqlite::Error, doing: &str) -> LogError {
    let reason = format!("{doing}: {error}");
    if is_damage(error) { LogError::DataLoss { reason } } else { LogError::Unavailable { reason } }
}

/// What is answered once a log was closed.
pub(crate) fn closed() -> LogError {
    unavailable("the log is closed")
}

pub(crate) fn unavailable(reason: &str) -> LogError {
    LogError::Unavailable { reason: reason.to_owned() }
}

/// Whether the file does not hold what was written to it. A broken constraint is one: admission has checked it on what the
/// log said it holds.
fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => matches!(
            failure.code,
            ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::ConstraintViolation
                | ErrorCode::TypeMismatch
        ),
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..)
        | rusqlite::Error::QueryReturnedNoRows => true,
        _ => false,
    }
}
