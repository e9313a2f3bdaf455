//! What tests of the log in PostgreSQL begin with.

use std::fmt::Display;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use event_log::{Append, Founding, Identity, LogError, NewEvent, StreamId};
use event_log_postgres::{OpenError, Options, PostgresLog};
use uuid::Uuid;

/// A log of so many partitions, that takes appends.
pub(crate) fn founding(partitions: u32) -> Founding {
    Founding { identity: Identity::new(Uuid::from_u128(7), partitions), filling: false }
}

/// The usual, with this machine's clock.
pub(crate) fn options(founding: Founding) -> Options {
    Options::new(founding, Arc::new(now))
}

/// Microseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a test stands for the service that reads the clock")]
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Opens a node; why it doesn't open, in the log's words.
pub(crate) async fn open(url: &str, options: &Options) -> Result<PostgresLog, LogError> {
    PostgresLog::open(url, options).await.map_err(|error| match error {
        OpenError::UpgradeNeeded { reason, .. } => LogError::UpgradeNeeded { reason },
        OpenError::Damaged { reason, .. } => LogError::DataLoss { reason },
        error => LogError::Unavailable { reason: error.to_string() },
    })
}

/// An issue of the project PAY.
pub(crate) fn issue(id: impl Display) -> StreamId {
    StreamId { project: "PAY".into(), kind: "issue".into(), id: id.to_string().into() }
}

/// One event; its facts name the request.
pub(crate) fn append(stream: &StreamId, expected: u64, request: u128) -> Append {
    Append {
        stream: stream.clone(),
        expected,
        unchanged: Vec::new(),
        events: vec![NewEvent {
            event_id: Uuid::from_u128(1),
            event_type: "IssueFiled".into(),
            schema_version: 1,
            occurred_at: 1,
            facts: request.to_string().into_bytes(),
            texts: Vec::new(),
            salt: Vec::new(),
        }],
        actor: "ada".into(),
        request_id: Uuid::from_u128(request),
        fingerprint: [7; 32],
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        recorded_at: now(),
    }
}
