//! A clock's story, in words.

use api::sla::v1::{ClockStory, StoryLine, WorkedSpan};
use domain::calendar::Span;
use domain::clocks::{Bystander, Cause, Line, Story, Told};
use domain::policy::{Mismatch, Why};
use jiff::{SignedDuration, Timestamp};

use super::show;
use crate::fields::stamp;

/// Stories as the contract has them.
pub(super) fn stories(stories: &[Story]) -> Vec<ClockStory> {
    let story = |story: &Story| ClockStory {
        clock: show::wire_clock(story.clock).into(),
        cycle: story.number,
        lines: story.lines.iter().map(line).collect(),
    };
    stories.iter().map(story).collect()
}

fn line(line: &Line) -> StoryLine {
    let (kind, text) = in_words(line);
    let (counted, more) = match &line.told {
        Told::Due { spans, more, .. } => {
            (spans.iter().map(counted).collect(), u32::try_from(*more).unwrap_or(u32::MAX))
        }
        _ => (Vec::new(), 0),
    };
    StoryLine {
        at: Some(stamp(line.at)),
        revision: line.revision.unwrap_or_default(),
        by: line.by.as_ref().map(ToString::to_string).unwrap_or_default(),
        kind: kind.to_owned(),
        text,
        counted,
        more_counted: more,
    }
}

fn counted(span: &Span) -> WorkedSpan {
    WorkedSpan {
        from: Some(stamp(span.opens)),
        until: Some(stamp(span.closes)),
        length: Some(show::length(span.closes.duration_since(span.opens))),
    }
}

/// Its kind, and what happened in a sentence.
fn in_words(line: &Line) -> (&'static str, String) {
    match &line.told {
        Told::Started { number: 1 } => ("started", "started".to_owned()),
        Told::Started { number } => ("started", format!("cycle {number} started, unpaused")),
        Told::Ruled { severity, version, why } => (
            "ruled",
            format!("ruled by policy {version} for {severity}{}", why.as_ref().map(because).unwrap_or_default()),
        ),
        Told::Replaced { from, to } if from == to => {
            ("replaced", format!("the first triage says {to}, too, with other rules: from filing on"))
        }
        Told::Replaced { from, to } => {
            ("replaced", format!("the first triage replaces {from} by {to}, from filing on"))
        }
        Told::NoTarget => ("no_target", "the policy has no target: no verdict".to_owned()),
        Told::Exempt => ("exempt", "imported: no target until it is rebased".to_owned()),
        Told::Due { target, calendar, calendar_version, deadline, at_risk_at, paused, .. } => (
            "due",
            due((show::target(*target), *deadline, *at_risk_at), (calendar.as_str(), *calendar_version), *paused),
        ),
        Told::Paused => ("paused", "paused: opener or customer were asked".to_owned()),
        Told::Resumed { since } => ("resumed", format!("goes on; it stood still since {since}")),
        Told::SeverityChanged { from, to } => ("severity_changed", format!("severity changed from {from} to {to}")),
        Told::Rebased { from, to } => ("rebased", format!("rebased from policy {from} to policy {to}")),
        Told::AtRisk { deadline } => ("at_risk", format!("at risk of {deadline}")),
        Told::Breached { deadline, cause } => ("breached", breached(*deadline, *cause)),
        Told::Corrected => ("corrected", "the recorded breach was taken back".to_owned()),
        Told::Cancelled => ("cancelled", "cancelled: the issue is dismissed".to_owned()),
        Told::Continued => ("continued", "goes on: the dismissal was reopened, and counts as a pause".to_owned()),
        Told::Ended { promised: false, .. } => ("ended", "stopped; there was no target".to_owned()),
        Told::Ended { breached: false, .. } => ("ended", "stopped in time: met".to_owned()),
        Told::Ended { breached: true, .. } => ("ended", "stopped; the breach stands".to_owned()),
        Told::Unmoved { by } => ("unmoved", format!("not moved by {}", unmoved(by))),
    }
}

fn due(
    (target, deadline, at_risk_at): (String, Timestamp, Timestamp),
    (calendar, version): (&str, u32),
    paused: SignedDuration,
) -> String {
    let built_in = if version == 0 { String::new() } else { format!(" (version {version})") };
    let beside = if paused.is_zero() { String::new() } else { format!(" and {paused:#} of pauses") };
    format!("due {deadline}, at risk from {at_risk_at}: {target}{beside} on {calendar}{built_in}")
}

fn breached(deadline: Timestamp, cause: Cause) -> String {
    match cause {
        Cause::Deadline => format!("breached: {deadline} passed"),
        Cause::FirstTriage => format!("breached: the first triage put the deadline to {deadline}"),
        Cause::SeverityChange => format!("breached: the change of severity put the deadline to {deadline}"),
        Cause::Rebase => format!("breached: the rebase put the deadline to {deadline}"),
    }
}

fn because(why: &Why) -> String {
    let missed = why.passed_over.iter().map(|(selector, mismatch)| {
        let what = match mismatch {
            Mismatch::Component => "another component",
            Mismatch::Source => "another source",
            Mismatch::Tier => "another tier",
            Mismatch::Severity => "nothing of this severity",
        };
        format!("{selector} is for {what}")
    });
    let missed: Vec<_> = missed.collect();
    let passed = if missed.is_empty() { String::new() } else { format!(" ({})", missed.join("; ")) };
    match &why.selector {
        Some(selector) => format!(", by its selector {selector}{passed}"),
        None => passed,
    }
}

fn unmoved(by: &Bystander) -> String {
    match by {
        Bystander::Policy { version } => {
            format!("policy {version}: a cycle keeps the policy of its start, until it is rebased")
        }
        Bystander::Calendar { calendar, version } => {
            format!("{calendar}, version {version}: a policy keeps the versions of its adoption")
        }
        Bystander::Component { to } => format!("component {to}: it counts when the next deadline is set"),
        Bystander::Handover { to } => format!("the handover to {to}: it takes no time off the clock"),
        Bystander::Level { to } => format!("level {}: levels move no clock", to.number()),
        Bystander::ReturnedToTriage => "its return to triage: the last severity goes on ruling".to_owned(),
        Bystander::AskedInside => "a question to a colleague: only opener and customer pause".to_owned(),
        Bystander::NotPausing => "a question: this severity does not pause this clock".to_owned(),
        Bystander::AskedTooLate => "a question: it was asked after the deadline".to_owned(),
        Bystander::AskedBefore => "a question: it was asked before this cycle, which starts unpaused".to_owned(),
        Bystander::SeverityAfterBreach { to } => format!("severity {to}: the breach stands"),
        Bystander::RebasedAfterBreach { version } => format!("the rebase to policy {version}: the breach stands"),
    }
}
