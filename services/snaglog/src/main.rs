//! `snaglog`: the server with everything in one process, and the command line that calls it.
//!
//! [`serve`] builds the adapters (log, view store), hands them to the crates that do the work, and stops them again; [`environment`] is
//! the one place that reads the clock and makes ids and randomness. Everything below [`client`] is a plain gRPC client: it knows the
//! contract in `proto/`, and nothing of domain, log or views. [`upkeep`] is `snaglog log`: it opens the log itself. What never happens
//! here: a rule about issues.
//!
//! # Recipes
//!
//! **To add a subcommand for a method**: its arguments and its call in the file of its service below `client/`, its variant in that file's enum. Help,
//! `--json`, exit codes and hints come with it; an example of it goes into `cli/examples.rs`.
//!
//! **To add a setting of the server**: a field of [`serve::Serve`] with its flag, environment variable and help.
//!
//! **To add a log**: a kind in `storage/url.rs`, where `--log` is read, and an arm in `storage.rs`, where it is opened.
//!
//! **To add something that operators do to a log**: it itself in the crate `transfer`, or in the log's own crate; a file in `upkeep/`
//! with its arguments, its help, its output and its exit codes, and a variant in `upkeep.rs`.

mod cli;
mod client;
mod demo;
mod environment;
mod serve;
mod signals;
mod storage;
mod upkeep;

use std::process::ExitCode;

use clap::FromArgMatches as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let mut command = cli::Cli::built();
    let matches = command.get_matches_mut();
    let cli = cli::Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let ran = client::Ran::of(&command, &matches);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(cli.run(ran)),
        Err(error) => Err(client::Failure::failed(format!("the runtime does not start: {error}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
