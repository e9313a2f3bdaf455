//! Policies as callers propose them. Faults are placed as the domain places its own: `policy.severities.sev2.mitigate`.

use std::collections::BTreeMap;

use api::policies::v1 as wire;
use domain::ids::{CalendarId, ComponentId, PersonId, SelectorId, SeverityId, TeamId};
use domain::policy::{
    Clock, Delivery, Draft, ESCALATIONS_MAX, Entry, Escalation, Moment, Pauses, Recipient, Rules, SELECTORS_MAX,
    Selector, SeverityRules, SourceWord, Target, Targets, When,
};
use jiff::SignedDuration;

use crate::fields::{Faults, short};
use crate::limits::{LIST_ITEMS_MAX, NAME_CHARS_MAX, SEVERITIES_MAX};

const AT_RISK_PERCENT: u32 = 75;

/// The policy of a request, where it has one; `None`: a fault is noted.
pub(super) fn policy(
    faults: &mut Faults,
    policy: Option<&wire::Policy>,
    effective_from: Option<&prost_types::Timestamp>,
) -> Option<Draft> {
    let effective_from = faults.time("effective_from", effective_from);
    let Some(policy) = policy else {
        faults.add("policy", "is required");
        return None;
    };
    faults.within("policy", |faults| {
        let severities = severities(faults, &policy.severities);
        faults.at_most("selectors", policy.selectors.len(), SELECTORS_MAX);
        let selectors = policy.selectors.iter().take(SELECTORS_MAX).enumerate();
        let selectors =
            selectors.filter_map(|(n, one)| faults.within(&format!("selectors[{n}]"), |faults| selector(faults, one)));
        let selectors = selectors.collect();
        let calendars = calendars(faults, &policy.calendars);
        Some(Draft { effective_from, severities, selectors, calendars })
    })
}

fn calendars(faults: &mut Faults, pins: &[wire::CalendarPin]) -> BTreeMap<CalendarId, u32> {
    faults.at_most("calendars", pins.len(), LIST_ITEMS_MAX);
    let mut calendars = BTreeMap::new();
    for (n, pin) in pins.iter().take(LIST_ITEMS_MAX).enumerate() {
        let place = format!("calendars[{n}].calendar");
        let Some(calendar) = faults.required(&place, &pin.calendar, CalendarId::parse) else { continue };
        if calendars.insert(calendar, pin.version).is_some() {
            faults.add(&place, "stands there twice");
        }
    }
    calendars
}

fn selector(faults: &mut Faults, selector: &wire::Selector) -> Option<Selector> {
    let name = faults.required("name", &selector.name, SelectorId::parse);
    let when = selector.when.as_ref().map(|when| faults.within("when", |faults| self::when(faults, when)));
    let severities = severities(faults, &selector.severities);
    // Without conditions it is refused where all else is checked.
    Some(Selector { name: name?, when: when.unwrap_or_default(), severities })
}

fn when(faults: &mut Faults, when: &wire::When) -> When {
    let components = faults.list("components", &when.components, ComponentId::parse);
    let tiers = faults.list("tiers", &when.tiers, short(NAME_CHARS_MAX));
    faults.at_most("sources", when.sources.len(), SourceWord::ALL.len());
    let sources = when.sources.iter().take(SourceWord::ALL.len()).enumerate();
    let sources = sources.filter_map(|(n, number)| faults.choice(&format!("sources[{n}]"), *number, source));
    When { components, sources: sources.collect(), tiers }
}

fn severities(faults: &mut Faults, severities: &[wire::Rules]) -> Vec<SeverityRules> {
    faults.at_most("severities", severities.len(), SEVERITIES_MAX);
    let severities = severities.iter().take(SEVERITIES_MAX).enumerate();
    let parsed = severities.filter_map(|(n, of)| {
        let place = format!("severities[{n}].severity");
        let severity = faults.required(&place, &of.severity, SeverityId::parse);
        let place = severity.as_ref().map_or_else(|| format!("severities[{n}]"), |id| format!("severities.{id}"));
        let rules = faults.within(&place, |faults| rules(faults, of));
        Some(SeverityRules { severity: severity?, rules: rules? })
    });
    parsed.collect()
}

