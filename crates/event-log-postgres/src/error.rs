//! PostgreSQL's errors, told once in the log's words.

use event_log::LogError;
use postgres_session::{Fault, UrlError};

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

impl From<UrlError> for OpenError {
    fn from(error: UrlError) -> Self {
        Self::Url { reason: error.reason }
    }
}

/// A fault in the log's words: what failed while `doing` something.
pub(crate) fn told(fault: &Fault, doing: &str) -> LogError {
    if let Fault::Damage(reason) = fault {
        return LogError::DataLoss { reason: reason.clone() };
    }
    let reason = format!("{doing}: {}", fault.words());
    if is_damage(fault) { LogError::DataLoss { reason } } else { LogError::Unavailable { reason } }
}

/// Whether a row would have been there twice.
pub(crate) fn is_duplicate(fault: &Fault) -> bool {
    fault.code().is_some_and(|code| code == "23505")
}

/// Corruption, a constraint that admission has checked, a log that ends too early.
fn is_damage(fault: &Fault) -> bool {
    fault.is_corruption() || fault.code().is_some_and(|code| code == "SL004" || code.starts_with("23"))
}

/// What is answered once a log was closed.
pub(crate) fn closed() -> LogError {
    LogError::Unavailable { reason: "the log is closed".to_owned() }
}
