//! Who may import whom. Dev-dependencies are free; build dependencies count.

use super::{Finding, SourceFile};

/// The table of `docs/architecture.md`: a crate, and which of ours it may import.
pub const TABLE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("event-log", &[]),
    ("api", &[]),
    ("telemetry", &[]),
    ("event-log-sqlite", &["event-log"]),
    ("event-log-postgres", &["event-log", "postgres-session"]),
    ("event-log-kafka", &["event-log", "event-log-sqlite"]),
    ("transfer", &["event-log"]),
    ("codec", &["domain", "event-log"]),
    ("history", &["domain", "codec", "event-log"]),
    ("views", &["domain", "codec"]),
    ("view-store", &["views"]),
    ("view-store-sqlite", &["view-store", "views"]),
    ("view-store-postgres", &["view-store", "views", "postgres-session"]),
    ("watch", &["view-store", "views"]),
    ("commands", &["domain", "codec", "event-log", "history"]),
    ("projector", &["views", "view-store", "history", "codec", "event-log"]),
    ("reactors", &["domain", "event-log", "commands", "views", "view-store", "projector"]),
    (
        "grpc",
        &[
            "api",
            "domain",
            "commands",
            "history",
            "event-log",
            "views",
            "view-store",
            "watch",
            "projector",
            "telemetry",
        ],
    ),
    ("postgres-session", &[]),
    ("test-servers", &[]),
    ("xtask", &[]),
];

/// What of the world's only some crates may import (services and tests aside), and why.
const KEPT_TO: &[(&str, &[&str], &str)] = &[
    ("tonic", &["api", "grpc"], "only `grpc` knows tonic::Status; answer a rejection or an error of your own"),
    ("rusqlite", &["event-log-sqlite", "view-store-sqlite"], "a database belongs to its adapter, behind a contract"),
    (
        "sqlx",
        &["event-log-postgres", "view-store-postgres", "postgres-session", "test-servers"],
        "a database belongs to its adapter, behind a contract",
    ),
    ("rdkafka", &["event-log-kafka"], "a broker belongs to its adapter, behind a contract"),
];

/// What of the world's a crate may never import, and why.
const NEVER: &[(&str, &[&str], &str)] = &[
    (
        "domain",
        &["tokio", "futures", "async-trait", "serde", "serde_json", "rand", "getrandom", "tracing"],
        "the domain is pure: no IO, clock, randomness, async or serde; stored shapes are codec's",
    ),
    ("views", &["tokio", "futures", "async-trait", "tracing"], "a view is a pure fold; what runs it is `projector`"),
];

/// A member of the workspace.
#[derive(Debug, Clone)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its `Cargo.toml`.
    pub manifest: SourceFile,
    /// What it imports to run or to be built, dev-dependencies left out.
    pub imports: Vec<Import>,
}

/// A dependency.
#[derive(Debug, Clone)]
pub struct Import {
    /// The package's name.
    pub name: String,
    /// Whether it is a member of the workspace.
    pub is_ours: bool,
}

impl Package {
    fn is_service(&self) -> bool {
        self.manifest.path.starts_with("services/")
    }

    fn is_tests(&self) -> bool {
        self.name == "tests"
    }

    /// The line of the manifest that imports it.
    fn line_of(&self, import: &str) -> usize {
        let names = |line: &str| {
            line.strip_prefix(import).is_some_and(|rest| rest.trim_start().starts_with(['.', '=']))
                || line.trim_end().ends_with(&format!("ependencies.{import}]"))
        };
        self.manifest.lines().find(|(_, line)| names(line)).map_or(1, |(number, _)| number)
    }

    fn finding(&self, import: &str, advice: String) -> Finding {
        Finding::failure(&self.manifest.path, self.line_of(import), advice)
    }
}

/// Holds every package against `table`, and the world's crates against the lists above.
pub fn check(packages: &[Package], table: &[(&str, &[&str])]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        findings.extend(ours(package, packages, table));
        findings.extend(the_worlds(package));
    }
    findings
}

/// The page that tells the table to people, from the workspace's root.
const PAGE: &str = "docs/architecture.md";

