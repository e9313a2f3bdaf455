//! The release: what it carries, and where it is deployed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::ids::{ChangeId, IssueKey, ReleaseId};
use crate::{Context, Decision, Recorded, Rejection};

/// The name of the environment that customers use.
pub const PRODUCTION: &str = "production";

/// A release, folded from its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its id.
    pub id: ReleaseId,
    /// How many events it has.
    pub revision: u64,
    /// Changes it carries.
    pub changes: BTreeSet<ChangeId>,
    /// Issues it carries the fix of.
    pub issues: BTreeSet<IssueKey>,
    /// The last fact of each environment.
    pub environments: BTreeMap<Arc<str>, Deployment>,
}

/// An environment's last fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deployment {
    /// It is there.
    Deployed {
        /// Since when.
        at: Timestamp,
    },
    /// It was taken back.
    RolledBack {
        /// When.
        at: Timestamp,
    },
}

/// Something that happened to a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseEvent {
    /// It was deployed.
    ReleaseDeployed {
        /// Where: `production`, or another name of at most 100 characters.
        environment: Arc<str>,
        /// The changes it carries.
        changes: Vec<ChangeId>,
        /// The issues whose fix it carries.
        issues: Vec<IssueKey>,
    },
    /// It was taken back.
    ReleaseRolledBack {
        /// Where from.
        environment: Arc<str>,
    },
}

/// A command to a release.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field means what it means in the event of the command")]
pub enum Command {
    RecordDeployment { release: ReleaseId, environment: Arc<str>, changes: Vec<ChangeId>, issues: Vec<IssueKey> },
    RecordRollback { release: ReleaseId, environment: Arc<str> },
}

/// What the command leads to, or the rule that it breaks.
pub fn decide(_release: Option<&Release>, command: Command, _context: &Context<'_>) -> Result<Decision<ReleaseEvent>, Rejection> {
    let (Command::RecordDeployment { release, .. } | Command::RecordRollback { release, .. }) = command;
    Err(Rejection::UnknownRelease { release })
}

/// The release after one event more.
pub fn evolve(release: Option<Release>, _recorded: &Recorded<ReleaseEvent>) -> Option<Release> {
    release
}

/// The release that these events make.
pub fn fold<'a>(events: impl IntoIterator<Item = &'a Recorded<ReleaseEvent>>) -> Option<Release> {
    events.into_iter().fold(None, evolve)
}
