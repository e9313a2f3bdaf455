//! What is recorded of clocks.

use domain::issue::{IssueEvent, Moved};
use serde::{Deserialize, Serialize};

use super::misrouted;
use crate::clocks::{CauseV1, ClockV1, CorrectionV1, DeliveryV1, MomentV1, RecipientV1};
use crate::envelope::{Encoded, Put, Restored, Stored};
use crate::error::Fault;
use crate::registry::EventType as T;
use crate::texts::{NoTexts, ReasonV1, texts};
use crate::words::{MicrosV1, Str, every, maybe, maybe_word, value, word, words};

pub(super) fn encode(event: &IssueEvent, put: &Put<'_>) -> Encoded {
    match event {
        IssueEvent::SlaAtRiskRecorded { clock, cycle, set_by, deadline, policy_version } => {
            let (clock, deadline) = ((*clock).into(), MicrosV1::of(*deadline));
            let facts = AtRiskV1 { clock, cycle: *cycle, set_by: *set_by, deadline, policy_version: *policy_version };
            put.event(T::SlaAtRiskRecorded, facts, NoTexts {})
        }
        IssueEvent::SlaBreachRecorded { clock, cycle, set_by, deadline, policy_version, cause } => {
            let facts = BreachV1 {
                clock: (*clock).into(),
                cycle: *cycle,
                set_by: *set_by,
                deadline: MicrosV1::of(*deadline),
                policy_version: *policy_version,
                cause: (*cause).into(),
            };
            put.event(T::SlaBreachRecorded, facts, NoTexts {})
        }
        IssueEvent::SlaBreachCorrected { clock, cycle, by, reason } => {
            let facts = CorrectedV1 { clock: (*clock).into(), cycle: *cycle, by: (*by).into() };
            put.event(T::SlaBreachCorrected, facts, ReasonV1::of(reason.as_ref()))
        }
        IssueEvent::ClocksRebased { version, clocks, reason } => {
            let facts = RebasedV1 { version: *version, clocks: clocks.iter().map(MovedV1::of).collect() };
            put.event(T::ClocksRebased, facts, WhyV1 { reason: word(reason) })
        }
        IssueEvent::SlaEscalated { clock, cycle, set_by, step, when, to, people } => {
            let facts = EscalatedV1 {
                clock: (*clock).into(),
                cycle: *cycle,
                set_by: *set_by,
                step: *step,
                when: (*when).into(),
                to: RecipientV1::of(to),
                people: words(people),
            };
            put.event(T::SlaEscalated, facts, NoTexts {})
        }
        IssueEvent::DeliveryRuleKept { cycle, rule, release } => {
            let facts = KeptV1 { cycle: *cycle, rule: (*rule).into(), release: maybe_word(release.as_ref()) };
            put.event(T::DeliveryRuleKept, facts, NoTexts {})
        }
        IssueEvent::DeliveryRuleBroken { cycle, rule, due, release } => {
            let (due, release) = (MicrosV1::of(*due), maybe_word(release.as_ref()));
            let facts = BrokenV1 { cycle: *cycle, rule: (*rule).into(), due, release };
            put.event(T::DeliveryRuleBroken, facts, NoTexts {})
        }
        other => misrouted(other),
    }
}

