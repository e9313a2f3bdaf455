//! Links to other issues, releases named as a cause, people who watch.

use super::case::{Case, Outcome};
use crate::Rejection;
use crate::ids::{PersonId, ReleaseId};
use crate::issue::{IssueEvent, IssueRef, Link, LinkKind, State};

pub(super) fn link(case: &Case<'_>, kind: LinkKind, other: IssueRef) -> Outcome {
    match &other {
        IssueRef::Issue { id, .. } if *id == case.issue.id => return Err(Rejection::LinkToItself),
        IssueRef::Issue { key, .. } if case.context.other.is_none() => {
            return Err(Rejection::UnknownIssue { issue: key.clone() });
        }
        IssueRef::Issue { .. } | IssueRef::External(_) => {}
    }
    let link = Link { kind, other };
    if case.issue.links.contains(&link) {
        return Err(Rejection::AlreadyLinked);
    }
    Ok(vec![IssueEvent::IssuesLinked { kind, other: link.other }])
}

pub(super) fn name_cause(case: &Case<'_>, release: ReleaseId) -> Outcome {
    if case.context.release.is_none() {
        return Err(Rejection::UnknownRelease { release });
    }
    if matches!(case.issue.state, State::Dismissed(_)) {
        return Err(Rejection::IsDismissed);
    }
    if case.issue.causes.contains(&release) {
        return Err(Rejection::AlreadyNamed { release });
    }
    Ok(vec![IssueEvent::CauseNamed { release }])
}

pub(super) fn watch(case: &Case<'_>, person: PersonId) -> Outcome {
    if case.issue.watchers.contains(&person) {
        return Err(Rejection::AlreadyWatching { person });
    }
    Ok(vec![IssueEvent::WatchStarted { person }])
}
