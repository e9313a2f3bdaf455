//! Any policy.

use domain::policy::{
    Clock, Delivery, Entry, Escalation, Moment, Pauses, Policy, Recipient, Rules, Selector, SeverityRules, SourceWord,
    Target, Targets, When,
};
use jiff::{SignedDuration, Timestamp};
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::words::{id, names};

pub(super) fn policy() -> BoxedStrategy<Policy> {
    let at = (0..4_000_000_000_000_000_i64).prop_map(|micros| Timestamp::from_microsecond(micros).unwrap());
    let severities = || vec(severity_rules(), 0..4);
    let when = (vec(id(), 0..3), subsequence(SourceWord::ALL.to_vec(), 0..=4), names())
        .prop_map(|(components, sources, tiers)| When { components, sources, tiers });
    let selector = (id(), when, severities()).prop_map(|(name, when, severities)| Selector { name, when, severities });
    (any::<u32>(), at, severities(), vec(selector, 0..3), btree_map(id(), any::<u32>(), 0..3))
        .prop_map(|(version, effective_from, severities, selectors, calendars)| Policy {
            version,
            effective_from,
            severities,
            selectors,
            calendars,
        })
        .boxed()
}

fn length() -> impl Strategy<Value = SignedDuration> {
    any::<i64>().prop_map(SignedDuration::from_secs)
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![length().prop_map(Target::Working), any::<u32>().prop_map(Target::WorkingDays)]
}

fn severity_rules() -> impl Strategy<Value = SeverityRules> {
    let targets = (of(target()), of(target()), of(target())).prop_map(|(accept, mitigate, resolve)| Targets {
        accept,
        mitigate,
        resolve,
    });
    let pauses =
        any::<(bool, bool, bool)>().prop_map(|(accept, mitigate, resolve)| Pauses { accept, mitigate, resolve });
    let entry = select(vec![Entry::Top, Entry::BelowOnTop, Entry::Bottom]);
    let delivery = select(vec![Delivery::PatchNow, Delivery::NextPush, Delivery::Planned]);
    let flags = (any::<u8>(), any::<bool>(), of(length()));
    (id(), targets, id(), pauses, flags, entry, delivery, vec(escalation(), 0..3)).prop_map(
        |(severity, targets, calendar, pauses, flags, entry, delivery, escalations)| {
            let (at_risk_percent, on_top, shifts_after) = flags;
            let rules = Rules {
                targets,
                calendar,
                pauses,
                at_risk_percent,
                on_top,
                shifts_after,
                entry,
                delivery,
                escalations,
            };
            SeverityRules { severity, rules }
        },
    )
}

fn escalation() -> impl Strategy<Value = Escalation> {
    let to = prop_oneof![
        Just(Recipient::Assignee),
        Just(Recipient::OwnerTeam),
        Just(Recipient::OnShift),
        Just(Recipient::ProductOwners),
        id().prop_map(Recipient::Team),
        id().prop_map(Recipient::Person),
    ];
    (of(select(Clock::ALL.to_vec())), select(vec![Moment::AtRisk, Moment::Breach]), length(), to)
        .prop_map(|(clock, when, after, to)| Escalation { clock, when, after, to })
}
