//! What is recorded late, and what was recorded before that: breaches that stand, breaches that are taken back.

use super::case::{alarms, counted, lines, terms_of};
use super::told::{history, instant};
use domain::clocks::{Clock, Ledger, clocks};

const POLICIES: &[&str] = &["sev1: accept 2h, mitigate 2h, resolve 2h", "sev2: accept 4h, mitigate 4h, resolve 4h"];

#[test]
fn a_recorded_breach_that_no_longer_follows_is_doubtful_until_it_is_taken_back() {
    let counted = |happened| counted(POLICIES, happened, "Tue 09:00");
    let stopped: &[&str] = &[
        "Mon 09:00 filed sev2",
        "Mon 09:00 triaged sev2",
        "Mon 13:00 breach accept 1 of 1 due Mon 13:00",
        "Mon 12:00 accepted (recorded Tue 09:00)",
    ];
    let after = counted(stopped);
    let accept = after.current(Clock::Accept).unwrap();
    assert!(accept.doubtful && accept.breach.as_ref().is_some_and(|breach| breach.recorded == Some(3)));
    let before = counted(&stopped[..3]);
    assert!(!before.current(Clock::Accept).unwrap().doubtful);
}

#[test]
fn what_was_known_never_changes_and_what_was_true_is_another_question() {
    let lines_then = [
        "Mon 09:00 filed sev2",
        "Mon 09:00 triaged sev2",
        "Mon 13:00 breach accept 1 of 1 due Mon 13:00",
        "Mon 12:00 accepted (recorded Tue 09:00)",
        "Mon 12:00 corrected accept 1 (recorded Tue 09:00)",
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
    let happened = &["Mon 09:00 filed sev2", "Mon 09:00 triaged sev2", "Mon 15:00 accepted"];
    let told = alarms(&counted(POLICIES, happened, "Fri 09:00"));
    let accept: Vec<&String> = told.iter().filter(|line| line.starts_with("accept")).collect();
    assert_eq!(accept, ["accept at-risk Mon 12:00 of 1", "accept breach Mon 13:00 of 1"]);
}

#[test]
fn a_stop_that_is_told_late_reaches_back_to_its_own_cycles_beginning_only() {
    let happened = &[
        "Mon 09:00 filed sev2",
        "Mon 09:00 triaged sev2",
        "Mon 09:30 accepted",
        "Mon 10:00 workaround",
        "Mon 12:00 workaround withdrawn",
        "Mon 16:00 breach mitigate 2 of 5 due Mon 16:00",
        "Mon 17:00 resolved",
        // While the way around still held, as is told when it is known to be the fix.
        "Mon 11:00 deployed (recorded Mon 17:00)",
    ];
    let counted = counted(POLICIES, happened, "Tue 09:00");
    let mitigate: Vec<String> = lines(&counted).into_iter().filter(|line| line.starts_with("mitigate")).collect();
    assert_eq!(mitigate, ["mitigate: met Mon 10:00, sent back", "mitigate 2: breached Mon 16:00, ended Mon 12:00"]);
    assert!(counted.cycle(Clock::Mitigate, 2).unwrap().doubtful, "it was over as soon as it began");
}
