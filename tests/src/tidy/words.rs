//! Words that have no place in the project: promises to do something later, and names of what a clone doesn't have.

use super::{Finding, SourceFile};

/// Marks of work left undone. (Written in two halves, or this file would find itself.)
const UNDONE: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("X", "XX"),
    concat!("to", "do!"),
    concat!("unimple", "mented!"),
];

/// Folders that a clone doesn't have: one beside it, and paths of one machine.
const OUTSIDE: &[&str] =
    &[concat!("../", "shared"), concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/wo", "rk/")];

/// The one line that may name data outside of the project: the constant of the package `tests`.
const EXCEPTION: (&str, &str) = ("tests/src/lib.rs", "pub const BUGZILLA_SAMPLE: &str = ");

/// Looks for marks of work left undone, in all but prose.
pub fn check_done(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| !file.has_extension(&["md", "snap"])) {
        for (number, line) in file.lines() {
            for mark in UNDONE.iter().filter(|mark| contains_word(line, mark)) {
                let advice = format!("`{mark}`: do it now, or leave it out and say in the doc what isn't there");
                findings.push(Finding::failure(&file.path, number, advice));
            }
        }
    }
    findings
}

/// Looks for what a reader of a clone can't follow: folders outside of it, and numbers of issues.
pub fn check_alone(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        for (number, line) in file.lines() {
            let excepted = file.path == EXCEPTION.0 && line.starts_with(EXCEPTION.1);
            for folder in OUTSIDE.iter().filter(|folder| !excepted && contains_word(line, folder)) {
                let advice =
                    format!("`{folder}` is not in a clone: say here what it said, or take a path as an argument");
                findings.push(Finding::failure(&file.path, number, advice));
            }
            if names_an_issue(line) {
                let advice = "the number of an issue means nothing to a reader of a clone: say what it asked for";
                findings.push(Finding::failure(&file.path, number, advice));
            }
        }
    }
    findings
}

/// Whether the word stands in the line by itself, and not as a part of a longer one.
fn contains_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let ends_in_sign = word.ends_with(|c: char| !is_part(c));
        !before.is_some_and(|c| is_part(c) || c == '.') && (ends_in_sign || !after.is_some_and(is_part))
    })
}

/// The number of an issue after a hash, after a slash or in a file's name: this project's own. `sqlx #4385` is somebody else's, and useful.
fn names_an_issue(line: &str) -> bool {
    let line = line.to_lowercase();
    ["issue #", "issue#", "fixes #", "closes #", concat!("issu", "es/"), concat!("see ", "#")].iter().any(|lead| {
        let digit_follows = |(at, _): (usize, &str)| line[at + lead.len()..].starts_with(|c: char| c.is_ascii_digit());
        let elsewhere = lead.ends_with('/') && line.contains("://");
        !elsewhere && line.match_indices(lead).any(digit_follows)
    }) || line.match_indices("issue").any(|(at, issue)| {
        let rest = line[at + issue.len()..].trim_start_matches(|c: char| c.is_ascii_digit());
        rest.len() < line.len() - at - issue.len() && rest.starts_with(".md")
    })
}

#[cfg(test)]
mod tests {
    use super::{EXCEPTION, OUTSIDE, UNDONE, check_alone, check_done};
    use crate::tidy::{Finding, SourceFile};

    #[track_caller]
    fn finds(check: fn(&[SourceFile]) -> Vec<Finding>, path: &str, text: &str, lines: &[usize]) {
        let found = check(&[SourceFile::new(path, text)]);
        assert_eq!(found.iter().map(|finding| finding.line).collect::<Vec<_>>(), lines, "{found:#?}");
    }

    #[test]
    fn every_mark_of_work_left_undone_is_found_in_code() {
        for mark in UNDONE {
            finds(check_done, "crates/domain/src/lib.rs", &format!("\n// {mark}: later"), &[2]);
            finds(check_done, "README.md", mark, &[]);
        }
        finds(check_done, "crates/domain/src/lib.rs", "const MASTODONS: u8 = 3; // AUTODOC", &[]);
    }

    #[test]
    fn every_folder_outside_of_a_clone_is_found() {
        for folder in OUTSIDE {
            finds(check_alone, "README.md", &format!("as in {folder}"), &[1]);
            finds(check_alone, "crates/domain/src/lib.rs", &format!("\"{folder}\""), &[1]);
        }
        finds(check_alone, "README.md", "the net/work/flow and ~/homework/", &[]);
    }

    #[test]
    fn one_constant_may_name_data_outside_and_nothing_else_in_its_file() {
        let constant = format!("{}\"{}\";", EXCEPTION.1, OUTSIDE[0]);
        finds(check_alone, EXCEPTION.0, &constant, &[]);
        finds(check_alone, EXCEPTION.0, &format!("// {constant}"), &[1]);
        finds(check_alone, "tests/src/other.rs", &constant, &[1]);
    }

    #[test]
    fn numbers_of_our_issues_are_found_and_keys_and_others_issues_are_not() {
        for text in
            [concat!("see issue", " #3"), concat!("Fixes", " #12"), concat!("issue", "3.md"), concat!("issues", "/4")]
        {
            finds(check_alone, "crates/domain/src/lib.rs", text, &[1]);
        }
        for text in
            ["sqlx #4385", "PAY-42", "issue 1 is a duplicate of issue 2", "let issue1 = filed();", "issues/open"]
        {
            finds(check_alone, "crates/domain/src/lib.rs", text, &[]);
        }
        finds(check_alone, "README.md", concat!("https://github.com/launchbadge/sqlx/issues", "/4385"), &[]);
    }
}