pub(super) fn decode(event_type: T, version: u16, stored: Stored<'_>) -> Option<Result<Restored<IssueEvent>, Fault>> {
    Some(match (event_type, version) {
        (T::SlaAtRiskRecorded, 1) => stored.read(|facts: AtRiskV1, _: NoTexts| {
            let AtRiskV1 { clock, cycle, set_by, deadline, policy_version } = facts;
            let (clock, deadline) = (clock.into(), deadline.time("deadline")?);
            Ok(IssueEvent::SlaAtRiskRecorded { clock, cycle, set_by, deadline, policy_version })
        }),
        (T::SlaBreachRecorded, 1) => stored.read(|facts: BreachV1, _: NoTexts| {
            let BreachV1 { clock, cycle, set_by, deadline, policy_version, cause } = facts;
            let (clock, deadline, cause) = (clock.into(), deadline.time("deadline")?, cause.into());
            Ok(IssueEvent::SlaBreachRecorded { clock, cycle, set_by, deadline, policy_version, cause })
        }),
        (T::SlaBreachCorrected, 1) => stored.read(|facts: CorrectedV1, texts: ReasonV1<'_>| {
            let CorrectedV1 { clock, cycle, by } = facts;
            Ok(IssueEvent::SlaBreachCorrected { clock: clock.into(), cycle, by: by.into(), reason: texts.text()? })
        }),
        (T::ClocksRebased, 1) => stored.read(|facts: RebasedV1, texts: WhyV1<'_>| {
            let clocks = facts.clocks.iter().map(MovedV1::moved).collect::<Result<_, _>>()?;
            let reason = value("reason", &texts.reason)?;
            Ok(IssueEvent::ClocksRebased { version: facts.version, clocks, reason })
        }),
        (T::SlaEscalated, 1) => stored.read(|facts: EscalatedV1<'_>, _: NoTexts| {
            Ok(IssueEvent::SlaEscalated {
                clock: facts.clock.into(),
                cycle: facts.cycle,
                set_by: facts.set_by,
                step: facts.step,
                when: facts.when.into(),
                to: facts.to.recipient()?,
                people: every("people", &facts.people)?,
            })
        }),
        (T::DeliveryRuleKept, 1) => stored.read(|facts: KeptV1<'_>, _: NoTexts| {
            let release = maybe("release", facts.release.as_ref())?;
            Ok(IssueEvent::DeliveryRuleKept { cycle: facts.cycle, rule: facts.rule.into(), release })
        }),
        (T::DeliveryRuleBroken, 1) => stored.read(|facts: BrokenV1<'_>, _: NoTexts| {
            let (due, release) = (facts.due.time("due")?, maybe("release", facts.release.as_ref())?);
            Ok(IssueEvent::DeliveryRuleBroken { cycle: facts.cycle, rule: facts.rule.into(), due, release })
        }),
        _ => return None,
    })
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AtRiskV1 {
    clock: ClockV1,
    cycle: u32,
    set_by: u64,
    deadline: MicrosV1,
    policy_version: u32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BreachV1 {
    clock: ClockV1,
    cycle: u32,
    set_by: u64,
    deadline: MicrosV1,
    policy_version: u32,
    cause: CauseV1,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CorrectedV1 {
    clock: ClockV1,
    cycle: u32,
    by: CorrectionV1,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RebasedV1 {
    version: u32,
    clocks: Vec<MovedV1>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MovedV1 {
    clock: ClockV1,
    cycle: u32,
    from_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from_deadline: Option<MicrosV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to_deadline: Option<MicrosV1>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EscalatedV1<'a> {
    clock: ClockV1,
    cycle: u32,
    set_by: u64,
    step: u32,
    when: MomentV1,
    #[serde(borrow)]
    to: RecipientV1<'a>,
    people: Vec<Str<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptV1<'a> {
    cycle: u32,
    rule: DeliveryV1,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    release: Option<Str<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BrokenV1<'a> {
    cycle: u32,
    rule: DeliveryV1,
    due: MicrosV1,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    release: Option<Str<'a>>,
}

texts! {
    /// Why clocks were moved.
    WhyV1 { reason } optional {}
}

impl MovedV1 {
    fn of(moved: &Moved) -> Self {
        Self {
            clock: moved.clock.into(),
            cycle: moved.cycle,
            from_version: moved.from_version,
            from_deadline: moved.from_deadline.map(MicrosV1::of),
            to_deadline: moved.to_deadline.map(MicrosV1::of),
        }
    }

    fn moved(&self) -> Result<Moved, Fault> {
        Ok(Moved {
            clock: self.clock.into(),
            cycle: self.cycle,
            from_version: self.from_version,
            from_deadline: self.from_deadline.map(|at| at.time("clocks.from_deadline")).transpose()?,
            to_deadline: self.to_deadline.map(|at| at.time("clocks.to_deadline")).transpose()?,
        })
    }
}
