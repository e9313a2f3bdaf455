//! A barrier is a record: written after the call, acknowledged, and read back, with all that was in the partition before it.
//!
//! Asking a leader where its partition ends is not enough. One that was replaced and has not heard of it yet (it slept, or was
//! cut off from the others) tells the end that it knows, and what the new leader acknowledged since is not before that. What is
//! acknowledged, though, every later leader has; and one that was replaced can acknowledge nothing any more, for no broker in
//! sync takes it.

use std::sync::atomic::{AtomicU64, Ordering};

use event_log::{LogError, PartitionId};
use event_log_sqlite::replica::Outcome;
use tokio::sync::Mutex;

use crate::KafkaLog;
use crate::entry::{StoredBody, StoredMark};
use crate::error::closed;
use crate::ledger::Answer;

/// The barriers of one partition: one record for all who ask at the same time.
#[derive(Default)]
pub(crate) struct Barriers {
    /// Records begun so far.
    begun: AtomicU64,
    /// The last one that was read back.
    reached: Mutex<u64>,
}

impl KafkaLog {
    /// Waits until all is applied here that was acknowledged anywhere before the call.
    pub(crate) async fn reach(&self, partition: PartitionId) -> Result<(), LogError> {
        let Some(barriers) = self.barriers.get(partition as usize) else { return Ok(()) };
        let before = barriers.begun.load(Ordering::Acquire);
        let mut reached = barriers.reached.lock().await;
        // Written after this call: it is as good as one of our own.
        if *reached > before {
            return Ok(());
        }
        let number = barriers.begun.fetch_add(1, Ordering::AcqRel) + 1;
        self.pass(partition).await?;
        *reached = number;
        Ok(())
    }

    /// Writes what changes nothing, and waits until it was acknowledged and read back.
    async fn pass(&self, partition: PartitionId) -> Result<(), LogError> {
        let number = self.desk.number();
        let sent = self.desk.send(partition, number, self.encode(number, StoredBody::Pass(StoredMark {})), None)?;
        let became = tokio::select! {
            became = sent => became,
            away = self.state.lost_touch() => return Err(away),
        };
        match became {
            Ok(Answer::Refused(error) | Answer::Unknown(error)) => Err(error),
            Ok(Answer::Applied(Outcome::Done)) => Ok(()),
            Ok(_) => {
                Err(LogError::DataLoss { reason: "the topic has another entry under a barrier's name".to_owned() })
            }
            Err(_) => Err(closed()),
        }
    }
}
