//! Announces steps, times them, and says at the end what became of each.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::tally::Tally;

/// What a step found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A check (not a test run) passed; the note, if not empty, goes into the summary.
    Clean { note: String },
    /// A check failed; what it found has been printed.
    Broken,
    /// A test run ended: `exited_well` is the runner's own word, which also covers a build that failed.
    Tested { tally: Tally, exited_well: bool },
    /// A tool isn't here: what is missing, and how to get it.
    Missing { what: String },
}

impl Outcome {
    /// A check's outcome, from its exit.
    pub(crate) fn of_check(passed: bool) -> Self {
        if passed { Self::Clean { note: String::new() } } else { Self::Broken }
    }

    /// Of a step that is two test runs: both counted, well only if both exited well.
    pub(crate) fn and(self, then: Self) -> Self {
        match (self, then) {
            (Self::Tested { mut tally, exited_well }, Self::Tested { tally: more, exited_well: more_exited_well }) => {
                tally += more;
                Self::Tested { tally, exited_well: exited_well && more_exited_well }
            }
            (Self::Tested { exited_well: true, .. } | Self::Clean { .. }, then) => then,
            (first, _) => first,
        }
    }
}

/// One part of a command.
pub(crate) struct Step {
    /// What `--only` calls it.
    pub(crate) name: &'static str,
    /// One line that says what it checks.
    pub(crate) about: &'static str,
    pub(crate) run: fn() -> Result<Outcome>,
    /// What a developer does when it fails.
    pub(crate) on_failure: &'static str,
}

/// One line of the summary.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    name: &'static str,
    verdict: &'static str,
    took: Option<Duration>,
    tally: Tally,
    note: String,
}

/// Runs the steps in order and prints a summary and the closing line; answers whether none failed.
pub(crate) fn all(steps: &[&Step], keep_going: bool, strict: bool) -> bool {
    let mut rows = Vec::new();
    let mut stopped = false;
    for (index, step) in steps.iter().enumerate() {
        if stopped {
            rows.push(Row {
                name: step.name,
                verdict: "not run",
                took: None,
                tally: Tally::default(),
                note: String::new(),
            });
            continue;
        }
        eprintln!("\n== {} ({} of {}): {}", step.name, index + 1, steps.len(), step.about);
        let started = Instant::now();
        let outcome = (step.run)();
        let has_its_tools = !matches!(outcome, Ok(Outcome::Missing { .. }));
        let row = judge(step.name, outcome, started.elapsed(), strict);
        eprintln!("== {}: {} after {}{}", row.name, row.verdict, seconds(row.took), dashed(&row.note));
        if row.verdict == "failed" {
            if has_its_tools {
                eprintln!("   What to do: {}", step.on_failure);
            }
            eprintln!("   Again, this step only: cargo xtask test --only {}", step.name);
            stopped = !keep_going;
        }
        rows.push(row);
    }
    let (table, passed) = summary(&rows);
    eprint!("\n{table}");
    println!("{}", closing(&rows));
    passed
}

fn judge(name: &'static str, outcome: Result<Outcome>, took: Duration, strict: bool) -> Row {
    let one_failed = Tally { failed: 1, ..Tally::default() };
    let (verdict, tally, note) = match outcome {
        Ok(Outcome::Clean { note }) => ("ok", Tally { passed: 1, ..Tally::default() }, note),
        Ok(Outcome::Broken) => ("failed", one_failed, String::new()),
        Ok(Outcome::Tested { tally, exited_well: true }) if tally.failed == 0 => ("ok", tally, String::new()),
        // The build failed, or a test process died without its closing line: nothing was counted, yet something failed.
        Ok(Outcome::Tested { tally, .. }) if tally.failed == 0 => {
            ("failed", Tally { failed: 1, ..tally }, "the run did not finish".to_owned())
        }
        Ok(Outcome::Tested { tally, .. }) => ("failed", tally, String::new()),
        Ok(Outcome::Missing { what }) if strict => {
            ("failed", one_failed, format!("{what} (CI=true: nothing is skipped)"))
        }
        Ok(Outcome::Missing { what }) => ("skipped", Tally { skipped: 1, ..Tally::default() }, what),
        Err(error) => ("failed", one_failed, format!("{error:#}")),
    };
    Row { name, verdict, took: Some(took), tally, note }
}

