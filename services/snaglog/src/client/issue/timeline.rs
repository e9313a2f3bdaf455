//! An issue's timeline for people.

use std::fmt::Write as _;

use api::issues::v1::{Asked, IssueState, Timeline, TimelineEntry, Wait, WaitEnd};
use prost_types::Duration;

use super::words;
use crate::client::output::{Output, table};
use crate::client::times;

/// What happened, how long each state lasted, and how long somebody was waited for.
pub(super) fn story(timeline: &Timeline, output: &Output) -> String {
    let bold = anstyle::Style::new().bold();
    let mut text = format!("\n{bold}Timeline{bold:#}\n");
    if timeline.earlier_entries > 0 {
        _ = writeln!(text, "  … {} earlier: snaglog history tells them", timeline.earlier_entries);
    }
    let rows = timeline.entries.iter().map(|entry| row(entry, output));
    text.push_str(&table(&["", "WHEN", "WHO", "AFTER", "WHAT"], rows));
    if !timeline.time_in_states.is_empty() {
        _ = write!(text, "\n\n{bold}Time in each state{bold:#}\n");
        let rows = timeline.time_in_states.iter().map(|time| {
            let times = if time.stays > 1 { format!("{} times", time.stays) } else { String::new() };
            vec![name(time.state(), time.triaged).to_owned(), length(time.length.as_ref()), times]
        });
        text.push_str(table(&["", "", ""], rows).trim_start_matches('\n'));
    }
    if !timeline.waits.is_empty() {
        let waited = length(timeline.time_waiting.as_ref());
        _ = write!(text, "\n\n{bold}Waited for answers{bold:#}  {waited}\n");
        text.push_str(table(&["", "", "", ""], timeline.waits.iter().map(wait)).trim_start_matches('\n'));
    }
    text.trim_end().to_owned()
}

fn row(entry: &TimelineEntry, output: &Output) -> Vec<String> {
    let after = entry
        .ended_after
        .as_ref()
        .map(|after| format!("{} {}", length(Some(after)), name(entry.ended_state(), entry.ended_triaged)));
    let why = entry.why.lines().next().unwrap_or_default();
    let what = if why.is_empty() { entry.summary.clone() } else { format!("{}: {why}", entry.summary) };
    vec![
        format!("r{}", entry.revision),
        output.time(entry.occurred_at.as_ref()),
        entry.actor.clone(),
        after.unwrap_or_default(),
        what,
    ]
}

fn wait(wait: &Wait) -> Vec<String> {
    let whom = match wait.of() {
        Asked::Person => wait.person.clone(),
        Asked::Opener => "the opener".into(),
        Asked::Customer => "the customer".into(),
        Asked::ProductOwner => "the product owners".into(),
        Asked::Unspecified => "?".into(),
    };
    let end = match wait.end() {
        WaitEnd::Unspecified => "open",
        WaitEnd::Answered => "answered",
        WaitEnd::Withdrawn => "taken back",
        WaitEnd::MovedOn => "not answered",
    };
    vec![format!("question {}", wait.question), format!("for {whom}"), length(wait.length.as_ref()), end.to_owned()]
}

fn name(state: IssueState, triaged: bool) -> &'static str {
    match (state, triaged) {
        (IssueState::New, false) => "New, untriaged",
        (IssueState::New, true) => "New, triaged",
        (state, _) => words::state_word(state),
    }
}

fn length(length: Option<&Duration>) -> String {
    length.map_or_else(String::new, |length| times::age(length.seconds))
}
