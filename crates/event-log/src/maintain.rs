//! What operators do to a log: raise its versions, move it to another storage.
//!
//! A log that is to take another's place is made [`Phase::Filling`]. It gets the other's records as they are, first beside its
//! writers, then, after the other was sealed, the rest; once both agree it is opened. At no time do both take appends.

use async_trait::async_trait;

use crate::admission::RULE_VERSION;
use crate::append::LogError;
use crate::leaf::RECORD_VERSION;
use crate::log::{EventLog, Identity};
use crate::record::Recorded;

/// The versions by which a log's records are admitted and hashed. They belong to the log, and only ever rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// The admission rule's.
    pub rule: u32,
    /// The records' format's: what a leaf is computed over.
    pub record: u32,
}

/// How a log is made, where there is none yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Founding {
    /// Its id and its partitions.
    pub identity: Identity,
    /// True: it begins as [`Phase::Filling`], to take another log's place; else as [`Phase::Open`].
    pub filling: bool,
}

/// Where a log is in its life, in this order: no phase comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It is being filled from another log: reads are answered, appends with [`LogError::Unavailable`], which is its trouble.
    Filling,
    /// It takes appends.
    Open,
    /// Another log has taken its place: reads are answered, appends with [`LogError::Moved`], which is its trouble.
    Sealed,
}

/// What operators do to a log. Each of these is durable, and holds on every node, when it answers `Ok`; a repetition changes nothing.
///
/// Holds on every node: whatever is asked of any of them from then on is answered accordingly. [`Maintain::phase`],
/// [`Maintain::versions`] and [`EventLog::trouble`] of another node follow by themselves, shortly, and at the latest before
/// somebody is answered so there.
#[async_trait]
pub trait Maintain: EventLog {
    /// The versions in force.
    fn versions(&self) -> Versions;

    /// Where it is in its life.
    fn phase(&self) -> Phase;

    /// Raises the versions in force, once all nodes know them: one that doesn't stops with [`LogError::UpgradeNeeded`]. So does
    /// this call, if this node doesn't. Lower ones than those in force change nothing. Positions go on without a gap.
    ///
    /// Stopped, a node answers appends, barriers and what operators do so, and tells it as its trouble. Reads too, or what was
    /// there before: nothing that was admitted under versions it doesn't know gets through it.
    async fn activate(&self, versions: Versions) -> Result<(), LogError>;

    /// Ends its appends, for ever: what was acknowledged before is in it, what comes later is answered [`LogError::Moved`].
    async fn seal(&self) -> Result<(), LogError>;

    /// Takes records over as another log of the same identity has them: the next of one partition, in order, whole appends
    /// ([`crate::admission::Admission::take_over`]). All or none of them; positions, leaves and request ids are kept, and texts
    /// that were erased stay so. No records are fine.
    async fn fill(&self, records: Vec<Recorded>) -> Result<(), FillError>;

    /// Ends its filling: from now on it takes appends. A sealed log stays so: [`LogError::Moved`].
    async fn open(&self) -> Result<(), LogError>;
}

/// Why a log was not filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    /// The log is not [`Phase::Filling`].
    #[error("the log is not being filled: it is {phase:?}")]
    NotFilling {
        /// What it is.
        phase: Phase,
    },
    /// The records are not the partition's next, not whole appends, or not what their leaves say.
    #[error("{reason}")]
    Invalid {
        /// Which record, and what is wrong with it.
        reason: String,
    },
    /// The log could not.
    #[error("not filled")]
    Failed(#[source] LogError),
}

impl Versions {
    /// What this build knows, and founds new logs with.
    pub const KNOWN: Self = Self { rule: RULE_VERSION, record: RECORD_VERSION };

    /// Fails where these, in force, are above the `known` ones.
    pub fn check_known(self, known: Self) -> Result<(), LogError> {
        for (what, found, known) in [("rule", self.rule, known.rule), ("record", self.record, known.record)] {
            if found > known {
                let reason = format!("the log's {what} version is {found}, and this version knows up to {known}");
                return Err(LogError::UpgradeNeeded { reason });
            }
        }
        Ok(())
    }

    /// Each the higher of both.
    #[must_use]
    pub fn raised_to(self, other: Self) -> Self {
        Self { rule: self.rule.max(other.rule), record: self.record.max(other.record) }
    }
}

impl Phase {
    const ALL: [Self; 3] = [Self::Filling, Self::Open, Self::Sealed];

    /// Its name, as logs store it and operators read it: "filling", "open" or "sealed".
    pub fn name(self) -> &'static str {
        match self {
            Self::Filling => "filling",
            Self::Open => "open",
            Self::Sealed => "sealed",
        }
    }

    /// The phase of that name; `None` where there isn't one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.name() == name)
    }

    /// Fails unless appends are taken.
    pub fn check_open(self) -> Result<(), LogError> {
        match self {
            Self::Open => Ok(()),
            Self::Filling => Err(LogError::Unavailable { reason: "it is being filled from another log".to_owned() }),
            Self::Sealed => Err(LogError::Moved),
        }
    }
}
