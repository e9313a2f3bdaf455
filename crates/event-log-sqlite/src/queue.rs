//! The bounded queue between callers and the writer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use event_log::{AppendError, Appended, Change, FillError, LogError, Proposal, QueueStats, Recorded};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::Options;
use crate::error::closed;

/// Most bytes of proposals written in one transaction, beside the first.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Places in the queue that no proposal takes: operators get through whatever waits.
const TASKS_MAX: usize = 64;

/// What an append is answered.
pub(crate) type Answer = Result<Appended, AppendError>;

/// A proposal that waits, and who waits for its answer.
#[derive(Debug)]
struct Waiting {
    proposal: Proposal,
    caller: Caller,
}

/// Who waits for an answer.
pub(crate) type Caller = oneshot::Sender<Answer>;

/// Answers everybody of a batch; who has gone away doesn't hear it.
///
/// Several are woken by a task of the runtime: from inside it that is nearly free, from the writer's thread waking one
/// takes as long as writing its event does.
pub(crate) fn deliver(runtime: Option<&Handle>, callers: &mut Vec<Caller>, answers: Vec<Answer>) {
    let mut answered = Answered(callers.drain(..).zip(answers).collect());
    match runtime {
        Some(runtime) if answered.0.len() > 1 => drop(runtime.spawn(async move { answered.send() })),
        _ => answered.send(),
    }
}

/// Callers with their answers, which they get even when the runtime ends before it comes to them.
struct Answered(Vec<(Caller, Answer)>);

impl Answered {
    fn send(&mut self) {
        for (caller, answer) in self.0.drain(..) {
            let _ = caller.send(answer);
        }
    }
}

impl Drop for Answered {
    fn drop(&mut self) {
        self.send();
    }
}

/// The callers' end.
#[derive(Debug)]
pub(crate) struct Queue {
    sender: RwLock<Option<SyncSender<Message>>>,
    load: Arc<Load>,
    proposals_max: usize,
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
    pub(crate) proposals: Vec<Proposal>,
    /// Who waits for each of them.
    pub(crate) callers: Vec<Caller>,
    /// What came after them.
    pub(crate) task: Option<Task>,
}

/// What the writer does beside appending, each in its turn.
#[derive(Debug)]
pub(crate) enum Task {
    LimitPages(u32),
    Change(Change, oneshot::Sender<Result<(), LogError>>),
    Fill(Vec<Recorded>, oneshot::Sender<Result<(), FillError>>),
}

/// How a wait for messages ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    Something,
    /// None came for a while.
    Nothing,
    /// None will ever come.
    Closed,
}

#[derive(Debug)]
enum Message {
    Propose(Box<Waiting>),
    Do(Task),
}

#[derive(Debug, Default)]
struct Load {
    proposals: AtomicUsize,
    bytes: AtomicUsize,
}

pub(crate) fn queue(options: &Options) -> (Queue, Arrivals) {
    let proposals_max = options.queue_max.max(1);
    let (sender, receiver) = sync_channel(proposals_max.saturating_add(TASKS_MAX));
    let load = Arc::<Load>::default();
    let queue = Queue {
        sender: RwLock::new(Some(sender)),
        load: Arc::clone(&load),
        proposals_max,
        bytes_max: options.queue_bytes_max,
    };
    (queue, Arrivals { receiver, load, batch_max: options.batch_max.max(1) })
}

impl Queue {
    /// Fails where there is no room for one more, before anything is done for it: who is refused costs next to nothing.
    pub(crate) fn has_room(&self) -> Result<(), LogError> {
        let full = self.load.proposals.load(Ordering::Relaxed) >= self.proposals_max;
        if full { Err(LogError::Overloaded) } else { Ok(()) }
    }

    /// Puts the proposal into the queue, or says at once that there is no room.
    pub(crate) fn propose(&self, proposal: Proposal) -> Result<oneshot::Receiver<Answer>, LogError> {
        let bytes = proposal.encoded_bytes();
        let (caller, receiver) = oneshot::channel();
        // Counted before it is sent, so that the writer never takes off what was not yet put on.
        let (proposals, before) = self.load.add(bytes);
        let sent = if proposals >= self.proposals_max || (before > 0 && before + bytes > self.bytes_max) {
            Err(LogError::Overloaded)
        } else {
            self.send(Message::Propose(Box::new(Waiting { proposal, caller })))
        };
        if sent.is_err() {
            self.load.remove(bytes);
        }
        sent.map(|()| receiver)
    }

    /// Has the writer do something after what waits now.
    pub(crate) fn task(&self, task: Task) -> Result<(), LogError> {
        self.send(Message::Do(task))
    }

    /// No more is taken in; what is in it will be answered.
    pub(crate) fn close(&self) {
        self.sender.write().unwrap_or_else(PoisonError::into_inner).take();
    }

    pub(crate) fn len(&self) -> usize {
        self.load.proposals.load(Ordering::Relaxed)
    }

    pub(crate) fn stats(&self) -> QueueStats {
        QueueStats { partition: None, proposals: self.len(), proposals_max: self.proposals_max }
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
    /// Waits for the first message, at most so long, and takes whatever else is there: proposals up to the bounds, or up to a task.
    pub(crate) fn take(&self, batch: &mut Batch, timeout: Duration) -> Taken {
        let first = match self.receiver.recv_timeout(timeout) {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => return Taken::Nothing,
            Err(RecvTimeoutError::Disconnected) => return Taken::Closed,
        };
        // Where others want this core they go first, and what they propose comes along: no timer, and nothing lost where nobody does.
        if self.load.proposals.load(Ordering::Relaxed) < self.batch_max {
            std::thread::yield_now();
        }
        let mut bytes = self.sort(first, batch);
        while batch.task.is_none() && batch.proposals.len() < self.batch_max && bytes < BATCH_BYTES_MAX {
            match self.receiver.try_recv() {
                Ok(message) => bytes += self.sort(message, batch),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        Taken::Something
    }

    fn sort(&self, message: Message, batch: &mut Batch) -> usize {
        match message {
            Message::Propose(waiting) => {
                let bytes = waiting.proposal.encoded_bytes();
                self.load.remove(bytes);
                let Waiting { proposal, caller } = *waiting;
                batch.proposals.push(proposal);
                batch.callers.push(caller);
                bytes
            }
            Message::Do(task) => {
                batch.task = Some(task);
                0
            }
        }
    }
}

impl Load {
    /// Adds a proposal, and answers how many there were before it, and their bytes.
    fn add(&self, bytes: usize) -> (usize, usize) {
        (self.proposals.fetch_add(1, Ordering::Relaxed), self.bytes.fetch_add(bytes, Ordering::Relaxed))
    }

    fn remove(&self, bytes: usize) {
        self.proposals.fetch_sub(1, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}
