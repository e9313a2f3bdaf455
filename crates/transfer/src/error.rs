//! Why a transfer ended before its time.

use std::fmt;

use event_log::{FillError, LogError, PartitionId};

/// Which of the logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one that is read.
    From,
    /// The one that is filled.
    To,
}

/// Why a log was not exported, imported or copied.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// A log could not do its part.
    #[error("the log {side}")]
    Log {
        /// Which.
        side: Side,
        /// Why.
        #[source]
        source: LogError,
    },
    /// What a log holds is not what was written to it.
    #[error("the log {side} is damaged at partition {partition} position {position}: {what}")]
    Damaged {
        /// Which.
        side: Side,
        /// The partition.
        partition: PartitionId,
        /// The first position that is wrong.
        position: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The log does not take what it is to be filled with.
    #[error("partition {partition} position {position} and the rest of its append")]
    Fill {
        /// The partition.
        partition: PartitionId,
        /// The first position that it was given.
        position: u64,
        /// Why.
        #[source]
        source: FillError,
    },
    /// The two logs, or the file and the log, can't be brought together as they are.
    #[error("{reason}")]
    Refused {
        /// Why, and what to do.
        reason: String,
    },
    /// Both logs have a record at this position, and it is not the same.
    #[error("the two differ at partition {partition} position {position}: {what}")]
    Differs {
        /// The partition.
        partition: PartitionId,
        /// The first position at which they do.
        position: u64,
        /// In what.
        what: String,
    },
    /// The file is not such an export, or was cut off or changed.
    #[error("line {line}: {what}")]
    Format {
        /// Its line, from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The file could not be read or written.
    #[error("the file")]
    File(#[source] std::io::Error),
}

impl TransferError {
    pub(crate) fn log(side: Side) -> impl Fn(LogError) -> Self {
        move |source| Self::Log { side, source }
    }

    pub(crate) fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into() }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::From => "to read from",
            Self::To => "to be filled",
        })
    }
}
