//! Commands about clocks: their fields.

use api::issues::v1 as wire;
use api::policies::v1 as policies;
use domain::clocks::Clock;
use domain::ids::{PersonId, ReleaseId};
use domain::issue::{Command, Delivered, EscalateSla};
use domain::policy::Delivery;
use domain::text::Text;

use crate::fields::Faults;

pub(super) fn rebase(message: &wire::RebaseClocksRequest, faults: &mut Faults) -> Command {
    let reason = faults.optional("reason", &message.reason, Text::parse);
    Command::RebaseClocks { policy: message.policy_version, reason }
}

pub(super) fn at_risk(message: &wire::RecordSlaAtRiskRequest, faults: &mut Faults) -> Option<Command> {
    let place = place(faults, message.clock, message.cycle);
    let set_by = set_by(faults, message.set_by);
    let (clock, cycle) = place?;
    Some(Command::RecordSlaAtRisk { clock, cycle, set_by: set_by? })
}

pub(super) fn breach(message: &wire::RecordSlaBreachRequest, faults: &mut Faults) -> Option<Command> {
    let place = place(faults, message.clock, message.cycle);
    let set_by = set_by(faults, message.set_by);
    let (clock, cycle) = place?;
    Some(Command::RecordSlaBreach { clock, cycle, set_by: set_by? })
}

pub(super) fn correct(message: &wire::CorrectSlaBreachRequest, faults: &mut Faults) -> Option<Command> {
    let place = place(faults, message.clock, message.cycle);
    let reason = faults.optional("reason", &message.reason, Text::parse);
    let (clock, cycle) = place?;
    Some(Command::CorrectSlaBreach { clock, cycle, reason })
}

pub(super) fn escalate(message: &wire::RecordEscalationRequest, faults: &mut Faults) -> Option<Command> {
    let place = place(faults, message.clock, message.cycle);
    let set_by = set_by(faults, message.set_by);
    let step = one_at_least(faults, "step", message.step);
    let people = faults.list("people", &message.people, PersonId::parse);
    let (clock, cycle) = place?;
    Some(Command::RecordEscalation(EscalateSla { clock, cycle, set_by: set_by?, step: step?, people }))
}

pub(super) fn delivery(message: &wire::RecordDeliveryRequest, faults: &mut Faults) -> Option<Command> {
    let cycle = one_at_least(faults, "cycle", message.cycle);
    let rule = faults.choice("rule", message.rule, |rule: policies::Delivery| match rule {
        policies::Delivery::Unspecified => None,
        policies::Delivery::PatchNow => Some(Delivery::PatchNow),
        policies::Delivery::NextPush => Some(Delivery::NextPush),
        policies::Delivery::Planned => Some(Delivery::Planned),
    });
    let release = faults.optional("release", &message.release, ReleaseId::parse);
    let delivered = match &message.broken_due {
        None => Some(Delivered::Kept { release }),
        Some(due) => faults.time("broken_due", Some(due)).map(|due| Delivered::Broken { due, release }),
    };
    Some(Command::RecordDelivery { cycle: cycle?, rule: rule?, delivered: delivered? })
}

fn place(faults: &mut Faults, clock: i32, cycle: u32) -> Option<(Clock, u32)> {
    let clock = faults.choice("clock", clock, |clock: policies::Clock| match clock {
        policies::Clock::Unspecified => None,
        policies::Clock::Accept => Some(Clock::Accept),
        policies::Clock::Mitigate => Some(Clock::Mitigate),
        policies::Clock::Resolve => Some(Clock::Resolve),
    });
    let cycle = one_at_least(faults, "cycle", cycle);
    clock.zip(cycle)
}

fn set_by(faults: &mut Faults, revision: u64) -> Option<u64> {
    if revision == 0 {
        faults.add("set_by", "is required");
    }
    (revision > 0).then_some(revision)
}

fn one_at_least(faults: &mut Faults, field: &str, number: u32) -> Option<u32> {
    if number == 0 {
        faults.add(field, "must be at least 1");
    }
    (number > 0).then_some(number)
}
