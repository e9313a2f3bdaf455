//! What was true at a time: facts in the order in which they happened.
//!
//! The log has facts in the order in which they were recorded. A change of state never happens before the one recorded before
//! it, so changes of state stand in the same order in both. Any other fact can stand elsewhere: it was recorded when the issue
//! had moved on, or a change of state that happened before it was recorded after it. It is told at its own time. Facts of one
//! instant keep the log's order.
//!
//! Where the issue stood at that time, such a fact may say nothing: a regression test that was written before the fix was
//! called resolved has no resolution yet to belong to. Or it may move the issue, which it did not: a handover in New moves
//! nothing, one in Accepted does. Then it is told where it was recorded, between the same changes of state.

use std::collections::HashSet;

use domain::Recorded;
use domain::issue::{Issue, IssueEvent, evolve};
use jiff::Timestamp;

/// Events that had happened by then, in the order in which they happened; at one instant in the log's.
pub(crate) fn happened<E>(known: Vec<Recorded<E>>, at: Timestamp) -> Vec<Recorded<E>> {
    let mut happened: Vec<_> = known.into_iter().filter(|recorded| recorded.occurred_at <= at).collect();
    happened.sort_by_key(|recorded| recorded.occurred_at);
    happened
}

/// The issue as it was then, by all of these events. They are in the log's order.
pub(crate) fn issue(known: &[Recorded<IssueEvent>], at: Timestamp) -> Option<Issue> {
    let mut facts = facts(known);
    facts.retain(|fact| fact.recorded.occurred_at <= at);
    let revision = facts.iter().map(|fact| fact.recorded.revision).max()?;
    let mut in_place = HashSet::new();
    // Most often once; each time more is told where it was recorded, so it ends.
    loop {
        let (issue, unheard) = tell(&facts, &in_place, at);
        if unheard.is_empty() {
            return issue.map(|issue| Issue { revision, ..issue });
        }
        in_place.extend(unheard);
    }
}

/// A fact with its place between the changes of state.
struct Fact<'a> {
    recorded: &'a Recorded<IssueEvent>,
    moves: bool,
    /// How many changes of state were recorded before it.
    after: usize,
    /// When the last of them happened.
    since: Timestamp,
    /// When the first one happened that was recorded after it.
    until: Timestamp,
}

impl Fact<'_> {
    /// The earliest time at which it stands between the changes of state that it was recorded between.
    fn recorded_place(&self) -> Timestamp {
        self.recorded.occurred_at.max(self.since).min(self.until)
    }
}

fn facts(known: &[Recorded<IssueEvent>]) -> Vec<Fact<'_>> {
    let mut issue: Option<Issue> = None;
    let (mut after, mut since) = (0, Timestamp::MIN);
    let mut facts = Vec::with_capacity(known.len());
    for recorded in known {
        let moves = issue.as_ref().is_none_or(|issue| recorded.event.changes_state(&issue.state));
        facts.push(Fact { recorded, moves, after, since, until: Timestamp::MAX });
        if moves {
            after += 1;
            since = recorded.occurred_at;
        }
        issue = evolve(issue, recorded);
    }
    let mut until = Timestamp::MAX;
    for fact in facts.iter_mut().rev() {
        fact.until = until;
        if fact.moves {
            until = fact.recorded.occurred_at;
        }
    }
    facts
}

/// Tells the facts, those `in_place` where they were recorded, the others when they happened; and which of them said nothing
/// there, or would have moved the issue, by their revisions.
fn tell(facts: &[Fact<'_>], in_place: &HashSet<u64>, at: Timestamp) -> (Option<Issue>, Vec<u64>) {
    let mut order: Vec<_> = facts
        .iter()
        .map(|fact| {
            let revision = fact.recorded.revision;
            let time = if in_place.contains(&revision) { fact.recorded_place() } else { fact.recorded.occurred_at };
            (time, revision, fact)
        })
        .filter(|(time, ..)| *time <= at)
        .collect();
    order.sort_by_key(|(time, revision, _)| (*time, *revision));
    let (mut issue, mut moves, mut unheard) = (None, 0, Vec::new());
    for (_, revision, fact) in order {
        if fact.moves || fact.after == moves {
            issue = evolve(issue, fact.recorded);
            moves += usize::from(fact.moves);
        } else if let Some(after) = heard(issue.as_ref(), fact.recorded) {
            issue = Some(after);
        } else {
            unheard.push(revision);
        }
    }
    (issue, unheard)
}

/// The issue after a fact that was recorded when it stood elsewhere; `None` where the fact would move it, or says nothing.
fn heard(issue: Option<&Issue>, recorded: &Recorded<IssueEvent>) -> Option<Issue> {
    let before = issue?;
    if recorded.event.changes_state(&before.state) {
        return None;
    }
    let after = evolve(Some(before.clone()), recorded)?;
    let counted = Issue { revision: after.revision, changed_at: after.changed_at, ..before.clone() };
    (after != counted).then_some(after)
}

#[cfg(test)]
#[path = "at_tests.rs"]
mod tests;
