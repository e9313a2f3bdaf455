//! The bounded queue between callers and a partition's appender.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use event_log::{AppendError, Appended, LogError, PartitionId, Proposal, QueueStats};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::Options;
use crate::error::closed;

/// Most bytes of proposals written in one transaction, beside the first.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What an append is answered.
pub(crate) type Answer = Result<Appended, AppendError>;
/// Who waits for an answer.
pub(crate) type Caller = oneshot::Sender<Answer>;

/// The callers' end.
#[derive(Debug)]
pub(crate) struct Queue {
    sender: mpsc::Sender<Waiting>,
    load: Arc<Load>,
    bytes_max: usize,
    closing: CancellationToken,
}

/// The appender's end.
#[derive(Debug)]
pub(crate) struct Arrivals {
    receiver: mpsc::Receiver<Waiting>,
    load: Arc<Load>,
    batch_max: usize,
    closing: CancellationToken,
}

/// What the appender takes from the queue at once.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) proposals: Vec<Proposal>,
    /// Who waits for each of them.
    pub(crate) callers: Vec<Caller>,
    bytes: usize,
}

/// A proposal that waits, and who waits for its answer.
#[derive(Debug)]
struct Waiting {
    proposal: Proposal,
    caller: Caller,
}

#[derive(Debug, Default)]
struct Load {
    proposals: AtomicUsize,
    bytes: AtomicUsize,
}

/// A queue that takes no more once `closing`; what is in it then is still answered.
pub(crate) fn queue(options: &Options, closing: CancellationToken) -> (Queue, Arrivals) {
    let (sender, receiver) = mpsc::channel(options.queue_max.max(1));
    let load = Arc::<Load>::default();
    let queue = Queue { sender, load: Arc::clone(&load), bytes_max: options.queue_bytes_max, closing: closing.clone() };
    (queue, Arrivals { receiver, load, batch_max: options.batch_max.max(1), closing })
}

impl Queue {
    /// Puts the proposal into the queue, or says at once that there is no room.
    pub(crate) fn propose(&self, proposal: Proposal) -> Result<oneshot::Receiver<Answer>, LogError> {
        if self.closing.is_cancelled() {
            return Err(closed());
        }
        let bytes = proposal.encoded_bytes();
        let (caller, receiver) = oneshot::channel();
        // Counted before it is sent, so that the appender never takes off what was not yet put on.
        let before = self.load.add(bytes);
        let sent = if before > 0 && before + bytes > self.bytes_max {
            Err(LogError::Overloaded)
        } else {
            self.sender.try_send(Waiting { proposal, caller }).map_err(|error| match error {
                TrySendError::Full(_) => LogError::Overloaded,
                TrySendError::Closed(_) => closed(),
            })
        };
        if sent.is_err() {
            self.load.remove(bytes);
        }
        sent.map(|()| receiver)
    }

    pub(crate) fn len(&self) -> usize {
        self.load.proposals.load(Ordering::Relaxed)
    }

    pub(crate) fn stats(&self, partition: PartitionId) -> QueueStats {
        QueueStats { partition: Some(partition), proposals: self.len(), proposals_max: self.sender.max_capacity() }
    }
}

impl Arrivals {
    /// Waits for the first proposal, and takes whatever else is there; `false` once the queue is closed and empty.
    pub(crate) async fn take(&mut self, batch: &mut Batch) -> bool {
        let first = tokio::select! {
            biased;
            first = self.receiver.recv() => first,
            () = self.closing.cancelled() => {
                self.receiver.close();
                self.receiver.recv().await
            }
        };
        let Some(first) = first else { return false };
        self.put(first, batch);
        self.take_more(batch);
        true
    }

    /// Takes whatever is there, up to the bounds of a batch.
    pub(crate) fn take_more(&mut self, batch: &mut Batch) {
        while batch.proposals.len() < self.batch_max && batch.bytes < BATCH_BYTES_MAX {
            match self.receiver.try_recv() {
                Ok(waiting) => self.put(waiting, batch),
                Err(_) => return,
            }
        }
    }

    fn put(&self, Waiting { proposal, caller }: Waiting, batch: &mut Batch) {
        let bytes = proposal.encoded_bytes();
        self.load.remove(bytes);
        batch.bytes += bytes;
        batch.proposals.push(proposal);
        batch.callers.push(caller);
    }
}

impl Batch {
    /// Answers everybody, in order; who has gone away doesn't hear it. The proposals stay.
    pub(crate) fn answer(&mut self, answers: impl IntoIterator<Item = Answer>) {
        for (caller, answer) in self.callers.drain(..).zip(answers) {
            let _gone_away = caller.send(answer);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.proposals.clear();
        self.callers.clear();
        self.bytes = 0;
    }
}

impl Load {
    /// Adds a proposal, and answers the bytes before it.
    fn add(&self, bytes: usize) -> usize {
        self.proposals.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed)
    }

    fn remove(&self, bytes: usize) {
        self.proposals.fetch_sub(1, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}
