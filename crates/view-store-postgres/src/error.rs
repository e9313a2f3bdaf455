//! PostgreSQL's errors, told once in the store's words.

use postgres_session::{Fault, UrlError};
use view_store::StoreError;

/// Why a view store could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The URL names no place for views.
    #[error("not the URL of views in PostgreSQL: {reason}")]
    Url {
        /// What is wrong with it.
        reason: String,
    },
    /// The server can't be reached, or refuses.
    #[error("{place} can't be opened: {reason}")]
    Unavailable {
        /// The store's place, without a password.
        place: String,
        /// What was said.
        reason: String,
    },
    /// The server can't keep views, as it is or as it is set up.
    #[error("{place} can't keep views: {reason}")]
    Unfit {
        /// The store's place, without a password.
        place: String,
        /// What is wrong, and what to change.
        reason: String,
    },
    /// The schema was made by a newer version than this one.
    #[error("{place} needs an upgrade: {reason}")]
    UpgradeNeeded {
        /// The store's place, without a password.
        place: String,
        /// Which version is met, and which is known.
        reason: String,
    },
    /// The schema is not as it was made. Its views can be dropped with it, and are rebuilt from the log.
    #[error("{place} is damaged: {reason}; the schema can be dropped, its views are rebuilt from the log")]
    Damaged {
        /// The store's place, without a password.
        place: String,
        /// What is wrong, and where.
        reason: String,
    },
}

impl From<UrlError> for OpenError {
    fn from(error: UrlError) -> Self {
        Self::Url { reason: error.reason }
    }
}

/// Translates what PostgreSQL says.
#[expect(clippy::needless_pass_by_value, reason = "it stands where errors are mapped")]
pub(crate) fn told(fault: Fault) -> StoreError {
    let reason = fault.words();
    // A table or column of ours that is gone.
    let gone = fault.code().is_some_and(|code| ["42P01", "42703"].contains(&&*code));
    if gone || fault.is_corruption() {
        return StoreError::Damaged { reason };
    }
    if concerns_one_row(&fault) { StoreError::Invalid { reason } } else { StoreError::Unavailable { reason } }
}

/// Translates what PostgreSQL says of a change of tables.
pub(crate) fn changed(fault: Fault) -> StoreError {
    if !is_in_use(&fault) {
        return told(fault);
    }
    let reason =
        "the tables are in use in a transaction that doesn't end: pg_stat_activity tells whose; end it, and try again";
    StoreError::Unavailable { reason: reason.to_owned() }
}

/// Was a lock not to be had in time?
pub(crate) fn is_in_use(fault: &Fault) -> bool {
    fault.code().is_some_and(|code| code == "55P03")
}

/// Would the same be said again of this row, and not of others? Data that can't be (class 22), a broken constraint (23), a limit of
/// PostgreSQL's (54).
pub(crate) fn concerns_one_row(fault: &Fault) -> bool {
    fault.code().is_some_and(|code| ["22", "23", "54"].iter().any(|class| code.starts_with(class)))
}
