//! What this node has written, until it is answered: once it was both acknowledged by Kafka and read back.
//!
//! Either alone is not enough. What was read back may be on one broker only: consumers were given such records before Kafka 3.7
//! (KAFKA-15583), and an answer must outlive that broker. What was acknowledged is not admitted yet.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use event_log::{AppendError, FillError, LogError, PartitionId, Proposal};
use event_log_sqlite::replica::{Outcome, Seen};
use foldhash::fast::RandomState;
use tokio::sync::oneshot;

/// What became of an entry that this node has written.
#[derive(Debug)]
pub(crate) enum Answer {
    /// It was read back and applied.
    Applied(Outcome),
    /// Records to take over were read back.
    Filled(Result<(), FillError>),
    /// It will not be admitted.
    Refused(LogError),
    /// Nobody knows.
    Unknown(LogError),
}

/// Who waits for an entry.
pub(crate) type Caller = oneshot::Sender<Answer>;
/// An entry to be written again: its number, its partition, its bytes.
pub(crate) type Again = (u64, PartitionId, Arc<[u8]>);

/// An entry.
pub(crate) struct Entry {
    pub(crate) partition: PartitionId,
    pub(crate) payload: Arc<[u8]>,
    pub(crate) proposal: Option<(Proposal, Seen)>,
    pub(crate) caller: Caller,
    first_sent: Instant,
    sent: Instant,
    /// How often it was written: the topic may have it as often.
    copies: u32,
    /// Whether Kafka has acknowledged it.
    acknowledged: bool,
    found: Found,
}

/// Whether an entry was read back.
enum Found {
    NotYet,
    /// It is being applied.
    Read,
    /// This became of it.
    Became(Answer),
}

/// The entries that wait.
#[derive(Default)]
pub(crate) struct Ledger {
    waiting: Mutex<Waiting>,
    entries: AtomicUsize,
    bytes: AtomicUsize,
}

#[derive(Default)]
struct Waiting {
    entries: HashMap<u64, Entry, RandomState>,
    /// Why no more is taken in.
    closed: Option<LogError>,
}

impl Entry {
    pub(crate) fn new(
        partition: PartitionId,
        payload: Arc<[u8]>,
        proposal: Option<(Proposal, Seen)>,
        caller: Caller,
    ) -> Self {
        let now = Instant::now();
        Self {
            partition,
            payload,
            proposal,
            caller,
            first_sent: now,
            sent: now,
            copies: 1,
            acknowledged: false,
            found: Found::NotYet,
        }
    }

    /// What can be answered now, given what became of it.
    fn answer(&self, became: Answer) -> Result<Answer, Answer> {
        match became {
            Answer::Applied(Outcome::Append(Err(refused))) if !stays_refused(&refused) => {
                if self.copies > 1 {
                    let reason = format!("it was written twice, and the first was not admitted: {refused}");
                    Ok(Answer::Unknown(LogError::Unavailable { reason }))
                } else {
                    self.once_acknowledged(Answer::Applied(Outcome::Append(Err(refused))))
                }
            }
            Answer::Applied(Outcome::Append(Ok(_)) | Outcome::Done) | Answer::Filled(Ok(())) => {
                self.once_acknowledged(became)
            }
            final_whatever_comes => Ok(final_whatever_comes),
        }
    }

    fn once_acknowledged(&self, became: Answer) -> Result<Answer, Answer> {
        if self.acknowledged { Ok(became) } else { Err(became) }
    }

    /// Whether writing it again helps: not where it was refused, and a copy might be admitted.
    fn may_be_repeated(&self) -> bool {
        !matches!(self.found, Found::Became(Answer::Applied(Outcome::Append(Err(_)))))
    }
}

/// Whether a copy of what was refused, further down the topic, is refused too: revisions only grow, and what is sealed stays so.
fn stays_refused(refused: &AppendError) -> bool {
    match refused {
        AppendError::Conflict { expected, actual, .. } => expected < actual,
        AppendError::RequestIdReused { .. } | AppendError::Failed(LogError::Moved) => true,
        AppendError::Invalid { .. } | AppendError::Unknown(_) | AppendError::Failed(_) => false,
    }
}

impl Ledger {
    /// Fails when there is no room for so many bytes more.
    pub(crate) fn has_room(&self, bytes: usize, entries_max: usize, bytes_max: usize) -> Result<(), LogError> {
        let before = self.bytes.load(Ordering::Relaxed);
        let full = self.entries.load(Ordering::Relaxed) >= entries_max || (before > 0 && before + bytes > bytes_max);
        if full { Err(LogError::Overloaded) } else { Ok(()) }
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.entries.load(Ordering::Relaxed)
    }

