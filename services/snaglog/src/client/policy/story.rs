//! Policies and what they do, as people read it.

use api::policies::v1::{
    self as proto, Mismatch, Rechosen, SeverityOrigin, TargetReason, Trial, TrialRow, Verdict, Verdicts,
};

use super::file::{CLOCKS, length, target, word_of};
use crate::client::output::{Output, table};
use crate::client::times;

/// So many differing cycles people are shown; JSON has them all.
const DIFFERENCES_SHOWN: usize = 10;

/// From when on a version is in force.
pub(super) fn since(version: &proto::PolicyVersion, output: &Output) -> String {
    match &version.effective_from {
        Some(from) => output.exact(Some(from)),
        None => String::from("always"),
    }
}

/// A clock that would move.
pub(crate) fn moved(of: &proto::ClockMove, output: &Output) -> Vec<String> {
    let then = if of.breached { "breached at once" } else { "" };
    vec![
        of.issue.clone(),
        word_of(&CLOCKS, of.clock).to_owned(),
        of.severity.clone(),
        target(of.from_target.as_ref()),
        target(of.to_target.as_ref()),
        output.exact(of.from_deadline.as_ref()),
        format!("{} {then}", output.exact(of.to_deadline.as_ref())).trim_end().to_owned(),
    ]
}

/// The head of [`moved`]'s table.
pub(crate) const MOVED: [&str; 7] = ["ISSUE", "CLOCK", "SEVERITY", "TARGET", "THEN", "DUE", "THEN DUE"];

/// What a preview went through.
pub(crate) fn summary(summary: &proto::PreviewSummary) -> String {
    let proto::PreviewSummary { issues, open_clocks, moved, breached } = summary;
    let issues = if *issues == 1 { String::from("1 issue") } else { format!("{issues} issues") };
    let looked = format!("{open_clocks} open clocks of {issues}");
    if *moved == 0 {
        return format!("Of {looked}, a rebase would move none.");
    }
    let late = if *breached == 0 { String::new() } else { format!("; {breached} would be breached at once") };
    format!("Of {looked}, none moves by itself; a rebase would move {moved}{late}.")
}

/// Why an issue's clocks have the targets they have.
pub(super) fn why(of: &proto::ExplainTargetResponse, output: &Output) -> String {
    if of.exempt {
        return format!("{}: it was imported, so it has no targets until its clocks are rebased.", of.key);
    }
    let clocks: Vec<_> = of.clocks.iter().map(|clock| reason(clock, of.in_force, output)).collect();
    format!("{}\n{}", of.key, clocks.join("\n"))
}

fn reason(of: &TargetReason, in_force: u32, output: &Output) -> String {
    let cycle = if of.cycle > 1 { format!(" (cycle {})", of.cycle) } else { String::new() };
    let counted = match of.calendar_version {
        0 => format!("on calendar {}", of.calendar),
        version => format!("on calendar {}, version {version}", of.calendar),
    };
    let mut lines = vec![match &of.target {
        Some(_) => format!("{}{cycle}: {} {counted}", word_of(&CLOCKS, of.clock), target(of.target.as_ref())),
        None => format!("{}{cycle}: no target", word_of(&CLOCKS, of.clock)),
    }];
    let from = match of.severity_origin() {
        SeverityOrigin::Triage => "as triaged",
        SeverityOrigin::Reporter => "as its reporter said; nobody has triaged it",
        SeverityOrigin::Default | SeverityOrigin::Unspecified => "the project's default; nobody has triaged it",
    };
    let component = if of.component.is_empty() { "no component" } else { &of.component };
    lines.push(format!("severity {}, {from}; {component}", of.severity));
    let started = output.exact(of.started_at.as_ref());
    lines.push(match of.policy_version {
        0 => format!("the default policy; the clock started {started}"),
        version => {
            let since = output.exact(of.effective_from.as_ref());
            format!("policy version {version}, in force since {since}; the clock started {started}")
        }
    });
    if of.chosen_at != of.started_at {
        lines.push(format!("chosen {}, when its deadline was set anew", output.exact(of.chosen_at.as_ref())));
    }
    for one in &of.passed_over {
        lines.push(format!("{} does not match: {}", one.selector, mismatch(one.mismatch())));
    }
    lines.push(match of.selector.as_str() {
        "" => String::from("so the severity's own rules hold"),
        selector => format!("{selector} matches"),
    });
    lines.extend(of.rechosen.as_ref().map(|now| rechosen(of, now)));
    if of.policy_version != in_force {
        let then = match &of.target_in_force {
            Some(then) => format!(" would give it {}, once it is rebased", target(Some(then))),
            None => String::from(" does not move it"),
        };
        lines.push(format!("policy version {in_force}, in force now,{then}"));
    }
    lines.join("\n    ")
}

