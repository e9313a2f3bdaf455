//! The rules that no compiler checks, each a pure function from what it reads to what it found.

pub mod clocks;
pub mod crate_docs;
pub mod imports;
pub mod lengths;
pub mod names;
pub mod promises;
pub mod snapshots;
mod tokens;
pub mod words;
mod workspace;

use std::{
    fmt,
    io::{self, Write},
};

pub use workspace::{Workspace, workspace};

/// A rule broken (or nearly), where, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// From the workspace's root, with slashes.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// Whether it fails the test.
    pub gravity: Gravity,
    /// What is wrong, and what to do instead.
    pub advice: String,
}

/// Whether a finding fails the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gravity {
    /// Printed; the test passes.
    Warning,
    /// The test fails.
    Failure,
}

impl Finding {
    /// A finding that fails the test.
    pub fn failure(path: &str, line: usize, advice: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, gravity: Gravity::Failure, advice: advice.into() }
    }

    /// A finding that is printed only.
    pub fn warning(path: &str, line: usize, advice: impl Into<String>) -> Self {
        Self { gravity: Gravity::Warning, ..Self::failure(path, line, advice) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, gravity, advice } = self;
        let mark = if *gravity == Gravity::Warning { "warning: " } else { "" };
        write!(f, "{path}:{line}: {mark}{advice}")
    }
}

/// A file of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// From the workspace's root, with slashes.
    pub path: String,
    /// All of it.
    pub text: String,
}

impl SourceFile {
    /// A file made up for a test of a rule.
    pub fn new(path: &str, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), text: text.into() }
    }

    /// Whether it is Rust.
    pub fn is_rust(&self) -> bool {
        self.has_extension(&["rs"])
    }

    fn has_extension(&self, wanted: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, extension)| wanted.contains(&extension))
    }

    /// Lines with their numbers, from 1.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

/// The failures among findings. Its `Debug` is what a failed test prints: one a line, and nothing else.
#[derive(PartialEq, Eq)]
pub struct Untidy(Vec<Finding>);

impl fmt::Debug for Untidy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "tidy found {}", self.0.len())?;
        self.0.iter().try_for_each(|finding| writeln!(f, "{finding}"))
    }
}

/// Prints the warnings, and answers the failures if there are any.
pub fn insist(findings: Vec<Finding>) -> Result<(), Untidy> {
    let (warnings, verdict) = judge(findings);
    let mut stderr = io::stderr().lock(); // not eprintln!, whose output a passing test keeps to itself
    for warning in warnings {
        let _not_worth_failing = writeln!(stderr, "{warning}");
    }
    verdict
}

fn judge(findings: Vec<Finding>) -> (Vec<Finding>, Result<(), Untidy>) {
    let is_warning = |finding: &Finding| finding.gravity == Gravity::Warning;
    let (warnings, failures): (Vec<_>, Vec<_>) = findings.into_iter().partition(is_warning);
    (warnings, if failures.is_empty() { Ok(()) } else { Err(Untidy(failures)) })
}

#[cfg(test)]
mod tests {
    use super::{Finding, judge};

    #[test]
    fn a_warning_passes_and_a_failure_says_where_and_what_to_do() {
        let warning = Finding::warning("crates/a/src/lib.rs", 3, "shorten it");
        let failure = Finding::failure("crates/b/src/lib.rs", 7, "name it");
        assert_eq!(judge(vec![warning.clone()]), (vec![warning.clone()], Ok(())));
        let (warnings, verdict) = judge(vec![warning.clone(), failure]);
        assert_eq!(warnings, [warning]);
        assert_eq!(format!("{:?}", verdict.unwrap_err()), "tidy found 1\ncrates/b/src/lib.rs:7: name it\n");
    }
}
