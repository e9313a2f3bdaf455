//! A bug's own fields at odds with its history: the issue ends as they say, or that is counted.

use super::{bug, check, planned};
use crate::client::import::bugzilla::record::Bug;

const TRIAGED: &str = "0 ann (triaged sev3 General)";

#[track_caller]
fn adjusts(bug: &Bug, expected: &[&str]) {
    assert_eq!(planned(bug).adjusted.into_keys().collect::<Vec<_>>(), expected);
}

#[test]
fn severity_component_and_assignee_end_as_the_bug_says() {
    let mut bug = bug("NEW", "").on(2, &["severity: normal > major", "component: General > DOM"]);
    (bug.severity, bug.component, bug.assignee) = ("critical".into(), "Layout".into(), Some("cid".into()));
    let facts =
        [TRIAGED, "2 bob component DOM", "2 bob severity sev2", "2 bob (component Layout)", "2 bob (severity sev1)"];
    // Nothing tells when it was assigned: so it was with the filing.
    check(&bug, &[&[facts[0], "0 ann assigned to cid"], &facts[1..]].concat(), &[]);
    adjusts(&bug, &["component: not where the history leads", "severity: not where the history leads"]);
}

#[test]
fn an_assignee_that_comes_too_late_is_counted() {
    let mut bug = bug("RESOLVED", "FIXED")
        .on(1, &["assigned_to: nobody > cid"])
        .on(2, &["status: NEW > RESOLVED", "resolution: > FIXED"]);
    bug.assignee = Some("dot".into());
    let facts = [TRIAGED, "1 bob assigned to cid", "2 bob (accepted)", "2 bob resolved"];
    check(&bug, &facts, &["1 its own assigned_to: after it was resolved"]);
    adjusts(&bug, &[]);
    bug.assignee = Some("cid".into());
    check(&bug, &facts, &[]);
}

#[test]
fn an_assignee_that_comes_in_time_is_an_adjustment() {
    let mut bug = bug("NEW", "").on(1, &["assigned_to: nobody > cid"]);
    bug.assignee = Some("dot".into());
    check(&bug, &[TRIAGED, "1 bob assigned to cid", "1 bob (assigned to dot)"], &[]);
    adjusts(&bug, &["assigned_to: not where the history leads"]);
}

#[test]
fn before_triage_a_severity_is_where_it_was_reported() {
    let mut bug = bug("UNCONFIRMED", "");
    check(&bug, &[], &[]);
    bug.assignee = Some("cid".into());
    let bug = Bug { severity: "blocker".into(), ..bug.on(1, &["severity: normal > major"]) };
    let skipped =
        ["1 its own assigned_to: before triage", "1 its own severity: before triage", "1 severity: before triage"];
    check(&bug, &[], &skipped);
}

#[test]
fn what_is_over_takes_no_other_component_or_severity() {
    let mut bug = bug("RESOLVED", "WONTFIX").on(1, &["status: NEW > RESOLVED", "resolution: > WONTFIX"]);
    bug = bug.on(2, &["component: General > DOM", "severity: normal > major"]);
    (bug.component, bug.severity) = ("DOM".into(), "major".into());
    let skipped = [
        "1 component: after it was closed or dismissed",
        "1 its own component: after it was closed or dismissed",
        "1 its own severity: after it was closed or dismissed",
        "1 severity: after it was closed or dismissed",
    ];
    check(&bug, &[TRIAGED, "1 bob dismissed WONT_FIX WONTFIX"], &skipped);
}

#[test]
fn words_of_its_own_that_map_to_nothing_are_counted() {
    let mut odd = bug("NEW", "");
    (odd.severity, odd.component, odd.assignee) = ("weird".into(), "💩".into(), Some("💩".into()));
    let skipped = [
        "1 its own assigned_to: 💩 makes no id",
        "1 its own component: 💩 makes no id",
        "1 its own severity: weird is unknown",
    ];
    check(&odd, &["0 ann (triaged)"], &skipped);
    (odd.severity, odd.component, odd.assignee) = ("--".into(), String::new(), Some("nobody@example.org".into()));
    check(&odd, &["0 ann (triaged)"], &[]);
    check(
        &Bug { severity: "N/A".into(), ..bug("NEW", "").on(1, &["severity: major > normal"]) },
        &["0 ann (triaged sev2 General)", "1 bob severity sev3"],
        &["1 its own severity: set to none"],
    );
}

#[test]
fn a_closing_fact_stays_one_until_its_own_field_changes() {
    let mut bug = bug("NEW", "").on(1, &["assigned_to: nobody > cid"]);
    bug.assignee = Some("dot".into());
    let closing = |bug: &Bug| planned(bug).facts.last().filter(|fact| fact.closing).map(|fact| fact.request_id);
    let first = closing(&bug);
    assert!(first.is_some());
    assert_eq!(closing(&bug.clone().on(2, &["keywords: > perf"])), first);
    assert_ne!(closing(&bug.clone().on(2, &["assigned_to: cid > eve"])), first);
    bug.assignee = Some("fay".into());
    assert_ne!(closing(&bug), first);
}
