//! What entries of the topic come to: the admission rule over them, within a transaction.

use event_log::admission::{Accepted, Admission, Changes, Decision, NotTaken};
use event_log::{AppendError, Appended, FillError, LogError, PartitionId, Phase, Proposal, Recorded, leaf};
use rusqlite::Connection;

use super::tables::{UNFOUNDED, write_bookmark};
use super::{Bookmark, Entry, Outcome, Partition, Run, Seen};
use crate::batch::{Failure, Insert};
use crate::lookup::{Heads, Lookup};

/// What a batch came to, not yet committed.
pub(super) struct Folded {
    pub(super) outcomes: Vec<Vec<Outcome>>,
    pub(super) accepted: Vec<Vec<Option<Accepted>>>,
    /// The bookmark after each run, and the running hashes of the positions that it added.
    pub(super) turns: Vec<(Bookmark, Vec<[u8; 32]>)>,
    pub(super) changes: Changes,
}

/// Records taken over, not yet committed.
pub(super) struct Filled {
    pub(super) bookmark: Bookmark,
    pub(super) hashes: Vec<[u8; 32]>,
    pub(super) changes: Changes,
}

/// A partition while a run of it is folded.
struct Turn<'p> {
    partition: &'p Partition,
    bookmark: Bookmark,
    /// The running hashes of the positions that this run has added.
    added: Vec<[u8; 32]>,
}

impl Partition {
    /// Fails where the proposer had another running hash at a position that is known here: in the window, or in `added`, which
    /// follow it.
    fn compare(&self, seen: Seen, position: u64, added: &[[u8; 32]]) -> Result<(), Failure> {
        let back = position.saturating_sub(seen.position);
        let back = usize::try_from(back).unwrap_or(usize::MAX);
        let known = match added.len().checked_sub(back.saturating_add(1)) {
            Some(index) => added.get(index),
            None => {
                self.window.len().checked_sub((back - added.len()).saturating_add(1)).and_then(|i| self.window.get(i))
            }
        };
        if known.is_some_and(|known| *known != seen.running_hash) {
            let position = seen.position;
            let reason = format!("a proposer had another record at position {position}, or before, than this node");
            return Err(Failure::Refused(LogError::DataLoss { reason }));
        }
        Ok(())
    }
}

pub(super) fn fold(
    connection: &Connection,
    heads: &mut Heads,
    known: &[Partition],
    runs: &[Run],
) -> Result<Folded, Failure> {
    let mut lookup = Lookup::new(connection, heads);
    let mut insert = Insert::prepare(connection)?;
    let mut admission = Admission::new(&mut lookup);
    let (mut outcomes, mut accepted) = (Vec::with_capacity(runs.len()), Vec::with_capacity(runs.len()));
    let mut turns = Vec::with_capacity(runs.len());
    for run in runs {
        let partition =
            known.get(run.partition as usize).ok_or_else(|| Failure::Refused(no_such_partition(run.partition)))?;
        let mut turn = Turn { partition, bookmark: partition.bookmark, added: Vec::new() };
        let mut entered = Vec::with_capacity(run.entries.len());
        let mut became = Vec::with_capacity(run.entries.len());
        for entry in &run.entries {
            let (outcome, accepted) =
                turn.take(entry, &mut admission, &mut insert).map_err(|failure| failure.at(run))?;
            became.push(outcome);
            entered.push(accepted);
        }
        turn.bookmark = Bookmark { next_offset: run.next_offset, last_digest: run.last_digest, ..turn.bookmark };
        write_bookmark(connection, run.partition, &turn.bookmark)?;
        outcomes.push(became);
        accepted.push(entered);
        turns.push((turn.bookmark, turn.added));
    }
    Ok(Folded { outcomes, accepted, turns, changes: admission.finish() })
}

impl Failure {
    /// Where in the topic it was.
    fn at(self, run: &Run) -> Self {
        match self {
            Self::Refused(LogError::DataLoss { reason }) => Self::Refused(LogError::DataLoss {
                reason: format!("partition {} before offset {}: {reason}", run.partition, run.next_offset),
            }),
            other => other,
        }
    }
}

