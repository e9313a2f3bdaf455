//! Statuses and resolutions.

use super::{bug, check};

const TRIAGED: &str = "0 ann (triaged sev3 General)";

#[test]
fn filed_and_no_more() {
    check(&bug("UNCONFIRMED", ""), &[], &[]);
    check(&bug("NEW", ""), &[TRIAGED], &[]);
    check(&bug("ASSIGNED", ""), &[TRIAGED, "0 ann (accepted)"], &[]);
}

#[test]
fn the_usual_life() {
    let bug = bug("CLOSED", "FIXED")
        .on(1, &["status: UNCONFIRMED > NEW", "is_confirmed: 0 > 1"])
        .on(2, &["status: NEW > ASSIGNED"])
        .on(3, &["resolution: > FIXED", "status: ASSIGNED > RESOLVED"])
        .on(4, &["status: RESOLVED > VERIFIED"])
        .on(5, &["status: VERIFIED > CLOSED"]);
    let facts =
        ["1 bob triaged sev3 General", "2 bob accepted", "3 bob resolved", "4 bob verified bob", "5 bob closed"];
    check(&bug, &facts, &["1 is_confirmed"]);
}

#[test]
fn steps_that_bugzilla_skips_are_implied() {
    let fixed = bug("RESOLVED", "FIXED").on(3, &["status: UNCONFIRMED > RESOLVED", "resolution: > FIXED"]);
    check(&fixed, &["3 bob (triaged sev3 General)", "3 bob (accepted)", "3 bob resolved"], &[]);
    let closed = bug("CLOSED", "FIXED").on(3, &["status: NEW > CLOSED", "resolution: > FIXED"]);
    check(&closed, &[TRIAGED, "3 bob (accepted)", "3 bob (resolved)", "3 bob (verified)", "3 bob closed"], &[]);
}

#[test]
fn other_resolutions_dismiss() {
    #[track_caller]
    fn dismisses(resolution: &str, expected: &str) {
        let removed = format!("resolution: > {resolution}");
        let bug = bug("RESOLVED", resolution).on(2, &["status: UNCONFIRMED > RESOLVED", &removed]);
        check(&bug, &[&format!("2 bob dismissed {expected}")], &[]);
    }
    dismisses("INVALID", "NOT_A_DEFECT INVALID");
    dismisses("WONTFIX", "WONT_FIX WONTFIX");
    dismisses("WORKSFORME", "CANNOT_REPRODUCE WORKSFORME");
    dismisses("INCOMPLETE", "NO_ANSWER INCOMPLETE");
    dismisses("INACTIVE", "NO_ANSWER INACTIVE");
    dismisses("EXPIRED", "NO_ANSWER EXPIRED");
    dismisses("SUPPORT", "NOT_A_DEFECT SUPPORT");
    dismisses("MOVED", "UNSPECIFIED MOVED");
    dismisses("DUPLICATE", "UNSPECIFIED DUPLICATE of a bug that Bugzilla no longer names");
}

#[test]
fn a_duplicate_names_the_other_unless_it_is_itself() {
    let mut bug = bug("VERIFIED", "DUPLICATE")
        .on(2, &["status: NEW > RESOLVED", "resolution: > DUPLICATE"])
        .on(3, &["status: RESOLVED > VERIFIED"]);
    bug.duplicate_of = Some(9);
    check(&bug, &[TRIAGED, "2 bob dismissed DUPLICATE 9"], &["1 status: RESOLVED to VERIFIED"]);
    bug.duplicate_of = Some(7);
    let unnamed = "2 bob dismissed UNSPECIFIED DUPLICATE of a bug that Bugzilla no longer names";
    check(&bug, &[TRIAGED, unnamed], &["1 status: RESOLVED to VERIFIED"]);
}

#[test]
fn of_an_earlier_dismissal_as_a_duplicate_nothing_tells_of_which() {
    let mut bug = bug("RESOLVED", "DUPLICATE")
        .on(2, &["status: NEW > RESOLVED", "resolution: > DUPLICATE"])
        .on(3, &["status: RESOLVED > REOPENED", "resolution: DUPLICATE >"])
        .on(4, &["status: REOPENED > RESOLVED", "resolution: > DUPLICATE"]);
    bug.duplicate_of = Some(9);
    let unnamed = "2 bob dismissed UNSPECIFIED DUPLICATE of a bug that Bugzilla no longer names";
    check(&bug, &[TRIAGED, unnamed, "3 bob reopened", "4 bob dismissed DUPLICATE 9"], &[]);
}

