//! How many tests passed: read from the lines that `cargo test` ends each test binary with.

use std::ops::AddAssign;

/// Numbers of tests by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Tests marked `#[ignore]`, those that said that they were skipped, and steps whose tool is missing.
    pub(crate) skipped: u64,
}

impl Tally {
    /// Reads `test result: ok. 5 passed; 0 failed; 1 ignored; …`; `None` for any other line.
    pub(crate) fn of_line(line: &str) -> Option<Self> {
        let rest = line.trim().strip_prefix("test result: ")?;
        let (_verdict, counts) = rest.split_once(". ")?;
        let mut tally = Self::default();
        for count in counts.split("; ") {
            let (number, name) = count.split_once(' ')?;
            match name {
                "passed" => tally.passed = number.parse().ok()?,
                "failed" => tally.failed = number.parse().ok()?,
                "ignored" => tally.skipped = number.parse().ok()?,
                _ => {}
            }
        }
        Some(tally)
    }

    /// Whether a test says in this line that it was skipped: `skipped: no sample at …` (package `tests`, `tools.rs`).
    pub(crate) fn is_skip(line: &str) -> bool {
        line.starts_with("skipped: ")
    }

    /// So many of those that passed only said that they were skipped.
    pub(crate) fn skipping(self, tests: u64) -> Self {
        let tests = tests.min(self.passed);
        Self { passed: self.passed - tests, skipped: self.skipped + tests, ..self }
    }

    /// Nothing passed, failed or was skipped.
    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[track_caller]
    fn check(line: &str, expected: Option<(u64, u64, u64)>) {
        let expected = expected.map(|(passed, failed, skipped)| Tally { passed, failed, skipped });
        assert_eq!(Tally::of_line(line), expected, "{line}");
    }

    #[test]
    fn the_last_line_of_a_test_binary_is_read_and_no_other() {
        check(
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.00s",
            Some((5, 0, 1)),
        );
        check(
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s",
            Some((1, 2, 0)),
        );
        check("test tally::tests::it_reads ... ok", None);
        check("running 5 tests", None);
        check("test result: ok. many passed; 0 failed", None);
    }

    #[test]
    fn a_test_that_said_that_it_was_skipped_did_not_pass() {
        assert!(Tally::is_skip("skipped: no sample at bugs.jsonl") && !Tally::is_skip("test skipped: x ... ok"));
        let tally = Tally { passed: 5, failed: 1, skipped: 1 };
        assert_eq!(tally.skipping(2), Tally { passed: 3, failed: 1, skipped: 3 });
        assert_eq!(Tally::default().skipping(1), Tally::default());
    }
}
