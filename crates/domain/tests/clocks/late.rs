//! What is recorded late, and what was recorded before that: breaches that stand, breaches that are taken back.

use super::case::{Case, alarms, check, counted, lines, terms_of};
use super::told::{history, instant};
use domain::clocks::{Clock, Ledger, clocks};

const POLICIES: &[&str] = &["sev1: accept 2h, mitigate 2h, resolve 2h", "sev2: accept 4h, mitigate 4h, resolve 4h"];

#[test]
fn late_facts() {
    let case = |name, history, now, expected| Case { name, policies: POLICIES, history, now, expected };
    check(&[
        case(
            "accepted in time, recorded the next day, nothing recorded between",
            &["Mon 09:00 filed sev2", "Mon 09:00 triaged sev2", "Mon 12:00 accepted | Tue 09:00"],
            "Tue 09:00",
            &["accept: met Mon 12:00"],
        ),
        case(
            "a recorded breach stands beside a stop that says nothing of it",
            &[
                "Mon 09:00 filed sev2",
                "Mon 09:00 triaged sev2",
                "Mon 13:00 breach accept 1 of 1 due Mon 13:00",
                "Mon 12:00 accepted | Tue 09:00",
            ],
            "Tue 09:00",
            &["accept: breached Mon 13:00, ended Mon 12:00"],
        ),
        case(
            "taken back: met, and shown as corrected",
            &[
                "Mon 09:00 filed sev2",
                "Mon 09:00 triaged sev2",
                "Mon 13:00 breach accept 1 of 1 due Mon 13:00",
                "Mon 12:00 accepted | Tue 09:00",
                "Mon 12:00 corrected accept 1 | Tue 09:00",
            ],
            "Tue 09:00",
            &["accept: met Mon 12:00, corrected"],
        ),
        case(
            "a severity changed before the breach, recorded after it, undoes nothing that is recorded",
            &[
                "Mon 09:00 filed sev1",
                "Mon 09:00 triaged sev1",
                "Mon 11:00 breach resolve 1 of 1 due Mon 11:00",
                "Mon 10:00 severity sev2 | Mon 12:00",
            ],
            "Mon 12:30",
            &["resolve: breached Mon 11:00"],
        ),
        case(
            "dismissed before the breach, recorded after it: the breach was recorded before and stands",
            &[
                "Mon 09:00 filed sev2",
                "Mon 13:00 breach accept 1 of 1 due Mon 13:00",
                "Mon 12:00 dismissed | Mon 14:00",
            ],
            "Mon 15:00",
            &["accept: breached Mon 13:00, cancelled"],
        ),
        case(
            "an answer recorded late shortens the pause; a breach found late has its own time",
            &["Mon 09:00 filed sev2", "Mon 10:00 asked", "Mon 11:00 answered | Tue 12:00"],
            "Tue 12:00",
            &["accept: breached Mon 14:00", "resolve: breached Mon 14:00"],
        ),
        case(
            "an answer cannot come before its question",
            &["Mon 09:00 filed sev2", "Mon 11:00 asked", "Mon 10:00 answered | Mon 12:00"],
            "Mon 12:30",
            &["accept: due Mon 13:00, at risk"],
        ),
        case(
            "a workaround recorded late, between one that was withdrawn and its withdrawal, goes on standing",
            &[
                "Mon 09:00 filed sev2",
                "Mon 10:00 workaround",
                "Mon 11:00 workaround withdrawn",
                "Mon 10:30 workaround | Mon 12:00",
            ],
            "Mon 16:00",
            &["mitigate: met Mon 10:00"],
        ),
        case(
            "the first triage, recorded late, rules from filing on",
            &["Mon 09:00 filed sev2", "Mon 10:00 triaged sev1 | Mon 12:00"],
            "Mon 12:00",
            &["accept: breached Mon 11:00", "resolve: breached Mon 11:00"],
        ),
    ]);
}

#[test]
fn what_comes_at_the_instant_of_the_first_triage_comes_after_it() {
    check(&[Case {
        name: "asked at the deadline, triaged as what pauses, and changed at the same instant to what does not",
        policies: &["sev1: accept 1h, pausing nothing", "sev2: accept 1h"],
        history: &[
            "Mon 09:00 filed sev1",
            "Mon 12:00 triaged sev2",
            "Mon 10:00 asked | Mon 13:00",
            "Mon 12:00 severity sev1 | Mon 14:00",
        ],
        now: "Mon 14:00",
        expected: &["accept: breached Mon 12:00"],
    }]);
}

#[test]
fn a_recorded_breach_that_no_longer_follows_is_doubtful_until_it_is_taken_back() {
    let case = |history| Case { name: "", policies: POLICIES, history, now: "Tue 09:00", expected: &[] };
    let stopped: &[&str] = &[
        "Mon 09:00 filed sev2",
        "Mon 09:00 triaged sev2",
        "Mon 13:00 breach accept 1 of 1 due Mon 13:00",
        "Mon 12:00 accepted | Tue 09:00",
    ];
    let counted_now = counted(&case(stopped));
    let accept = counted_now.current(Clock::Accept).unwrap();
    assert!(accept.doubtful && accept.breach.as_ref().is_some_and(|breach| breach.recorded == Some(3)));
    let before = counted(&case(&stopped[..3]));
    assert!(!before.current(Clock::Accept).unwrap().doubtful);
}

#[test]
fn what_was_known_never_changes_and_what_was_true_is_another_question() {
    let lines_then = [
        "Mon 09:00 filed sev2",
        "Mon 09:00 triaged sev2",
        "Mon 13:00 breach accept 1 of 1 due Mon 13:00",
        "Mon 12:00 accepted | Tue 09:00",
        "Mon 12:00 corrected accept 1 | Tue 09:00",
    ];
    let promised = terms_of(POLICIES);
    let ledger = Ledger::of(&history(&lines_then));
    let now = instant("Mon 14:00");
    let as_of = clocks(&ledger.as_of(3), &promised.terms(), now);
    assert_eq!(as_of, clocks(&Ledger::of(&history(&lines_then[..3])), &promised.terms(), now));
    assert_eq!(lines(&as_of)[0], "accept: breached Mon 13:00");
    let at = clocks(&ledger.at(instant("Mon 12:30")), &promised.terms(), instant("Mon 12:30"));
    assert_eq!(lines(&at)[0], "accept: met Mon 12:00, corrected");
}

#[test]
fn a_reactor_that_was_down_tells_each_thing_with_its_own_time() {
    let history = &["Mon 09:00 filed sev2", "Mon 09:00 triaged sev2", "Mon 15:00 accepted"];
    let told = alarms(&counted(&Case { name: "", policies: POLICIES, history, now: "Fri 09:00", expected: &[] }));
    let accept: Vec<&String> = told.iter().filter(|line| line.starts_with("accept")).collect();
    assert_eq!(accept, ["accept at-risk Mon 12:00 of 1", "accept breach Mon 13:00 of 1"]);
}
