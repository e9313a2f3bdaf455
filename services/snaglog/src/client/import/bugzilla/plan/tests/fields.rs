//! Severity, component, assignee; fields that Snaglog has nothing for; texts and names.

use super::{bug, check, line, planned};
use api::imports::v1::import_fact_request::Fact;

const TRIAGED: &str = "0 ann (triaged sev3 General)";

#[test]
fn severity_goes_by_rank() {
    let mut changed = bug("NEW", "")
        .on(1, &["severity: normal > critical"])
        .on(2, &["severity: critical > S1"])
        .on(3, &["severity: S1 > N/A"]);
    changed.severity = "N/A".into();
    check(
        &changed,
        &[TRIAGED, "1 bob severity sev1"],
        &["1 its own severity: set to none", "1 severity: of the same rank in the project", "1 severity: set to none"],
    );
    let odd = bug("NEW", "").on(1, &["severity: normal > wobbly"]).on(2, &["severity: wobbly > normal"]);
    check(&odd, &[TRIAGED], &["1 severity: a word that is unknown", "1 severity: of the same rank in the project"]);
}

#[test]
fn before_triage_severity_and_assignee_wait_for_it() {
    let mut bug = bug("NEW", "")
        .on(1, &["severity: normal > major", "assigned_to: nobody@example.org > cid"])
        .on(2, &["severity: major > blocker", "status: UNCONFIRMED > NEW"]);
    (bug.severity, bug.assignee) = ("blocker".into(), Some("cid".into()));
    let facts = ["2 bob triaged sev1 General", "2 bob (assigned to cid)"];
    check(&bug, &facts, &["1 assigned_to: before triage", "1 severity: before triage"]);
}

#[test]
fn an_assignee_is_told_before_the_step_that_follows() {
    let mut bug = bug("RESOLVED", "FIXED")
        .on(1, &["status: NEW > ASSIGNED", "assigned_to: > cid"])
        .on(2, &["status: ASSIGNED > RESOLVED", "assigned_to: cid > dot", "resolution: > FIXED"])
        .on(3, &["assigned_to: dot > cid"]);
    bug.assignee = Some("cid".into());
    let facts = [TRIAGED, "1 bob assigned to cid", "1 bob accepted", "2 bob assigned to dot", "2 bob resolved"];
    let skipped = ["1 assigned_to: after it was resolved", "1 its own assigned_to: after it was resolved"];
    check(&bug, &facts, &skipped);
    bug.status = "REOPENED".into();
    let reopened = bug.on(4, &["status: RESOLVED > REOPENED", "resolution: FIXED >"]);
    let facts = [&facts[..], &["4 bob rejected", "4 bob (assigned to cid)"]].concat();
    check(&reopened, &facts, &["1 assigned_to: after it was resolved"]);
}

#[test]
fn an_assignee_may_be_set_with_the_filing_and_taken_away() {
    let mut bug = bug("NEW", "").on(1, &["status: ASSIGNED > NEW"]).on(2, &["assigned_to: cid > nobody"]);
    bug.assignee = None;
    let head = [TRIAGED, "0 ann assigned to cid", "0 ann (accepted)", "1 bob returned", "1 bob (triaged sev3 General)"];
    check(&bug, &[&head[..], &["1 bob (assigned to cid)", "2 bob assigned to nobody"]].concat(), &[]);
}

#[test]
fn components_by_their_ids() {
    let mut bug = bug("NEW", "")
        .on(1, &["component: DOM: Core & HTML > Networking", "product: Core > Toolkit"])
        .on(2, &["component: Networking > Networking?"])
        .on(3, &["status: NEW > RESOLVED", "resolution: > WONTFIX"])
        .on(4, &["component: Networking? > General"])
        .on(5, &["status: RESOLVED > NEW", "resolution: WONTFIX >"]);
    bug.component = "General".into();
    let facts = [
        "0 ann (triaged sev3 DOM:Core-HTML)",
        "1 bob component Networking",
        "3 bob dismissed WONT_FIX WONTFIX",
        "5 bob reopened",
        "5 bob (component General)",
    ];
    check(
        &bug,
        &facts,
        &["1 component: after it was closed or dismissed", "1 component: of the same name in the project", "1 product"],
    );
}

#[test]
fn what_maps_to_nothing_is_counted_by_its_field() {
    let mut bug = bug("NEW", "")
        .on(1, &["keywords: > perf", "priority: -- > P5", "cc: > x"])
        .on(2, &["keywords: perf >", "summary: a > b"]);
    bug.comments = 4;
    check(&bug, &[TRIAGED], &["1 cc", "4 comments", "2 keywords", "1 priority", "1 summary"]);
}

#[test]
fn texts_and_names_are_made_to_fit() {
    let mut odd = bug("UNCONFIRMED", "");
    (odd.summary, odd.description, odd.creator) = ("é".repeat(300), "a\u{1}b".into(), "Ann B".into());
    odd.component = String::new();
    let plan = planned(&odd);
    assert_eq!(line(&plan.facts[0]), "0 Ann_B filed sev3");
    let Fact::Filed(filed) = &plan.facts[0].fact else { panic!() };
    assert_eq!(filed.title.chars().count(), 200);
    assert!(filed.report.as_ref().unwrap().details.starts_with(&"é".repeat(300)));
    let adjusted: Vec<_> = plan.adjusted.keys().collect();
    assert_eq!(
        adjusted,
        ["description: control characters left out", "summary: over 200 characters, whole in the details"]
    );
    odd.summary = " ".into();
    let plan = planned(&odd);
    let Fact::Filed(filed) = &plan.facts[0].fact else { panic!() };
    assert_eq!(filed.title, "Bug 7 without a summary");
}