/// What would be chosen of the issue as it is by now.
fn rechosen(of: &TargetReason, now: &Rechosen) -> String {
    let mut changed = Vec::new();
    if now.component != of.component {
        changed.push(if now.component.is_empty() { "without component" } else { &now.component });
    }
    if now.severity != of.severity {
        changed.push(&now.severity);
    }
    let by = match now.selector.as_str() {
        "" => "the severity's own rules",
        selector => selector,
    };
    let target = target(now.target.as_ref());
    format!("by now it is {}: {by} would give it {target}, once something sets its deadline anew", changed.join(", "))
}

fn mismatch(mismatch: Mismatch) -> &'static str {
    match mismatch {
        Mismatch::Component => "another component, or none",
        Mismatch::Source => "another source, or not known",
        Mismatch::Tier => "another tier, or no customer",
        Mismatch::Severity => "it says nothing of this severity",
        Mismatch::Unspecified => "?",
    }
}

/// What happened, beside what would have happened.
pub(super) fn trial(trial: &Trial, output: &Output) -> String {
    let window = format!("{} to {}", output.exact(trial.since.as_ref()), output.exact(trial.until.as_ref()));
    let issues = if trial.issues == 1 { String::from("1 issue") } else { format!("{} issues", trial.issues) };
    if trial.rows.is_empty() {
        return format!("{window}: no clock ended and none was breached in {issues}.");
    }
    let head = ["MONTH", "SEVERITY", "CLOCK", "REALLY", "", "TRIED", ""];
    let rows = trial.rows.iter().map(|row| line(month(row), row)).chain(trial.totals.iter().map(total));
    let mut parts = vec![format!("{window}, {issues}"), table(&head, rows)];
    if trial.differing == 0 {
        parts.push(String::from("Every verdict would have been the same."));
        return parts.join("\n\n");
    }
    let shown = trial.differences.iter().take(DIFFERENCES_SHOWN).map(|one| {
        let clock = word_of(&CLOCKS, one.clock).to_owned();
        let spare = one.spare.as_ref().map_or_else(|| String::from("-"), length);
        let (ended, due) = (output.exact(one.ended_at.as_ref()), output.exact(one.tried_deadline.as_ref()));
        let (really, tried) = (verdict(one.actual()).to_owned(), verdict(one.tried()).to_owned());
        vec![one.issue.clone(), clock, one.severity.clone(), really, tried, ended, due, spare]
    });
    let head = ["ISSUE", "CLOCK", "SEVERITY", "REALLY", "TRIED", "ENDED", "THEN DUE", "SPARE"];
    let count = trial.differing;
    let latest =
        if count > DIFFERENCES_SHOWN as u64 { format!(", the latest {DIFFERENCES_SHOWN}") } else { String::new() };
    let many = if count == 1 { String::from("1 verdict") } else { format!("{count} verdicts") };
    parts.push(format!("{many} would have been another{latest}:\n{}", table(&head, shown)));
    parts.join("\n\n")
}

fn month(row: &TrialRow) -> String {
    row.month.as_ref().map(times::iso).unwrap_or_default().chars().take(7).collect()
}

fn total(row: &TrialRow) -> Vec<String> {
    line(String::from("all"), row)
}

fn line(month: String, row: &TrialRow) -> Vec<String> {
    let side = |verdicts: Option<&Verdicts>| {
        let Verdicts { met, breached, without_target } = verdicts.copied().unwrap_or_default();
        let beside = if without_target > 0 { format!(", {without_target} without target") } else { String::new() };
        (share(met, breached), format!("{met} of {}{beside}", met + breached))
    };
    let ((really, of_really), (tried, of_tried)) = (side(row.actual.as_ref()), side(row.tried.as_ref()));
    let clock = word_of(&CLOCKS, row.clock).to_owned();
    vec![month, row.severity.clone(), clock, really, of_really, tried, of_tried]
}

/// Compliance: met of all verdicts.
fn share(met: u64, breached: u64) -> String {
    let verdicts = met + breached;
    let tenths = (met * 1000).checked_div(verdicts);
    tenths.map_or_else(|| String::from("-"), |tenths| format!("{}.{}%", tenths / 10, tenths % 10))
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::Breached => "breached",
        Verdict::Unspecified => "none",
    }
}
