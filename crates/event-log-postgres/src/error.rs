//! PostgreSQL's errors, told once in the log's words.

use event_log::LogError;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

/// Why a log could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The URL names no place for a log.
    #[error("not the URL of a log in PostgreSQL: {reason}")]
    Url {
        /// What is wrong with it.
        reason: String,
    },
    /// The server can't be reached, or refuses.
    #[error("{place} can't be opened: {reason}")]
    Unavailable {
        /// The log's place, without a password.
        place: String,
        /// What was said.
        reason: String,
    },
    /// The server can't keep a log's promises, as it is or as it is set up.
    #[error("{place} can't keep a log: {reason}")]
    Unfit {
        /// The log's place, without a password.
        place: String,
        /// What is wrong, and what to change.
        reason: String,
    },
    /// The schema was made by a newer version than this one, or its log was raised by one.
    #[error("{place} needs an upgrade: {reason}")]
    UpgradeNeeded {
        /// The log's place, without a password.
        place: String,
        /// Which version is met, and which is known.
        reason: String,
    },
    /// The schema holds something else than what was written to it.
    #[error("{place} is damaged: {reason}")]
    Damaged {
        /// The log's place, without a password.
        place: String,
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

/// What went wrong with a question to the database.
#[derive(Debug)]
pub(crate) enum Fault {
    /// PostgreSQL, or the way to it.
    Sql(sqlx::Error),
    /// No connection in time, or no answer.
    Unreachable(String),
    /// What is stored is not what was written.
    Damage(String),
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl Fault {
    /// Whether the connection can't be used any more, and what it was asked for may or may not have been done.
    pub(crate) fn is_loss(&self) -> bool {
        match self {
            Self::Sql(error) => is_loss(error),
            Self::Unreachable(_) => true,
            Self::Damage(_) => false,
        }
    }

    /// The error's code, where PostgreSQL gave one.
    pub(crate) fn code(&self) -> Option<String> {
        match self {
            Self::Sql(sqlx::Error::Database(error)) => error.code().map(std::borrow::Cow::into_owned),
            _ => None,
        }
    }

    /// Whether a row would have been there twice.
    pub(crate) fn is_duplicate(&self) -> bool {
        self.code().is_some_and(|code| code == "23505")
    }

    /// In the log's words: what failed while `doing` something.
    pub(crate) fn told(&self, doing: &str) -> LogError {
        let reason = match self {
            Self::Damage(reason) => return LogError::DataLoss { reason: reason.clone() },
            Self::Unreachable(reason) => format!("{doing}: {reason}"),
            Self::Sql(error) => format!("{doing}: {}", words(error)),
        };
        if self.is_damage() { LogError::DataLoss { reason } } else { LogError::Unavailable { reason } }
    }

    /// Corrupt data or indexes, a constraint that admission has checked, a log that ends too early, a column that can't be read.
    ///
    /// Not every internal error (XX000): a catalogue that is changed meanwhile is one too, and passes.
    fn is_damage(&self) -> bool {
        match self {
            Self::Sql(sqlx::Error::Database(_)) => {
                self.code().is_some_and(|code| ["XX001", "XX002", "SL004"].contains(&&*code) || code.starts_with("23"))
            }
            Self::Sql(error) => matches!(
                error,
                sqlx::Error::ColumnDecode { .. }
                    | sqlx::Error::Decode(_)
                    | sqlx::Error::ColumnNotFound(_)
                    | sqlx::Error::ColumnIndexOutOfBounds { .. }
                    | sqlx::Error::RowNotFound
            ),
            Self::Damage(_) => true,
            Self::Unreachable(_) => false,
        }
    }
}

/// An error of the server ends the transaction, and nothing of it is done. One by which the server ends the connection doesn't
/// say how far it had come, nor does a connection that breaks.
fn is_loss(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => error
            .try_downcast_ref::<PgDatabaseError>()
            .is_none_or(|error| matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic)),
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}

/// The server's message alone: sqlx puts its own words before it.
fn words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        // Here its own words are all there are.
        error => error.to_string(),
    }
}

/// What is answered once a log was closed.
pub(crate) fn closed() -> LogError {
    LogError::Unavailable { reason: "the log is closed".to_owned() }
}
