//! A case: what is promised, what happened, and what the clocks say.

use std::fmt::Write as _;

use domain::clocks::{AlarmKind, Cause, Clocks, Cycle, Ledger, State, clocks};

use super::promised::{Promised, effective};
use super::told::{history, instant, say};

/// A case of the table. `policies` are lines of severities; a line `from Wed 00:00` begins the next policy. `now` is when one asks; empty: when the last
/// fact happened.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) policies: &'static [&'static str],
    pub(crate) history: &'static [&'static str],
    pub(crate) now: &'static str,
    pub(crate) expected: &'static [&'static str],
}

/// Compares all that is promised of cases with what the clocks say; tells all differences at once.
#[track_caller]
pub(crate) fn check(cases: &[Case]) {
    let mut differences = String::new();
    for case in cases {
        let said = lines(&counted(case));
        let wanted: Vec<String> = case.expected.iter().map(|line| (*line).to_owned()).collect();
        // Only of the cycles that the case speaks of.
        let spoken: Vec<String> =
            said.iter().filter(|line| wanted.iter().any(|wanted| place(wanted) == place(line))).cloned().collect();
        if spoken != wanted {
            writeln!(differences, "{}\n  wanted {wanted:#?}\n  said {said:#?}", case.name).unwrap();
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

/// Which clock a line speaks of.
fn place(line: &str) -> &str {
    line.split(':').next().unwrap().split(' ').next().unwrap()
}

pub(crate) fn terms_of(policies: &[&str]) -> Promised {
    let mut promised = Promised::nothing();
    let mut from = None;
    let mut rules = Vec::new();
    for line in policies {
        if let Some(next) = line.strip_prefix("from ") {
            if !rules.is_empty() {
                promised.adopt(effective(from), &rules);
            }
            (from, rules) = (Some(next), Vec::new());
        } else {
            rules.push(*line);
        }
    }
    promised.adopt(effective(from), &rules);
    promised
}

pub(crate) fn counted(case: &Case) -> Clocks {
    let promised = terms_of(case.policies);
    let events = history(case.history);
    let last = events.iter().map(|event| event.occurred_at).max().unwrap();
    let now = if case.now.is_empty() { last } else { instant(case.now) };
    clocks(&Ledger::of(&events), &promised.terms(), now)
}

pub(crate) fn lines(clocks: &Clocks) -> Vec<String> {
    clocks.cycles.iter().map(line).collect()
}

/// `resolve: due Mon+1 11:00`, `resolve 2: met Tue 10:00`, `accept: breached Mon 17:00 (severity_change), ended Tue 08:00`, `resolve: paused, 3h left`.
pub(crate) fn line(cycle: &Cycle) -> String {
    let number = if cycle.number == 1 { String::new() } else { format!(" {}", cycle.number) };
    let mut line = format!("{}{number}: ", cycle.clock);
    let Some(plan) = &cycle.plan else { return line + "no target" };
    match &cycle.breach {
        Some(breach) => {
            write!(line, "breached {}", say(breach.at)).unwrap();
            if breach.cause != Cause::Deadline {
                write!(line, " ({})", breach.cause.as_str()).unwrap();
            }
            match &cycle.state {
                State::Ended { at, .. } => write!(line, ", ended {}", say(*at)).unwrap(),
                State::Cancelled { .. } => line += ", cancelled",
                State::Running | State::Paused { .. } => {}
            }
        }
        None => match &cycle.state {
            State::Running => {
                write!(line, "due {}", say(plan.deadline)).unwrap();
                if cycle.at_risk() {
                    line += ", at risk";
                }
            }
            State::Paused { .. } => write!(line, "paused, {:#} left", plan.left()).unwrap(),
            State::Ended { at, .. } => write!(line, "met {}", say(*at)).unwrap(),
            State::Cancelled { .. } => write!(line, "cancelled, {:#} left", plan.left()).unwrap(),
        },
    }
    if cycle.sent_back {
        line += ", sent back";
    }
    if cycle.corrected_at.is_some() {
        line += ", corrected";
    }
    line
}

/// What is told of a clock: `at-risk Mon 12:00 of 1`, `breach Mon 13:00 of 1`; what the log tells already in brackets.
pub(crate) fn alarms(clocks: &Clocks) -> Vec<String> {
    let alarms = clocks.cycles.iter().flat_map(|cycle| &cycle.alarms);
    let said = alarms.map(|alarm| {
        let kind = if alarm.kind == AlarmKind::AtRisk { "at-risk" } else { "breach" };
        let line = format!("{} {kind} {} of {}", alarm.clock, say(alarm.at), alarm.set_by);
        if alarm.recorded { format!("({line})") } else { line }
    });
    said.collect()
}