/// Holds the page's table against `table`: the same crates, which may import the same. What no page needs to tell: the row of xtask, and
/// that of services, which may import all crates.
pub fn check_page(files: &[SourceFile], table: &[(&str, &[&str])]) -> Vec<Finding> {
    let Some(page) = files.iter().find(|file| file.path == PAGE) else {
        return vec![Finding::failure(PAGE, 1, "there is no such page: it tells who may import whom")];
    };
    let mut findings = Vec::new();
    let mut told = Vec::new();
    let lines = page.lines().skip_while(|(_, line)| *line != "## Who may import whom").skip(1);
    for (number, line) in lines.take_while(|(_, line)| !line.starts_with("## ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let &[crates, imports] = cells.as_slice() else { continue };
        if crates == "crate" || crates.starts_with("services") || crates.starts_with('-') {
            continue;
        }
        let mut says: Vec<&str> = imports.split(", ").filter(|name| *name != "none of ours").collect();
        says.sort_unstable();
        for name in crates.split(", ") {
            told.push(name);
            let row = table.iter().find(|(of, _)| *of == name).map(|(_, may)| {
                let mut may = may.to_vec();
                may.sort_unstable();
                may
            });
            if row.as_ref() != Some(&says) {
                let row =
                    row.map_or_else(|| "has no row for it".to_owned(), |may| format!("says [{}]", may.join(", ")));
                let advice =
                    format!("`{name}`: the table in tests/src/tidy/imports.rs {row}: make the two say the same");
                findings.push(Finding::failure(PAGE, number, advice));
            }
        }
    }
    for (name, _) in table.iter().filter(|(name, _)| *name != "xtask" && !told.contains(name)) {
        findings.push(Finding::failure(
            PAGE,
            1,
            format!("`{name}` has no row in \"Who may import whom\": give it one"),
        ));
    }
    findings
}

/// What is wrong with a package's imports of ours.
fn ours(package: &Package, packages: &[Package], table: &[(&str, &[&str])]) -> Vec<Finding> {
    let row = table.iter().find(|(name, _)| *name == package.name).map(|(_, may)| *may);
    if row.is_none() && !package.is_service() && !package.is_tests() {
        let advice =
            format!("`{}` is not in the import table: add it to the table (tests/src/tidy/imports.rs)", package.name);
        return vec![Finding::failure(&package.manifest.path, 1, advice)];
    }
    let mut findings = Vec::new();
    for Import { name, .. } in package.imports.iter().filter(|import| import.is_ours) {
        let is_service = packages.iter().any(|other| other.name == *name && other.is_service());
        let may = match row {
            Some(may) => may.contains(&name.as_str()),
            None if package.is_tests() || package.name == "snaglog" => true,
            None => !is_service,
        };
        if !may || ["tests", "xtask"].contains(&name.as_str()) {
            let instead = match row {
                Some([]) => "it may import none of ours".to_owned(),
                Some(may) => format!("it may import {}", may.join(", ")),
                None => "a service may import crates only, `snaglog` other services too".to_owned(),
            };
            let advice =
                format!("`{}` may not import `{name}`: {instead}. Hand in what it needs as an argument", package.name);
            findings.push(package.finding(name, advice));
        }
    }
    findings
}

/// What is wrong with a package's imports of the world's.
fn the_worlds(package: &Package) -> Vec<Finding> {
    let mut findings = Vec::new();
    if package.is_service() || package.is_tests() {
        return findings;
    }
    for Import { name, .. } in &package.imports {
        for (kept, to, why) in KEPT_TO {
            if name == kept && !to.contains(&package.name.as_str()) {
                findings.push(package.finding(name, format!("`{}` may not import `{name}`: {why}", package.name)));
            }
        }
        for (of, never, why) in NEVER {
            if package.name == *of && never.contains(&name.as_str()) {
                findings.push(package.finding(name, format!("`{of}` may not import `{name}`: {why}")));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{Import, Package, check, check_page};
    use crate::tidy::{Finding, SourceFile};

    const TABLE: &[(&str, &[&str])] = &[("domain", &[]), ("codec", &["domain"]), ("views", &["domain"])];

    fn package(folder: &str, name: &str, imports: &[&str]) -> Package {
        let dependencies = imports.join(".workspace = true\n");
        let manifest = format!("[package]\nname = \"{name}\"\n[dependencies]\n{dependencies}.workspace = true\n");
        let is_ours = |name: &str| !["tokio", "tonic", "rusqlite"].contains(&name);
        let imports = imports.iter().map(|name| Import { name: (*name).to_owned(), is_ours: is_ours(name) });
        Package {
            name: name.to_owned(),
            manifest: SourceFile::new(&format!("{folder}/{name}/Cargo.toml"), manifest),
            imports: imports.collect(),
        }
    }

    #[track_caller]
    fn finds(packages: &[Package], expected: &[&str]) {
        let found: Vec<String> = check(packages, TABLE).iter().map(Finding::to_string).collect();
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{found}\nis not\n{expected}");
        }
    }

    #[test]
    fn what_the_table_allows_passes() {
        finds(&[package("crates", "domain", &[]), package("crates", "codec", &["domain"])], &[]);
    }

    #[test]
    fn what_it_does_not_allow_is_told_with_the_line_of_the_manifest() {
        let domain = package("crates", "domain", &["codec"]);
        finds(&[domain], &["crates/domain/Cargo.toml:4: `domain` may not import `codec`: it may import none of ours"]);
        let codec = package("crates", "codec", &["domain", "views"]);
        finds(&[codec], &["crates/codec/Cargo.toml:5: `codec` may not import `views`: it may import domain"]);
    }

    #[test]
    fn a_crate_without_a_row_is_told_to_get_one() {
        let stranger = package("crates", "stranger", &["domain"]);
        finds(
            &[stranger],
            &["crates/stranger/Cargo.toml:1: `stranger` is not in the import table: add it to the table"],
        );
    }

    #[test]
    fn services_import_crates_and_only_snaglog_imports_services() {
        let issues = package("services", "issues", &["domain"]);
        let boards = package("services", "boards", &["issues"]);
        let snaglog = package("services", "snaglog", &["issues", "boards", "domain"]);
        let expected =
            "services/boards/Cargo.toml:4: `boards` may not import `issues`: a service may import crates only";
        finds(&[issues, boards, snaglog], &[expected]);
    }

    #[test]
    fn nobody_imports_the_tests() {
        finds(
            &[package("services", "snaglog", &["tests"]), package(".", "tests", &["snaglog"])],
            &["services/snaglog/Cargo.toml:4: `snaglog` may not import `tests`"],
        );
    }

    #[test]
    fn a_status_a_database_and_a_runtime_stay_where_they_belong() {
        finds(
            &[package("crates", "domain", &["tokio"]), package("crates", "codec", &["tonic", "rusqlite"])],
            &[
                "crates/domain/Cargo.toml:4: `domain` may not import `tokio`: the domain is pure",
                "crates/codec/Cargo.toml:4: `codec` may not import `tonic`: only `grpc` knows tonic::Status",
                "crates/codec/Cargo.toml:5: `codec` may not import `rusqlite`: a database belongs to its adapter",
            ],
        );
        finds(&[package("services", "snaglog", &["tonic", "tokio"])], &[]);
    }

    #[track_caller]
    fn page_finds(rows: &str, expected: &[&str]) {
        let text = format!(
            "# A page\n## Who may import whom\n\n| crate | may import |\n|---|---|\n{rows}\n\n## The log\n| x | y |\n"
        );
        let found = check_page(&[SourceFile::new("docs/architecture.md", text)], TABLE);
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_page_says_the_same_as_the_table() {
        let whole = "| domain | none of ours |\n| codec, views | domain |\n| services/* | all crates |";
        page_finds(whole, &[]);
        let same = "in tests/src/tidy/imports.rs";
        page_finds(
            "| domain | none of ours |\n| codec | domain, views |\n| views | domain |\n| log | domain |",
            &[
                &format!("docs/architecture.md:7: `codec`: the table {same} says [domain]: make the two say the same"),
                &format!(
                    "docs/architecture.md:9: `log`: the table {same} has no row for it: make the two say the same"
                ),
            ],
        );
        page_finds(
            "| domain | none of ours |\n| codec | domain |",
            &["docs/architecture.md:1: `views` has no row in \"Who may import whom\": give it one"],
        );
        let missing = check_page(&[], TABLE);
        assert_eq!(missing.len(), 1, "{missing:?}");
    }
}
