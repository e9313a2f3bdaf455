//! Clocks as bars that people like to look at.

use anstyle::{AnsiColor, Style};
use api::sla::v1::{ClockCycle, ClockState, Sla, Verdict};
use prost_types::Duration;

use super::clock;
use crate::client::output::Output;
use crate::client::times;

/// So many columns wide.
const WIDTH: i64 = 24;
/// Eighths of a column of a terminal, from the left.
const LEFT: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// An issue's clocks: of each its last cycle, or all of them.
pub(super) fn story(output: &Output, sla: &Sla, all: bool) -> String {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    if sla.exempt {
        return format!("{bold}{}{bold:#}  imported: no clocks until they are rebased", sla.key);
    }
    let mut lines = vec![format!("{bold}{}{bold:#}{}", sla.key, headline(sla))];
    for (at, cycle) in sla.cycles.iter().enumerate() {
        let is_last = sla.cycles.get(at + 1).is_none_or(|next| next.clock != cycle.clock);
        if is_last || all {
            lines.push(line(output, cycle));
            lines.push(format!("            {dim}{}{dim:#}", cycle.why));
        }
    }
    lines.join("\n")
}

fn headline(sla: &Sla) -> String {
    let versions: Vec<_> = sla.policy_versions.iter().map(u32::to_string).collect();
    let (verdict, color) = match sla.verdict() {
        Verdict::Unspecified if sla.cycles.iter().any(|cycle| cycle.state() == ClockState::Cancelled) => {
            ("dismissed", AnsiColor::BrightBlack)
        }
        Verdict::Unspecified => ("in time so far", AnsiColor::Green),
        Verdict::Met => ("met", AnsiColor::Green),
        Verdict::Breached => ("breached", AnsiColor::Red),
    };
    let style = Style::new().fg_color(Some(color.into()));
    format!("  {style}{verdict}{style:#}  policy {}", versions.join(", "))
}

fn line(output: &Output, cycle: &ClockCycle) -> String {
    let name = clock(cycle.clock());
    let number = if cycle.cycle > 1 { format!("#{}", cycle.cycle) } else { String::new() };
    if !cycle.has_target {
        return format!("  {name:<8}{number:<2}  {:·<width$}        no target", "", width = 24);
    }
    let style = style(cycle);
    format!("  {name:<8}{number:<2}  {style}{}{style:#} {:>4}   {}", bar(cycle), percent(cycle), told(output, cycle))
}

fn style(cycle: &ClockCycle) -> Style {
    let color = match (cycle.verdict(), cycle.state()) {
        (Verdict::Breached, _) => AnsiColor::Red,
        (Verdict::Met, _) => AnsiColor::Green,
        (Verdict::Unspecified, ClockState::Paused | ClockState::Cancelled) => AnsiColor::BrightBlack,
        (Verdict::Unspecified, _) if cycle.at_risk => AnsiColor::Yellow,
        (Verdict::Unspecified, _) => AnsiColor::Cyan,
    };
    Style::new().fg_color(Some(color.into()))
}

/// How much is used, in eighths of a column.
fn bar(cycle: &ClockCycle) -> String {
    let (used, length) = (seconds(cycle.used.as_ref()), seconds(cycle.length.as_ref()).max(1));
    let eighths = (used.clamp(0, length) * WIDTH * 8 / length).clamp(i64::from(used > 0), WIDTH * 8);
    let whole = usize::try_from(eighths / 8).unwrap_or_default();
    let part = usize::try_from(eighths % 8).ok().filter(|part| *part > 0).and_then(|part| LEFT.get(part));
    let mut bar: String = std::iter::repeat_n('█', whole).chain(part.copied()).collect();
    let rest = usize::try_from(WIDTH).unwrap_or_default().saturating_sub(bar.chars().count());
    bar.extend(std::iter::repeat_n('░', rest));
    bar
}

