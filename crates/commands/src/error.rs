//! Why a command was not done.

use codec::DecodeError;
use domain::ids::IssueKey;
use domain::{Rejection, StreamRef};
use event_log::LogError;
use uuid::Uuid;

/// Why a command was not done. After all of them but [`Unknown`](Self::Unknown), the log is as it was.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A rule says no, on all that was acknowledged before the command came.
    #[error("refused: {0}")]
    Rejected(Rejection),
    /// No issue has this key.
    #[error("there is no issue {key}")]
    NotFound {
        /// The key asked for.
        key: IssueKey,
    },
    /// The request id was used in this stream for another command.
    #[error("request id {request_id} was used for another command")]
    RequestIdReused {
        /// The id.
        request_id: Uuid,
    },
    /// The caller expected another revision.
    #[error("{stream} is at revision {actual}, not {expected}")]
    Conflict {
        /// Whose revision.
        stream: StreamRef,
        /// The one that the caller expected.
        expected: u64,
        /// The one it has; 0: it does not exist.
        actual: u64,
    },
    /// Others kept moving what the decision rests on. Try again.
    #[error("{stream} or what it rests on moved {conflicts} times while the command was decided")]
    Contended {
        /// Where the command was to go.
        stream: StreamRef,
        /// How often it was decided in vain.
        conflicts: u32,
    },
    /// It may or may not have been recorded: a retry with the same request id settles it.
    #[error("the outcome is unknown; a retry with the same request id settles it")]
    Unknown(#[source] LogError),
    /// The log can't be read or written to. Nothing was recorded.
    #[error("use the event log")]
    Log(#[source] LogError),
    /// What is recorded can't be read as events: it is damaged, or a newer version wrote it.
    #[error("read the history of {stream}")]
    History {
        /// Whose history.
        stream: StreamRef,
        /// Which record, and what is wrong with it.
        source: HistoryError,
    },
    /// The log's bounds are narrower than the edge's: a mistake of ours.
    #[error("a decision breaks a bound of the log: {reason}")]
    Invalid {
        /// Which bound, and by how much.
        reason: String,
    },
}

/// Why a history makes no state.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// A record that can't be decoded.
    #[error(transparent)]
    Undecodable(#[from] DecodeError),
    /// Records that do not begin with what makes such a stream.
    #[error("its {events} events make no state")]
    Shapeless {
        /// How many there are.
        events: u64,
    },
}

impl HistoryError {
    /// True: a newer version wrote it, and only an upgrade helps.
    pub fn is_upgrade_needed(&self) -> bool {
        matches!(self, Self::Undecodable(error) if error.is_upgrade_needed())
    }
}
