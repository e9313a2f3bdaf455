//! What is recorded of clocks.

use domain::clocks::{Cause, Clock};
use domain::issue::{Correction, IssueEvent as I, Moved};
use domain::policy::{Delivery, Moment, Recipient};
use jiff::Timestamp;

use super::super::{Example, example, imported, person, reason, text};

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_793_000_000 + hour * 3_600).unwrap()
}

pub(super) fn examples() -> Vec<Example> {
    let mut examples = deadlines();
    examples.extend(escalations());
    examples.extend(deliveries());
    examples
}

fn deadlines() -> Vec<Example> {
    let at_risk = |clock| I::SlaAtRiskRecorded { clock, cycle: 1, set_by: 2, deadline: at(4), policy_version: 3 };
    let breach = |cause| {
        let (clock, cycle, set_by, deadline, policy_version) = (Clock::Resolve, 2, 17, at(4), 3);
        I::SlaBreachRecorded { clock, cycle, set_by, deadline, policy_version, cause }
    };
    let corrected = |by, reason| I::SlaBreachCorrected { clock: Clock::Accept, cycle: 1, by, reason };
    let moved =
        |clock, from_deadline, to_deadline| Moved { clock, cycle: 1, from_version: 2, from_deadline, to_deadline };
    let clocks = vec![moved(Clock::Mitigate, Some(at(4)), Some(at(8))), moved(Clock::Resolve, None, None)];
    vec![
        example("SlaAtRiskRecorded.v1", at_risk(Clock::Accept)),
        example("SlaAtRiskRecorded.v1.mitigate", at_risk(Clock::Mitigate)),
        example("SlaAtRiskRecorded.v1.resolve", at_risk(Clock::Resolve)),
        example("SlaBreachRecorded.v1", breach(Cause::Deadline)),
        example("SlaBreachRecorded.v1.first_triage", breach(Cause::FirstTriage)),
        example("SlaBreachRecorded.v1.severity_change", breach(Cause::SeverityChange)),
        example("SlaBreachRecorded.v1.rebase", breach(Cause::Rebase)),
        example("SlaBreachCorrected.v1", corrected(Correction::LateStop, reason("The train had no network"))),
        example("SlaBreachCorrected.v1.first_triage", corrected(Correction::FirstTriage, None)),
        imported("SlaBreachCorrected.v1.imported", corrected(Correction::LateStop, None), false),
        example("ClocksRebased.v1", I::ClocksRebased { version: 3, clocks, reason: text("A new contract") }),
    ]
}

fn escalations() -> Vec<Example> {
    let told = |golden, when, to, people: &[&str]| {
        let people = people.iter().map(|id| person(id)).collect();
        example(golden, I::SlaEscalated { clock: Clock::Mitigate, cycle: 1, set_by: 2, step: 1, when, to, people })
    };
    vec![
        told("SlaEscalated.v1", Moment::Breach, Recipient::ProductOwners, &["pia", "pat"]),
        told("SlaEscalated.v1.assignee", Moment::AtRisk, Recipient::Assignee, &["ada"]),
        told("SlaEscalated.v1.owner_team", Moment::AtRisk, Recipient::OwnerTeam, &[]),
        told("SlaEscalated.v1.on_shift", Moment::Breach, Recipient::OnShift, &["ben"]),
        told("SlaEscalated.v1.team", Moment::Breach, Recipient::Team("payments".parse().unwrap()), &[]),
        told("SlaEscalated.v1.person", Moment::Breach, Recipient::Person(person("zoe")), &["zoe"]),
    ]
}

fn deliveries() -> Vec<Example> {
    let release = || Some("2026.10".parse().unwrap());
    let kept = |rule, release| I::DeliveryRuleKept { cycle: 1, rule, release };
    let broken = |rule, release| I::DeliveryRuleBroken { cycle: 1, rule, due: at(24), release };
    vec![
        example("DeliveryRuleKept.v1", kept(Delivery::NextPush, release())),
        example("DeliveryRuleKept.v1.patch_now", kept(Delivery::PatchNow, None)),
        example("DeliveryRuleKept.v1.planned", kept(Delivery::Planned, None)),
        example("DeliveryRuleBroken.v1", broken(Delivery::NextPush, release())),
        example("DeliveryRuleBroken.v1.patch_now", broken(Delivery::PatchNow, None)),
    ]
}
