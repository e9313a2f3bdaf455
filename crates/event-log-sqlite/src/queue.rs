//! The bounded queue between callers and the writer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};

use event_log::{AppendError, Appended, LogError, Proposal};
use tokio::sync::oneshot;

use crate::Options;
use crate::error::closed;

/// Most bytes of proposals written in one transaction, beside the first.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What an append is answered.
pub(crate) type Answer = Result<Appended, AppendError>;

/// A proposal that waits, and who waits for its answer.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) proposal: Proposal,
    caller: oneshot::Sender<Delivery>,
}

/// An answer, and with it the answers of others of the batch.
///
/// The writer wakes one caller, and that one the others when it drops this: waking a task from inside the runtime is
/// nearly free, from the writer's thread it takes longer than writing the event does.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) answer: Answer,
    _others: Others,
}

#[derive(Debug, Default)]
struct Others(Vec<(oneshot::Sender<Delivery>, Answer)>);

/// Answers everybody of a batch; who has gone away doesn't hear it.
pub(crate) fn deliver(batch: &mut Vec<Waiting>, answers: impl IntoIterator<Item = Answer>) {
    let mut others: Vec<_> = batch.drain(..).map(|waiting| waiting.caller).zip(answers).collect();
    if let Some((first, answer)) = others.pop() {
        // If it is gone, this comes back and wakes the others from here.
        let _ = first.send(Delivery { answer, _others: Others(others) });
    }
}

impl Drop for Others {
    fn drop(&mut self) {
        for (caller, answer) in self.0.drain(..) {
            let _ = caller.send(Delivery { answer, _others: Others::default() });
        }
    }
}

/// The callers' end.
#[derive(Debug)]
pub(crate) struct Queue {
    sender: RwLock<Option<SyncSender<Message>>>,
    load: Arc<Load>,
    bytes_max: usize,
}

/// The writer's end.
#[derive(Debug)]
pub(crate) struct Arrivals {
    receiver: Receiver<Message>,
    load: Arc<Load>,
    batch_max: usize,
}

/// What the writer takes from the queue at once.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) proposals: Vec<Waiting>,
    pub(crate) pages_max: Option<u32>,
}

#[derive(Debug)]
enum Message {
    Propose(Box<Waiting>),
    LimitPages(u32),
}

#[derive(Debug, Default)]
struct Load {
    proposals: AtomicUsize,
    bytes: AtomicUsize,
}

pub(crate) fn queue(options: &Options) -> (Queue, Arrivals) {
    let (sender, receiver) = sync_channel(options.queue_max.max(1));
    let load = Arc::<Load>::default();
    let queue =
        Queue { sender: RwLock::new(Some(sender)), load: Arc::clone(&load), bytes_max: options.queue_bytes_max };
    (queue, Arrivals { receiver, load, batch_max: options.batch_max.max(1) })
}

impl Queue {
    /// Puts the proposal into the queue, or says at once that there is no room.
    pub(crate) fn propose(&self, proposal: Proposal) -> Result<oneshot::Receiver<Delivery>, LogError> {
        let bytes = proposal.encoded_bytes();
        let (caller, receiver) = oneshot::channel();
        // Counted before it is sent, so that the writer never takes off what was not yet put on.
        let before = self.load.add(bytes);
        let sent = if before > 0 && before + bytes > self.bytes_max {
            Err(LogError::Overloaded)
        } else {
            self.send(Message::Propose(Box::new(Waiting { proposal, caller })))
        };
        if sent.is_err() {
            self.load.remove(bytes);
        }
        sent.map(|()| receiver)
    }

    pub(crate) fn limit_pages(&self, pages_max: u32) -> Result<(), LogError> {
        self.send(Message::LimitPages(pages_max))
    }

    /// No more is taken in; what is in it will be answered.
    pub(crate) fn close(&self) {
        self.sender.write().unwrap_or_else(PoisonError::into_inner).take();
    }

    pub(crate) fn len(&self) -> usize {
        self.load.proposals.load(Ordering::Relaxed)
    }

    fn send(&self, message: Message) -> Result<(), LogError> {
        let sender = self.sender.read().unwrap_or_else(PoisonError::into_inner);
        match sender.as_ref().map(|sender| sender.try_send(message)) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(_))) => Err(LogError::Overloaded),
            Some(Err(TrySendError::Disconnected(_))) | None => Err(closed()),
        }
    }
}

impl Arrivals {
    /// Waits for the first message, and takes whatever else is there, up to the bounds; `false` once the queue is closed and empty.
    pub(crate) fn take(&self, batch: &mut Batch) -> bool {
        let Ok(first) = self.receiver.recv() else { return false };
        let mut bytes = self.sort(first, batch);
        while batch.proposals.len() < self.batch_max && bytes < BATCH_BYTES_MAX {
            match self.receiver.try_recv() {
                Ok(message) => bytes += self.sort(message, batch),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        true
    }

    fn sort(&self, message: Message, batch: &mut Batch) -> usize {
        match message {
            Message::Propose(waiting) => {
                let bytes = waiting.proposal.encoded_bytes();
                self.load.remove(bytes);
                batch.proposals.push(*waiting);
                bytes
            }
            Message::LimitPages(pages_max) => {
                batch.pages_max = Some(pages_max);
                0
            }
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