fn rules(faults: &mut Faults, rules: &wire::Rules) -> Option<Rules> {
    let targets = Targets {
        accept: target(faults, "accept", rules.accept.as_ref()),
        mitigate: target(faults, "mitigate", rules.mitigate.as_ref()),
        resolve: target(faults, "resolve", rules.resolve.as_ref()),
    };
    let calendar = faults.required("calendar", &rules.calendar, CalendarId::parse);
    let mut pauses = Pauses::NONE;
    for (n, number) in rules.pauses.iter().enumerate() {
        match faults.choice(&format!("pauses[{n}]"), *number, clock) {
            Some(Clock::Accept) => pauses.accept = true,
            Some(Clock::Mitigate) => pauses.mitigate = true,
            Some(Clock::Resolve) => pauses.resolve = true,
            None => {}
        }
    }
    // What is no share at all is refused where all else is checked.
    let at_risk_percent = rules.at_risk_percent.unwrap_or(AT_RISK_PERCENT).try_into().unwrap_or(u8::MAX);
    let shifts_after = length(faults, "shifts_after", rules.shifts_after.as_ref());
    let entry = faults.choice("entry", rules.entry, entry);
    let delivery = faults.choice("delivery", rules.delivery, delivery);
    faults.at_most("escalations", rules.escalations.len(), ESCALATIONS_MAX);
    let steps = rules.escalations.iter().take(ESCALATIONS_MAX).enumerate();
    let steps =
        steps.filter_map(|(n, step)| faults.within(&format!("escalations[{n}]"), |faults| escalation(faults, step)));
    let escalations = steps.collect();
    let (calendar, on_top) = (calendar?, rules.on_top);
    let (entry, delivery) = entry.zip(delivery)?;
    Some(Rules { targets, calendar, pauses, at_risk_percent, on_top, shifts_after, entry, delivery, escalations })
}

fn target(faults: &mut Faults, field: &str, target: Option<&wire::Target>) -> Option<Target> {
    match &target?.target {
        Some(wire::target::Target::WorkingTime(time)) => length(faults, field, Some(time)).map(Target::Working),
        Some(wire::target::Target::WorkingDays(days)) => Some(Target::WorkingDays(*days)),
        None => {
            faults.add(field, "must be working time or working days");
            None
        }
    }
}

fn escalation(faults: &mut Faults, step: &wire::Escalation) -> Option<Escalation> {
    use wire::escalation::Recipient as To;
    let clock = faults.maybe_choice("clock", step.clock, clock);
    let when = faults.choice("when", step.when, moment);
    let after = length(faults, "after", step.after.as_ref()).unwrap_or_default();
    let to = match &step.recipient {
        Some(To::Role(number)) => faults.choice("role", *number, role),
        Some(To::Team(team)) => faults.required("team", team, TeamId::parse).map(Recipient::Team),
        Some(To::Person(person)) => faults.required("person", person, PersonId::parse).map(Recipient::Person),
        None => {
            faults.add("to", "is required: a role, a team or a person");
            None
        }
    };
    Some(Escalation { clock, when: when?, after, to: to? })
}

/// A length in whole seconds; `None`: absent, or at fault.
fn length(faults: &mut Faults, field: &str, length: Option<&prost_types::Duration>) -> Option<SignedDuration> {
    let length = length?;
    if length.nanos != 0 {
        faults.add(field, "must be whole seconds");
        return None;
    }
    Some(SignedDuration::from_secs(length.seconds))
}

fn clock(clock: wire::Clock) -> Option<Clock> {
    match clock {
        wire::Clock::Accept => Some(Clock::Accept),
        wire::Clock::Mitigate => Some(Clock::Mitigate),
        wire::Clock::Resolve => Some(Clock::Resolve),
        wire::Clock::Unspecified => None,
    }
}

fn moment(moment: wire::Moment) -> Option<Moment> {
    match moment {
        wire::Moment::AtRisk => Some(Moment::AtRisk),
        wire::Moment::Breach => Some(Moment::Breach),
        wire::Moment::Unspecified => None,
    }
}

fn role(role: wire::Role) -> Option<Recipient> {
    match role {
        wire::Role::Assignee => Some(Recipient::Assignee),
        wire::Role::OwnerTeam => Some(Recipient::OwnerTeam),
        wire::Role::OnShift => Some(Recipient::OnShift),
        wire::Role::ProductOwners => Some(Recipient::ProductOwners),
        wire::Role::Unspecified => None,
    }
}

fn entry(entry: wire::Entry) -> Option<Entry> {
    match entry {
        wire::Entry::Top => Some(Entry::Top),
        wire::Entry::BelowOnTop => Some(Entry::BelowOnTop),
        wire::Entry::Bottom => Some(Entry::Bottom),
        wire::Entry::Unspecified => None,
    }
}

fn delivery(delivery: wire::Delivery) -> Option<Delivery> {
    match delivery {
        wire::Delivery::PatchNow => Some(Delivery::PatchNow),
        wire::Delivery::NextPush => Some(Delivery::NextPush),
        wire::Delivery::Planned => Some(Delivery::Planned),
        wire::Delivery::Unspecified => None,
    }
}

fn source(source: wire::Source) -> Option<SourceWord> {
    match source {
        wire::Source::Customer => Some(SourceWord::Customer),
        wire::Source::ProductOwner => Some(SourceWord::ProductOwner),
        wire::Source::Security => Some(SourceWord::Security),
        wire::Source::System => Some(SourceWord::System),
        wire::Source::Unspecified => None,
    }
}
