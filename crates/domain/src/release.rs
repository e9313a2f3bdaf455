//! The release: what it carries, and where it is deployed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::ids::{ChangeId, IssueKey, ReleaseId};
use crate::issue::CodeFix;
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
    /// What it carries by all that was said of it.
    pub cargo: Arc<Cargo>,
    /// The last fact of each environment.
    pub environments: BTreeMap<Arc<str>, Deployment>,
    /// Its deployments to production, whatever became of them, in the order of the log.
    pub pushes: Vec<Push>,
}

/// What a release carries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cargo {
    /// Changes.
    pub changes: BTreeSet<ChangeId>,
    /// Issues whose fix it carries.
    pub issues: BTreeSet<IssueKey>,
}

/// A deployment to production.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// When.
    pub at: Timestamp,
    /// What it carried, by what was said up to then.
    pub cargo: Arc<Cargo>,
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

impl Cargo {
    /// True: an issue's fix is in it, because it lists the issue or one of the fix's changes.
    pub fn carries(&self, issue: &IssueKey, fix: Option<&CodeFix>) -> bool {
        let by_change = || fix.is_some_and(|fix| fix.changes.iter().any(|change| self.changes.contains(change)));
        self.issues.contains(issue) || by_change()
    }
}

impl Deployment {
    /// When it became so.
    pub fn at(self) -> Timestamp {
        match self {
            Self::Deployed { at } | Self::RolledBack { at } => at,
        }
    }
}

/// What the command leads to, or the rule that it breaks. A fact may be recorded late, but not before the last one of its environment.
pub fn decide(
    release: Option<&Release>,
    command: Command,
    context: &Context<'_>,
) -> Result<Decision<ReleaseEvent>, Rejection> {
    context.project()?;
    let (Command::RecordDeployment { environment, .. } | Command::RecordRollback { environment, .. }) = &command;
    let last = release.and_then(|release| release.environments.get(environment)).copied();
    let event = match command {
        Command::RecordDeployment { release: id, environment, changes, issues } => {
            let stands = matches!(last, Some(Deployment::Deployed { .. }));
            let known = release.is_some_and(|release| {
                changes.iter().all(|change| release.cargo.changes.contains(change))
                    && issues.iter().all(|issue| release.cargo.issues.contains(issue))
            });
            if stands && known {
                return Err(Rejection::AlreadyDeployed { release: id });
            }
            ReleaseEvent::ReleaseDeployed { environment, changes, issues }
        }
        Command::RecordRollback { release: id, environment } => match (release, last) {
            (None, _) => return Err(Rejection::UnknownRelease { release: id }),
            (Some(_), Some(Deployment::Deployed { .. })) => ReleaseEvent::ReleaseRolledBack { environment },
            (Some(_), _) => return Err(Rejection::NotDeployed { release: id }),
        },
    };
    Ok(Decision { events: vec![event], occurred_at: context.settle(last.map(Deployment::at))? })
}

/// The release after one event more. Its first deployment makes it; an event that can't follow changes nothing but the revision.
pub fn evolve(release: Option<Release>, recorded: &Recorded<ReleaseEvent>) -> Option<Release> {
    let mut release = match (release, &recorded.event) {
        (Some(release), _) => release,
        (None, ReleaseEvent::ReleaseDeployed { .. }) => Release {
            // A stream that another program named badly makes no release, rather than a panic.
            id: ReleaseId::parse(&recorded.stream.id).ok()?,
            revision: 0,
            cargo: Arc::default(),
            environments: BTreeMap::new(),
            pushes: Vec::new(),
        },
        (None, ReleaseEvent::ReleaseRolledBack { .. }) => return None,
    };
    release.revision = recorded.revision;
    let at = recorded.occurred_at;
    match &recorded.event {
        ReleaseEvent::ReleaseDeployed { environment, changes, issues } => {
            let cargo = Arc::make_mut(&mut release.cargo);
            cargo.changes.extend(changes.iter().cloned());
            cargo.issues.extend(issues.iter().cloned());
            if &**environment == PRODUCTION {
                release.pushes.push(Push { at, cargo: Arc::clone(&release.cargo) });
            }
            release.environments.insert(environment.clone(), Deployment::Deployed { at });
        }
        ReleaseEvent::ReleaseRolledBack { environment } => {
            if let Some(last) = release.environments.get_mut(environment) {
                *last = Deployment::RolledBack { at };
            }
        }
    }
    Some(release)
}

/// The release that these events make.
pub fn fold<'a>(events: impl IntoIterator<Item = &'a Recorded<ReleaseEvent>>) -> Option<Release> {
    events.into_iter().fold(None, evolve)
}
