//! Where a partition ends, asked of its leader once for all who ask at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use event_log::{LogError, PartitionId};
use tokio::sync::Mutex;

use crate::desk::Desk;
use crate::error::unavailable;

/// How long the leader may take.
const ASK_TIMEOUT: Duration = Duration::from_secs(3);

/// The questions about one partition.
#[derive(Default)]
pub(crate) struct Asking {
    /// Questions begun so far.
    begun: AtomicU64,
    /// The last one answered: which it was, and the end.
    answered: Mutex<(u64, u64)>,
}

impl Asking {
    /// The partition's end at some time after this was called.
    pub(crate) async fn end_of(&self, desk: &Arc<Desk>, partition: PartitionId) -> Result<u64, LogError> {
        let before = self.begun.load(Ordering::Acquire);
        let mut answered = self.answered.lock().await;
        // Begun after this call: its answer is as good as one of our own.
        if answered.0 > before {
            return Ok(answered.1);
        }
        let number = self.begun.fetch_add(1, Ordering::AcqRel) + 1;
        let desk = Arc::clone(desk);
        let asked = tokio::task::spawn_blocking(move || desk.end_of(partition, ASK_TIMEOUT)).await;
        let asked = asked.map_err(|error| LogError::Unavailable { reason: format!("asking ended early: {error}") })?;
        let end = asked.map_err(|error| unavailable("asking where the partition ends", &error))?;
        *answered = (number, end);
        Ok(end)
    }
}