#[test]
fn a_fix_that_does_not_hold() {
    let fixed = |status| bug(status, "").on(1, &["status: NEW > RESOLVED", "resolution: > FIXED"]);
    let head = [TRIAGED, "1 bob (accepted)", "1 bob resolved"];
    let facts = |rest: &[&'static str]| [&head, rest].concat();
    let reopened = fixed("REOPENED").on(2, &["status: RESOLVED > REOPENED", "resolution: FIXED >"]);
    check(&reopened, &facts(&["2 bob rejected"]), &[]);
    let assigned = fixed("ASSIGNED").on(2, &["status: RESOLVED > ASSIGNED", "resolution: FIXED >"]);
    check(&assigned, &facts(&["2 bob rejected"]), &[]);
    let new = fixed("NEW").on(2, &["status: RESOLVED > NEW", "resolution: FIXED >"]);
    check(&new, &facts(&["2 bob rejected", "2 bob (returned)", "2 bob (triaged sev3 General)"]), &[]);
    let unconfirmed = fixed("UNCONFIRMED").on(2, &["status: RESOLVED > UNCONFIRMED", "resolution: FIXED >"]);
    check(&unconfirmed, &facts(&["2 bob rejected", "2 bob (returned)"]), &[]);
    let back = reopened.on(3, &["status: REOPENED > ASSIGNED"]);
    check(&back, &facts(&["2 bob rejected"]), &["1 status: REOPENED to ASSIGNED"]);
}

#[test]
fn a_dismissal_that_does_not_hold() {
    let invalid = |status| bug(status, "").on(1, &["status: NEW > RESOLVED", "resolution: > INVALID"]);
    let head = [TRIAGED, "1 bob dismissed NOT_A_DEFECT INVALID"];
    let facts = |rest: &[&'static str]| [&head, rest].concat();
    check(
        &invalid("REOPENED").on(2, &["status: RESOLVED > REOPENED", "resolution: INVALID >"]),
        &facts(&["2 bob reopened"]),
        &[],
    );
    check(
        &invalid("NEW").on(2, &["status: RESOLVED > NEW", "resolution: INVALID >"]),
        &facts(&["2 bob reopened"]),
        &[],
    );
    let assigned = invalid("ASSIGNED").on(2, &["status: RESOLVED > ASSIGNED", "resolution: INVALID >"]);
    check(&assigned, &facts(&["2 bob reopened", "2 bob accepted"]), &[]);
}

#[test]
fn a_resolution_may_change_without_the_status() {
    let bug = bug("RESOLVED", "WONTFIX")
        .on(1, &["status: ASSIGNED > RESOLVED", "resolution: > FIXED"])
        .on(2, &["resolution: FIXED > INVALID"])
        .on(3, &["resolution: INVALID > WONTFIX"]);
    let facts = [
        TRIAGED,
        "0 ann (accepted)",
        "1 bob resolved",
        "2 bob (rejected)",
        "2 bob dismissed NOT_A_DEFECT INVALID",
        "3 bob (reopened)",
        "3 bob dismissed WONT_FIX WONTFIX",
    ];
    check(&bug, &facts, &[]);
}

#[test]
fn a_dismissal_that_was_verified_becomes_a_fix_that_was() {
    let bug = bug("VERIFIED", "FIXED")
        .on(1, &["status: NEW > RESOLVED", "resolution: > WORKSFORME"])
        .on(2, &["status: RESOLVED > VERIFIED"])
        .on(3, &["resolution: WORKSFORME > FIXED"]);
    let dismissed = "1 bob dismissed CANNOT_REPRODUCE WORKSFORME";
    let facts = [TRIAGED, dismissed, "3 bob (reopened)", "3 bob (accepted)", "3 bob (resolved)", "3 bob verified bob"];
    check(&bug, &facts, &["1 status: RESOLVED to VERIFIED"]);
}

#[test]
fn a_confirmation_may_be_taken_back() {
    let bug = bug("RESOLVED", "FIXED")
        .on(1, &["status: ASSIGNED > RESOLVED", "resolution: > FIXED"])
        .on(2, &["status: RESOLVED > VERIFIED"])
        .on(3, &["status: VERIFIED > RESOLVED"]);
    let head = [TRIAGED, "0 ann (accepted)", "1 bob resolved", "2 bob verified bob"];
    check(&bug, &[&head[..], &["3 bob (rejected)", "3 bob (resolved)"]].concat(), &[]);
}

#[test]
fn back_to_the_beginning() {
    let bug = bug("NEW", "")
        .on(1, &["status: NEW > UNCONFIRMED"])
        .on(2, &["status: UNCONFIRMED > NEW"])
        .on(3, &["status: NEW > ASSIGNED"])
        .on(4, &["status: ASSIGNED > NEW"]);
    let facts = [
        TRIAGED,
        "1 bob (accepted)",
        "1 bob returned",
        "2 bob triaged sev3 General",
        "3 bob accepted",
        "4 bob returned",
        "4 bob (triaged sev3 General)",
    ];
    check(&bug, &facts, &[]);
}
