//! What the system does by itself: nothing before it is due, and whoever sleeps until the next instant misses nothing.

use domain::agenda::{self, Todo};
use domain::clocks::{Ledger, Terms, clocks};
use domain::issue::Delivered;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::promised::Promised;
use super::properties::{history, promised};
use super::told::{history as told, instant, say};

fn due(ledger: &Ledger, terms: &Terms<'_>, at: Timestamp) -> Vec<(Timestamp, Todo)> {
    agenda::due(ledger, terms, &clocks(ledger, terms, at), None, at)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_sleeps_until_the_next_instant_misses_nothing((promised, _) in promised(), history in history()) {
        let (ledger, terms) = (Ledger::of(&history), promised.terms());
        let facts = history.iter().map(|event| event.recorded_at.max(event.occurred_at));
        let now = facts.max().expect("a history begins with its filing");
        let sleeps = agenda::next(&ledger, &terms, &clocks(&ledger, &terms, now), None);
        let Some(wakes) = sleeps else {
            let some_day = now + SignedDuration::from_hours(24 * 365);
            prop_assert_eq!(due(&ledger, &terms, some_day), vec![]);
            return Ok(());
        };
        if wakes > now {
            let before = wakes - SignedDuration::from_micros(1);
            prop_assert_eq!(due(&ledger, &terms, before.max(now)), vec![]);
        }
        let woken = wakes.max(now);
        let there = due(&ledger, &terms, woken);
        prop_assert!(!there.is_empty(), "woken at {woken} for nothing");
        prop_assert!(there.iter().all(|(at, _)| *at <= woken));
    }
}

/// Under the default policy, which patches Sev 1 within 24 hours: what is told of its delivery by then.
#[track_caller]
fn check(name: &str, history: &[&str], now: &str, expected: &[&str]) {
    let (promised, ledger) = (Promised::nothing(), Ledger::of(&told(history)));
    let there = due(&ledger, &promised.terms(), instant(now));
    let words: Vec<String> = there
        .iter()
        .filter_map(|(at, todo)| match todo {
            Todo::Deliver { cycle, delivered } => {
                let kept = matches!(delivered, Delivered::Kept { .. });
                Some(format!("{} cycle {cycle} kept: {kept}", say(*at)))
            }
            _ => None,
        })
        .collect();
    assert_eq!(words, expected, "{name}");
}

#[test]
fn patch_now_is_asked_of_code_that_somebody_works_on() {
    check("not over yet", &["Mon 09:00 filed sev1"], "Tue 08:59", &[]);
    check("over", &["Mon 09:00 filed sev1"], "Tue 09:00", &["Tue 09:00 cycle 1 kept: false"]);
    check("a user error has no fix", &["Mon 09:00 filed sev1", "Mon 09:10 triaged sev1 level 1"], "Wed 09:00", &[]);
    check("nobody works on it", &["Mon 09:00 filed sev1", "Mon 10:00 dismissed"], "Wed 09:00", &[]);
    let sent_back = [
        "Mon 09:00 filed sev1",
        "Mon 09:05 triaged sev1",
        "Mon 10:00 accepted",
        "Mon 11:00 resolved",
        "Mon 12:00 rejected",
    ];
    check("sent back in time, the next cycle is asked", &sent_back, "Tue 12:00", &["Tue 12:00 cycle 2 kept: false"]);
    let deployed = ["Mon 09:00 filed sev1", "Mon 09:05 triaged sev1", "Mon 10:00 accepted", "Mon 11:00 resolved"];
    let deployed = [&deployed[..], &["Mon 20:00 deployed"]].concat();
    check("deployed before anybody verified it", &deployed, "Mon 21:00", &["Mon 20:00 cycle 1 kept: true"]);
}

#[test]
fn patch_now_is_asked_for_as_things_stood_when_it_was_over_whoever_slept_meanwhile() {
    let over = &["Tue 09:00 cycle 1 kept: false"];
    check("dismissed later", &["Mon 09:00 filed sev1", "Tue 09:01 dismissed"], "Wed 09:00", over);
    let small = ["Mon 09:00 filed sev1", "Tue 10:00 triaged sev1 level 1"];
    check("a user error, found later", &small, "Tue 11:00", over);
    let accepted = ["Mon 09:00 filed sev1", "Mon 09:05 triaged sev1", "Mon 10:00 accepted"];
    let sent_back = [&accepted[..], &["Tue 10:00 resolved", "Tue 11:00 rejected"]].concat();
    check("sent back later", &sent_back, "Tue 12:00", over);
    let another = [&sent_back[..], &["Tue 12:00 resolved", "Tue 13:00 deployed"]].concat();
    check("the next cycle is in time", &another, "Tue 14:00", &[over[0], "Tue 13:00 cycle 2 kept: true"]);
    let lowered = [&accepted[..], &["Tue 10:00 severity sev3"]].concat();
    check("of another severity later", &lowered, "Wed 09:00", over);
}
