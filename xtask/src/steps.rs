//! The test command's steps, and `cargo xtask proto`, which is three of them.

use std::env;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use clap::builder::PossibleValuesParser;

use crate::{
    buf,
    cargo::{answers, cargo, integration_tests, passes, target, tested},
    docs, python,
    run::{self, Outcome, Step},
    servers,
};

/// Every step, in the order in which they run: what is quick and often wrong first. All of them use one profile (dev) and select the
/// whole workspace, so that cargo resolves one set of features and builds each dependency once for checking and once for running.
pub(crate) static ALL: [Step; 12] = [
    Step {
        name: "fmt",
        about: "the code is formatted",
        run: || passes(cargo().args(["fmt", "--all", "--check"])).map(Outcome::of_check),
        on_failure: "cargo fmt --all",
    },
    Step {
        name: "clippy",
        about: "the compiler and clippy have nothing to say",
        run: || {
            let mut clippy = cargo();
            clippy.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
            passes(&mut clippy).map(Outcome::of_check)
        },
        on_failure: "mend what it names; an exception is #[expect(lint, reason = \"...\")], never allow",
    },
    Step {
        name: "buf-lint",
        about: "the contract follows its style (STANDARD), and everything in it has a comment (COMMENTS)",
        run: buf::lint,
        on_failure: "mend proto/ as the messages say (rules: https://buf.build/docs/lint/rules)",
    },
    Step {
        name: "buf-breaking",
        about: "the contract breaks no caller that the last one served (FILE)",
        run: buf::breaking,
        on_failure: "add instead of changing: a new field, method or message beside the old; a real break is a new package (v2)",
    },
    Step {
        name: "api-page",
        about: "docs/api.md says what the contract says",
        run: docs::check_api_page,
        on_failure: "cargo xtask proto, and commit docs/api.md",
    },
    Step {
        name: "tidy",
        about: "imports, lengths, clocks, docs, names: the rules that no compiler checks",
        run: || tests_named(is_tidy, &[]),
        on_failure: "each finding says what to do instead; the rules are in tests/src/tidy/",
    },
    Step {
        name: "rustdoc",
        about: "the crates' documentation builds, and its links lead somewhere",
        run: || docs::rustdoc().map(Outcome::of_check),
        on_failure: "mend the doc comment that it names",
    },
    Step {
        name: "servers",
        about: "the servers that tests start are there: Kafka, and PostgreSQL for who has none installed",
        run: servers::fetch,
        on_failure: "cargo xtask servers",
    },
    Step {
        name: "unit",
        about: "unit and contract tests of every crate",
        run: unit,
        on_failure: "cargo test -p CRATE NAME_OF_THE_TEST",
    },
    Step {
        name: "doctests",
        about: "the examples in the documentation",
        run: || tested(cargo_test().args(["--workspace", "--doc", "--no-fail-fast"])),
        on_failure: "cargo test -p CRATE --doc",
    },
    Step {
        name: "scenarios",
        about: "scenarios over real processes (package `tests`)",
        run: scenarios,
        on_failure: "cargo xtask test --only scenarios, or one alone: cargo build && cargo test -p tests --test FILE NAME",
    },
    Step {
        name: "clients",
        about: "clients that nobody here wrote: buf curl over reflection, gRPC-Web, grpcio in Python",
        run: clients,
        on_failure: "cargo xtask test --only clients, or one alone: cargo build && cargo test -p tests --test clients NAME",
    },
];

/// What `--only` accepts.
pub(crate) fn names() -> PossibleValuesParser {
    ALL.iter().map(|step| step.name).collect::<Vec<_>>().into()
}

/// `cargo xtask test`: answers whether no step failed.
pub(crate) fn test(only: &[String], list: bool, keep_going: bool) -> Result<bool> {
    if list {
        for step in &ALL {
            println!("{:14}{}", step.name, step.about);
        }
        return Ok(true);
    }
    let chosen = |step: &&Step| only.is_empty() || only.iter().any(|name| name == step.name);
    let steps: Vec<&Step> = ALL.iter().filter(chosen).collect();
    Ok(run::all(&steps, keep_going, strict()))
}

/// One step as a command of its own.
pub(crate) fn only(name: &str) -> Result<bool> {
    let steps: Vec<&Step> = ALL.iter().filter(|step| step.name == name).collect();
    Ok(run::all(&steps, true, strict()))
}

/// `cargo xtask proto`: lint, breaking changes, and the reference page, written or (with `check`) compared.
pub(crate) fn proto(check: bool) -> Result<bool> {
    if !check {
        docs::write_api_page()?;
    }
    let of_the_contract = |step: &&Step| ["buf-lint", "buf-breaking", "api-page"].contains(&step.name);
    let steps: Vec<&Step> = ALL.iter().filter(of_the_contract).collect();
    Ok(run::all(&steps, true, strict()))
}

