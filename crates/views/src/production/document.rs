//! What is kept of a release, and of an issue.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::issue::{Closing, IssueEvent};
use domain::release::{PRODUCTION, ReleaseEvent};
use domain::{Event, Fact, Recorded, StreamKind};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Marked, Push, RolledBack, Standing, StreamRow, Waiting, issue_token};
use crate::record::Json;
use crate::row::{Row, RowError};

pub(super) const RELEASE: &str = "release";
pub(super) const ISSUE: &str = "issue";

/// A release's or an issue's way to production.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    project: Arc<str>,
    /// The release's id; the issue's number.
    id: Arc<str>,
    pub(super) revision: u64,
    history: History,
}

/// What became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct History {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    release: Option<ReleaseHistory>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issue: Option<IssueHistory>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleaseHistory {
    /// All that it ever carried.
    tokens: BTreeSet<Arc<str>>,
    /// Its last fact in production: whether it was deployed, when (microseconds since 1970), and which event says so.
    last: Option<(bool, i64, u64)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IssueHistory {
    number: u64,
    /// Its fix is made of changes of code.
    by_code: bool,
    stage: Stage,
    /// It is verified, and whether it got to production as asked is not recorded.
    unjudged: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    /// It is not fixed, or its fix needs no release.
    Elsewhere,
    /// Its fix is in no production yet.
    Waiting,
    /// It came to production with this release.
    With(Arc<str>),
}

impl Document {
    pub(super) fn begin(recorded: &Recorded) -> Self {
        let project = recorded.stream.project.shared();
        let (id, history) = if recorded.stream.kind == StreamKind::Release {
            let history = History { release: Some(ReleaseHistory::default()), issue: None };
            (Arc::clone(&recorded.stream.id), history)
        } else {
            let issue =
                IssueHistory { number: recorded.ordinal, by_code: false, stage: Stage::Elsewhere, unjudged: false };
            (recorded.ordinal.to_string().into(), History { release: None, issue: Some(issue) })
        };
        Self { project, id, revision: 0, history }
    }

    /// Folds an event.
    pub(super) fn apply(&mut self, recorded: &Recorded) {
        self.revision = recorded.revision;
        match (&mut self.history, &recorded.event) {
            (History { release: Some(release), .. }, Event::Release(event)) => release.apply(event, recorded),
            (History { issue: Some(issue), .. }, Event::Issue(event)) => issue.apply(event, recorded.origin.is_some()),
            _ => {}
        }
    }

    pub(super) fn read(row: &Row) -> Result<Self, RowError> {
        let StreamRow { project, kind: _, id, revision, history: Json(history) } = StreamRow::read(row)?;
        Ok(Self { project, id, revision, history })
    }

    pub(super) fn row(&self) -> Result<Row, RowError> {
        let kind = if self.history.release.is_some() { RELEASE } else { ISSUE };
        let Self { project, id, revision, history } = self.clone();
        StreamRow { project, kind: kind.into(), id, revision, history: Json(history) }.row()
    }

    pub(super) fn derived(&self) -> Result<Vec<Row>, RowError> {
        let project = || Arc::clone(&self.project);
        let release = || Arc::clone(&self.id);
        match &self.history {
            History { release: Some(ReleaseHistory { tokens, last: Some((true, at, fact)) }), .. } => {
                let standing = |token: &Arc<str>| Standing {
                    project: project(),
                    token: Arc::clone(token),
                    release: release(),
                    at: time(*at),
                    fact: *fact,
                };
                tokens.iter().map(|token| standing(token).row()).collect()
            }
            History { release: Some(ReleaseHistory { last: Some((false, at, fact)), .. }), .. } => {
                let gone = RolledBack { project: project(), release: release(), at: time(*at), fact: *fact };
                Ok(vec![gone.row()?])
            }
            History { issue: Some(issue), .. } => {
                let waits = issue.stage == Stage::Waiting || issue.unjudged;
                let waiting = waits.then(|| Waiting { project: project(), ordinal: issue.number }.row());
                let marked = match &issue.stage {
                    Stage::With(release) => {
                        Some(Marked { project: project(), release: Arc::clone(release), ordinal: issue.number }.row())
                    }
                    Stage::Elsewhere | Stage::Waiting => None,
                };
                waiting.into_iter().chain(marked).collect()
            }
            _ => Ok(Vec::new()),
        }
    }
}

/// The row of its own that a deployment to production has.
pub(super) fn push(recorded: &Recorded) -> Option<Push> {
    let Event::Release(ReleaseEvent::ReleaseDeployed { environment, .. }) = &recorded.event else { return None };
    (&**environment == PRODUCTION).then(|| Push {
        project: recorded.stream.project.shared(),
        release: Arc::clone(&recorded.stream.id),
        fact: recorded.revision,
        at: recorded.occurred_at,
    })
}

impl ReleaseHistory {
    fn apply(&mut self, event: &ReleaseEvent, recorded: &Recorded) {
        let last = |deployed| Some((deployed, recorded.occurred_at.as_microsecond(), recorded.revision));
        match event {
            ReleaseEvent::ReleaseDeployed { environment, changes, issues } => {
                self.tokens.extend(changes.iter().map(|change| Arc::from(change.as_str())));
                self.tokens.extend(issues.iter().map(issue_token));
                if &**environment == PRODUCTION {
                    self.last = last(true);
                }
            }
            ReleaseEvent::ReleaseRolledBack { environment } => {
                if &**environment == PRODUCTION {
                    self.last = last(false);
                }
            }
        }
    }
}

impl IssueHistory {
    fn apply(&mut self, event: &IssueEvent, imported: bool) {
        match event {
            IssueEvent::IssueResolved { fix } => {
                let code = fix.known().and_then(|fix| fix.code());
                // A fix without a change of code comes to production in another way than by a release.
                self.by_code = code.is_some_and(|code| !code.changes.is_empty());
                self.stage = if self.by_code && !imported { Stage::Waiting } else { Stage::Elsewhere };
            }
            IssueEvent::IssueVerified { .. } if imported || !self.by_code => self.stage = Stage::Elsewhere,
            IssueEvent::IssueVerified { .. } => {
                self.unjudged = true;
                if self.stage == Stage::Elsewhere {
                    self.stage = Stage::Waiting;
                }
            }
            IssueEvent::DeliveryRuleKept { .. } | IssueEvent::DeliveryRuleBroken { .. } => self.unjudged = false,
            IssueEvent::MarkedInProduction { release } => self.stage = Stage::With(release.as_str().into()),
            IssueEvent::IssueClosed {
                closing: Fact::Known(Closing::Released { release: Some(release), .. }), ..
            } => {
                self.stage = Stage::With(release.as_str().into());
                self.unjudged = false;
            }
            IssueEvent::WithdrawnFromProduction { .. } if self.by_code => self.stage = Stage::Waiting,
            _ => (self.stage, self.unjudged) = (Stage::Elsewhere, false),
        }
    }
}

fn time(microseconds: i64) -> Timestamp {
    // It was a timestamp when it was put there.
    Timestamp::from_microsecond(microseconds).unwrap_or_default()
}
