//! The facts that change the state: what a status and a resolution ask for, and what each step brings with it.

use api::imports::v1::import_fact_request::Fact;
use api::imports::v1::{AcceptedFact, DismissedFact, NoteFact, ResolvedFact, TestsFact, TriagedFact, VerifiedFact};
use api::issues::v1::DismissalReason;

use super::Planner;
use super::moment::Moment;
use super::path::{Step, Target, path, target};
use crate::client::import::bugzilla::record::{Change, name};
use crate::client::import::bugzilla::vocabulary::{self, Status};

impl Planner<'_> {
    /// The steps that statuses and resolutions of this moment ask for.
    pub(super) fn walk(&mut self, moment: &Moment<'_>, statuses: &[(&str, &Change)]) {
        let resolutions: Vec<_> = moment.of_field("resolution").collect();
        let mut moved = false;
        for (who, change) in statuses {
            let word = name(&change.added);
            let Some(status) = vocabulary::status(&word) else {
                self.skip(&format!("status: {word} is unknown"));
                continue;
            };
            if self.step_to(status, who, moment, false) {
                moved = true;
            } else {
                self.skip(&format!("status: {} to {word}", name(&change.removed)));
            }
        }
        if let ([], Some((who, _)), Some(status)) = (statuses, resolutions.last(), self.status)
            && !self.stand.is_open()
            && !self.resolution.is_empty()
        {
            moved = self.step_to(status, who, moment, false);
        }
        if !moved {
            for (_, change) in resolutions {
                self.skip(&format!("resolution: {} to {}", or_none(&change.removed), or_none(&change.added)));
            }
        }
    }

    /// Goes where a status puts the issue; false: it stands there.
    pub(super) fn step_to(&mut self, status: Status, who: &str, moment: &Moment<'_>, implied: bool) -> bool {
        let resolution = if self.resolution.is_empty() { &self.bug.resolution } else { &self.resolution };
        let goal = target(status, resolution, &self.stand);
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
            (DismissalReason::Duplicate, None) => DismissedFact {
                note: String::from("DUPLICATE of a bug that Bugzilla no longer names"),
                ..DismissedFact::default()
            },
            _ => DismissedFact { dismissal: reason.into(), note: resolution.to_owned(), ..DismissedFact::default() },
        }
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
            Step::Dismiss => self.questions.close(),
            Step::Resolve => {
                self.questions.close();
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
        let tests = vec![format!("in-testsuite+ of bugzilla:{}", self.bug.id)];
        self.push(Fact::RegressionTestsAdded(TestsFact { tests }), &by, implied);
        (self.tests.told, self.tests.waiting) = (true, false);
    }
}

fn or_none(resolution: &str) -> String {
    let resolution = name(resolution);
    if resolution.is_empty() { String::from("none") } else { resolution }
}
