//! The bounded queues between callers and an appender, one for each of its partitions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use event_log::{AppendError, Appended, LogError, PartitionId, Proposal, QueueStats};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::Options;
use crate::error::closed;

/// Most bytes of proposals written in one transaction, beside the first.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What an append is answered.
pub(crate) type Answer = Result<Appended, AppendError>;
/// Who waits for an answer.
pub(crate) type Caller = oneshot::Sender<Answer>;

/// The callers' end of one partition's.
#[derive(Debug)]
pub(crate) struct Queue {
    sender: mpsc::Sender<Waiting>,
    /// Tells the appender that something is there.
    bell: Arc<Notify>,
    load: Arc<Load>,
    bytes_max: usize,
    closing: CancellationToken,
}

/// The appender's end of those of all its partitions.
#[derive(Debug)]
pub(crate) struct Arrivals {
    lanes: Vec<Lane>,
    bell: Arc<Notify>,
    batch_max: usize,
    closing: CancellationToken,
    /// The lane that is emptied first: another one each time.
    first: usize,
}

#[derive(Debug)]
struct Lane {
    partition: PartitionId,
    receiver: mpsc::Receiver<Waiting>,
    load: Arc<Load>,
}

/// What the appender takes from its queues at once: of each partition what waits there.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) parts: BTreeMap<PartitionId, Part>,
    proposals: usize,
    bytes: usize,
}

/// What a batch has of one partition.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(crate) proposals: Vec<Proposal>,
    /// Who waits for each of them.
    callers: Vec<Caller>,
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

/// A queue for each of the partitions, and the end of all of them. They take no more once `closing`; what is in them then is still
/// answered.
pub(crate) fn queues(
    options: &Options,
    partitions: impl Iterator<Item = PartitionId>,
    closing: &CancellationToken,
) -> (Vec<(PartitionId, Queue)>, Arrivals) {
    let bell = Arc::<Notify>::default();
    let (mut queues, mut lanes) = (Vec::new(), Vec::new());
    for partition in partitions {
        let (sender, receiver) = mpsc::channel(options.queue_max.max(1));
        let load = Arc::<Load>::default();
        lanes.push(Lane { partition, receiver, load: Arc::clone(&load) });
        let (bell, closing) = (Arc::clone(&bell), closing.clone());
        queues.push((partition, Queue { sender, bell, load, bytes_max: options.queue_bytes_max, closing }));
    }
    let batch_max = options.batch_max.max(1);
    (queues, Arrivals { lanes, bell, batch_max, closing: closing.clone(), first: 0 })
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
        match &sent {
            Ok(()) => self.bell.notify_one(),
            Err(_) => self.load.remove(bytes),
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
    /// Waits for the first proposal, and takes whatever else is there; `false` once the queues are closed and empty.
    pub(crate) async fn take(&mut self, batch: &mut Batch) -> bool {
        // Whoever was just answered comes back first: batches are fuller.
        tokio::task::yield_now().await;
        loop {
            self.take_what_is_there(batch);
            if !batch.parts.is_empty() {
                return true;
            }
            tokio::select! {
                biased;
                () = self.bell.notified() => {}
                () = self.closing.cancelled() => return self.take_the_last(batch).await,
            }
        }
    }

    /// Takes whatever is there, up to the bounds of a batch.
    fn take_what_is_there(&mut self, batch: &mut Batch) {
        self.first = (self.first + 1) % self.lanes.len().max(1);
        let (second, first) = self.lanes.split_at_mut(self.first);
        for lane in first.iter_mut().chain(second) {
            batch.take_of(lane, self.batch_max);
        }
    }

    /// The same, of the partitions that the batch has already.
    pub(crate) fn take_more(&mut self, batch: &mut Batch) {
        for lane in &mut self.lanes {
            if batch.parts.contains_key(&lane.partition) {
                batch.take_of(lane, self.batch_max);
            }
        }
    }

    /// Once no more is taken in: what is there, and what is just being put there.
    async fn take_the_last(&mut self, batch: &mut Batch) -> bool {
        for lane in &mut self.lanes {
            lane.receiver.close();
            if let Some(waiting) = lane.receiver.recv().await {
                batch.put(lane, waiting);
                batch.take_of(lane, self.batch_max);
                return true;
            }
        }
        false
    }
}

impl Batch {
    /// What there is to admit.
    pub(crate) fn proposals(&self) -> impl Iterator<Item = &Proposal> {
        self.parts.values().flat_map(|part| &part.proposals)
    }

    /// Answers everybody the same.
    pub(crate) fn answer_all(&mut self, answer: &Answer) {
        for part in self.parts.values_mut() {
            part.answer(std::iter::repeat_n(answer.clone(), part.callers.len()));
        }
    }

    fn take_of(&mut self, lane: &mut Lane, batch_max: usize) {
        while self.proposals < batch_max && self.bytes < BATCH_BYTES_MAX {
            match lane.receiver.try_recv() {
                Ok(waiting) => self.put(lane, waiting),
                Err(_) => return,
            }
        }
    }

    fn put(&mut self, lane: &Lane, Waiting { proposal, caller }: Waiting) {
        let bytes = proposal.encoded_bytes();
        lane.load.remove(bytes);
        self.bytes += bytes;
        self.proposals += 1;
        let part = self.parts.entry(lane.partition).or_default();
        part.proposals.push(proposal);
        part.callers.push(caller);
    }
}

impl Part {
    /// Answers everybody, in order; who has gone away doesn't hear it. The proposals stay.
    pub(crate) fn answer(&mut self, answers: impl IntoIterator<Item = Answer>) {
        for (caller, answer) in self.callers.drain(..).zip(answers) {
            let _gone_away = caller.send(answer);
        }
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
