//! A case: what was promised, what happened, and what the clocks say of it, in words.

use std::fmt::Write as _;

use domain::clocks::{AlarmKind, Cause, Clocks, Cycle, Ledger, State, Verdict, clocks};

use super::promised::{Promised, effective};
use super::told::{history, instant, say};

/// Policies in lines of severities; a line `from Wed 00:00` begins the next policy.
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

/// The clocks after a history. `asked`: when one asks; empty: when the last fact happened.
pub(crate) fn counted(promised: &[&str], happened: &[&str], asked: &str) -> Clocks {
    let promised = terms_of(promised);
    let events = history(happened);
    let last = events.iter().map(|event| event.occurred_at).max().unwrap();
    let now = if asked.is_empty() { last } else { instant(asked) };
    clocks(&Ledger::of(&events), &promised.terms(), now)
}

/// A line a cycle, and one for the issue.
pub(crate) fn lines(clocks: &Clocks) -> Vec<String> {
    let issue = match clocks.verdict() {
        Some(fallen) if fallen.verdict == Verdict::Met => format!("issue: met {}", say(fallen.at)),
        Some(fallen) => format!("issue: breached {}", say(fallen.at)),
        None => "issue: none".to_owned(),
    };
    clocks.cycles.iter().map(line).chain([issue]).collect()
}

/// `resolve: due Mon+1 11:00, 1h paused`, `accept: breached Mon 17:00 (severity_change), ended Tue 08:00`, `resolve 2: paused, 3h left`.
fn line(cycle: &Cycle) -> String {
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
            State::Running => write!(line, "due {}", say(plan.deadline)).unwrap(),
            State::Paused { .. } => write!(line, "paused, {:#} left", plan.left()).unwrap(),
            State::Ended { at, .. } => write!(line, "met {}", say(*at)).unwrap(),
            State::Cancelled { .. } => write!(line, "cancelled, {:#} left", plan.left()).unwrap(),
        },
    }
    if plan.paused.is_positive() && matches!(cycle.state, State::Running | State::Ended { .. }) {
        write!(line, ", {:#} paused", plan.paused).unwrap();
    }
    if cycle.at_risk() && cycle.state == State::Running {
        line += ", at risk";
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
