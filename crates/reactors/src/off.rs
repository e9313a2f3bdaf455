//! What is due and switched off in its project: it stays due, and is not read again until something happens to it.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::{IssueKey, ProjectId};
use jiff::Timestamp;

use crate::INSTANT;
use crate::doer::Settled;
use crate::due::DueIssue;

/// What was looked after and stays due.
#[derive(Debug, Default)]
pub(crate) struct Off {
    issues: BTreeMap<IssueKey, (Timestamp, Settled)>,
    /// When what is not switched off of them has something to do, which the view does not say. Of those that are gone from `issues` it may be old.
    again: BTreeSet<(Timestamp, DueIssue)>,
    /// All that is due up to here is in `issues`.
    upto: Option<DueIssue>,
    /// Of which tables of the view that is so.
    generation: u64,
}

impl Off {
    /// After what a look begins. `generation`: which tables that is asked of.
    pub(crate) fn upto(&self) -> Option<&DueIssue> {
        self.upto.as_ref()
    }

    /// The next look begins with the earliest again.
    pub(crate) fn look_at_all(&mut self) {
        self.upto = None;
    }

    /// Whether these are other tables than before: then the next look begins with the earliest.
    pub(crate) fn are_new(&mut self, generation: u64) -> bool {
        let new = std::mem::replace(&mut self.generation, generation) != generation;
        if new {
            self.upto = None;
        }
        new
    }

    /// All that is due up to this one is here, too.
    pub(crate) fn pass(&mut self, due: &DueIssue) {
        self.upto = Some(due.clone());
    }

    /// Whether it is here, with that instant.
    pub(crate) fn has(&self, due: &DueIssue) -> bool {
        self.issues.get(&due.issue).is_some_and(|(at, _)| *at == due.at)
    }

    pub(crate) fn add(&mut self, due: DueIssue, settled: Settled) {
        self.again.extend(settled.again.map(|again| (again, due.clone())));
        self.issues.insert(due.issue, (due.at, settled));
    }

    /// Something happened to it, or it is looked after anew: what was known of it is old. Gives the revision that it had.
    pub(crate) fn forget(&mut self, issue: &IssueKey) -> Option<u64> {
        self.issues.remove(issue).map(|(_, settled)| settled.revision)
    }

    /// Something was switched in these projects.
    pub(crate) fn switched(&mut self, projects: &BTreeSet<ProjectId>) {
        if !projects.is_empty() {
            self.issues.retain(|issue, _| !projects.contains(&issue.project));
            self.upto = None;
        }
    }

    /// Takes out what has something to do by now.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Vec<DueIssue> {
        let mut due = Vec::new();
        while let Some((at, _)) = self.again.first().filter(|(at, _)| *at < now) {
            let at = *at;
            let Some((_, one)) = self.again.pop_first() else { break };
            if self.issues.get(&one.issue).is_some_and(|(due, settled)| (*due, settled.again) == (one.at, Some(at))) {
                due.push(one);
            }
        }
        due
    }

    /// When somebody is to wake for what is here.
    pub(crate) fn wakes(&self) -> Option<Timestamp> {
        self.again.first().and_then(|(at, _)| at.checked_add(INSTANT).ok())
    }
}
