//! What was true at a time: facts in the order in which they happened.
//!
//! The log has facts in the order in which they were recorded. A change of state is never recorded before an earlier one in
//! time, so changes of state stand in the same order in both. Any other fact may be late: recorded when the issue had moved
//! on, it happened before. It is told at its own time. Facts of one instant keep the log's order.
//!
//! Where an issue stood at that time, a late fact may say nothing: a regression test that was written before the fix was
//! called resolved has no resolution yet to belong to. Such a fact waits for the first change of state after which it says
//! something, at the latest the one that it was recorded after. It never moves the issue: recorded, it did not.

use domain::Recorded;
use domain::issue::{Issue, IssueEvent, evolve};
use jiff::Timestamp;

/// Events that had happened by then, in the order in which they happened; at one instant in the log's.
pub(crate) fn happened<E>(known: Vec<Recorded<E>>, at: Timestamp) -> Vec<Recorded<E>> {
    let mut happened: Vec<_> = known
        .into_iter()
        .filter(|recorded| recorded.occurred_at <= at)
        .collect();
    happened.sort_by_key(|recorded| recorded.occurred_at);
    happened
}

/// The issue as it was then, by all of these events. They are in the log's order.
pub(crate) fn issue(known: &[Recorded<IssueEvent>], at: Timestamp) -> Option<Issue> {
    let mut happened: Vec<_> = roles(known)
        .filter(|(_, recorded)| recorded.occurred_at <= at)
        .collect();
    happened.sort_by_key(|(_, recorded)| recorded.occurred_at);
    let mut then = Then::default();
    for (role, recorded) in &happened {
        match role {
            Role::InPlace => then.issue = evolve(then.issue.take(), recorded),
            Role::Moves => then.moves(recorded),
            Role::Late { moves } => then.late(*moves, recorded),
        }
    }
    let revision = happened.iter().map(|(_, recorded)| recorded.revision).max()?;
    then.issue.map(|issue| Issue { revision, ..issue })
}

/// What an event was to the issue when it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It changed the state.
    Moves,
    /// It happened while the issue stood where it stood when it was recorded.
    InPlace,
    /// It happened before the issue came to stand there, by so many changes of state.
    Late { moves: usize },
}

fn roles(known: &[Recorded<IssueEvent>]) -> impl Iterator<Item = (Role, &Recorded<IssueEvent>)> {
    let mut issue: Option<Issue> = None;
    let mut moves = 0;
    known.iter().map(move |recorded| {
        let role = match &issue {
            Some(issue) if recorded.event.changes_state(&issue.state) => Role::Moves,
            Some(issue) if recorded.occurred_at < issue.state_since => Role::Late { moves },
            _ => Role::InPlace,
        };
        moves += usize::from(role == Role::Moves);
        issue = evolve(issue.take(), recorded);
        (role, recorded)
    })
}

/// The issue while its facts are told in the order in which they happened.
#[derive(Default)]
struct Then<'a> {
    issue: Option<Issue>,
    moves: usize,
    /// Late facts that say nothing yet, each with the changes of state that it was recorded after.
    waiting: Vec<(usize, &'a Recorded<IssueEvent>)>,
}

impl<'a> Then<'a> {
    fn moves(&mut self, recorded: &Recorded<IssueEvent>) {
        self.issue = evolve(self.issue.take(), recorded);
        self.moves += 1;
        for (moves, recorded) in std::mem::take(&mut self.waiting) {
            self.late(moves, recorded);
        }
    }

    fn late(&mut self, moves: usize, recorded: &'a Recorded<IssueEvent>) {
        if moves <= self.moves {
            // Here it was recorded, and here it is heard.
            self.issue = evolve(self.issue.take(), recorded);
            return;
        }
        match self.issue.as_ref().and_then(|issue| told(issue, recorded)) {
            Some(after) => self.issue = Some(after),
            None => self.waiting.push((moves, recorded)),
        }
    }
}

/// The issue after a late fact; `None` where it would move the issue, or says nothing.
fn told(issue: &Issue, recorded: &Recorded<IssueEvent>) -> Option<Issue> {
    if recorded.event.changes_state(&issue.state) {
        return None;
    }
    let after = evolve(Some(issue.clone()), recorded)?;
    let counted = Issue {
        revision: after.revision,
        changed_at: after.changed_at,
        ..issue.clone()
    };
    (after != counted).then_some(after)
}
