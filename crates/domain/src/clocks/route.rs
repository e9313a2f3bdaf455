//! What a walk goes along: which cycle, up to where, and the facts on the way.

use jiff::Timestamp;

use super::Clock;
use super::terms::Terms;
use super::timeline::{Change, Key, Run, Timeline};
use crate::ids::PersonId;
use crate::policy::Subject;

/// Which part of a history a walk counts.
#[derive(Debug, Clone)]
pub(super) struct Route<'a> {
    pub(super) terms: &'a Terms<'a>,
    pub(super) timeline: &'a Timeline<'a>,
    pub(super) clock: Clock,
    pub(super) number: u32,
    pub(super) run: Run,
    /// Up to where: now, or the first triage, before which an earlier severity ruled.
    pub(super) until: Until,
    /// The severity, component and source that rule it from its start.
    pub(super) subject: Subject,
    /// Only changes after this revision count beside the subject: what came before is in it already.
    pub(super) changed_after: u64,
    /// The first triage, where it gave what rules from filing on: nobody is told of anything earlier.
    pub(super) told_from: Option<Key>,
    /// Whether to tell a story.
    pub(super) telling: bool,
}

/// Where a walk ends, should the clock not be stopped before.
#[derive(Debug, Clone, Copy)]
pub(super) enum Until {
    Now(Timestamp),
    Before(Key),
}

/// A fact on the way.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    Asked(&'a PersonId),
    Answered,
    Dismissed(&'a PersonId),
    Reinstated,
    Changed(Change<'a>),
}

impl<'a> Route<'a> {
    /// Whether a change counts beside the subject. What was rebased before the first triage stays so: a triage gives a severity, and no policy.
    pub(super) fn counts(&self, key: Key, change: Change<'a>) -> bool {
        key.revision > self.changed_after || matches!(change, Change::Rebase { .. })
    }
}

impl Until {
    /// Whether a fact lies beyond it.
    pub(super) fn is_before(self, key: Key) -> bool {
        matches!(self, Self::Before(end) if key >= end)
    }
}

/// What happens to a cycle on its way, in order.
pub(super) fn steps<'a>(route: &Route<'a>) -> Vec<(Key, Step<'a>)> {
    let Timeline { questions, dismissals, changes, .. } = route.timeline;
    let mut steps = Vec::new();
    // A new cycle starts unpaused: only what is asked from its start on pauses it.
    for halt in questions.iter().filter(|halt| halt.stretch.from >= route.run.from) {
        steps.push((halt.stretch.from, Step::Asked(halt.by)));
        steps.extend(halt.stretch.to.map(|to| (to, Step::Answered)));
    }
    for halt in dismissals {
        steps.push((halt.stretch.from, Step::Dismissed(halt.by)));
        steps.extend(halt.stretch.to.map(|to| (to, Step::Reinstated)));
    }
    let later = changes.iter().filter(|(key, change)| route.counts(*key, *change));
    steps.extend(later.map(|(key, change)| (*key, Step::Changed(*change))));
    // Stable: of one event, what it ends stands before what it begins.
    steps.sort_by_key(|(key, _)| *key);
    steps
}
