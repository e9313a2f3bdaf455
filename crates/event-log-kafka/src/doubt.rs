//! Whether a topic has lost its end, or its leader only does not know it.
//!
//! A leader that was replaced while it slept tells, until it hears of that, an end from before: just what one tells that has lost
//! what it acknowledged. The first passes.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use event_log::LogError;

/// How long it must be told: a broker that goes on hears within one heartbeat (Kafka's default: 2 s) that it was replaced.
const SURE_AFTER: Duration = Duration::from_secs(5);

/// Since when an end is told that comes too early.
#[derive(Debug, Default)]
pub(crate) struct Doubt {
    since: Mutex<Option<Instant>>,
}

impl Doubt {
    /// The loss, where it has been told for long enough; before that the topic is only unavailable.
    pub(crate) fn weigh(&self, reason: String) -> LogError {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if since.get_or_insert_with(Instant::now).elapsed() >= SURE_AFTER {
            LogError::DataLoss { reason }
        } else {
            LogError::Unavailable { reason: format!("{reason}, or its leader was replaced and has not heard of it") }
        }
    }

    /// All that was read before is there.
    pub(crate) fn dispel(&self) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
