//! Moves a log to another storage, while it is written to.
//!
//! 1. What FROM holds is copied and compared, again and again, until TO is close behind.
//! 2. FROM is sealed: it takes no more appends.
//! 3. The rest is copied and compared, then identity, versions and heads.
//! 4. TO is opened.
//!
//! A kill at any step leaves either a log that takes appends or one that is sealed, and TO that takes none: run again, it
//! compares what is there and goes on. Only step 4 lets TO take appends, and it comes after FROM can't.

use event_log::{LogError, Maintain, PartitionId, Phase};

use crate::compare;
use crate::error::{Side, TransferError};
use crate::pages::{Appends, heads};
use crate::{Progress, Step, Watcher};

/// FROM is sealed once TO is so few records behind, or once the distance no longer shrinks.
const BEHIND_RECORDS: u64 = 1000;

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Records that the log holds.
    pub records: u64,
    /// Those of them that were copied after FROM was sealed: while nobody could append.
    pub while_sealed: u64,
    /// The last position of each partition.
    pub heads: Vec<u64>,
    /// True: TO had been opened before, and nothing was left to be done.
    pub already: bool,
}

/// Copies `from` into `to`, which is of the same identity and [`Phase::Filling`], and lets it take its place.
pub async fn copy(from: &dyn Maintain, to: &dyn Maintain, progress: Watcher<'_>) -> Result<Copied, TransferError> {
    let mut copying = Copying { from, to, compared: Vec::new() };
    if let Some(done) = copying.expect().await? {
        return Ok(done);
    }
    to.activate(from.versions()).await.map_err(TransferError::log(Side::To))?;
    let (mut sealed, mut behind) = (from.phase() == Phase::Sealed, u64::MAX);
    while !sealed {
        copying.round(progress).await?;
        let left = copying.behind().await?;
        if left <= BEHIND_RECORDS || left >= behind {
            from.seal().await.map_err(TransferError::log(Side::From))?;
            sealed = true;
        }
        behind = left;
    }
    let last = copying.round(progress).await?;
    // An upgrade of FROM meanwhile comes along.
    to.activate(from.versions()).await.map_err(TransferError::log(Side::To))?;
    let filled = heads(to).await.map_err(TransferError::log(Side::To))?;
    if from.identity() != to.identity() || last.heads != filled {
        let reason = format!("the log that is filled ends at {filled:?}, the other at {:?}", last.heads);
        return Err(TransferError::refused(reason));
    }
    to.open().await.map_err(TransferError::log(Side::To))?;
    Ok(Copied { records: filled.iter().sum(), while_sealed: last.copied, heads: filled, already: false })
}

/// A copy under way.
struct Copying<'l> {
    from: &'l dyn Maintain,
    to: &'l dyn Maintain,
    /// Up to where both were found to hold the same.
    compared: Vec<u64>,
}

/// What one round did.
struct Round {
    heads: Vec<u64>,
    copied: u64,
}

impl Copying<'_> {
    /// Whether these two can be brought together; `Some`: they have been, by an earlier run.
    async fn expect(&mut self) -> Result<Option<Copied>, TransferError> {
        let (from, to) = (self.from.identity(), self.to.identity());
        if from != to {
            return Err(TransferError::refused(format!(
                "the one is the log {} with {} partitions, the other {} with {}: copy to where no log is yet",
                from.log_id, from.partitions, to.log_id, to.partitions
            )));
        }
        self.compared = vec![0; from.partitions as usize];
        let reason = match (self.from.phase(), self.to.phase()) {
            (Phase::Open | Phase::Sealed, Phase::Filling) => return Ok(None),
            (Phase::Sealed, Phase::Open) => return self.was_done().await.map(Some),
            (Phase::Filling, _) => "the log to copy is being filled itself: finish that first",
            (_, Phase::Sealed) => "another log has taken the place of the one to copy to: copy to where no log is yet",
            (Phase::Open, Phase::Open) => {
                "both logs take appends: they are two logs by now. Copy to where no log is yet"
            }
        };
        Err(TransferError::refused(reason))
    }

    /// TO was opened: it begins with all that FROM holds.
    async fn was_done(&self) -> Result<Copied, TransferError> {
        let heads = self.heads(Side::From).await?;
        for (partition, head) in (0..).zip(&heads).filter(|(_, head)| **head > 0) {
            compare::partition(self.from, self.to, partition, (head - 1, *head), &mut |_| ()).await?;
        }
        Ok(Copied { records: heads.iter().sum(), while_sealed: 0, heads, already: true })
    }

    /// Copies and compares what FROM holds now.
    async fn round(&mut self, progress: Watcher<'_>) -> Result<Round, TransferError> {
        let heads = self.heads(Side::From).await?;
        let there = self.heads(Side::To).await?;
        if heads.iter().zip(&there).any(|(head, there)| there > head) {
            return Err(TransferError::refused(
                "the log to be filled holds more than the one to copy: it was filled from another one. Copy to where no log is yet",
            ));
        }
        let total = heads.iter().sum();
        let copied = heads.iter().zip(&there).map(|(head, there)| head - there).sum();
        let mut done: u64 = there.iter().sum();
        for (partition, (head, there)) in (0..).zip(heads.iter().zip(&there)) {
            let mut tell = |records| {
                done += records;
                progress(Progress { step: Step::Copying, done, total });
            };
            tell(0);
            self.copy_partition(partition, (*there, *head), &mut tell).await?;
        }
        let mut done: u64 = self.compared.iter().sum();
        for (partition, head) in (0..).zip(&heads) {
            let mut tell = |records| {
                done += records;
                progress(Progress { step: Step::Comparing, done, total });
            };
            let compared = &mut self.compared[partition as usize];
            compare::partition(self.from, self.to, partition, (*compared, *head), &mut tell).await?;
            *compared = *head;
        }
        Ok(Round { heads, copied })
    }

    async fn copy_partition(
        &self,
        partition: PartitionId,
        (after, to): (u64, u64),
        tell: &mut (dyn FnMut(u64) + Send),
    ) -> Result<(), TransferError> {
        let mut appends = Appends::new(self.from, Side::From, partition, after, to);
        loop {
            let records = appends.next().await?;
            let Some(first) = records.first() else { return Ok(()) };
            let (position, count) = (first.position, records.len() as u64);
            self.to.fill(records).await.map_err(|source| TransferError::Fill { partition, position, source })?;
            tell(count);
        }
    }

    /// How many records TO lacks.
    async fn behind(&self) -> Result<u64, TransferError> {
        let (from, to) = (self.heads(Side::From).await?, self.heads(Side::To).await?);
        Ok(from.iter().zip(&to).map(|(from, to)| from.saturating_sub(*to)).sum())
    }

    async fn heads(&self, side: Side) -> Result<Vec<u64>, TransferError> {
        let heads: Result<Vec<u64>, LogError> = match side {
            Side::From => heads(self.from).await,
            Side::To => heads(self.to).await,
        };
        heads.map_err(TransferError::log(side))
    }
}
