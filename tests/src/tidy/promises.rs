//! `docs/log.md` tells every promise of a log, which log keeps it, and the test that shows it: held against the suite and the tests.

use super::{Finding, SourceFile};

/// The page, from the workspace's root.
const PAGE: &str = "docs/log.md";
/// Its section with a row for each case of the suite.
const SECTION: &str = "## Promises";
/// Where the suite lists its cases.
const SUITE: &str = "crates/event-log/src/contract.rs";

/// The cases that can't be tried on a kind of log which never has two nodes: each log's test of the suite says so of its own.
const OF_NODES: [&str; 4] = [
    "nodes::",
    "versions::an_older_node_stops",
    "versions::an_idle_older_node_hears_of_it",
    "phases::an_idle_node_hears_of_the_seal",
];

/// Each log: its column, and the file whose tests try the suite on it.
pub const LOGS: &[(&str, &str)] = &[
    ("memory", "crates/event-log/src/contract/broken_tests.rs"),
    ("SQLite", "crates/event-log-sqlite/tests/contract.rs"),
    ("PostgreSQL", "crates/event-log-postgres/tests/it/contract.rs"),
    ("Kafka", "crates/event-log-kafka/tests/it/contract.rs"),
];

/// Holds the page against the suite's cases, each log's tests, and the tests that the page names.
pub fn check(files: &[SourceFile], logs: &[(&str, &str)]) -> Vec<Finding> {
    let file = |path: &str| files.iter().find(|file| file.path == path);
    let (Some(page), Some(suite)) = (file(PAGE), file(SUITE)) else {
        return vec![Finding::failure(PAGE, 1, format!("there is no such page, or no {SUITE} to hold it against"))];
    };
    let mut findings = rows(page, &cases(suite), logs, &|case, path| mark(case, file(path)));
    findings.extend(named_tests(page, &|path| file(path)));
    findings
}

/// The names of the suite's cases, `subject::promise`.
fn cases(suite: &SourceFile) -> Vec<String> {
    let line = |line: &str| Some(line.trim().strip_prefix("case!(")?.split_once(')')?.0.to_owned());
    suite.lines().filter_map(|(_, text)| line(text)).filter(|name| !name.contains('$')).collect()
}

/// What a log's cell says in the row of a case, and why.
fn mark(case: &str, of_log: Option<&SourceFile>) -> (&'static str, &'static str) {
    let says = |words: &[&str]| of_log.is_some_and(|file| words.iter().any(|words| file.text.contains(words)));
    let of_nodes = OF_NODES.iter().any(|name| case.starts_with(name));
    match (says(&["contract::run(", "super::run("]), of_nodes && !says(&["fn another_node("])) {
        (false, _) => ("–", "doesn't try the suite"),
        (true, true) => ("one node", "can't try it: it never has two nodes"),
        (true, false) => ("✓", "tries it"),
    }
}

/// A row for each case, in which each log has its mark.
fn rows(
    page: &SourceFile,
    cases: &[String],
    logs: &[(&str, &str)],
    mark: &dyn Fn(&str, &str) -> (&'static str, &'static str),
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut told: Vec<&str> = Vec::new();
    let mut columns: Vec<&str> = Vec::new();
    let lines = page.lines().skip_while(|(_, line)| *line != SECTION).skip(1);
    for (number, line) in lines.take_while(|(_, line)| !line.starts_with("## ")) {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        if !line.starts_with('|') || cells.len() < 3 || cells[0].starts_with('-') {
            continue;
        }
        if columns.is_empty() {
            columns = cells;
            continue;
        }
        let case = cells[1].trim_matches('`');
        if !cases.iter().any(|name| name == case) {
            let advice = format!("the suite has no case `{case}`: take the row out, or name the case ({SUITE})");
            findings.push(Finding::failure(PAGE, number, advice));
        }
        told.push(case);
        for (log, suite_of_log) in logs {
            let cell = columns.iter().position(|column| column == log).and_then(|column| cells.get(column));
            let (right, why) = mark(case, suite_of_log);
            if cell != Some(&right) {
                let advice = format!("`{case}`, {log}: write {right}, for {suite_of_log} {why}");
                findings.push(Finding::failure(PAGE, number, advice));
            }
        }
    }
    for case in cases.iter().filter(|case| !told.contains(&case.as_str())) {
        let advice = format!("the suite's case `{case}` has no row below \"{SECTION}\": say in it what is promised");
        findings.push(Finding::failure(PAGE, 1, advice));
    }
    findings
}

