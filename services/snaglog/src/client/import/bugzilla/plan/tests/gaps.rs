//! Histories with holes, in disorder, or at odds with the bug's own status.

use super::{bug, check, day, planned};
use crate::client::import::bugzilla::record::Entry;

const TRIAGED: &str = "0 ann (triaged sev3 General)";

#[test]
fn a_history_may_begin_anywhere() {
    let reopened = bug("RESOLVED", "FIXED").on(2, &["status: REOPENED > RESOLVED", "resolution: > FIXED"]);
    check(&reopened, &[TRIAGED, "2 bob (accepted)", "2 bob resolved"], &[]);
    let resolved = bug("VERIFIED", "FIXED").on(2, &["status: RESOLVED > VERIFIED"]);
    check(&resolved, &[TRIAGED, "0 ann (accepted)", "0 ann (resolved)", "2 bob verified bob"], &[]);
    let dismissed = bug("NEW", "").on(2, &["status: RESOLVED > NEW", "resolution: WONTFIX >"]);
    check(&dismissed, &["0 ann (dismissed WONT_FIX WONTFIX)", "2 bob reopened", "2 bob (triaged sev3 General)"], &[]);
}

#[test]
fn a_bug_whose_history_stops_short_is_brought_to_its_own_status() {
    let mut bug = bug("VERIFIED", "FIXED").on(2, &["status: NEW > ASSIGNED"]);
    bug.last_resolved = Some(day(5));
    let facts = [TRIAGED, "2 bob accepted", "5 bob (resolved)", "5 bob (verified)"];
    check(&bug, &facts, &[]);
    assert_eq!(planned(&bug).adjusted.keys().collect::<Vec<_>>(), ["status: not where the history leads"]);
    bug.history.clear();
    check(&bug, &["5 ann (triaged sev3 General)", "5 ann (accepted)", "5 ann (resolved)", "5 ann (verified)"], &[]);
}

#[test]
fn entries_come_in_the_order_of_their_times() {
    let bug = bug("RESOLVED", "FIXED")
        .on(3, &["status: ASSIGNED > RESOLVED", "resolution: > FIXED"])
        .on(1, &["status: NEW > ASSIGNED"])
        .on(-2, &["keywords: > perf"]);
    check(&bug, &[TRIAGED, "1 bob accepted", "3 bob resolved"], &["1 keywords"]);
    let adjusted = planned(&bug).adjusted.into_keys().collect::<Vec<_>>();
    assert_eq!(adjusted, ["history: before the filing", "history: out of order"]);
}

#[test]
fn an_entry_without_a_time_happened_with_the_one_before() {
    let mut bug = bug("ASSIGNED", "").on(1, &["keywords: > perf"]);
    let next = bug.clone().on(9, &["status: NEW > ASSIGNED"]).history.remove(1);
    bug.history.push(Entry { when: None, who: String::new(), ..next });
    check(&bug, &[TRIAGED, "1 unknown accepted"], &["1 keywords"]);
}

#[test]
fn entries_of_one_moment_are_one() {
    let bug = bug("VERIFIED", "FIXED")
        .on(1, &["status: ASSIGNED > RESOLVED"])
        .on(1, &["resolution: > FIXED"])
        .on(2, &["status: RESOLVED > VERIFIED"])
        .on(2, &["status: VERIFIED > RESOLVED"])
        .on(2, &["status: RESOLVED > VERIFIED"]);
    let head = [TRIAGED, "0 ann (accepted)", "1 bob resolved", "2 bob verified bob"];
    check(&bug, &[&head[..], &["2 bob (rejected)", "2 bob (resolved)", "2 bob verified bob"]].concat(), &[]);
    let disordered = super::bug("ASSIGNED", "").on(1, &["status: NEW > ASSIGNED", "status: UNCONFIRMED > NEW"]);
    check(&disordered, &["1 bob triaged sev3 General", "1 bob accepted"], &[]);
}

#[test]
fn each_status_of_a_moment_takes_the_resolution_of_its_own_entry() {
    let reopened = bug("REOPENED", "")
        .on(1, &["status: NEW > RESOLVED", "resolution: > FIXED"])
        .on(1, &["status: RESOLVED > REOPENED", "resolution: FIXED >"]);
    check(&reopened, &[TRIAGED, "1 bob (accepted)", "1 bob resolved", "1 bob rejected"], &[]);
    let changed = bug("RESOLVED", "WONTFIX")
        .on(1, &["status: NEW > RESOLVED", "resolution: > INVALID"])
        .on(1, &["resolution: INVALID > WONTFIX"]);
    let invalid = "1 bob dismissed NOT_A_DEFECT INVALID";
    check(&changed, &[TRIAGED, invalid, "1 bob (reopened)", "1 bob dismissed WONT_FIX WONTFIX"], &[]);
}

#[test]
fn a_status_that_nobody_knows_moves_nothing() {
    let bug = bug("MODIFIED", "").on(1, &["status: NEW > ON_QA"]).on(2, &["status: ON_QA > MODIFIED"]);
    check(
        &bug,
        &[TRIAGED],
        &["1 its own status: MODIFIED is unknown", "1 status: MODIFIED is unknown", "1 status: ON_QA is unknown"],
    );
}

#[test]
fn a_bug_that_tells_nothing_is_still_filed() {
    let bare = crate::client::import::bugzilla::record::Bug { id: 7, created: Some(day(0)), ..Default::default() };
    check(&bare, &[], &[]);
    assert_eq!(planned(&bare).facts[0].actor, "unknown");
}

#[test]
fn a_plan_is_the_same_each_time_and_no_id_is_taken_twice() {
    let bug = bug("NEW", "")
        .on(1, &["flagtypes.name: > needinfo?(cid), needinfo?(dot)", "status: NEW > ASSIGNED"])
        .on(1, &["status: ASSIGNED > NEW"]);
    let ids = |bug| planned(bug).facts.iter().map(|fact| fact.request_id).collect::<Vec<_>>();
    assert_eq!(ids(&bug), ids(&bug));
    let distinct: std::collections::HashSet<_> = ids(&bug).into_iter().collect();
    assert_eq!(distinct.len(), ids(&bug).len());
    // What follows later leaves what was there as it was.
    let longer = bug.clone().on(9, &["status: NEW > ASSIGNED"]);
    assert_eq!(ids(&longer)[..ids(&bug).len()], ids(&bug));
}
