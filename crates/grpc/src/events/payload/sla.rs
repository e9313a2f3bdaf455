//! What happened to clocks, as the contract has it.

use api::events::v1 as wire;
use api::events::v1::event::Payload as P;
use domain::clocks::{Cause, Clock};
use domain::issue::{Correction, IssueEvent as E, Moved};
use domain::policy::Escalation;
use jiff::SignedDuration;

use super::parts::Texts;
use crate::fields::stamp;
use crate::issues::show::text;
use crate::policies::show as policies;

/// What happened to a clock.
pub(super) fn of_clocks(event: &E, words: Texts) -> P {
    match event {
        E::SlaAtRiskRecorded { clock: of, cycle, set_by, deadline, policy_version } => {
            P::SlaAtRiskRecorded(wire::SlaAtRiskRecorded {
                clock: clock(*of),
                cycle: *cycle,
                set_by: *set_by,
                deadline: Some(stamp(*deadline)),
                policy_version: *policy_version,
            })
        }
        E::SlaBreachRecorded { clock: of, cycle, set_by, deadline, policy_version, cause: why } => {
            P::SlaBreachRecorded(wire::SlaBreachRecorded {
                clock: clock(*of),
                cycle: *cycle,
                set_by: *set_by,
                deadline: Some(stamp(*deadline)),
                policy_version: *policy_version,
                cause: cause(*why).into(),
            })
        }
        E::SlaBreachCorrected { clock: of, cycle, by, reason } => P::SlaBreachCorrected(wire::SlaBreachCorrected {
            clock: clock(*of),
            cycle: *cycle,
            by: match by {
                Correction::FirstTriage => wire::CorrectionCause::FirstTriage.into(),
                Correction::LateStop => wire::CorrectionCause::LateStop.into(),
            },
            reason: words.maybe(reason.as_ref()),
        }),
        E::ClocksRebased { version, clocks, reason } => P::ClocksRebased(wire::ClocksRebased {
            policy_version: *version,
            clocks: clocks.iter().map(moved).collect(),
            reason: words.some(reason),
        }),
        E::SlaEscalated { clock: of, cycle, set_by, step, when, to, people } => {
            let (of, when, to) = (*of, *when, to.clone());
            let said = Escalation { clock: Some(of), when, after: SignedDuration::ZERO, to };
            P::SlaEscalated(wire::SlaEscalated {
                clock: clock(of),
                cycle: *cycle,
                set_by: *set_by,
                step: *step,
                escalation: Some(api::policies::v1::Escalation { after: None, ..policies::escalation(&said) }),
                people: people.iter().map(ToString::to_string).collect(),
            })
        }
        E::DeliveryRuleKept { cycle, rule, release } => P::DeliveryRuleKept(wire::DeliveryRuleKept {
            cycle: *cycle,
            rule: policies::delivery(*rule).into(),
            release: text(release.as_ref()),
        }),
        E::DeliveryRuleBroken { cycle, rule, due, release } => P::DeliveryRuleBroken(wire::DeliveryRuleBroken {
            cycle: *cycle,
            rule: policies::delivery(*rule).into(),
            due: Some(stamp(*due)),
            release: text(release.as_ref()),
        }),
        other => unreachable!("payload.rs gives only what is recorded of clocks, and not {other:?}"),
    }
}

fn clock(of: Clock) -> i32 {
    policies::clock(of).into()
}

/// How a deadline came to be passed.
pub(crate) fn cause(cause: Cause) -> wire::BreachCause {
    match cause {
        Cause::Deadline => wire::BreachCause::Deadline,
        Cause::FirstTriage => wire::BreachCause::FirstTriage,
        Cause::SeverityChange => wire::BreachCause::SeverityChange,
        Cause::Rebase => wire::BreachCause::Rebase,
    }
}

fn moved(moved: &Moved) -> wire::MovedClock {
    wire::MovedClock {
        clock: clock(moved.clock),
        cycle: moved.cycle,
        from_policy_version: moved.from_version,
        from_deadline: moved.from_deadline.map(stamp),
        to_deadline: moved.to_deadline.map(stamp),
    }
}