/// What stands on the page as `path.rs::test` is a test in that file.
fn named_tests<'f>(page: &SourceFile, file: &dyn Fn(&str) -> Option<&'f SourceFile>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in page.lines() {
        for (path, test) in line.split('`').skip(1).step_by(2).filter_map(|code| code.split_once(".rs::")) {
            let path = format!("{path}.rs");
            let found = file(&path).is_some_and(|file| file.text.contains(&format!("fn {test}(")));
            if !found {
                let advice = format!("`{path}` has no test `{test}`: name the one that shows it now");
                findings.push(Finding::failure(PAGE, number, advice));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{check, mark};
    use crate::tidy::{Finding, SourceFile};

    const LOGS: &[(&str, &str)] = &[("one", "one/contract.rs"), ("two", "two/contract.rs")];

    #[track_caller]
    fn finds(rows: &str, expected: &[&str]) {
        let suite = "macro_rules! case {\n}\nvec![\n    case!(readers::in_order),\n    case!(writers::one_wins),\n]";
        let page = format!(
            "# Logs\n`one/contract.rs::kept` says it.\n## Promises\n\n| promise | case | one | two |\n|---|---|---|---|\n{rows}\n## More\n| a | b | c |\n"
        );
        let files = [
            SourceFile::new("crates/event-log/src/contract.rs", suite),
            SourceFile::new("one/contract.rs", "fn kept() { contract::run(x) }"),
            SourceFile::new("two/contract.rs", "fn other() {}"),
            SourceFile::new("docs/log.md", page),
        ];
        let found: Vec<String> = check(&files, LOGS).iter().map(Finding::to_string).collect();
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{found}\nis not\n{expected}");
        }
    }

    const ORDER: &str = "| in order | `readers::in_order` | ✓ | – |\n";
    const WINS: &str = "| one wins | `writers::one_wins` | ✓ | – |\n";

    #[test]
    fn a_row_for_each_case_passes() {
        finds(&format!("{ORDER}{WINS}"), &[]);
    }

    #[test]
    fn a_case_without_a_row_and_a_row_without_a_case_are_told() {
        finds(ORDER, &["docs/log.md:1: the suite's case `writers::one_wins` has no row"]);
        let gone = "| gone | `writers::gone` | ✓ | – |\n";
        finds(&format!("{ORDER}{WINS}{gone}"), &["docs/log.md:9: the suite has no case `writers::gone`"]);
    }

    #[test]
    fn a_mark_that_is_not_earned_or_not_given_is_told() {
        let both = ORDER.replace('–', "✓");
        finds(
            &format!("{both}{WINS}"),
            &["docs/log.md:7: `readers::in_order`, two: write –, for two/contract.rs doesn't"],
        );
        let none = ORDER.replace('✓', "–");
        finds(
            &format!("{none}{WINS}"),
            &["docs/log.md:7: `readers::in_order`, one: write ✓, for one/contract.rs tries"],
        );
    }

    #[test]
    fn a_log_of_one_node_says_so_where_nodes_are_tried() {
        let alone = mark("nodes::agree", Some(&SourceFile::new("x.rs", "contract::run(x)")));
        assert_eq!(alone.0, "one node");
        let several = SourceFile::new("x.rs", "async fn another_node() {} contract::run(x)");
        assert_eq!((mark("nodes::agree", Some(&several)).0, mark("readers::x", Some(&several)).0), ("✓", "✓"));
    }

    #[test]
    fn a_test_that_is_not_there_is_told() {
        let named = "\nShown by `one/contract.rs::forgotten` and `gone/x.rs::y`.\n";
        finds(
            &format!("{ORDER}{WINS}{named}"),
            &[
                "docs/log.md:10: `one/contract.rs` has no test `forgotten`",
                "docs/log.md:10: `gone/x.rs` has no test `y`",
            ],
        );
    }
}
