//! Flags: questions, answers, tests, and others.

use super::{bug, check, line, planned};

const TRIAGED: &str = "0 ann (triaged sev3 General)";

#[test]
fn needinfo_asks_and_is_answered() {
    let bug = bug("NEW", "")
        .on(1, &["flagtypes.name: > needinfo?(cid), needinfo?"])
        .on(2, &["flagtypes.name: needinfo?(cid) > needinfo?(dot), needinfo?(eve)"])
        .on(3, &["flagtypes.name: needinfo?, needinfo?(eve) >"]);
    let facts = [
        TRIAGED,
        "1 bob asked cid",
        "1 bob asked",
        "2 bob answered cid[]",
        "2 bob asked dot",
        "2 bob asked eve",
        "3 bob answered ann[]",
        "3 bob answered eve[]",
    ];
    check(&bug, &facts, &[]);
}

#[test]
fn nobody_in_particular_is_the_opener() {
    let mut bug = bug("NEW", "")
        .on(1, &["flagtypes.name: > needinfo?"])
        .on(2, &["flagtypes.name: > needinfo?(ann)"])
        .on(3, &["flagtypes.name: needinfo? >"]);
    let skipped = ["1 flagtypes.name: needinfo? of somebody asked already"];
    check(&bug, &[TRIAGED, "1 bob asked", "3 bob answered ann[]"], &skipped);
    bug.creator = String::new();
    check(&bug, &["0 unknown (triaged sev3 General)", "1 bob asked", "2 bob asked ann", "3 bob answered [1]"], &[]);
}

#[test]
fn leaving_the_open_states_closes_questions() {
    let bug = bug("RESOLVED", "FIXED")
        .on(1, &["flagtypes.name: > needinfo?(cid)"])
        .on(2, &["flagtypes.name: > needinfo?(cid)"])
        .on(3, &["flagtypes.name: > needinfo?(dot)", "status: ASSIGNED > RESOLVED", "resolution: > FIXED"])
        .on(4, &["flagtypes.name: needinfo?(cid) > needinfo?(eve)"]);
    let facts = [TRIAGED, "0 ann (accepted)", "1 bob asked cid", "3 bob asked dot", "3 bob resolved"];
    let skipped = [
        "1 flagtypes.name: needinfo? after it was resolved",
        "1 flagtypes.name: needinfo? of somebody asked already",
        "1 flagtypes.name: needinfo? taken away, no longer open",
    ];
    check(&bug, &facts, &skipped);
}

#[test]
fn a_question_that_comes_with_reopening_is_asked_after_it() {
    let bug = bug("REOPENED", "")
        .on(1, &["status: ASSIGNED > RESOLVED", "resolution: > FIXED"])
        .on(2, &["flagtypes.name: > needinfo?(cid)", "status: RESOLVED > REOPENED", "resolution: FIXED >"]);
    check(&bug, &[TRIAGED, "0 ann (accepted)", "1 bob resolved", "2 bob rejected", "2 bob asked cid"], &[]);
}

#[test]
fn tests_belong_to_a_resolution() {
    let head = [TRIAGED, "0 ann (accepted)"];
    let after = bug("RESOLVED", "FIXED")
        .on(1, &["status: ASSIGNED > RESOLVED", "resolution: > FIXED"])
        .on(2, &["flagtypes.name: in-testsuite? > in-testsuite+"])
        .on(3, &["flagtypes.name: in-testsuite+ > in-testsuite-"]);
    check(&after, &[&head[..], &["1 bob resolved", "2 bob tests"]].concat(), &["1 flagtypes.name: in-testsuite"]);
    let before = bug("RESOLVED", "FIXED")
        .on(1, &["flagtypes.name: > in-testsuite+, qe-verify+"])
        .on(2, &["status: ASSIGNED > RESOLVED", "resolution: > FIXED"]);
    check(&before, &[&head[..], &["2 bob resolved", "2 bob tests"]].concat(), &["1 flagtypes.name: qe-verify"]);
    let together = bug("RESOLVED", "FIXED")
        .on(2, &["flagtypes.name: > in-testsuite+", "status: ASSIGNED > RESOLVED", "resolution: > FIXED"]);
    check(&together, &[&head[..], &["2 bob resolved", "2 bob tests"]].concat(), &[]);
    let never = bug("NEW", "").on(1, &["flagtypes.name: > in-testsuite+"]);
    check(&never, &[TRIAGED], &["1 flagtypes.name: in-testsuite+, never resolved"]);
}

#[test]
fn tests_that_stand_belong_to_the_next_resolution_too() {
    #[track_caller]
    fn resolved_again(status: &str, back: &str) {
        let bug = bug("RESOLVED", "FIXED")
            .on(1, &["flagtypes.name: > in-testsuite+", &format!("status: ASSIGNED > {status}"), "resolution: > FIXED"])
            .on(2, &[&format!("status: {status} > REOPENED"), "resolution: FIXED >"])
            .on(3, &["status: REOPENED > RESOLVED", "resolution: > FIXED"]);
        let told: Vec<String> = planned(&bug).facts.iter().map(line).collect();
        assert_eq!(told[told.len() - 3..], [back, "3 bob resolved", "3 bob (tests)"]);
    }
    resolved_again("RESOLVED", "2 bob rejected");
    resolved_again("CLOSED", "2 bob reopened");
}

#[test]
fn other_flags_are_counted_by_name() {
    let bug = bug("NEW", "")
        .on(1, &["flagtypes.name: > review?(cid), review?(dot), approval-beta?"])
        .on(2, &["flagtypes.name: review?(cid), review?(dot) > review+"])
        .on(3, &["flagtypes.name: > nonsense, reviewX(cid)"]);
    let skipped = ["1 flagtypes.name: approval-beta", "1 flagtypes.name: not understood", "3 flagtypes.name: review"];
    check(&bug, &[TRIAGED], &skipped);
}