    pub(crate) fn enter(&self, number: u64, entry: Entry) -> Result<(), LogError> {
        let bytes = entry.payload.len();
        let mut waiting = self.locked();
        if let Some(why) = &waiting.closed {
            return Err(why.clone());
        }
        waiting.entries.insert(number, entry);
        self.entries.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Takes back an entry that was not written; `None`: it was answered already.
    pub(crate) fn leave(&self, number: u64) -> Option<Entry> {
        let entry = self.locked().entries.remove(&number)?;
        self.forget(&entry);
        Some(entry)
    }

    /// The entry of this number was read back, if it has just these bytes and was not yet: then the proposal as it was checked
    /// when it was made, and what this node had applied then.
    #[expect(clippy::option_option, reason = "whether it is ours, and whether it is a proposal")]
    pub(crate) fn take(&self, number: u64, payload: &[u8]) -> Option<Option<(Proposal, Seen)>> {
        let mut waiting = self.locked();
        let entry = waiting.entries.get_mut(&number)?;
        if *entry.payload != *payload || !matches!(entry.found, Found::NotYet) {
            return None;
        }
        entry.found = Found::Read;
        Some(entry.proposal.take())
    }

    /// This became of entries that were read back. Answers who is to be told now; the others are once Kafka has acknowledged.
    pub(crate) fn became(&self, answers: impl IntoIterator<Item = (u64, Answer)>) -> Vec<(Caller, Answer)> {
        let mut told = Vec::new();
        let mut waiting = self.locked();
        for (number, became) in answers {
            let Some(entry) = waiting.entries.get_mut(&number) else { continue };
            match entry.answer(became) {
                Ok(answer) => told.extend(self.end(&mut waiting, number, answer)),
                Err(later) => entry.found = Found::Became(later),
            }
        }
        told
    }

    /// Kafka has acknowledged it. Answers who is to be told now.
    pub(crate) fn acknowledged(&self, number: u64) -> Option<(Caller, Answer)> {
        let mut waiting = self.locked();
        let entry = waiting.entries.get_mut(&number)?;
        entry.acknowledged = true;
        match std::mem::replace(&mut entry.found, Found::NotYet) {
            Found::Became(answer) => self.end(&mut waiting, number, answer),
            before => {
                entry.found = before;
                None
            }
        }
    }

    /// Kafka has not acknowledged these, and will not: they are due. Answers who is told that now.
    pub(crate) fn not_acknowledged(&self, numbers: &[u64], resend: Duration) -> Vec<(Caller, Answer)> {
        let (mut told, now) = (Vec::new(), Instant::now());
        let mut waiting = self.locked();
        for number in numbers {
            let Some(entry) = waiting.entries.get_mut(number) else { continue };
            if entry.may_be_repeated() {
                entry.sent = now.checked_sub(resend).unwrap_or(entry.sent);
            } else {
                let reason = "it was not admitted, nor acknowledged: it may be written once more".to_owned();
                told.extend(self.end(&mut waiting, *number, Answer::Unknown(LogError::Unavailable { reason })));
            }
        }
        told
    }

    /// The numbers of all that are not acknowledged.
    pub(crate) fn open(&self) -> Vec<u64> {
        let waiting = self.locked();
        waiting.entries.iter().filter(|(_, entry)| !entry.acknowledged).map(|(number, _)| *number).collect()
    }

    /// Those that were not answered for so long since they were written last: to be written again, now.
    pub(crate) fn due(&self, resend: Duration) -> Vec<Again> {
        let (mut again, now) = (Vec::new(), Instant::now());
        for (number, entry) in &mut self.locked().entries {
            if now.duration_since(entry.sent) >= resend && entry.may_be_repeated() {
                entry.sent = now;
                entry.copies += 1;
                entry.acknowledged = false;
                again.push((*number, entry.partition, Arc::clone(&entry.payload)));
            }
        }
        again
    }

    /// Gives up what has waited so long, or whose caller is gone. Answers who is to be told.
    pub(crate) fn give_up(&self, after: Duration) -> Vec<(Caller, Answer)> {
        let now = Instant::now();
        let late = |entry: &Entry| now.duration_since(entry.first_sent) >= after || entry.caller.is_closed();
        let given_up: Vec<_> = self.locked().entries.extract_if(|_, entry| late(entry)).collect();
        let reason = format!("it was not both acknowledged and read back in {after:?}");
        let answer = |(_, entry): (u64, Entry)| {
            self.forget(&entry);
            (entry.caller, Answer::Unknown(LogError::Unavailable { reason: reason.clone() }))
        };
        given_up.into_iter().map(answer).collect()
    }

    /// Partitions whose entries have waited longer than this since they were written last.
    pub(crate) fn overdue(&self, age: Duration) -> BTreeSet<PartitionId> {
        let now = Instant::now();
        let waiting = self.locked();
        let late = waiting.entries.values().filter(|entry| now.duration_since(entry.sent) > age);
        late.map(|entry| entry.partition).collect()
    }

    /// Ends what was not read back of these partitions. Answers who is to be told, and whether nobody waits for anything else.
    pub(crate) fn refuse(&self, partitions: &BTreeSet<PartitionId>) -> (Vec<Caller>, bool) {
        let mut waiting = self.locked();
        let unread = |entry: &Entry| partitions.contains(&entry.partition) && matches!(entry.found, Found::NotYet);
        let refused: Vec<_> = waiting.entries.extract_if(|_, entry| unread(entry)).collect();
        let callers = refused.into_iter().map(|(_, entry)| {
            self.forget(&entry);
            entry.caller
        });
        (callers.collect(), waiting.entries.is_empty())
    }

    /// Takes in no more. Answers who waited.
    pub(crate) fn close(&self, why: &LogError) -> Vec<Caller> {
        let mut waiting = self.locked();
        waiting.closed.get_or_insert_with(|| why.clone());
        let entries = std::mem::take(&mut waiting.entries);
        let callers = entries.into_values().map(|entry| {
            self.forget(&entry);
            entry.caller
        });
        callers.collect()
    }

    fn end(&self, waiting: &mut Waiting, number: u64, answer: Answer) -> Option<(Caller, Answer)> {
        let entry = waiting.entries.remove(&number)?;
        self.forget(&entry);
        Some((entry.caller, answer))
    }

    fn forget(&self, entry: &Entry) {
        self.entries.fetch_sub(1, Ordering::Relaxed);
        self.bytes.fetch_sub(entry.payload.len(), Ordering::Relaxed);
    }

    fn locked(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
