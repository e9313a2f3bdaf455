//! Whether a checkpoint is of the log.

use std::sync::Arc;

use async_trait::async_trait;
use event_log::{EventLog, LogError, PartitionId};
use view_store::Checkpoint;
use watch::{Lineage, LineageError};

/// Asks the log.
pub(crate) struct OfLog(pub(crate) Arc<dyn EventLog>);

#[async_trait]
impl Lineage for OfLog {
    async fn has(&self, partition: PartitionId, checkpoint: &Checkpoint) -> Result<bool, LineageError> {
        let Some(before) = checkpoint.position.checked_sub(1) else { return Ok(false) };
        let unknown = |error: LogError| LineageError { reason: error.to_string() };
        if *self.0.head(partition).borrow() < checkpoint.position {
            // Another node folded it, and it may not have arrived here.
            self.0.barrier(partition).await.map_err(unknown)?;
        }
        let page = self.0.read_partition(partition, before, 1).await.map_err(unknown)?;
        let found = page.records.first();
        Ok(found.is_some_and(|record| record.position == checkpoint.position && record.leaf == checkpoint.leaf))
    }
}
