//! A policy as stored: durations in seconds, times in microseconds. There is no free text in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::ids::{CalendarId, SeverityId};
use domain::policy::{
    Clock, Entry, Escalation, Pauses, Policy, Rules, Selector, SeverityRules, SourceWord, Target, Targets, When,
};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::clocks::{ClockV1, DeliveryV1, MomentV1, RecipientV1, stored_as};
use crate::error::Fault;
use crate::words::{MicrosV1, Str, every, value, word, words};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyV1<'a> {
    version: u32,
    effective_from: MicrosV1,
    #[serde(borrow)]
    severities: Vec<SeverityRulesV1<'a>>,
    selectors: Vec<SelectorV1<'a>>,
    calendars: Vec<PinV1<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PinV1<'a> {
    #[serde(borrow)]
    calendar: Str<'a>,
    version: u32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SelectorV1<'a> {
    #[serde(borrow)]
    name: Str<'a>,
    components: Vec<Str<'a>>,
    sources: Vec<SourceV1>,
    tiers: Vec<Str<'a>>,
    severities: Vec<SeverityRulesV1<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeverityRulesV1<'a> {
    #[serde(borrow)]
    severity: Str<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accept: Option<TargetV1>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mitigate: Option<TargetV1>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolve: Option<TargetV1>,
    calendar: Str<'a>,
    pauses: Vec<ClockV1>,
    at_risk_percent: u8,
    on_top: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    shifts_after_seconds: Option<i64>,
    entry: EntryV1,
    delivery: DeliveryV1,
    escalations: Vec<EscalationV1<'a>>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum TargetV1 {
    #[serde(rename = "working_seconds")]
    Working(i64),
    #[serde(rename = "working_days")]
    WorkingDays(u32),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EscalationV1<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<ClockV1>,
    when: MomentV1,
    after_seconds: i64,
    #[serde(borrow)]
    to: RecipientV1<'a>,
}

stored_as! {
    EntryV1: Entry { Top = "top", BelowOnTop = "below_on_top", Bottom = "bottom", }
    SourceV1: SourceWord {
        Customer = "customer",
        ProductOwner = "product_owner",
        Security = "security",
        System = "system",
    }
}

impl<'a> PolicyV1<'a> {
    pub(super) fn of(policy: &'a Policy) -> Self {
        let pin = |(calendar, version): (&'a CalendarId, &u32)| PinV1 { calendar: word(calendar), version: *version };
        Self {
            version: policy.version,
            effective_from: MicrosV1::of(policy.effective_from),
            severities: policy.severities.iter().map(SeverityRulesV1::of).collect(),
            selectors: policy.selectors.iter().map(SelectorV1::of).collect(),
            calendars: policy.calendars.iter().map(pin).collect(),
        }
    }

    pub(super) fn policy(self) -> Result<Policy, Fault> {
        let pin = |pin: &PinV1<'_>| Ok((value("calendar", &pin.calendar)?, pin.version));
        Ok(Policy {
            version: self.version,
            effective_from: self.effective_from.time("effective_from")?,
            severities: all(self.severities, SeverityRulesV1::rules)?,
            selectors: all(self.selectors, SelectorV1::selector)?,
            calendars: self.calendars.iter().map(pin).collect::<Result<BTreeMap<_, _>, Fault>>()?,
        })
    }
}

fn all<S, D>(stored: Vec<S>, value: impl Fn(S) -> Result<D, Fault>) -> Result<Vec<D>, Fault> {
    stored.into_iter().map(value).collect()
}

impl<'a> SelectorV1<'a> {
    fn of(selector: &'a Selector) -> Self {
        let When { components, sources, tiers } = &selector.when;
        Self {
            name: word(&selector.name),
            components: words(components),
            sources: sources.iter().map(|source| (*source).into()).collect(),
            tiers: words(tiers),
            severities: selector.severities.iter().map(SeverityRulesV1::of).collect(),
        }
    }

    fn selector(self) -> Result<Selector, Fault> {
        let when = When {
            components: every("components", &self.components)?,
            sources: self.sources.into_iter().map(Into::into).collect(),
            tiers: every::<Arc<str>, _>("tiers", &self.tiers)?,
        };
        let severities = all(self.severities, SeverityRulesV1::rules)?;
        Ok(Selector { name: value("name", &self.name)?, when, severities })
    }
}

impl<'a> SeverityRulesV1<'a> {
    fn of(of: &'a SeverityRules) -> Self {
        let SeverityRules { severity, rules } = of;
        let Targets { accept, mitigate, resolve } = rules.targets;
        Self {
            severity: word(severity),
            accept: accept.map(Into::into),
            mitigate: mitigate.map(Into::into),
            resolve: resolve.map(Into::into),
            calendar: word(&rules.calendar),
            pauses: Clock::ALL.into_iter().filter(|clock| rules.pauses.of(*clock)).map(Into::into).collect(),
            at_risk_percent: rules.at_risk_percent,
            on_top: rules.on_top,
            shifts_after_seconds: rules.shifts_after.map(|after| after.as_secs()),
            entry: rules.entry.into(),
            delivery: rules.delivery.into(),
            escalations: rules.escalations.iter().map(EscalationV1::of).collect(),
        }
    }

    fn rules(self) -> Result<SeverityRules, Fault> {
        let severity: SeverityId = value("severity", &self.severity)?;
        let mut pauses = Pauses::NONE;
        for clock in self.pauses {
            match clock {
                ClockV1::Accept => pauses.accept = true,
                ClockV1::Mitigate => pauses.mitigate = true,
                ClockV1::Resolve => pauses.resolve = true,
            }
        }
        let rules = Rules {
            targets: Targets {
                accept: self.accept.map(Into::into),
                mitigate: self.mitigate.map(Into::into),
                resolve: self.resolve.map(Into::into),
            },
            calendar: value("calendar", &self.calendar)?,
            pauses,
            at_risk_percent: self.at_risk_percent,
            on_top: self.on_top,
            shifts_after: self.shifts_after_seconds.map(SignedDuration::from_secs),
            entry: self.entry.into(),
            delivery: self.delivery.into(),
            escalations: all(self.escalations, EscalationV1::escalation)?,
        };
        Ok(SeverityRules { severity, rules })
    }
}

impl<'a> EscalationV1<'a> {
    fn of(step: &'a Escalation) -> Self {
        let to = RecipientV1::of(&step.to);
        Self { clock: step.clock.map(Into::into), when: step.when.into(), after_seconds: step.after.as_secs(), to }
    }

    fn escalation(self) -> Result<Escalation, Fault> {
        let to = self.to.recipient()?;
        let after = SignedDuration::from_secs(self.after_seconds);
        Ok(Escalation { clock: self.clock.map(Into::into), when: self.when.into(), after, to })
    }
}

impl From<Target> for TargetV1 {
    fn from(target: Target) -> Self {
        match target {
            Target::Working(time) => Self::Working(time.as_secs()),
            Target::WorkingDays(days) => Self::WorkingDays(days),
        }
    }
}

impl From<TargetV1> for Target {
    fn from(stored: TargetV1) -> Self {
        match stored {
            TargetV1::Working(seconds) => Self::Working(SignedDuration::from_secs(seconds)),
            TargetV1::WorkingDays(days) => Self::WorkingDays(days),
        }
    }
}
