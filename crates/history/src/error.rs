//! Why a history can't be told.

use codec::DecodeError;
use domain::ids::IssueKey;
use event_log::LogError;

/// A history that can't be told.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The log does not answer.
    #[error("read {what}")]
    Log {
        /// What was to be read, such as `issue/PAY/…` or `partition 3`.
        what: String,
        /// Why not.
        source: LogError,
    },
    /// A record can't be decoded. [`DecodeError::is_upgrade_needed`] tells a newer build's from a damaged one.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// No issue has this key, as far as is readable here.
    #[error("there is no issue {key}")]
    NotFound {
        /// The key.
        key: IssueKey,
    },
}
