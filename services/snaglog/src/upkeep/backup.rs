//! `snaglog log backup` and `snaglog log restore`: of logs in files.

use std::path::{Path, PathBuf};

use clap::Args;
use commands::Environment as _;
use event_log_sqlite::OpenError;
use serde_json::json;

use super::blocking::blocking;
use super::{Desk, of_opening, told};
use crate::client::Failure;
use crate::environment::Machine;
use crate::storage::{self, Kind};

const BACKUP_HELP: &str = "\
The log is copied as it is at one moment, also while a server runs on it and writes. The file has its name once it is complete and on
disk. It is no log until it is restored: a server refuses it. (views.db needs no backup: it is folded from the log.)";

const RESTORE_HELP: &str = "\
Makes the log that --log or --data names, where there is none yet. It has all that the backup has, and an id of its own: from where
the backup ends it goes its own way, which `snaglog log info` tells. Views are folded anew where they need to be.";

const NOT_A_FILE: &str = "a backup is of a log in a file: give --log sqlite:PATH. Of a log in PostgreSQL or Kafka make an export, \
                          or use the tools of that storage (docs/log.md)";

/// Write a backup of a log in a file, also while a server runs
#[derive(Debug, Args)]
#[command(after_help = BACKUP_HELP)]
pub(super) struct Backup {
    /// The file to write
    file: PathBuf,
    /// Write over an earlier backup of this name
    #[arg(long)]
    replace: bool,
}

/// Make a log of a backup: with an id of its own, from where the backup ends
#[derive(Debug, Args)]
#[command(after_help = RESTORE_HELP)]
pub(super) struct Restore {
    /// The backup
    file: PathBuf,
}

impl Backup {
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        desk.output.expect_fields(&["backup", "bytes"])?;
        let from = path(desk)?;
        let (file, replace) = (self.file, self.replace);
        let to = file.clone();
        let backup = blocking("backing up", move |progress| event_log_sqlite::backup(&from, &to, replace, progress));
        backup.await?.map_err(|error| failed(&error))?;
        let bytes = std::fs::metadata(&file).map(|metadata| metadata.len()).unwrap_or_default();
        if desk.output.is_json() {
            desk.output.json(json!({ "backup": file.display().to_string(), "bytes": bytes }));
        } else {
            desk.output.text(format_args!("backed up {} to {}", desk.url, file.display()));
        }
        Ok(())
    }
}

impl Restore {
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        desk.output.expect_fields(&["log", "log_id"])?;
        let to = path(desk)?;
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(|error| Failure::failed(format!("{}: {error}", folder.display())))?;
        let (from, log_id) = (self.file, Machine.event_id());
        let restore = blocking("restoring", move |progress| event_log_sqlite::restore(&from, &to, log_id, progress));
        restore.await?.map_err(|error| failed(&error))?;
        if desk.output.is_json() {
            desk.output.json(json!({ "log": desk.url.to_string(), "log_id": log_id }));
        } else {
            desk.output.text(format_args!("restored {}: the log {log_id}", desk.url));
        }
        Ok(())
    }
}

/// The log's file.
fn path(desk: &Desk) -> Result<PathBuf, Failure> {
    match desk.url.kind() {
        Ok(Kind::Sqlite(path)) => Ok(path.to_owned()),
        Ok(_) => Err(Failure::usage(format!("--log {}: {NOT_A_FILE}", desk.url))),
        Err(give) => Err(of_opening(&storage::OpenError::Url { url: desk.url.clone(), give })),
    }
}

fn failed(error: &OpenError) -> Failure {
    match error {
        OpenError::Exists { .. } => Failure::failed(told(error)).hint("Name another file, or move that one away."),
        other => Failure::failed(told(other)),
    }
}
