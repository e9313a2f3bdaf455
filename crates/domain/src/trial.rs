//! What other rules would make of an issue's clocks. Nothing of it is recorded, and nothing rests on it.

use jiff::{SignedDuration, Timestamp};

use crate::clocks::{Clock, Clocks, Cycle, Ledger, Note, Noted, State, Terms, Verdict, clocks};
use crate::ids::SeverityId;
use crate::policy::{Policies, Target};

/// An open cycle as it is, and as RebaseClocks to a policy would make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Which clock.
    pub clock: Clock,
    /// Its cycle, from 1.
    pub cycle: u32,
    /// The severity that rules it.
    pub severity: SeverityId,
    /// As it is.
    pub from: Due,
    /// As it would be.
    pub to: Due,
    /// True: it would be breached at once.
    pub breached: bool,
}

/// What a policy gives a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The policy's version.
    pub version: u32,
    /// The target, where there is one.
    pub target: Option<Target>,
    /// When it is used up; while the cycle is paused, as if it went on now.
    pub deadline: Option<Timestamp>,
}

/// A cycle's outcome, beside what it would have been under another policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Which clock.
    pub clock: Clock,
    /// Its cycle, from 1.
    pub cycle: u32,
    /// The severity that rules it.
    pub severity: SeverityId,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What really happened.
    pub actual: Outcome,
    /// What would have happened.
    pub tried: Outcome,
}

/// What became of a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// `None`: it runs in time, was cancelled, or has no target.
    pub verdict: Option<Verdict>,
    /// When the verdict fell; of one that ended without a target, when it ended.
    pub at: Option<Timestamp>,
    /// The deadline.
    pub deadline: Option<Timestamp>,
    /// The working time left when it ended; negative: overdue by so much.
    pub spare: Option<SignedDuration>,
}

impl Move {
    /// Whether anything would be another: the target, or the deadline.
    pub fn moves(&self) -> bool {
        (self.from.target, self.from.deadline) != (self.to.target, self.to.deadline)
    }
}

impl Due {
    fn of(cycle: &Cycle) -> Self {
        let plan = cycle.plan.as_ref();
        Self { version: cycle.version, target: plan.map(|plan| plan.target), deadline: plan.map(|plan| plan.deadline) }
    }
}

impl Outcome {
    fn of(cycle: &Cycle) -> Self {
        let plan = cycle.plan.as_ref();
        Self {
            verdict: cycle.verdict(),
            at: cycle.verdict_at().or(cycle.ended_at()),
            deadline: cycle.breach.as_ref().map(|breach| breach.deadline).or(plan.map(|plan| plan.deadline)),
            spare: plan.filter(|_| cycle.ended_at().is_some()).map(|plan| plan.length - plan.used),
        }
    }
}

/// The open cycles that are not breached, each as RebaseClocks to a version, now, would make it. `with` are the terms' policies and one more of
/// that version, which nobody has adopted.
pub fn rebased(ledger: &Ledger, terms: &Terms<'_>, with: &Policies, version: u32, now: Timestamp) -> Vec<Move> {
    let Some(last) = ledger.notes().last() else { return Vec::new() };
    let present = clocks(ledger, terms, now);
    let rebase = Note {
        revision: last.revision + 1,
        position: u64::MAX,
        at: present.now,
        recorded_at: present.now,
        by: last.by.clone(),
        what: Noted::Rebased { version, clocks: Clock::ALL.into() },
    };
    let notes = ledger.notes().iter().cloned().chain([rebase]).collect();
    let then = clocks(&Ledger::from_notes(notes), &Terms { policies: with, ..*terms }, present.now);
    let open = |cycle: &&Cycle| cycle.breach.is_none() && matches!(cycle.state, State::Running | State::Paused { .. });
    present.cycles.iter().filter(open).filter_map(|cycle| moved(cycle, &then)).collect()
}

fn moved(cycle: &Cycle, then: &Clocks) -> Option<Move> {
    let then = then.cycle(cycle.clock, cycle.number)?;
    Some(Move {
        clock: cycle.clock,
        cycle: cycle.number,
        severity: then.severity.clone(),
        from: Due::of(cycle),
        to: Due::of(then),
        breached: then.breach.is_some(),
    })
}

/// All cycles of an issue, each beside what it would have been had `policies` been in force all along. What was recorded of deadlines is left out of
/// that: it rests on the policies that were. Where clocks were rebased, they would have been to what is tried.
pub fn compared(ledger: &Ledger, terms: &Terms<'_>, policies: &Policies, now: Timestamp) -> Vec<Comparison> {
    let actual = clocks(ledger, terms, now);
    let tried = clocks(&without_deadlines(ledger), &Terms { policies, ..*terms }, now);
    let compare = |cycle: &Cycle| {
        let other = tried.cycle(cycle.clock, cycle.number)?;
        Some(Comparison {
            clock: cycle.clock,
            cycle: cycle.number,
            severity: cycle.severity.clone(),
            ended_at: cycle.ended_at(),
            actual: Outcome::of(cycle),
            tried: Outcome::of(other),
        })
    };
    actual.cycles.iter().filter_map(compare).collect()
}

/// What happened, without what was recorded of its clocks.
fn without_deadlines(ledger: &Ledger) -> Ledger {
    let kept = ledger.notes().iter().filter_map(|note| {
        let what = match &note.what {
            Noted::AtRisk { .. }
            | Noted::Breached { .. }
            | Noted::Corrected { .. }
            | Noted::Escalated { .. }
            | Noted::Delivered { .. } => return None,
            Noted::Rebased { clocks, .. } => Noted::Rebased { version: 0, clocks: clocks.clone() },
            other => other.clone(),
        };
        Some(Note { what, ..note.clone() })
    });
    Ledger::from_notes(kept.collect())
}
