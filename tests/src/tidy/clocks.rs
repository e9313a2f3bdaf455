//! The wall clock, randomness and fresh ids are named in services only: everywhere else they are arguments.
//!
//! `clippy.toml` bans the calls that it can resolve; this sees the names, also those inside macros and of crates that aren't banned yet.

use proc_macro2::TokenTree;

use super::{
    Finding, SourceFile,
    tokens::{self, is_punct},
};

/// `Type::function`, and what it is.
const CALLS: &[(&str, &str, &str)] = &[
    ("SystemTime", "now", CLOCK),
    ("Timestamp", "now", CLOCK),
    ("Zoned", "now", CLOCK),
    ("Uuid", "now_v7", "a fresh id: take it as an argument; only services make ids"),
    ("Uuid", "new_v4", "a fresh id: take it as an argument; only services make ids"),
];
const CLOCK: &str = "the wall clock: take the time as an argument; only services read it";

/// Crates whose every name is randomness.
const RANDOM_CRATES: &[&str] = &["rand", "getrandom", "fastrand"];

/// Reads every Rust file outside services, the package of tests and xtask; items and files of tests are let be.
pub fn check(files: &[SourceFile]) -> Vec<Finding> {
    files.iter().filter(|file| file.is_rust() && is_bound(&file.path)).flat_map(check_file).collect()
}

/// Whether the rule binds a file.
fn is_bound(path: &str) -> bool {
    let for_tests = path.contains("/tests/")
        || path.contains("/benches/")
        || path.ends_with("/tests.rs")
        || path.ends_with("_tests.rs");
    path.starts_with("crates/") && !for_tests
}

fn check_file(file: &SourceFile) -> Vec<Finding> {
    let stream = match tokens::of(file) {
        Ok(stream) => tokens::without_tests(stream),
        Err(finding) => return vec![finding],
    };
    let mut findings = Vec::new();
    tokens::each_level(stream, &mut |tokens| {
        for (index, token) in tokens.iter().enumerate() {
            if let Some(what) = named(&tokens[index..]) {
                findings.push(Finding::failure(&file.path, token.span().start().line, what));
            }
        }
    });
    findings.sort_by_key(|finding| finding.line);
    findings
}

/// What the tokens begin with, if that is forbidden.
fn named(tokens: &[TokenTree]) -> Option<String> {
    let [first, colon, second_colon, rest @ ..] = tokens else {
        return None;
    };
    if !is_punct(colon, ':') || !is_punct(second_colon, ':') {
        return None;
    }
    let first = tokens::name(first)?;
    if RANDOM_CRATES.contains(&first.as_str()) {
        return Some(format!("`{first}` is randomness: take the random bytes as an argument; only services draw them"));
    }
    let second = tokens::name(rest.first()?)?;
    let (_, _, what) = CALLS.iter().find(|(of, call, _)| *of == first && *call == second)?;
    Some(format!("`{first}::{second}` is {what}"))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::{Finding, SourceFile};

    #[track_caller]
    fn finds(path: &str, text: &str, expected: &[&str]) {
        let found: Vec<String> = check(&[SourceFile::new(path, text)]).iter().map(Finding::to_string).collect();
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{found}\nis not\n{expected}");
        }
    }

    #[test]
    fn a_clock_is_found_also_as_a_value_and_inside_a_macro() {
        finds(
            "crates/domain/src/issue.rs",
            "fn f() {\n  let t = std::time::SystemTime::now();\n  log!(at = Timestamp::now());\n  x.map(Uuid::now_v7)\n}",
            &[
                "crates/domain/src/issue.rs:2: `SystemTime::now` is the wall clock: take the time as an argument",
                "crates/domain/src/issue.rs:3: `Timestamp::now` is the wall clock",
                "crates/domain/src/issue.rs:4: `Uuid::now_v7` is a fresh id",
            ],
        );
    }

    #[test]
    fn randomness_is_found_by_its_crate() {
        let found = "crates/codec/src/lib.rs:1: `rand` is randomness: take the random bytes as an argument";
        finds("crates/codec/src/lib.rs", "fn f() -> u8 { rand::random() }", &[found]);
        finds("crates/codec/src/lib.rs", "fn f(rand: u8) -> u8 { rand }", &[]);
    }

    #[test]
    fn comments_strings_and_tests_may_name_them() {
        finds("crates/domain/src/lib.rs", "// not SystemTime::now\nconst A: &str = \"SystemTime::now\";", &[]);
        let module = "#[cfg(test)]\nmod tests {\n  fn f() { Uuid::new_v4(); }\n}";
        finds("crates/domain/src/lib.rs", module, &[]);
        finds("crates/domain/tests/story.rs", "fn f() { Uuid::new_v4(); }", &[]);
        finds("crates/domain/src/issue/tests.rs", "fn f() { Uuid::new_v4(); }", &[]);
        let after = format!("{module}\nfn g() {{ Uuid::new_v4(); }}");
        finds("crates/domain/src/lib.rs", &after, &["crates/domain/src/lib.rs:5: `Uuid::new_v4` is a fresh id"]);
    }

    #[test]
    fn what_only_ships_is_not_taken_for_a_test() {
        let found = "crates/domain/src/lib.rs:2: `SystemTime::now`";
        finds("crates/domain/src/lib.rs", "#[cfg(not(test))]\nfn f() { SystemTime::now(); }", &[found]);
    }

    #[test]
    fn services_read_the_clock() {
        finds("services/snaglog/src/main.rs", "fn main() { SystemTime::now(); }", &[]);
    }

    #[test]
    fn what_is_not_rust_is_told() {
        finds("crates/domain/src/lib.rs", "fn f() {\n  \"", &["crates/domain/src/lib.rs:2: this is not Rust"]);
    }
}
