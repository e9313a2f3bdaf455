//! The story of a clock.

use domain::clocks::{Bystander, Clock, Ledger, Told, explain};

use super::case::terms_of;
use super::told::{history, instant, say};

/// A line of a story in a few words.
fn words(told: &Told) -> String {
    match told {
        Told::Started { number } => format!("started {number}"),
        Told::Ruled { severity, version, .. } => format!("ruled by {severity} of policy {version}"),
        Told::Replaced { from, to } => format!("{from} replaced by {to}"),
        Told::NoTarget => "no target".into(),
        Told::Exempt => "exempt".into(),
        Told::Due { deadline, spans, more, .. } => {
            let spans: Vec<String> =
                spans.iter().map(|span| format!("{}–{}", say(span.opens), say(span.closes))).collect();
            let more = if *more == 0 { String::new() } else { format!(" and {more} more") };
            format!("due {}: {}{more}", say(*deadline), spans.join(", "))
        }
        Told::Paused => "paused".into(),
        Told::Resumed { since } => format!("resumed, paused since {}", say(*since)),
        Told::SeverityChanged { from, to } => format!("{from} changed to {to}"),
        Told::Rebased { from, to } => format!("rebased from {from} to {to}"),
        Told::AtRisk { .. } => "at risk".into(),
        Told::Breached { cause, .. } => format!("breached: {}", cause.as_str()),
        Told::Corrected => "corrected".into(),
        Told::Cancelled => "cancelled".into(),
        Told::Continued => "continued".into(),
        Told::Ended { breached, .. } => format!("ended, {}", if *breached { "breached" } else { "met" }),
        Told::Unmoved { by } => format!("not moved by {}", bystander(by)),
    }
}

fn bystander(by: &Bystander) -> String {
    match by {
        Bystander::Policy { version } => format!("policy {version}"),
        Bystander::Calendar { calendar, version } => format!("calendar {calendar} {version}"),
        Bystander::Component { to } => format!("component {to}"),
        Bystander::Handover { to } => format!("handover to {to}"),
        Bystander::Level { .. } => "level".into(),
        Bystander::ReturnedToTriage => "return to triage".into(),
        Bystander::AskedInside => "a question to a colleague".into(),
        Bystander::NotPausing => "a question".into(),
        Bystander::AskedTooLate => "a question after the breach".into(),
        Bystander::AskedBefore => "a question before it began".into(),
        Bystander::SeverityAfterBreach { to } => format!("{to} after the breach"),
        Bystander::RebasedAfterBreach { version } => format!("rebase to {version} after the breach"),
    }
}

#[track_caller]
fn check(policies: &[&str], lines: &[&str], now: &str, clock: Clock, expected: &[&str]) {
    let promised = terms_of(policies);
    let (clocks, stories) = explain(&Ledger::of(&history(lines)), &promised.terms(), instant(now));
    let story = stories.iter().find(|story| story.clock == clock).unwrap();
    let told: Vec<String> = story.lines.iter().map(|line| format!("{} {}", say(line.at), words(&line.told))).collect();
    assert_eq!(told, expected, "{clocks:#?}");
}

#[test]
fn a_pause_a_handover_and_a_policy_that_moves_nothing() {
    check(
        &["sev2: resolve 4h", "from Mon 11:00", "sev2: resolve 8h"],
        &[
            "Mon 09:00 filed sev2",
            "Mon 10:00 asked",
            "Tue 10:00 answered",
            "Tue 10:30 component",
            "Tue 12:30 commented",
        ],
        "Tue 14:00",
        Clock::Resolve,
        &[
            "Mon 09:00 started 1",
            "Mon 09:00 ruled by sev2 of policy 1",
            "Mon 09:00 due Mon 13:00: Mon 09:00–Mon 13:00",
            "Mon 10:00 paused",
            "Mon 11:00 not moved by policy 2",
            "Tue 10:00 resumed, paused since Mon 10:00",
            "Tue 10:00 due Tue 13:00: Mon 09:00–Mon 10:00, Tue 10:00–Tue 13:00",
            "Tue 10:30 not moved by component cart",
            "Tue 12:00 at risk",
            "Tue 13:00 breached: deadline",
        ],
    );
}

#[test]
fn a_first_triage_and_a_rebase() {
    check(
        &["sev1: accept 6h", "sev2: accept 2h", "from Mon 11:00", "sev1: accept 8h", "sev2: accept 8h"],
        &["Mon 09:00 filed sev2", "Mon 10:00 triaged sev1", "Mon 12:00 rebased 2", "Mon 13:00 accepted"],
        "Tue 14:00",
        Clock::Accept,
        &[
            "Mon 09:00 started 1",
            "Mon 09:00 ruled by sev2 of policy 1",
            "Mon 09:00 due Mon 11:00: Mon 09:00–Mon 11:00",
            "Mon 09:00 started 1",
            "Mon 09:00 ruled by sev1 of policy 1",
            "Mon 09:00 due Mon 15:00: Mon 09:00–Mon 15:00",
            "Mon 10:00 sev2 replaced by sev1",
            "Mon 11:00 not moved by policy 2",
            "Mon 12:00 rebased from 1 to 2",
            "Mon 12:00 ruled by sev1 of policy 2",
            "Mon 12:00 due Mon 17:00: Mon 09:00–Mon 17:00",
            "Mon 13:00 ended, met",
        ],
    );
}

#[test]
fn a_question_that_was_open_before_it_began() {
    let policies = &["sev2: mitigate 4h, pausing mitigate"];
    let lines = ["Mon 09:00 filed sev2", "Mon 09:30 workaround", "Mon 10:00 asked", "Mon 11:00 workaround withdrawn"];
    let promised = terms_of(policies);
    let (_, stories) = explain(&Ledger::of(&history(&lines)), &promised.terms(), instant("Mon 12:00"));
    let story = stories.iter().find(|story| (story.clock, story.number) == (Clock::Mitigate, 2)).unwrap();
    let told: Vec<String> = story.lines.iter().map(|line| words(&line.told)).collect();
    assert_eq!(told[0], "started 2");
    assert!(told.contains(&"not moved by a question before it began".to_owned()), "{told:?}");
}

#[test]
fn what_came_after_the_breach() {
    check(
        &["sev1: resolve 2h", "sev2: resolve 8h"],
        &[
            "Mon 09:00 filed sev1",
            "Mon 09:00 triaged sev1",
            "Mon 12:00 asked",
            "Mon 12:30 severity sev2",
            "Mon 13:00 handed over",
        ],
        "Mon 14:00",
        Clock::Resolve,
        &[
            "Mon 09:00 started 1",
            "Mon 09:00 ruled by sev1 of policy 1",
            "Mon 09:00 due Mon 11:00: Mon 09:00–Mon 11:00",
            "Mon 10:30 at risk",
            "Mon 11:00 breached: deadline",
            "Mon 12:00 not moved by a question after the breach",
            "Mon 12:30 not moved by sev2 after the breach",
            "Mon 13:00 not moved by handover to dev",
        ],
    );
}
