//! `snaglog log …`: what operators do to a log. These open its storage themselves, and ask no server.

mod backup;
mod bar;
mod blocking;
mod files;
mod moving;
mod verify;
mod versions;
pub(crate) mod view;

use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use event_log::{EventLog, FillError, LogError};
use transfer::TransferError;

use crate::client::{Exit, Failure, Global, Output};
use crate::signals;
use crate::storage::{self, How, Kind, LogUrl, OpenError, Opened, Place};

const HELP: &str = "\
Each opens the log that --log (or SNAGLOG_LOG) names, else log.db in the data folder, without a server. A log in a file is one
process's at a time: beside a running server go backup, export, verify, info, activate and copy; the others say that it is in use.
docs/log.md tells of each log, and of what each of its errors means.";

/// Verify, back up, move, export and import the event log
#[derive(Debug, Args)]
#[command(arg_required_else_help = true, subcommand_required = true, after_help = HELP)]
pub(crate) struct Upkeep {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Recompute every hash and number of the log, and compare all ways of finding a record
    Verify(verify::Verify),
    /// Write a backup of a log in a file, also while a server runs
    Backup(backup::Backup),
    /// Make a log of a backup: with an id of its own, from where the backup ends
    Restore(backup::Restore),
    /// Write the log as JSON lines, compressed by zstd
    Export(files::Export),
    /// Make a log of an export
    Import(files::Import),
    /// Copy a log to another storage while it is written to, and let it take its place
    Copy(moving::Copy),
    /// Show the versions in force and those known here; raise the ones in force once all nodes know them
    Activate(versions::Activate),
    /// Show which log it is, its versions, its phase, and how far each partition reaches
    Info(versions::Info),
}

/// What a subcommand works with.
struct Desk {
    url: LogUrl,
    /// The folder for what a node keeps beside its log.
    data: PathBuf,
    output: Output,
}

impl Upkeep {
    /// Does what was asked.
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let desk = Desk { url: self.place.url(), data: self.place.data, output: global.output() };
        match self.command {
            Command::Verify(verify) => verify.run(&desk).await,
            Command::Backup(backup) => backup.run(&desk).await,
            Command::Restore(restore) => restore.run(&desk).await,
            Command::Export(export) => export.run(&desk).await,
            Command::Import(import) => import.run(&desk).await,
            Command::Copy(copy) => copy.run(&desk).await,
            Command::Activate(activate) => activate.run(&desk).await,
            Command::Info(info) => info.run(&desk).await,
        }
    }
}

impl Desk {
    /// Opens the log that the settings name.
    async fn open(&self, how: How) -> Result<Opened, Failure> {
        self.open_another(&self.url, how).await
    }

    /// Opens a log; a failure says what to do.
    async fn open_another(&self, url: &LogUrl, how: How) -> Result<Opened, Failure> {
        if let Ok(Kind::Kafka(_)) = url.kind()
            && let How::OrFounded(_) = how
        {
            // It keeps its replica there.
            std::fs::create_dir_all(&self.data)
                .map_err(|error| Failure::failed(format!("--data {}: {error}", self.data.display())))?;
        }
        storage::open(url, &self.data, how).await.map_err(|error| of_opening(&error))
    }
}

/// Why a log was not opened, and what to do.
fn of_opening(error: &OpenError) -> Failure {
    let text = told(error);
    match error {
        OpenError::Url { .. } | OpenError::Feature { .. } => Failure::usage(text),
        OpenError::Missing { .. } => Failure::failed(text).hint("Name it with --log or --data."),
        OpenError::InUse { .. } => Failure::new(Exit::TryAgain, text)
            .hint("A server runs on it. Stop it first; beside it go backup, export, verify, info, activate and copy."),
        OpenError::Failed(_) => Failure::failed(text),
    }
}

/// Does it, unless SIGTERM or Ctrl-C come first; then `hint` says how to go on.
async fn interruptible<T>(work: impl Future<Output = T>, hint: impl FnOnce() -> String) -> Result<T, Failure> {
    let stop = signals::stop().map_err(|error| Failure::failed(told(&*error)))?;
    tokio::select! {
        done = work => Ok(done),
        () = stop => Err(Failure::failed("interrupted").hint(hint())),
    }
}

/// A transfer's failure.
fn of_transfer(error: &TransferError) -> Failure {
    let text = told(error);
    match error {
        TransferError::Log { source, .. } | TransferError::Fill { source: FillError::Failed(source), .. } => {
            of_log(source, text)
        }
        TransferError::Refused { .. } | TransferError::Fill { .. } => Failure::new(Exit::Refused, text),
        TransferError::Damaged { .. } => damaged(text),
        TransferError::Differs { .. } | TransferError::Format { .. } | TransferError::File(_) => Failure::failed(text),
    }
}

/// A log's failure.
fn of_log(error: &LogError, text: String) -> Failure {
    match error {
        LogError::Overloaded | LogError::Unavailable { .. } => Failure::new(Exit::TryAgain, text),
        LogError::DataLoss { .. } => damaged(text),
        LogError::UpgradeNeeded { .. } | LogError::Moved => Failure::new(Exit::Refused, text),
    }
}

/// What is stored is not what was written.
fn damaged(text: impl Into<String>) -> Failure {
    let failure = Failure::failed(text).hint("Stop, keep the files for a look, and restore a backup.");
    Failure { reason: String::from("LogDamaged"), ..failure }
}

/// An error with all that lies behind it.
fn told(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in std::iter::successors(error.source(), |&cause| cause.source()) {
        _ = write!(text, ": {cause}");
    }
    text
}

/// Lets go of a log that was worked on.
async fn close(log: &dyn EventLog) {
    log.close().await;
}
