//! Flow for people: charts and tables.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use api::flow::v1::{
    CumulativeFlow, Dimension, Measure, MeasuredTime, Percentiles, Standing, StandingSeries, Throughput,
    ThroughputSeries, Times, TimesOf,
};
use api::issues::v1::IssueState;
use prost_types::{Duration, Timestamp};

use super::chart::{Layer, bar, sampled, sparkline, stacked};
use crate::client::issue::words;
use crate::client::output::table;
use crate::client::times;

/// The states in which an issue is open, from below.
const OPEN: [(&str, Layer); 5] = [
    ("Verified", Layer::new('▚', AnsiColor::Cyan)),
    ("Resolved", Layer::new('█', AnsiColor::Green)),
    ("Accepted", Layer::new('▓', AnsiColor::Yellow)),
    ("New, triaged", Layer::new('▒', AnsiColor::Magenta)),
    ("New, untriaged", Layer::new('░', AnsiColor::Red)),
];
/// The longest bar, in columns.
const BAR: usize = 20;

/// Where issues stood.
pub(super) fn standing(flow: &CumulativeFlow) -> String {
    let mut text = heading(&flow.project, flow.since.as_ref(), flow.until.as_ref());
    match flow.series.as_slice() {
        [all] if flow.by() == Dimension::Unspecified => text.push_str(&area(all)),
        [] => text.push_str("No issues yet."),
        series => {
            let rows = series.iter().map(|series| {
                let open: Vec<i64> = series.steps.iter().map(|at| open(at).iter().sum()).collect();
                let last = series.steps.last().copied().unwrap_or_default();
                let counts = [open.first(), open.last(), Some(&last.closed), Some(&last.dismissed)];
                let counts = counts.map(|count| count.copied().unwrap_or_default().to_string());
                [value(&series.value, series.rest).to_owned(), sparkline(&sampled(&open))]
                    .into_iter()
                    .chain(counts)
                    .collect()
            });
            text.push_str(&table(&[by(flow.by()), "OPEN", "THEN", "NOW", "CLOSED", "DISMISSED"], rows));
        }
    }
    text
}

/// A chart of the open issues, and what stands where at its two ends.
fn area(series: &StandingSeries) -> String {
    let columns = sampled(&series.steps);
    let heights: Vec<Vec<i64>> = columns.iter().map(|at| open(at).to_vec()).collect();
    let mut text = stacked(&OPEN.map(|(_, layer)| layer), &heights).join("\n");
    let (first, last) =
        (series.steps.first().copied().unwrap_or_default(), series.steps.last().copied().unwrap_or_default());
    let ends = open(&first).into_iter().zip(open(&last));
    let legend = OPEN.iter().zip(ends).rev().map(|((name, layer), (then, now))| (layer.paint(2), *name, then, now));
    let over = [("Closed", first.closed, last.closed), ("Dismissed", first.dismissed, last.dismissed)];
    let over = over.map(|(name, then, now)| ("  ".to_owned(), name, then, now));
    text.push_str("\n\n");
    for (glyph, name, then, now) in legend.chain(over) {
        _ = writeln!(text, "  {glyph} {name:<15} {then:>7} → {now}");
    }
    text.trim_end().to_owned()
}

/// How many stood in each of [`OPEN`].
fn open(at: &Standing) -> [i64; 5] {
    [at.verified, at.resolved, at.accepted, at.new_triaged, at.new_untriaged]
}

/// How many came and went.
pub(super) fn throughput(throughput: &Throughput) -> String {
    let mut text = heading(&throughput.project, throughput.since.as_ref(), throughput.until.as_ref());
    match throughput.series.as_slice() {
        [all] if throughput.by() == Dimension::Unspecified => text.push_str(&bars(all)),
        [] => text.push_str("No issues yet."),
        series => {
            let rows = series.iter().map(|series| {
                let filed: Vec<i64> = series.steps.iter().map(|at| at.filed).collect();
                let closed: Vec<i64> = series.steps.iter().map(|at| at.closed).collect();
                let dismissed: i64 = series.steps.iter().map(|at| at.dismissed).sum();
                let lines = [&filed, &closed].map(|counts| sparkline(&summed(counts)));
                let [filed, closed] = [filed, closed].map(|counts| counts.iter().sum::<i64>().to_string());
                let [filed_line, closed_line] = lines;
                let name = value(&series.value, series.rest).to_owned();
                vec![name, filed, filed_line, closed, closed_line, dismissed.to_string()]
            });
            text.push_str(&table(&[by(throughput.by()), "FILED", "", "CLOSED", "", "DISMISSED"], rows));
        }
    }
    text
}

