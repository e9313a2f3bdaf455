//! What went wrong with a question to the database.

use sqlx::postgres::{PgDatabaseError, PgSeverity};

/// What went wrong with a question to the database.
#[derive(Debug)]
pub enum Fault {
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
    pub fn is_loss(&self) -> bool {
        match self {
            Self::Sql(error) => is_loss(error),
            Self::Unreachable(_) => true,
            Self::Damage(_) => false,
        }
    }

    /// The error's code, where PostgreSQL gave one.
    pub fn code(&self) -> Option<String> {
        match self {
            Self::Sql(sqlx::Error::Database(error)) => error.code().map(std::borrow::Cow::into_owned),
            _ => None,
        }
    }

    /// What was said, by the server alone where it was: sqlx puts its own words before it.
    pub fn words(&self) -> String {
        match self {
            Self::Damage(reason) | Self::Unreachable(reason) => reason.clone(),
            Self::Sql(sqlx::Error::Database(error)) => error.message().to_owned(),
            Self::Sql(sqlx::Error::Io(error)) => error.to_string(),
            // Here its own words are all there are.
            Self::Sql(error) => error.to_string(),
        }
    }

    /// Corrupt data or indexes, or a column that can't be read.
    ///
    /// Not every internal error (XX000): a catalogue that is changed meanwhile is one too, and passes.
    pub fn is_corruption(&self) -> bool {
        match self {
            Self::Sql(sqlx::Error::Database(_)) => self.code().is_some_and(|code| ["XX001", "XX002"].contains(&&*code)),
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
