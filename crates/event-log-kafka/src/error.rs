//! Kafka's errors, told once in the log's words.

use std::path::PathBuf;

use event_log::LogError;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use uuid::Uuid;

/// Why a log could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The URL says no place.
    #[error("{reason}")]
    Url {
        /// What is wrong with it.
        reason: String,
    },
    /// The topic can't be reached, or not be made, and there is no replica yet.
    #[error("the topic {topic} is unavailable: {reason}")]
    Unavailable {
        /// The topic.
        topic: String,
        /// What the brokers, or librdkafka, say.
        reason: String,
    },
    /// The topic is set up in a way that loses what was acknowledged.
    #[error("the topic {topic} is not safe: {reason}")]
    Unsafe {
        /// The topic.
        topic: String,
        /// Each setting that must be another, and the command that changes them.
        reason: String,
    },
    /// The topic holds something else.
    #[error("the topic {topic} is not an event log: {reason}")]
    NotALog {
        /// The topic.
        topic: String,
        /// What it holds.
        reason: String,
    },
    /// The replica is another log's.
    #[error("{} is the replica of the log {replica}, and the topic {topic} has the log {found}", path.display())]
    OtherLog {
        /// The replica's file.
        path: PathBuf,
        /// The log that it was made of.
        replica: Uuid,
        /// The topic.
        topic: String,
        /// The log in it.
        found: Uuid,
    },
    /// The log was raised by a newer version than this one.
    #[error("the topic {topic} needs an upgrade: {reason}")]
    UpgradeNeeded {
        /// The topic.
        topic: String,
        /// Which version is met, and which is known.
        reason: String,
    },
    /// The replica's file can't be used.
    #[error("the replica does not open")]
    Replica(#[source] event_log_sqlite::OpenError),
}

/// What Kafka said while `doing` something.
pub(crate) fn unavailable(doing: &str, error: &KafkaError) -> LogError {
    LogError::Unavailable { reason: format!("{doing}: {error}") }
}

/// What is answered once a log was closed.
pub(crate) fn closed() -> LogError {
    LogError::Unavailable { reason: "the log is closed".to_owned() }
}

/// Whether the topic must be looked at again. What concerns one connection, or the group that nobody joins, passes by itself.
pub(crate) fn ends_session(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    !matches!(
        error.rdkafka_error_code(),
        Some(
            Code::BrokerTransportFailure
                | Code::Resolve
                | Code::OperationTimedOut
                | Code::RequestTimedOut
                | Code::NotLeaderForPartition
                | Code::LeaderNotAvailable
                | Code::CoordinatorNotAvailable
                | Code::CoordinatorLoadInProgress
                | Code::NotCoordinator
                | Code::WaitingForCoordinator
                | Code::GroupAuthorizationFailed
        )
    )
}
