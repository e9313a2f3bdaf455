//! Policies as the contract has them.

use api::policies::v1 as wire;
use domain::policy::{
    Clock, Delivery, Draft, Entry, Escalation, Moment, Policy, Recipient, Rules, Selector, SeverityRules, SourceWord,
    Target,
};
use jiff::{SignedDuration, Timestamp};

use crate::fields::stamp;

/// A policy with its version.
pub(crate) fn version(policy: &Policy) -> wire::PolicyVersion {
    wire::PolicyVersion {
        version: policy.version,
        effective_from: (policy.effective_from > Timestamp::MIN).then(|| stamp(policy.effective_from)),
        policy: Some(draft(&Draft::of(policy))),
    }
}

/// What a policy says.
pub(super) fn draft(draft: &Draft) -> wire::Policy {
    let pin = |(calendar, version): (&domain::ids::CalendarId, &u32)| wire::CalendarPin {
        calendar: calendar.to_string(),
        version: *version,
    };
    wire::Policy {
        severities: draft.severities.iter().map(rules).collect(),
        selectors: draft.selectors.iter().map(selector).collect(),
        calendars: draft.calendars.iter().map(pin).collect(),
    }
}

fn selector(selector: &Selector) -> wire::Selector {
    let Selector { name, when, severities } = selector;
    wire::Selector {
        name: name.to_string(),
        when: Some(wire::When {
            components: when.components.iter().map(ToString::to_string).collect(),
            sources: when.sources.iter().map(|word| source(*word).into()).collect(),
            tiers: when.tiers.iter().map(ToString::to_string).collect(),
        }),
        severities: severities.iter().map(rules).collect(),
    }
}

/// The rules of a severity.
pub(super) fn rules(of: &SeverityRules) -> wire::Rules {
    let SeverityRules { severity, rules } = of;
    let Rules { targets, calendar, pauses, at_risk_percent, on_top, shifts_after, entry, delivery, escalations } =
        rules;
    wire::Rules {
        severity: severity.to_string(),
        accept: targets.accept.map(target),
        mitigate: targets.mitigate.map(target),
        resolve: targets.resolve.map(target),
        calendar: calendar.to_string(),
        pauses: Clock::ALL.into_iter().filter(|one| pauses.of(*one)).map(|one| clock(one).into()).collect(),
        at_risk_percent: Some((*at_risk_percent).into()),
        on_top: *on_top,
        shifts_after: shifts_after.map(duration),
        entry: self::entry(*entry).into(),
        delivery: self::delivery(*delivery).into(),
        escalations: escalations.iter().map(escalation).collect(),
    }
}

/// How much time a clock has.
pub(crate) fn target(target: Target) -> wire::Target {
    use wire::target::Target as Wire;
    let target = match target {
        Target::Working(time) => Wire::WorkingTime(duration(time)),
        Target::WorkingDays(days) => Wire::WorkingDays(days),
    };
    wire::Target { target: Some(target) }
}

/// Somebody is told of a clock.
pub(crate) fn escalation(step: &Escalation) -> wire::Escalation {
    use wire::escalation::Recipient as To;
    let Escalation { clock: of, when, after, to } = step;
    wire::Escalation {
        clock: of.map_or(wire::Clock::Unspecified, clock).into(),
        when: moment(*when).into(),
        after: Some(duration(*after)),
        recipient: Some(match to {
            Recipient::Assignee => To::Role(wire::Role::Assignee.into()),
            Recipient::OwnerTeam => To::Role(wire::Role::OwnerTeam.into()),
            Recipient::OnShift => To::Role(wire::Role::OnShift.into()),
            Recipient::ProductOwners => To::Role(wire::Role::ProductOwners.into()),
            Recipient::Team(team) => To::Team(team.to_string()),
            Recipient::Person(person) => To::Person(person.to_string()),
        }),
    }
}

/// A clock.
pub(crate) fn clock(clock: Clock) -> wire::Clock {
    match clock {
        Clock::Accept => wire::Clock::Accept,
        Clock::Mitigate => wire::Clock::Mitigate,
        Clock::Resolve => wire::Clock::Resolve,
    }
}

fn moment(moment: Moment) -> wire::Moment {
    match moment {
        Moment::AtRisk => wire::Moment::AtRisk,
        Moment::Breach => wire::Moment::Breach,
    }
}

fn entry(entry: Entry) -> wire::Entry {
    match entry {
        Entry::Top => wire::Entry::Top,
        Entry::BelowOnTop => wire::Entry::BelowOnTop,
        Entry::Bottom => wire::Entry::Bottom,
    }
}

/// How a fix gets to production.
pub(crate) fn delivery(delivery: Delivery) -> wire::Delivery {
    match delivery {
        Delivery::PatchNow => wire::Delivery::PatchNow,
        Delivery::NextPush => wire::Delivery::NextPush,
        Delivery::Planned => wire::Delivery::Planned,
    }
}

/// Where an issue comes from.
pub(super) fn source(word: SourceWord) -> wire::Source {
    match word {
        SourceWord::Customer => wire::Source::Customer,
        SourceWord::ProductOwner => wire::Source::ProductOwner,
        SourceWord::Security => wire::Source::Security,
        SourceWord::System => wire::Source::System,
    }
}

/// A length of time.
pub(crate) fn duration(length: SignedDuration) -> prost_types::Duration {
    prost_types::Duration { seconds: length.as_secs(), nanos: length.subsec_nanos() }
}