fn percent(cycle: &ClockCycle) -> String {
    let (used, length) = (seconds(cycle.used.as_ref()), seconds(cycle.length.as_ref()).max(1));
    let percent = used.max(0) * 100 / length;
    if percent > 999 { "»".to_owned() } else { format!("{percent}%") }
}

/// What stands beside the bar.
fn told(output: &Output, cycle: &ClockCycle) -> String {
    let of = |length: Option<&Duration>| self::length(length);
    let used = format!("{} of {}", of(cycle.used.as_ref()), cycle.target);
    let left = of(cycle.left.as_ref());
    let since = output.time(cycle.since.as_ref());
    let text = match (cycle.verdict(), cycle.state()) {
        (Verdict::Breached, ClockState::Ended) => {
            format!("breached {}; ended {since}", output.time(cycle.verdict_at.as_ref()))
        }
        (Verdict::Breached, ClockState::Cancelled) => {
            format!("breached {}; dismissed {since}", output.time(cycle.verdict_at.as_ref()))
        }
        (Verdict::Breached, _) => format!("breached {}; it runs on", output.time(cycle.verdict_at.as_ref())),
        (Verdict::Met, _) => format!("met {since}, {used}"),
        (Verdict::Unspecified, ClockState::Paused) => format!("paused {since}, {left} left"),
        (Verdict::Unspecified, ClockState::Cancelled) => format!("dismissed {since}, {left} left"),
        (Verdict::Unspecified, _) => format!("{left} left, due {}", due(output, cycle)),
    };
    let mut beside = Vec::new();
    if cycle.at_risk {
        beside.push("at risk");
    }
    if cycle.state() == ClockState::Running && !cycle.working_time {
        beside.push("outside of working time");
    }
    if cycle.corrected {
        beside.push("corrected");
    }
    if cycle.sent_back {
        beside.push("sent back");
    }
    if beside.is_empty() { text } else { format!("{text} ({})", beside.join(", ")) }
}

/// When: as precise as what is left, where that is told beside it.
fn due(output: &Output, cycle: &ClockCycle) -> String {
    let ahead = cycle.deadline.as_ref().map(|deadline| deadline.seconds - times::now().as_second());
    match ahead.filter(|ahead| output.is_relative() && (60..172_800).contains(ahead)) {
        Some(seconds) => format!("in {}", length(Some(&Duration { seconds, nanos: 0 }))),
        None => output.time(cycle.deadline.as_ref()),
    }
}

/// To the minute, where it is longer than one.
fn length(of: Option<&Duration>) -> String {
    let seconds = seconds(of);
    let shown = if seconds.abs() >= 60 { seconds - seconds % 60 } else { seconds };
    let sign = if shown < 0 { "-" } else { "" };
    format!("{sign}{}", crate::client::target::length(&Duration { seconds: shown.abs(), nanos: 0 }))
}

fn seconds(of: Option<&Duration>) -> i64 {
    of.map_or(0, |length| length.seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(used: i64, length: i64, wanted: (&str, &str)) {
        let duration = |seconds| Some(Duration { seconds, nanos: 0 });
        let cycle = ClockCycle { used: duration(used), length: duration(length), ..ClockCycle::default() };
        let told = bar(&cycle);
        assert_eq!(told.chars().count(), 24, "{told}");
        assert_eq!((told.trim_end_matches('░'), &*percent(&cycle)), wanted);
    }

    #[test]
    fn a_bar_is_as_long_as_what_is_used() {
        check(0, 900, ("", "0%"));
        check(1, 90_000, ("▏", "0%"));
        check(450, 900, ("████████████", "50%"));
        check(899, 900, ("███████████████████████▉", "99%"));
        check(900, 900, ("████████████████████████", "100%"));
        check(9_000, 900, ("████████████████████████", "»"));
    }

    #[test]
    fn lengths_are_told_to_the_minute() {
        let told = |seconds| length(Some(&Duration { seconds, nanos: 0 }));
        assert_eq!([told(59), told(61), told(-3_700), told(0)], ["59 s", "1 min", "-1 h 1 min", "nothing"]);
    }
}
