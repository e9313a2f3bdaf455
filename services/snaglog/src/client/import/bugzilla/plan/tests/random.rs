//! Whatever a history says, the domain takes every fact planned, and the issue ends where the bug's own status says.

use std::collections::HashSet;

use domain::issue::State;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::domain_rules::Rules;
use super::{bug, day, line, planned};
use crate::client::import::bugzilla::record::{Bug, Change, Entry};

const STATUSES: &[&str] =
    &["UNCONFIRMED", "NEW", "ASSIGNED", "REOPENED", "RESOLVED", "RESOLVED", "VERIFIED", "CLOSED", "ON_QA", ""];
const RESOLUTIONS: &[&str] = &["", "FIXED", "FIXED", "DUPLICATE", "INVALID", "MOVED"];

/// A field with words that it may have.
fn words(field: &str) -> &'static [&'static str] {
    match field {
        "status" => STATUSES,
        "resolution" => RESOLUTIONS,
        "severity" => &["normal", "blocker", "major", "S4", "N/A", "odd", ""],
        "component" => &["General", "DOM: Core & HTML", "&", ""],
        "assigned_to" => &["nobody", "cid", "dot d", ""],
        "flagtypes.name" => &[
            "needinfo?(cid)",
            "needinfo?",
            "needinfo?(ann), needinfo?(cid)",
            "in-testsuite+",
            "in-testsuite+, odd",
            "review-",
            "needinfo+, needinfoX(cid)",
            "",
        ],
        _ => &["x", ""],
    }
}

fn change() -> impl Strategy<Value = Change> {
    let fields = [
        "status",
        "status",
        "status",
        "resolution",
        "severity",
        "component",
        "assigned_to",
        "flagtypes.name",
        "flagtypes.name",
        "cc",
    ];
    select(fields.to_vec()).prop_flat_map(|field| {
        let word = || select(words(field)).prop_map(str::to_owned);
        (word(), word()).prop_map(|(removed, added)| Change { field: field.to_owned(), removed, added })
    })
}

fn entry() -> impl Strategy<Value = Entry> {
    let when = prop_oneof![1 => Just(None), 12 => (-1..9_i64).prop_map(|number| Some(day(number)))];
    let who = select(&["bob", "eve", ""][..]).prop_map(str::to_owned);
    (when, who, vec(change(), 0..5)).prop_map(|(when, who, changes)| Entry { when, who, changes })
}

fn any_bug() -> impl Strategy<Value = Bug> {
    let own = (select(STATUSES), select(RESOLUTIONS), select(words("severity")), select(words("component")));
    let people = (select(&["ann", ""][..]), prop_oneof![Just(None), select(words("assigned_to")).prop_map(Some)]);
    (own, people, proptest::option::of(-1..12_i64), any::<bool>(), vec(entry(), 0..9)).prop_map(
        |((status, resolution, severity, component), (creator, assignee), resolved, duplicate, history)| Bug {
            creator: creator.into(),
            severity: severity.into(),
            component: component.into(),
            assignee: assignee.map(str::to_owned),
            last_resolved: resolved.map(day),
            duplicate_of: duplicate.then_some(9),
            history,
            ..bug(status, resolution)
        },
    )
}

/// The state that the bug's own status and resolution ask for, given how the issue had ended last; `None`: they leave it open.
fn expected(bug: &Bug, ended: Option<&str>) -> Option<&'static str> {
    match (bug.status.as_str(), bug.resolution.as_str()) {
        ("REOPENED", _) if ended == Some("resolved") => Some("Accepted"),
        ("REOPENED", _) if ended == Some("dismissed") => Some("New"),
        ("UNCONFIRMED" | "NEW", _) => Some("New"),
        ("ASSIGNED", _) => Some("Accepted"),
        ("RESOLVED", "FIXED") => Some("Resolved"),
        ("VERIFIED", "FIXED") => Some("Verified"),
        ("CLOSED", "FIXED") => Some("Closed"),
        ("RESOLVED" | "VERIFIED" | "CLOSED", resolution) if !resolution.is_empty() => Some("Dismissed"),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn every_fact_is_taken_and_the_last_state_is_the_bugs_own(bug in any_bug()) {
        let plan = planned(&bug);
        let mut rules = Rules::new();
        let mut last = day(0);
        for (nth, fact) in plan.facts.iter().enumerate() {
            let taken = rules.take(fact);
            prop_assert!(taken.is_ok(), "{nth}: {}: {taken:?}", line(fact));
            prop_assert!(fact.occurred_at >= last, "times run backwards at {nth}");
            last = fact.occurred_at;
        }
        let issue = rules.issue.unwrap();
        let mut kinds = plan.facts.iter().map(|fact| super::super::kind(&fact.fact));
        let ended = kinds.rfind(|kind| ["resolved", "dismissed"].contains(kind));
        if let Some(expected) = expected(&bug, ended) {
            prop_assert_eq!(issue.state_name(), expected);
        }
        if bug.status == "NEW" || bug.status == "UNCONFIRMED" {
            prop_assert_eq!(issue.state, State::New { triaged: bug.status == "NEW" });
        }
        let ids: HashSet<_> = plan.facts.iter().map(|fact| fact.request_id).collect();
        prop_assert_eq!(ids.len(), plan.facts.len());
        prop_assert_eq!(&planned(&bug).facts, &plan.facts);
    }

    #[test]
    fn every_change_is_told_or_left_out_for_a_reason(bug in any_bug()) {
        let plan = planned(&bug);
        let changes = bug.history.iter().flat_map(|entry| &entry.changes);
        let fields: HashSet<&str> = changes.clone().map(|change| change.field.as_str()).collect();
        for field in fields {
            let given: usize = changes.clone().filter(|change| change.field == field).map(parts).sum();
            let reasons = plan.skipped.iter().filter(|(reason, _)| reason.split(':').next() == Some(field));
            let skipped: u64 = reasons.map(|(_, times)| *times).sum();
            let told = plan.told.get(field).copied().unwrap_or_default();
            prop_assert_eq!(told + skipped, given as u64, "{}: {:?} {:?}", field, &plan.told, &plan.skipped);
        }
    }
}

/// How many changes a change counts for: one, but of flags each question, and each name of the others.
fn parts(change: &Change) -> usize {
    if change.field != "flagtypes.name" {
        return 1;
    }
    let flags = |text: &str| text.split(", ").filter(|flag| !flag.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (asked, others): (Vec<_>, Vec<_>) = [flags(&change.removed), flags(&change.added)]
        .concat()
        .into_iter()
        .partition(|flag| flag.starts_with("needinfo?"));
    let (flags, odd): (Vec<_>, Vec<_>) = others.into_iter().partition(|flag| flag.contains(['+', '-', '?', 'X']));
    let names: HashSet<&str> = flags
        .iter()
        .filter_map(|flag| flag.split(['+', '?', 'X', '(']).next())
        .map(|name| name.trim_end_matches('-'))
        .collect();
    (asked.len() + odd.len() + names.len()).max(1)
}