impl Turn<'_> {
    fn take(
        &mut self,
        entry: &Entry,
        admission: &mut Admission<'_, Lookup<'_>>,
        insert: &mut Insert<'_>,
    ) -> Result<(Outcome, Option<Accepted>), Failure> {
        let bookmark = &mut self.bookmark;
        match entry {
            Entry::Propose(proposal, seen) => {
                let in_force = self.bookmark.versions;
                if seen.versions.raised_to(in_force) != seen.versions {
                    return Ok((Outcome::Outdated, None));
                }
                let position = self.bookmark.position;
                if seen.position > position {
                    // The topic alone says so: every replica, whenever it reads this, decides the same.
                    let reason = format!(
                        "a proposer had position {} where the partition had no more than {position}",
                        seen.position
                    );
                    return Ok((Outcome::Ahead(LogError::DataLoss { reason }), None));
                }
                let (answer, accepted) = self.propose(proposal, *seen, admission, insert)?;
                return Ok((Outcome::Append(answer), accepted));
            }
            Entry::Found(versions, phase) if bookmark.versions == UNFOUNDED => {
                (bookmark.versions, bookmark.phase) = (*versions, *phase);
            }
            Entry::Activate(versions) => bookmark.versions = bookmark.versions.raised_to(*versions),
            Entry::Seal => bookmark.phase = Phase::Sealed,
            Entry::Open if bookmark.phase == Phase::Filling => bookmark.phase = Phase::Open,
            Entry::Found(..) | Entry::Open | Entry::Pass => {}
        }
        Ok((Outcome::Done, None))
    }

    fn propose(
        &mut self,
        proposal: &Proposal,
        seen: Seen,
        admission: &mut Admission<'_, Lookup<'_>>,
        insert: &mut Insert<'_>,
    ) -> Result<(Result<Appended, AppendError>, Option<Accepted>), Failure> {
        self.partition.compare(seen, self.bookmark.position, &self.added)?;
        if let Err(error) = self.bookmark.phase.check_open() {
            return Ok((Err(AppendError::Failed(error)), None));
        }
        Ok(match admission.admit(proposal)? {
            Decision::Accepted(accepted) => {
                insert.append(proposal, &accepted)?;
                grow(&mut self.bookmark, &mut self.added, &accepted);
                (Ok(accepted.appended.clone()), Some(accepted))
            }
            Decision::Replayed(appended) => (Ok(appended), None),
            Decision::Refused(error) => (Err(error), None),
        })
    }
}

pub(super) fn take_over(
    connection: &Connection,
    heads: &mut Heads,
    mut bookmark: Bookmark,
    records: &[Recorded],
) -> Result<Result<Filled, FillError>, Failure> {
    if bookmark.phase != Phase::Filling {
        return Ok(Err(FillError::NotFilling { phase: bookmark.phase }));
    }
    let partitions = heads.partitions();
    let mut lookup = Lookup::new(connection, heads);
    let mut admission = Admission::new(&mut lookup);
    let taken = match admission.take_over(records, partitions) {
        Ok(taken) => taken,
        Err(NotTaken::Invalid { reason }) => return Ok(Err(FillError::Invalid { reason })),
        Err(NotTaken::Failed(error)) => return Err(error.into()),
    };
    let mut insert = Insert::prepare(connection)?;
    let mut hashes = Vec::with_capacity(records.len());
    for taken in taken {
        insert.taken(&records[taken.records], &taken.accepted)?;
        grow(&mut bookmark, &mut hashes, &taken.accepted);
    }
    Ok(Ok(Filled { bookmark, hashes, changes: admission.finish() }))
}

fn grow(bookmark: &mut Bookmark, hashes: &mut Vec<[u8; 32]>, accepted: &Accepted) {
    for leaf in &accepted.leaves {
        bookmark.position += 1;
        bookmark.running_hash = leaf::chained(&bookmark.running_hash, leaf);
        hashes.push(bookmark.running_hash);
    }
}

pub(super) fn no_such_partition(partition: PartitionId) -> LogError {
    LogError::DataLoss { reason: format!("the topic has a partition {partition} that the log has not") }
}
