//! Given this bug, these facts; and what is left out.

mod conversation;
mod domain_rules;
mod fields;
mod gaps;
mod own;
mod random;
mod states;

use jiff::{Timestamp, ToSpan as _};

use super::{Plan, PlannedFact, plan};
use crate::client::import::bugzilla::record::{Bug, Change, Entry};
use crate::client::import::bugzilla::vocabulary::Severities;
use api::imports::v1::import_fact_request::Fact;

/// Day 0 is the day of filing, at midnight.
fn day(number: i64) -> Timestamp {
    "2014-07-01T00:00:00Z".parse::<Timestamp>().unwrap().checked_add((24 * number).hours()).unwrap()
}

/// Bug 7 of `ann`, as it stands at the end.
fn bug(status: &str, resolution: &str) -> Bug {
    Bug {
        id: 7,
        created: Some(day(0)),
        creator: "ann".into(),
        summary: "It breaks".into(),
        status: status.into(),
        resolution: resolution.into(),
        severity: "normal".into(),
        component: "General".into(),
        assignee: Some(String::new()),
        ..Bug::default()
    }
}

impl Bug {
    /// On that day `bob` changed these fields, each `field: removed > added`.
    fn on(mut self, number: i64, changes: &[&str]) -> Self {
        let change = |text: &&str| {
            let (field, values) = text.split_once(": ").unwrap();
            let (removed, added) = values.split_once('>').unwrap();
            Change { field: field.into(), removed: removed.trim().into(), added: added.trim().into() }
        };
        let entry = Entry { when: Some(day(number)), who: "bob".into(), changes: changes.iter().map(change).collect() };
        self.history.push(entry);
        self
    }
}

fn planned(bug: &Bug) -> Plan {
    plan(bug, &Severities(vec!["sev1".into(), "sev2".into(), "sev3".into()]), "PAY")
}

/// A fact in a line: day, who, what; implied ones in brackets.
fn line(fact: &PlannedFact) -> String {
    let day = fact.occurred_at.duration_since(day(0)).as_hours() / 24;
    let what = what(&fact.fact);
    let what = if fact.implied { format!("({what})") } else { what };
    format!("{day} {} {what}", fact.actor)
}

fn what(fact: &Fact) -> String {
    let words = match fact {
        Fact::Filed(filed) => vec!["filed", &filed.reported_severity, &filed.component],
        Fact::Triaged(triaged) => vec!["triaged", &triaged.severity, &triaged.component],
        Fact::SeverityChanged(changed) => vec!["severity", &changed.severity],
        Fact::ComponentChanged(changed) => vec!["component", &changed.component],
        Fact::Assigned(assigned) if assigned.assignee.is_empty() => vec!["assigned to nobody"],
        Fact::Assigned(assigned) => vec!["assigned to", &assigned.assignee],
        Fact::InformationRequested(asked) => vec!["asked", &asked.of],
        Fact::InformationProvided(answered) => return format!("answered {}{:?}", answered.of, answered.questions),
        Fact::Verified(verified) => vec!["verified", &verified.confirmed_by],
        Fact::Dismissed(dismissed) => {
            vec![dismissed.dismissal().as_str_name(), &dismissed.duplicate_of, &dismissed.note]
        }
        other => vec![super::kind(other)],
    };
    let words = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    words.replace("DISMISSAL_REASON_", "dismissed ")
}

/// The facts after the filing, and what is skipped.
#[track_caller]
fn check(bug: &Bug, facts: &[&str], skipped: &[&str]) {
    let plan = planned(bug);
    assert!(matches!(plan.facts[0].fact, Fact::Filed(_)));
    let told: Vec<String> = plan.facts[1..].iter().map(line).collect();
    assert_eq!(told, facts);
    let left_out: Vec<String> = plan.skipped.iter().map(|(reason, times)| format!("{times} {reason}")).collect();
    assert_eq!(left_out, skipped);
}
