//! What holds of every history: any events at any times, any policies, any instant at which one asks.

use domain::Recorded;
use domain::clocks::{Cause, Clocks, Cycle, Ledger, State, Verdict, clocks, explain};
use domain::issue::IssueEvent;
use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::case::terms_of;
use super::promised::Promised;
use super::told::{event, recorded_as};

const WORDS: &[&str] = &[
    "triaged sev1",
    "triaged sev2",
    "triaged sev3 level 2",
    "severity sev1",
    "severity sev2",
    "severity sev3",
    "component",
    "handed over",
    "asked",
    "asked inside",
    "answered",
    "answered 1",
    "withdrawn",
    "accepted",
    "returned",
    "workaround",
    "workaround withdrawn",
    "resolved",
    "rejected",
    "verified",
    "deployed",
    "closed",
    "rolled back",
    "reopened",
    "dismissed",
    "rebased 1",
    "rebased 2",
    "rebased 0 resolve",
    "level 1",
];

/// The beginning of every history: Monday 1 June 2026, 08:00 UTC.
fn minute(minutes: i64) -> Timestamp {
    "2026-06-01T08:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

/// Each on every calendar, and with what pauses.
fn rules() -> impl Strategy<Value = String> {
    let target = || select(vec!["15m", "1h", "4h", "9h", "30h"]);
    let days = select(vec!["4h", "2wd", "5wd"]);
    let calendar = select(vec!["24x7", "business", "lunch", "holiday", "friday"]);
    let pausing = select(vec!["nothing", "accept resolve", "mitigate", "accept mitigate resolve"]);
    (target(), days, target(), calendar, pausing).prop_map(|(accept, mitigate, resolve, calendar, pausing)| {
        format!("accept {accept}, mitigate {mitigate}, resolve {resolve}, on {calendar}, pausing {pausing}")
    })
}

/// Two policies one after the other; the first lacks sev3 now and then.
pub(crate) fn promised() -> impl Strategy<Value = (Promised, i64)> {
    (vec(rules(), 6), any::<bool>(), 0..20_000_i64).prop_map(|(rules, lacking, second)| {
        let severity = |n: usize| format!("sev{}: {}", n % 3 + 1, rules[n]);
        let first: Vec<String> = (0..if lacking { 2 } else { 3 }).map(severity).collect();
        let second_rules: Vec<String> = (3..6).map(severity).collect();
        let mut promised = terms_of(&first.iter().map(String::as_str).collect::<Vec<_>>());
        promised.adopt(minute(second), &second_rules.iter().map(String::as_str).collect::<Vec<_>>());
        (promised, second)
    })
}

/// A history in the order of the log: most facts follow the one before, some were recorded late.
pub(crate) fn history() -> impl Strategy<Value = Vec<Recorded<IssueEvent>>> {
    let filing = select(vec!["filed", "filed sev1", "filed sev2", "filed sev2 imported"]);
    let step = (select(WORDS), 0..1_500_i64, prop_oneof![4 => Just(0_i64), 1 => 1..3_000_i64]);
    (filing, vec(step, 0..14)).prop_map(|(filing, steps)| {
        let (what, imported) = filing.strip_suffix(" imported").map_or((filing, false), |what| (what, true));
        let mut recorded = vec![recorded_as(event(what, 0), 1, minute(0), minute(0), imported)];
        let (mut clock, mut asked) = (0, 0);
        for (revision, (word, after, late)) in (2..).zip(steps) {
            asked += u32::from(word.starts_with("asked"));
            clock += after;
            // Clocks are rebased when somebody says so, never in the past.
            let late = if word.starts_with("rebase") { 0 } else { late };
            let at = minute((clock - late).max(0));
            recorded.push(recorded_as(event(word, asked), revision, at, minute(clock), false));
        }
        recorded
    })
}

/// A breach by the passing of time is in working time, and in no pause; verdicts compare instants.
fn sound(cycle: &Cycle, promised: &Promised) -> Result<(), TestCaseError> {
    let Some(plan) = &cycle.plan else {
        prop_assert_eq!(cycle.verdict(), None);
        return Ok(());
    };
    if let Some(breach) = cycle.breach.as_ref().filter(|breach| breach.cause == Cause::Deadline) {
        let paused =
            cycle.pauses.iter().any(|pause| pause.from <= breach.at && pause.until.is_none_or(|to| breach.at < to));
        // Of the rules of then: what a first triage replaced is not told any more.
        let replaced = breach.set_by != plan.set_by;
        prop_assert!(!paused || replaced, "a breach inside a pause: {cycle:#?}");
        let calendar = promised.calendars.version(&plan.calendar, plan.calendar_version).unwrap();
        let working = calendar.next_open(breach.at) == Some(breach.at)
            || calendar.between(breach.at - SignedDuration::from_secs(1), breach.at).is_positive();
        prop_assert!(working || replaced, "a breach outside of working time: {cycle:#?}");
        prop_assert_eq!(breach.at, breach.deadline);
    }
    if let Some(breach) = &cycle.breach {
        prop_assert!(breach.at >= breach.deadline);
    }
    match (cycle.verdict(), cycle.ended_at()) {
        (Some(Verdict::Met), Some(_)) => prop_assert!(!plan.left().is_negative(), "met too late: {cycle:#?}"),
        (Some(Verdict::Met), None) => prop_assert!(false, "met without an end"),
        _ => {}
    }
    prop_assert!(cycle.pauses.iter().all(|pause| pause.until.is_none_or(|until| pause.from <= until)));
    prop_assert!(cycle.ended_at().is_none_or(|ended| ended >= cycle.start));
    prop_assert!(!plan.used.is_negative());
    if cycle.breach.is_none() && cycle.state == State::Running {
        prop_assert!(!plan.left().is_negative(), "overdue and not breached: {cycle:#?}");
    }
    Ok(())
}

/// What was told by then.
fn told_by(clocks: &Clocks, then: Timestamp) -> Vec<domain::clocks::Alarm> {
    clocks.cycles.iter().flat_map(|cycle| cycle.alarms.clone()).filter(|alarm| alarm.at <= then).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn clocks_are_sound((promised, _) in promised(), history in history(), later in 0..60_000_i64) {
        let ledger = Ledger::of(&history);
        let terms = promised.terms();
        let now = history.last().unwrap().recorded_at;
        let then = now + SignedDuration::from_mins(later);
        let counted = clocks(&ledger, &terms, now);
        for cycle in &counted.cycles {
            sound(cycle, &promised)?;
        }
        // Whoever asks twice gets the same, and a story tells of the same clocks.
        prop_assert_eq!(&counted, &clocks(&ledger, &terms, now));
        prop_assert_eq!(&counted, &explain(&ledger, &terms, now).0);
        // Time takes nothing back.
        prop_assert_eq!(told_by(&clocks(&ledger, &terms, then), counted.now), told_by(&counted, counted.now));
        // Nothing happens before it is said to be due.
        let untold = counted.untold().len();
        if let Some(due) = counted.next_due().filter(|due| untold == 0 && *due > counted.now) {
            let before = clocks(&ledger, &terms, due - SignedDuration::from_micros(1));
            prop_assert!(before.untold().is_empty(), "{before:#?}");
            prop_assert!(!clocks(&ledger, &terms, due).untold().is_empty(), "nothing at {due}: {counted:#?}");
        }
    }

    #[test]
    fn folded_one_by_one_stored_or_at_once((promised, second) in promised(), history in history()) {
        let mut ledger = Ledger::default();
        for (known, recorded) in (1..).zip(&history) {
            ledger.note(recorded);
            let whole = Ledger::of(&history[..known]);
            prop_assert_eq!(&ledger, &whole);
            prop_assert_eq!(&ledger, &Ledger::from_notes(ledger.notes().to_vec()));
            prop_assert_eq!(&ledger, &Ledger::of(&history).as_of(recorded.revision));
            // An answer for some instant is the same by the policies of then and of any time after.
            let now = recorded.recorded_at;
            let knows_second = minute(second) <= clocks(&ledger, &promised.terms(), now).now;
            let rebased = history.iter().any(|one| matches!(one.event, IssueEvent::ClocksRebased { .. }));
            if !knows_second && !rebased {
                let mut then = promised.clone();
                then.forget_last();
                let counted = clocks(&ledger, &then.terms(), now);
                prop_assert_eq!(counted, clocks(&whole, &promised.terms(), now));
            }
        }
    }
}