/// A line for each step, none for those before the first and after the last in which something happened.
fn bars(series: &ThroughputSeries) -> String {
    let highest = series.steps.iter().map(|at| at.filed.max(at.closed)).max().unwrap_or_default();
    let still = |at: &&api::flow::v1::StepThroughput| at.filed + at.closed + at.dismissed + at.reopened == 0;
    let begin = series.steps.iter().take_while(still).count();
    let end = series.steps.len() - series.steps.iter().rev().take_while(still).count();
    let Some(steps) = series.steps.get(begin..end).filter(|steps| !steps.is_empty()) else {
        return "Nothing happened.".to_owned();
    };
    let some = |count: i64| if count == 0 { String::new() } else { count.to_string() };
    let rows = steps.iter().map(|at| {
        let lines = [at.filed, at.closed].map(|count| bar(count, highest, BAR));
        let [filed, closed, dismissed, reopened] = [at.filed, at.closed, at.dismissed, at.reopened].map(some);
        let [filed_line, closed_line] = lines;
        vec![date(at.start.as_ref()), filed, filed_line, closed, closed_line, dismissed, reopened]
    });
    table(&["FROM", "FILED", "", "CLOSED", "", "DISMISSED", "REOPENED"], rows)
}

/// At most as many figures as a sparkline is wide, each the sum of its stretch.
fn summed(counts: &[i64]) -> Vec<i64> {
    let stretch = counts.len().div_ceil(BAR).max(1);
    counts.chunks(stretch).map(|counts| counts.iter().sum()).collect()
}

/// How long things took.
pub(super) fn times(times: &Times) -> String {
    let mut text = heading(&times.project, times.since.as_ref(), times.until.as_ref());
    for of in &times.values {
        if times.by() != Dimension::Unspecified {
            let bold = Style::new().bold();
            _ = writeln!(text, "{bold}{}{bold:#}", value(&of.value, of.rest));
        }
        text.push_str(&measures(of));
        text.push_str("\n\n");
    }
    if times.values.iter().all(|of| of.measures.is_empty()) {
        // What waits is not told apart by a dimension.
        let waits = if times.by() == Dimension::Unspecified { ", and nothing waits" } else { "" };
        _ = write!(text, "Nothing ended{waits}.");
    }
    text.trim_end().to_owned()
}

fn measures(of: &TimesOf) -> String {
    let rows = of.measures.iter().map(|measured| {
        let told = |told: Option<&Percentiles>| match told {
            None => ["", "", "", ""].map(str::to_owned),
            Some(told) => [told.points.to_string(), length(told.p50), length(told.p85), length(told.p95)],
        };
        let sides = [told(measured.ended.as_ref()), told(measured.waiting.as_ref())];
        [measure(measured)].into_iter().chain(sides.into_iter().flatten()).collect()
    });
    let waits = of.measures.iter().any(|measured| measured.waiting.is_some());
    let head = ["TIME", "ENDED", "P50", "P85", "P95", if waits { "WAIT" } else { "" }, "P50", "P85", "P95"];
    if waits { table(&head, rows) } else { table(&head[..5], rows.map(|row: Vec<String>| row[..5].to_vec())) }
}

/// What takes time, in a word or two.
pub(super) fn measure(measured: &MeasuredTime) -> String {
    let word = match measured.measure() {
        Measure::Unspecified => "?",
        Measure::Lead => "lead",
        Measure::Cycle => "cycle",
        Measure::Triage => "to triage",
        Measure::Accept => "to accept",
        Measure::Mitigate => "to mitigate",
        Measure::Resolve => "to resolve",
        Measure::ResolveAgain => "to resolve again",
        Measure::Dismiss => "to dismiss",
        Measure::InState => match (measured.state(), measured.triaged) {
            (IssueState::New, false) => "in New, untriaged",
            (IssueState::New, true) => "in New, triaged",
            (state, _) => return format!("in {}", words::state_word(state)),
        },
    };
    word.to_owned()
}

/// A value's name.
pub(super) fn value(value: &str, rest: bool) -> &str {
    match (value, rest) {
        (_, true) => "(the rest)",
        ("", false) => "-",
        (value, false) => value,
    }
}

fn by(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Unspecified => "",
        Dimension::Severity => "SEVERITY",
        Dimension::Level => "LEVEL",
        Dimension::Nature => "NATURE",
        Dimension::Source => "SOURCE",
        Dimension::Component => "COMPONENT",
        Dimension::Team => "TEAM",
    }
}

fn length(length: Option<Duration>) -> String {
    length.map_or_else(|| "-".to_owned(), |length| times::age(length.seconds))
}

/// The day of an instant that begins one, in UTC.
fn date(start: Option<&Timestamp>) -> String {
    start.map(|start| times::iso(start).chars().take(10).collect()).unwrap_or_default()
}

/// Project and window; the window's end is the day after its last.
fn heading(project: &str, since: Option<&Timestamp>, until: Option<&Timestamp>) -> String {
    let last = until.map(|until| Timestamp { seconds: until.seconds - 1, nanos: 0 });
    let bold = Style::new().bold();
    format!("{bold}{project}{bold:#}  {} to {}\n\n", date(since), date(last.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_spoken_of_only_where_it_was_looked_at() {
        let all = Times { project: String::from("PAY"), ..Times::default() };
        assert!(times(&all).ends_with("\n\nNothing ended, and nothing waits."));
        let told_apart = Times { by: Dimension::Team.into(), ..all };
        assert!(times(&told_apart).ends_with("\n\nNothing ended."));
    }
}