/// Several times what the slowest test binary takes on a busy machine.
const TEST_BINARY_SECONDS_MAX: u64 = 1200;

/// `cargo test`. Under CI=true each test binary is ended after [`TEST_BINARY_SECONDS_MAX`], with the processes that it has started: one that hangs
/// has failed, and the others run. Not elsewhere: who presses Ctrl-C would not reach it.
fn cargo_test() -> Command {
    let mut command = cargo();
    command.arg("test");
    if strict() && answers("timeout") {
        let runner = format!(r#"target."cfg(unix)".runner = ["timeout", "{TEST_BINARY_SECONDS_MAX}"]"#);
        command.args(["--config", &runner]);
    }
    command
}

/// Under CI=true nothing is skipped for want of a tool.
fn strict() -> bool {
    env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

/// The package whose integration tests are scenarios: they need the server's binary, and `unit` leaves them out.
const SCENARIOS: &str = "tests";

/// Everything that needs no server's binary: the tests inside of all crates, then the integration tests of all but the scenarios' package.
fn unit() -> Result<Outcome> {
    let inside = tested(cargo_test().args(["--workspace", "--no-fail-fast", "--lib", "--bins"]))?;
    let all_others = ["--workspace", "--exclude", SCENARIOS, "--no-fail-fast", "--test", "*"];
    Ok(inside.and(tested(cargo_test().args(all_others))?))
}

/// Runs the scenarios' package's integration tests that are `wanted`, by name; `tools` are named in their environment. None at all is a
/// failure: a step that tests nothing can't fail. So is a name that another package's test has too, which cargo would run as well.
fn tests_named(wanted: impl Fn(&str) -> bool, tools: &[(&str, &Path)]) -> Result<Outcome> {
    let all = integration_tests()?;
    let mut command = cargo_test();
    command.args(["--workspace", "--no-fail-fast"]);
    let mut found = false;
    for (_, name) in all.iter().filter(|(package, name)| package == SCENARIOS && wanted(name)) {
        if let Some((other, _)) = all.iter().find(|(package, other)| package != SCENARIOS && other == name) {
            eprintln!("The test `{name}` of the package `{SCENARIOS}` has the name of one of `{other}`: rename it.");
            return Ok(Outcome::Broken);
        }
        command.args(["--test", name]);
        found = true;
    }
    if !found {
        eprintln!("There is no such test in the package `{SCENARIOS}`.");
        return Ok(Outcome::Broken);
    }
    command.env("SNAGLOG_BIN", target().join("debug/snaglog"));
    tested(command.envs(tools.iter().copied()))
}

fn is_tidy(name: &str) -> bool {
    name.starts_with("tidy")
}

/// Scenarios start the binary that a user would start: it is built first. A test among the targets makes cargo resolve the features of
/// dev-dependencies too, as it does for everything else here; without it, it would build a second set of dependencies.
fn scenarios() -> Result<Outcome> {
    if !builds_binary()? {
        return Ok(Outcome::Broken);
    }
    tests_named(|name| !is_tidy(name) && name != "clients", &[])
}

/// With Kafka, which it leaves out otherwise: the workspace has built that anyway.
fn builds_binary() -> Result<bool> {
    let features = ["--features", "snaglog/kafka"];
    passes(cargo().args(["build", "--workspace", "--bin", "snaglog", "--test", "tidy"]).args(features))
}

fn clients() -> Result<Outcome> {
    let (buf, python) = match (buf::installed()?, python::installed()?) {
        (Ok(buf), Ok(python)) => (buf, python),
        (buf, python) => {
            let missing: Vec<String> = [buf.err(), python.err()].into_iter().flatten().collect();
            return Ok(Outcome::Missing { what: missing.join("; ") });
        }
    };
    if !builds_binary()? {
        return Ok(Outcome::Broken);
    }
    let tools = [("SNAGLOG_BUF", buf.as_path()), ("SNAGLOG_PYTHON", python.as_path())];
    tests_named(|name| name == "clients", &tools)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::ALL;
    use crate::cargo::root;

    #[test]
    fn every_step_has_a_name_of_its_own_and_its_row_for_developers() {
        let names: BTreeSet<&str> = ALL.iter().map(|step| step.name).collect();
        assert_eq!(names.len(), ALL.len(), "{names:?}");
        let page = fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
        for name in names {
            assert!(page.contains(&format!("\n| `{name}` |")), "CONTRIBUTING.md has no row for the step `{name}`");
        }
    }
}
