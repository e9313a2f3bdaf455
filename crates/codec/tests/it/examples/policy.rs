//! Policies as they are adopted.

use domain::policy::{
    Clock, Delivery, Entry, Escalation, Moment, Pauses, Policy, Recipient, Rules, Selector, SeverityRules, SourceWord,
    Target, Targets, When,
};
use domain::project::{ProjectEvent, Scheme};
use jiff::SignedDuration;

use super::{Example, example};

pub(super) fn examples() -> Vec<Example> {
    let adopted = |policy| ProjectEvent::PolicyAdopted { policy };
    vec![example("PolicyAdopted.v1", adopted(default())), example("PolicyAdopted.v1.cases", adopted(with_cases()))]
}

/// What a project adopts that adopts the default.
fn default() -> Policy {
    Policy {
        version: 1,
        effective_from: "2026-03-01T09:00:00Z".parse().unwrap(),
        ..Policy::default_for(&Scheme::three())
    }
}

/// Each value of each enum, and what may be left out left out.
fn with_cases() -> Policy {
    let step = |clock, when, to| Escalation { clock, when, after: SignedDuration::from_mins(30), to };
    let rules = Rules {
        targets: Targets { accept: None, mitigate: Some(Target::WorkingDays(1)), resolve: None },
        calendar: "24x7".parse().unwrap(),
        pauses: Pauses { accept: true, mitigate: true, resolve: true },
        at_risk_percent: 50,
        on_top: false,
        shifts_after: None,
        entry: Entry::BelowOnTop,
        delivery: Delivery::NextPush,
        escalations: vec![
            step(None, Moment::AtRisk, Recipient::Assignee),
            step(Some(Clock::Accept), Moment::AtRisk, Recipient::OwnerTeam),
            step(Some(Clock::Mitigate), Moment::Breach, Recipient::OnShift),
            step(Some(Clock::Resolve), Moment::Breach, Recipient::ProductOwners),
            step(None, Moment::Breach, Recipient::Team("ops".parse().unwrap())),
            step(None, Moment::Breach, Recipient::Person("olga".parse().unwrap())),
        ],
    };
    let severities = vec![SeverityRules { severity: "sev2".parse().unwrap(), rules }];
    let gold = Selector {
        name: "gold-customers".parse().unwrap(),
        when: When {
            components: vec!["checkout".parse().unwrap()],
            sources: SourceWord::ALL.to_vec(),
            tiers: vec!["gold".into()],
        },
        severities: severities.clone(),
    };
    Policy { version: 2, selectors: vec![gold], ..default() }
}
