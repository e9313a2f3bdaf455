//! Folds events into an issue.

use super::events::IssueEvent;
use super::state::Issue;
use crate::Recorded;

/// The issue after one event more. An event that can't follow changes nothing but the revision.
pub fn evolve(issue: Option<Issue>, _recorded: &Recorded<IssueEvent>) -> Option<Issue> {
    issue
}

/// The issue that these events make.
pub fn fold<'a>(events: impl IntoIterator<Item = &'a Recorded<IssueEvent>>) -> Option<Issue> {
    events.into_iter().fold(None, evolve)
}
