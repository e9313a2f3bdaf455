//! What operators do to the log. All of it goes through the writer, in its turn among the appends.

use async_trait::async_trait;
use event_log::{Change, FillError, LogError, Maintain, Phase, Recorded, Versions};
use tokio::sync::oneshot;

use crate::SqliteLog;
use crate::error::closed;
use crate::queue::Task;

#[async_trait]
impl Maintain for SqliteLog {
    fn versions(&self) -> Versions {
        self.shared.mark().versions
    }

    fn phase(&self) -> Phase {
        self.shared.mark().phase
    }

    async fn activate(&self, versions: Versions) -> Result<(), LogError> {
        self.change(Change::Activate(versions)).await
    }

    async fn seal(&self) -> Result<(), LogError> {
        self.change(Change::Seal).await
    }

    async fn fill(&self, records: Vec<Recorded>) -> Result<(), FillError> {
        let (caller, answer) = oneshot::channel();
        self.queue.task(Task::Fill(records, caller)).map_err(FillError::Failed)?;
        answer.await.unwrap_or_else(|_| Err(FillError::Failed(closed())))
    }

    async fn open(&self) -> Result<(), LogError> {
        self.change(Change::Open).await
    }
}

impl SqliteLog {
    async fn change(&self, change: Change) -> Result<(), LogError> {
        let (caller, answer) = oneshot::channel();
        self.queue.task(Task::Change(change, caller))?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }
}
