//! What keeps a projector from going on.

use std::sync::Arc;

use event_log::LogError;
use history::HistoryError;
use view_store::{CommitError, StoreError, ViewId};

/// Why a projector did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log could not be read.
    #[error("views can't be compared with the log")]
    Log(#[from] LogError),
    /// The store could not be prepared.
    #[error("views can't be prepared")]
    Store(#[from] StoreError),
}

/// Why a batch was not committed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The log could not be read.
    #[error("the log can't be read")]
    Log(#[source] LogError),
    /// The log's head is ahead of what it gives out.
    #[error("the log gives nothing after position {place}, where there should be more")]
    Unreadable {
        /// After which position.
        place: u64,
    },
    /// What was read makes no page.
    #[error("the log can't be told")]
    History(#[source] HistoryError),
    /// The store could not be read.
    #[error("the view store can't be read")]
    Store(#[from] StoreError),
    /// Nothing was committed.
    #[error("nothing was committed")]
    Commit(#[from] CommitError),
    /// A checkpoint is not of this log.
    #[error("view {view} was folded from another log")]
    Stranger {
        /// Which view's.
        view: ViewId,
    },
    /// Somebody else has taken it over.
    #[error("view {view} is somebody else's to advance")]
    TakenOver {
        /// Which view.
        view: ViewId,
    },
    /// A newer build has written to the log.
    #[error("upgrade needed: {reason}")]
    UpgradeNeeded {
        /// What it has written.
        reason: Arc<str>,
    },
}

impl Trouble {
    /// Might it be gone when it is tried again?
    pub(crate) fn passes(&self) -> bool {
        !matches!(self, Self::Stranger { .. } | Self::TakenOver { .. } | Self::UpgradeNeeded { .. })
    }
}

impl From<LogError> for Trouble {
    fn from(error: LogError) -> Self {
        match error {
            LogError::UpgradeNeeded { reason } => Self::UpgradeNeeded { reason: reason.into() },
            error => Self::Log(error),
        }
    }
}

impl From<HistoryError> for Trouble {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Log { what: _, source } => source.into(),
            other => Self::History(other),
        }
    }
}

/// An error with all that lies behind it, for people.
pub(crate) fn chain(error: &dyn std::error::Error) -> Arc<str> {
    let mut text = error.to_string();
    let mut behind = error.source();
    while let Some(error) = behind {
        text.push_str(": ");
        text.push_str(&error.to_string());
        behind = error.source();
    }
    text.into()
}
