//! What several events have, or what needs more than a line.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::events::v1 as wire;
use api::issues::v1 as issue;
use api::projects::v1 as project;
use domain::Fact;
use domain::ids::{CustomerId, PersonId};
use domain::issue::{Asked, Capacity, Closing, Dismissal, Fix, Nature, Report};
use domain::shifts::Plan;
use domain::text::Text;

use crate::fields::stamp;
use crate::issues::show::{self, text};

/// Shows texts, where they were not erased.
#[derive(Debug, Clone, Copy)]
pub(super) struct Texts {
    pub(super) erased: bool,
}

impl Texts {
    pub(super) fn some(self, words: &impl ToString) -> String {
        if self.erased { String::new() } else { words.to_string() }
    }

    pub(super) fn maybe(self, words: Option<&Text>) -> String {
        words.map(|words| self.some(words)).unwrap_or_default()
    }

    pub(super) fn report(self, report: &Report) -> Option<issue::Report> {
        (!self.erased).then(|| show::report(report))
    }

    pub(super) fn asked(self, question: u32, of: &Asked, text: &Text) -> wire::InformationRequested {
        let (of, person) = show::asked(of);
        wire::InformationRequested { question, of: of.into(), person, text: self.some(text) }
    }

    pub(super) fn answered(self, questions: &[u32], text: Option<&Text>) -> wire::InformationProvided {
        wire::InformationProvided { questions: questions.to_vec(), text: self.maybe(text) }
    }

    pub(super) fn returned(self, reason: Option<&Text>) -> wire::ReturnedToTriage {
        wire::ReturnedToTriage { reason: self.maybe(reason) }
    }

    pub(super) fn no_way_around(self, reason: Option<&Text>) -> wire::WorkaroundWithdrawn {
        wire::WorkaroundWithdrawn { reason: self.maybe(reason) }
    }

    pub(super) fn rolled_back(self, reason: Option<&Text>) -> wire::WithdrawnFromProduction {
        wire::WithdrawnFromProduction { reason: self.maybe(reason) }
    }

    pub(super) fn resolved(self, fix: &Fact<Fix>) -> wire::IssueResolved {
        let mut resolved = wire::IssueResolved { kind: show::fix_kind(fix).into(), ..Default::default() };
        let Some(fix) = fix.known() else { return resolved };
        resolved.code = fix.code().map(|code| issue::CodeFix {
            changes: code.changes.iter().map(ToString::to_string).collect(),
            tests: code.tests.iter().map(ToString::to_string).collect(),
            environment: text(code.environment.as_ref()),
        });
        resolved.data = fix.data().map(|data| issue::DataFix {
            correction: text(data.correction.as_ref()),
            tried_in: text(data.tried_in.as_ref()),
        });
        match fix {
            Fix::Code(_) | Fix::Data(_) | Fix::CodeAndData(..) => {}
            Fix::Operation { action } => {
                resolved.operation = Some(issue::OperationFix { action: self.maybe(action.as_ref()) });
            }
            Fix::Explanation { explanation, topic } => {
                let (explanation, topic) = (self.maybe(explanation.as_ref()), text(topic.as_ref()));
                resolved.explanation = Some(issue::ExplanationFix { explanation, topic });
            }
        }
        resolved
    }

    pub(super) fn dismissed(self, dismissal: &Fact<Dismissal>, note: Option<&Text>) -> wire::IssueDismissed {
        let duplicate_of = match dismissal {
            Fact::Known(Dismissal::DuplicateOf(root)) => show::other(root),
            _ => String::new(),
        };
        wire::IssueDismissed { dismissal: show::dismissal(dismissal).into(), duplicate_of, note: self.maybe(note) }
    }
}

pub(super) fn withdrawn(questions: &[u32]) -> wire::RequestWithdrawn {
    wire::RequestWithdrawn { questions: questions.to_vec() }
}

pub(super) fn accepted(assignee: &Fact<PersonId>, report_owed: bool) -> wire::IssueAccepted {
    wire::IssueAccepted { assignee: text(assignee.known()), report_owed }
}

pub(super) fn delegated(to: &PersonId, of: &Fact<Capacity>) -> wire::VerificationDelegated {
    wire::VerificationDelegated { to: to.to_string(), capacity: Some(capacity(of)) }
}

pub(super) fn tests_added(tests: &[Arc<str>]) -> wire::RegressionTestsAdded {
    wire::RegressionTestsAdded { tests: tests.iter().map(ToString::to_string).collect() }
}

pub(super) fn maybe_nature(nature: Option<Nature>) -> i32 {
    nature.map_or(issue::Nature::Unspecified, show::nature).into()
}

pub(super) fn capacity(capacity: &Fact<Capacity>) -> wire::Capacity {
    let (kind, customer, named_by) = match capacity {
        Fact::NotKnown => (wire::CapacityKind::Unspecified, String::new(), String::new()),
        Fact::Known(Capacity::Opener) => (wire::CapacityKind::Opener, String::new(), String::new()),
        Fact::Known(Capacity::Customer(customer)) => {
            (wire::CapacityKind::Customer, customer.to_string(), String::new())
        }
        Fact::Known(Capacity::ProductOwner) => (wire::CapacityKind::ProductOwner, String::new(), String::new()),
        Fact::Known(Capacity::Delegate { named_by }) => {
            (wire::CapacityKind::Delegate, String::new(), named_by.to_string())
        }
    };
    wire::Capacity { kind: kind.into(), customer, named_by }
}

pub(super) fn closing(closing: &Closing) -> wire::issue_closed::Evidence {
    use wire::issue_closed::Evidence;
    match closing {
        Closing::Released { release, reverified_by } => Evidence::Released(issue::Released {
            release: text(release.as_ref()),
            reverified_by: text(reverified_by.as_ref()),
        }),
        Closing::DataApplied { at, by } => {
            Evidence::DataApplied(issue::DataApplied { applied_at: at.map(stamp), applied_by: text(by.as_ref()) })
        }
        Closing::Confirmed => Evidence::NothingReleased(wire::NothingReleased {}),
    }
}

pub(super) fn customer(
    id: &CustomerId,
    tier: Option<&impl ToString>,
    people: &BTreeSet<PersonId>,
) -> project::Customer {
    project::Customer { id: id.to_string(), tier: text(tier), people: people.iter().map(ToString::to_string).collect() }
}

pub(super) fn shifts_planned(plan: &Plan) -> wire::ShiftsPlanned {
    let shifts = plan.shifts.iter().map(|shift| wire::PlannedShift {
        person: shift.person.to_string(),
        from: Some(stamp(shift.hours.from)),
        until: Some(stamp(shift.hours.until)),
    });
    let uncovered = plan
        .uncovered
        .iter()
        .map(|hours| wire::UncoveredHours { from: Some(stamp(hours.from)), until: Some(stamp(hours.until)) });
    wire::ShiftsPlanned {
        team: text(plan.team.as_ref()),
        from: Some(stamp(plan.from)),
        until: Some(stamp(plan.until)),
        shifts: shifts.collect(),
        uncovered: uncovered.collect(),
        obstacle: plan.obstacle.map(|obstacle| obstacle.as_str().to_owned()).unwrap_or_default(),
    }
}
