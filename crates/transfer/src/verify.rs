//! Verifies a whole log, with bounded memory.
//!
//! Two passes over every partition. The first reads it in order, and recomputes what each record says of itself and of the one before
//! ([`records`]). The second compares all other ways of finding a record with that ([`lookups`]): by its stream, by its
//! stream's ordinal, by its request. Both passes end at the heads that were there when they began; the log may grow meanwhile.

mod locate;
mod lookups;
mod records;

use std::fmt;
use std::str::FromStr;

use event_log::{EventLog, LogError, PartitionId};

use crate::pages::{self, PAGE_RECORDS};
use crate::{Progress, Step, Watcher};

/// What to verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyOptions {
    /// Where to go on, after a run that was stopped there; all before it counts as verified.
    pub from: Place,
    /// Most records read at once. With 1, what a log says of a page that it can't read is said of one record.
    pub page_records: usize,
}

/// How far a verification is: this pass has verified this partition up to this position, and all partitions before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// The pass; those before are done.
    pub pass: Pass,
    /// The partition; those before are done in this pass.
    pub partition: PartitionId,
    /// The last position that is done; 0: none of this partition. Lookups begin each partition anew, and count only in whole ones.
    pub position: u64,
}

/// A pass over all partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Pass {
    /// Of hashes and numbers.
    #[default]
    Records,
    /// Of all other ways of finding a record.
    Lookups,
}

/// A log that is as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Records verified by this run.
    pub records: u64,
    /// Streams whose records, ordinals and requests were looked up.
    pub streams: u64,
    /// The last position of each partition that was verified.
    pub heads: Vec<u64>,
}

/// Something that is not as it should be: the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The partition.
    pub partition: PartitionId,
    /// The position.
    pub position: u64,
    /// How many positions from there it may be instead: 0, or the rest of a page that the log can't read.
    pub within: u64,
    /// In which pass it was seen.
    pub pass: Pass,
    /// What is wrong.
    pub what: String,
}

/// Why a log was not verified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// It is not as it should be.
    #[error("{0}")]
    Found(Finding),
    /// It could not be read; which says nothing of what it holds.
    #[error("the log can't be read")]
    Log(#[source] LogError),
    /// It is no longer the log that a run was stopped at.
    #[error("{place} is not in this log, which has {partitions} partitions")]
    NoSuchPlace {
        /// Where to go on.
        place: Place,
        /// The log's.
        partitions: u32,
    },
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self { from: Place::default(), page_records: PAGE_RECORDS }
    }
}

/// Verifies it. `reached` hears of every page, beside `progress`, where a run that is stopped now may go on.
pub async fn verify(
    log: &dyn EventLog,
    options: &VerifyOptions,
    reached: &mut (dyn FnMut(Place) + Send),
    progress: Watcher<'_>,
) -> Result<Verified, VerifyError> {
    let heads = pages::heads(log).await.map_err(VerifyError::Log)?;
    let from = options.from;
    if from.partition as usize >= heads.len().max(1) {
        return Err(VerifyError::NoSuchPlace { place: from, partitions: log.identity().partitions });
    }
    let total = heads.iter().sum();
    let mut verified = Verified { records: 0, streams: 0, heads: heads.clone() };
    for pass in [Pass::Records, Pass::Lookups].into_iter().filter(|pass| *pass >= from.pass) {
        let (step, mut done) = (pass.step(), 0);
        for (partition, head) in (0..).zip(heads.iter().copied()) {
            let begins = Place { pass, partition, position: 0 };
            let skipped = pass == from.pass && partition < from.partition;
            let after = if skipped { head } else { from.position_in(begins).min(head) };
            done += after;
            let mut tell = |place: Place, count: u64| {
                done += count;
                reached(place);
                progress(Progress { step, done, total });
            };
            tell(Place { position: if pass == Pass::Records { after } else { 0 }, ..begins }, 0);
            if after == head {
                continue;
            }
            let span = Span { partition, after, head, page_records: options.page_records.max(1) };
            match pass {
                Pass::Records => verified.records += records::verify(log, span, &mut tell).await?,
                Pass::Lookups => verified.streams += lookups::verify(log, span, &mut tell).await?,
            }
        }
    }
    Ok(verified)
}

/// A part of a partition to verify, and in what pages.
#[derive(Debug, Clone, Copy)]
struct Span {
    partition: PartitionId,
    after: u64,
    head: u64,
    page_records: usize,
}

/// Whoever hears of a page: up to where, and how many records it had.
type Tell<'t> = &'t mut (dyn FnMut(Place, u64) + Send);

impl Pass {
    fn step(self) -> Step {
        match self {
            Self::Records => Step::Records,
            Self::Lookups => Step::Lookups,
        }
    }
}

impl Place {
    /// The position after which to begin what begins there.
    fn position_in(self, begins: Self) -> u64 {
        let here = (self.pass, self.partition) == (begins.pass, begins.partition);
        if here && self.pass == Pass::Records { self.position } else { 0 }
    }
}

impl Finding {
    fn at(pass: Pass, partition: PartitionId, position: u64, what: impl Into<String>) -> Self {
        Self { partition, position, within: 0, pass, what: what.into() }
    }
}

/// An error of the log: damage is a finding, anything else says nothing of what the log holds.
fn failed(error: LogError, finding: impl FnOnce(String) -> Finding) -> VerifyError {
    match error {
        LogError::DataLoss { reason } => VerifyError::Found(finding(reason)),
        other => VerifyError::Log(other),
    }
}

impl From<Finding> for VerifyError {
    fn from(finding: Finding) -> Self {
        Self::Found(finding)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, position, within, what, .. } = self;
        write!(f, "partition {partition} position {position}")?;
        if *within > 0 {
            write!(f, " to {}", position + within)?;
        }
        write!(f, ": {what}")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pass = match self.pass {
            Pass::Records => "records",
            Pass::Lookups => "lookups",
        };
        write!(f, "{pass}:{}:{}", self.partition, self.position)
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no place to go on from: give what a stopped run printed, `records:3:1000`");
        let mut parts = text.split(':');
        let pass = match parts.next() {
            Some("records") => Pass::Records,
            Some("lookups") => Pass::Lookups,
            _ => return Err(wrong()),
        };
        let mut number = || parts.next().and_then(|number| number.parse::<u64>().ok()).ok_or_else(wrong);
        let (partition, position) = (number()?, number()?);
        let partition = PartitionId::try_from(partition).map_err(|_| wrong())?;
        if parts.next().is_some() {
            return Err(wrong());
        }
        Ok(Self { pass, partition, position })
    }
}
