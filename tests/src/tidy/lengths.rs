//! A file is a room, and a function one idea: both have a length at which tidy warns, and one at which it fails. Tests too.

use proc_macro2::TokenTree;

use super::{
    Finding, SourceFile,
    tokens::{self, is_body, is_punct},
};

/// How long something may be.
struct Limit {
    /// Lines from which on it is told.
    warn: usize,
    /// Lines from which on it fails.
    fail: usize,
}

const FILE: Limit = Limit { warn: 400, fail: 600 };
const FUNCTION: Limit = Limit { warn: 60, fail: 100 };

impl Limit {
    fn finding(&self, path: &str, line: usize, what: &str, lines: usize, instead: &str) -> Option<Finding> {
        let Self { warn, fail } = self;
        let told = format!("{what} has {lines} lines (warned over {warn}, failed over {fail}): {instead}");
        match lines {
            lines if lines > *fail => Some(Finding::failure(path, line, told)),
            lines if lines > *warn => Some(Finding::warning(path, line, told)),
            _ => None,
        }
    }
}

/// Measures every Rust file and every function in it, those inside macros too. A function's length is from `fn` to its closing brace.
pub fn check(files: &[SourceFile]) -> Vec<Finding> {
    files.iter().filter(|file| file.is_rust()).flat_map(check_file).collect()
}

fn check_file(file: &SourceFile) -> Vec<Finding> {
    let split = "find the second idea in it and give it a file of its own";
    let mut findings: Vec<Finding> =
        FILE.finding(&file.path, 1, "this file", file.text.lines().count(), split).into_iter().collect();
    let stream = match tokens::of(file) {
        Ok(stream) => stream,
        Err(finding) => return vec![finding],
    };
    let mut functions = Vec::new();
    tokens::each_level(stream, &mut |tokens| functions.extend(functions_in(tokens)));
    functions.sort();
    for (line, name, lines) in functions {
        let split = "find the second idea in it and give it a name; branches stay, what moves out is pure";
        findings.extend(FUNCTION.finding(&file.path, line, &format!("`fn {name}`"), lines, split));
    }
    findings
}

/// The functions that begin in this list of tokens: first line, name, number of lines.
fn functions_in(tokens: &[TokenTree]) -> Vec<(usize, String, usize)> {
    let mut found = Vec::new();
    for (index, pair) in tokens.windows(2).enumerate() {
        let (Some(keyword), Some(name)) = (tokens::name(&pair[0]), tokens::name(&pair[1])) else {
            continue;
        };
        if keyword != "fn" {
            continue;
        }
        let end = tokens[index..].iter().find(|token| is_body(token) || is_punct(token, ';'));
        if let Some(TokenTree::Group(body)) = end {
            let first = pair[0].span().start().line;
            found.push((first, name, body.span_close().end().line - first + 1));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::{Finding, Gravity, SourceFile};

    #[track_caller]
    fn finds(text: &str, expected: &[(usize, Gravity, &str)]) {
        let found = check(&[SourceFile::new("crates/domain/src/lib.rs", text)]);
        let told: Vec<(usize, Gravity, &str)> =
            found.iter().map(|Finding { line, gravity, advice, .. }| (*line, *gravity, advice.as_str())).collect();
        assert_eq!(told.len(), expected.len(), "{told:#?}");
        for (told, expected) in told.iter().zip(expected) {
            assert_eq!((told.0, told.1), (expected.0, expected.1), "{told:?}");
            assert!(told.2.starts_with(expected.2), "{told:?}");
        }
    }

    /// A function of so many lines.
    fn function(lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    step();\n".repeat(lines - 2))
    }

    #[test]
    fn a_file_of_400_lines_passes_one_more_warns_and_601_fail() {
        let lines = |count: usize| "// a line\n".repeat(count);
        finds(&lines(400), &[]);
        finds(&lines(401), &[(1, Gravity::Warning, "this file has 401 lines")]);
        finds(&lines(600), &[(1, Gravity::Warning, "this file has 600 lines")]);
        finds(&lines(601), &[(1, Gravity::Failure, "this file has 601 lines")]);
    }

    #[test]
    fn a_function_of_60_lines_passes_one_more_warns_and_101_fail() {
        finds(&function(60), &[]);
        finds(&function(61), &[(1, Gravity::Warning, "`fn long` has 61 lines")]);
        finds(&function(101), &[(1, Gravity::Failure, "`fn long` has 101 lines")]);
    }

    #[test]
    fn its_docs_do_not_count_and_its_signature_does() {
        let documented = format!("/// One.\n/// Two.\n#[must_use]\n{}", function(60));
        finds(&documented, &[]);
        let signed = function(60).replacen("fn long()", "fn long(\n    a: [u8; 4],\n)", 1);
        finds(&signed, &[(1, Gravity::Warning, "`fn long` has 62 lines")]);
    }

    #[test]
    fn methods_tests_and_what_macros_hold_are_measured_too() {
        for around in ["impl Issue {\n", "mod tests {\n", "proptest! {\n"] {
            finds(&format!("{around}{}}}", function(101)), &[(2, Gravity::Failure, "`fn long` has 101 lines")]);
        }
        finds("trait T {\n    fn without_body(&self);\n}\ntype F = fn(u8) -> u8;", &[]);
    }
}
