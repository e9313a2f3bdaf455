//! The facts that change the state: what a status and a resolution ask for, and what each step brings with it.

use api::imports::v1::import_fact_request::Fact;
use api::imports::v1::{AcceptedFact, DismissedFact, NoteFact, ResolvedFact, TestsFact, TriagedFact, VerifiedFact};
use api::issues::v1::DismissalReason;

use super::Planner;
use super::conversation::FLAGS;
use super::moment::{Moment, Turn};
use super::path::{End, Step, Target, path, target};
use crate::client::import::bugzilla::record::name;
use crate::client::import::bugzilla::vocabulary::{self, Status};

impl Planner<'_> {
    /// The steps that statuses and resolutions of this moment ask for.
    pub(super) fn walk(&mut self, moment: &Moment<'_>, turns: &[Turn<'_>]) {
        let mut moved = false;
        for (nth, turn) in turns.iter().enumerate() {
            // A status may come before its resolution.
            let next = || turns[nth..].iter().find_map(|turn| turn.resolution);
            let late = || if self.resolution.is_empty() { next() } else { None };
            if let Some(change) = turn.resolution.or_else(late) {
                self.resolution = name(&change.added);
            }
            moved |= self.take(turn, moment);
        }
        for (_, change) in moment.of_field("resolution") {
            if moved {
                self.count_told("resolution");
            } else {
                self.skip(&format!("resolution: {} to {}", or_none(&change.removed), or_none(&change.added)));
            }
        }
    }

    /// True: the issue moved.
    fn take(&mut self, turn: &Turn<'_>, moment: &Moment<'_>) -> bool {
        let Some(change) = turn.status else {
            let over = !self.stand.is_open() && !self.resolution.is_empty();
            return over && self.status.is_some_and(|status| self.step_to(status, turn.who, moment, false));
        };
        let word = name(&change.added);
        let Some(status) = vocabulary::status(&word) else {
            self.skip(&format!("status: {word} is unknown"));
            return false;
        };
        let moved = self.step_to(status, turn.who, moment, false);
        if moved {
            self.count_told("status");
        } else {
            self.skip(&format!("status: {} to {word}", name(&change.removed)));
        }
        moved
    }

    /// Goes where a status puts the issue; false: it stands there.
    pub(super) fn step_to(&mut self, status: Status, who: &str, moment: &Moment<'_>, implied: bool) -> bool {
        let resolution = if self.resolution.is_empty() { &self.bug.resolution } else { &self.resolution };
        let goal = target(status, resolution, &self.stand, self.ended);
        self.status = Some(status);
        let Some(target) = goal else { return false };
        let steps = path(&self.stand, &target);
        let moves = !steps.is_empty();
        for (step, stand, named) in steps {
            let implied = implied || !named;
            let actor = vocabulary::actor(who);
            let fact = self.fact(step, &target, &actor, implied);
            self.push(fact, &actor, implied);
            self.stand = stand;
            self.after(step);
            self.settle(moment);
        }
        moves
    }

    fn fact(&self, step: Step, target: &Target, actor: &str, implied: bool) -> Fact {
        match step {
            Step::Triage => Fact::Triaged(TriagedFact {
                severity: self.now.severity.clone().unwrap_or_default(),
                component: self.now.component.clone(),
                ..TriagedFact::default()
            }),
            Step::Accept => Fact::Accepted(AcceptedFact {}),
            Step::ReturnToTriage => Fact::ReturnedToTriage(NoteFact::default()),
            Step::Resolve => Fact::Resolved(ResolvedFact::default()),
            Step::Reject => Fact::ResolutionRejected(NoteFact::default()),
            Step::Verify => {
                Fact::Verified(VerifiedFact { confirmed_by: if implied { String::new() } else { actor.to_owned() } })
            }
            Step::Close => Fact::Closed(NoteFact::default()),
            Step::Reopen => Fact::Reopened(NoteFact::default()),
            Step::Dismiss => {
                let Target::Dismissed { resolution } = target else { return Fact::Dismissed(DismissedFact::default()) };
                Fact::Dismissed(self.dismissal(resolution))
            }
        }
    }

    fn dismissal(&self, resolution: &str) -> DismissedFact {
        let reason = vocabulary::dismissal(resolution);
        let other = self.bug.duplicate_of.filter(|other| *other != self.bug.id);
        match (reason, other) {
            (DismissalReason::Duplicate, Some(other)) => {
                DismissedFact { dismissal: reason.into(), duplicate_of: other.to_string(), note: String::new() }
            }
            (DismissalReason::Duplicate, None) => unnamed_duplicate(),
            _ => DismissedFact { dismissal: reason.into(), note: resolution.to_owned(), ..DismissedFact::default() },
        }
    }

    /// Bugzilla names what it is a duplicate of now: of which one it was earlier, nothing tells.
    pub(super) fn forget_earlier_targets(&mut self) {
        let duplicates = self.plan.facts.iter_mut().rev().filter_map(|planned| match &mut planned.fact {
            Fact::Dismissed(dismissed) if dismissed.dismissal() == DismissalReason::Duplicate => Some(dismissed),
            _ => None,
        });
        duplicates.skip(1).for_each(|earlier| *earlier = unnamed_duplicate());
    }

    /// What a step brings with it.
    fn after(&mut self, step: Step) {
        match step {
            Step::Triage => {
                self.told.severity.clone_from(&self.now.severity);
                if !self.now.component.is_empty() {
                    self.told.component.clone_from(&self.now.component);
                }
            }
            Step::ReturnToTriage => self.told.assignee.clear(),
            Step::Dismiss => {
                self.questions.close();
                self.ended = Some(End::Dismissed);
            }
            Step::Resolve => {
                self.questions.close();
                self.ended = Some(End::Fixed);
                if self.tests.set_by.is_some() {
                    self.tell_tests();
                }
            }
            Step::Reject | Step::Reopen => self.tests.told = false,
            Step::Accept | Step::Verify | Step::Close => {}
        }
    }

    pub(super) fn tell_tests(&mut self) {
        let Some(by) = self.tests.set_by.clone() else { return };
        let implied = !self.tests.waiting;
        if !implied {
            self.count_told(FLAGS);
        }
        let tests = vec![format!("in-testsuite+ of bugzilla:{}", self.bug.id)];
        self.push(Fact::RegressionTestsAdded(TestsFact { tests }), &by, implied);
        (self.tests.told, self.tests.waiting) = (true, false);
    }
}

fn unnamed_duplicate() -> DismissedFact {
    DismissedFact { note: String::from("DUPLICATE of a bug that Bugzilla no longer names"), ..DismissedFact::default() }
}

fn or_none(resolution: &str) -> String {
    let resolution = name(resolution);
    if resolution.is_empty() { String::from("none") } else { resolution }
}