fn summary(rows: &[Row]) -> (String, bool) {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let mut table = String::new();
    for row in rows {
        let Tally { passed, failed, skipped } = row.tally;
        let counts = if row.tally.is_empty() { String::new() } else { format!("{passed} / {failed} / {skipped}") };
        let line = format!(
            "{:width$}  {:8}{:>9}  {counts:>14}{}",
            row.name,
            row.verdict,
            seconds(row.took),
            dashed(&row.note)
        );
        table.push_str(line.trim_end());
        table.push('\n');
    }
    let heading = format!("{:width$}  {:8}{:>9}  {:>14}\n", "step", "", "time", "pass/fail/skip");
    (heading + &table, rows.iter().all(|row| row.verdict != "failed"))
}

fn closing(rows: &[Row]) -> String {
    let mut total = Tally::default();
    for row in rows {
        total += row.tally;
    }
    format!("{} passed, {} failed, {} skipped", total.passed, total.failed, total.skipped)
}

fn seconds(took: Option<Duration>) -> String {
    took.map_or_else(String::new, |took| format!("{:.1} s", took.as_secs_f64()))
}

fn dashed(note: &str) -> String {
    if note.is_empty() { String::new() } else { format!(" - {note}") }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use anyhow::{Result, anyhow};

    use super::{Outcome, closing, judge, summary};
    use crate::tally::Tally;

    #[track_caller]
    fn check(outcome: Result<Outcome>, strict: bool, verdict: &str, counts: (u64, u64, u64)) {
        let row = judge("step", outcome, Duration::ZERO, strict);
        let (passed, failed, skipped) = counts;
        assert_eq!((row.verdict, row.tally), (verdict, Tally { passed, failed, skipped }), "{row:?}");
    }

    fn tests(passed: u64, failed: u64, skipped: u64) -> Tally {
        Tally { passed, failed, skipped }
    }

    #[test]
    fn a_missing_tool_skips_here_and_fails_in_ci() {
        let missing = || Ok(Outcome::Missing { what: "npm".to_owned() });
        check(missing(), false, "skipped", (0, 0, 1));
        check(missing(), true, "failed", (0, 1, 0));
    }

    #[test]
    fn a_build_that_fails_is_a_failure_though_no_test_failed() {
        check(Ok(Outcome::Tested { tally: tests(3, 0, 0), exited_well: false }), false, "failed", (3, 1, 0));
        check(Ok(Outcome::Tested { tally: tests(3, 2, 0), exited_well: false }), false, "failed", (3, 2, 0));
        check(Ok(Outcome::Tested { tally: tests(3, 0, 1), exited_well: true }), true, "ok", (3, 0, 1));
    }

    #[test]
    fn two_runs_are_counted_together_and_fail_together() {
        let run = |passed, failed, exited_well| Outcome::Tested { tally: tests(passed, failed, 1), exited_well };
        assert_eq!(run(3, 0, true).and(run(4, 0, true)), Outcome::Tested { tally: tests(7, 0, 2), exited_well: true });
        check(Ok(run(3, 1, false).and(run(4, 0, true))), false, "failed", (7, 1, 2));
        check(Ok(run(3, 0, true).and(run(0, 0, false))), false, "failed", (3, 1, 2));
    }

    #[test]
    fn a_step_that_cannot_run_is_a_failure() {
        check(Err(anyhow!("no such file")), false, "failed", (0, 1, 0));
        check(Ok(Outcome::Broken), false, "failed", (0, 1, 0));
        check(Ok(Outcome::of_check(true)), true, "ok", (1, 0, 0));
    }

    #[test]
    fn the_closing_line_adds_tests_and_checks() {
        let rows = [
            judge("fmt", Ok(Outcome::of_check(true)), Duration::from_millis(1240), false),
            judge("unit", Ok(Outcome::Tested { tally: tests(40, 1, 2), exited_well: false }), Duration::ZERO, false),
        ];
        assert_eq!(closing(&rows), "41 passed, 1 failed, 2 skipped");
        let (table, passed) = summary(&rows);
        assert!(!passed);
        assert!(table.contains("fmt   ok          1.2 s       1 / 0 / 0\n"), "{table}");
    }
}
