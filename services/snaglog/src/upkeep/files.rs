//! `snaglog log export` and `snaglog log import`.

use std::fs::File;
use std::io::{BufWriter, IsTerminal as _, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use event_log::{Founding, Maintain};
use serde_json::json;
use transfer::Exported;

use super::bar::Bar;
use super::{Desk, close, interruptible, of_transfer};
use crate::client::Failure;
use crate::storage::How;

const EXPORT_HELP: &str = "\
One JSON object a line, compressed by zstd: docs/log-format.md tells them. What was acknowledged when it begins is exported, also
beside a running server. The same history gives the same lines from every kind of log. A file that was cut off is told
from a whole one by its last line.";

const IMPORT_HELP: &str = "\
Makes the log that --log names, where there is none yet, with the id, positions and hashes of the exported one. It takes appends once
all of the file is in it. Interrupted, give the same command again: it goes on. What was exported is one log: let only one
of the two be written to. (A second log, which goes its own way, is made by backup and restore.)";

/// Write the log as JSON lines, compressed by zstd
#[derive(Debug, Args)]
#[command(after_help = EXPORT_HELP)]
pub(super) struct Export {
    /// The file to write, which must not be there yet; `-` is standard output
    file: PathBuf,
}

/// Make a log of an export
#[derive(Debug, Args)]
#[command(after_help = IMPORT_HELP)]
pub(super) struct Import {
    /// An export, compressed or not; `-` is standard input
    file: PathBuf,
}

impl Export {
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        desk.output.expect_fields(&["log_id", "records", "heads", "digest"])?;
        if self.file.as_os_str() == "-" && std::io::stdout().is_terminal() {
            return Err(Failure::usage("an export is no text: name a file, or pipe it"));
        }
        if self.file.exists() {
            return Err(Failure::failed(format!("{} is there already", self.file.display())));
        }
        let opened = desk.open(How::Beside).await?;
        let exported = self.write(&*opened.log).await;
        close(&*opened.log).await;
        let Exported { header, heads, digest } = exported?;
        let digest = hex::encode(digest);
        if self.file.as_os_str() == "-" {
            // Standard output holds the export, and nothing else.
            anstream::eprintln!("exported {} records of the log {}", header.records, header.log_id);
        } else if desk.output.is_json() {
            let records = header.records;
            desk.output.json(json!({ "log_id": header.log_id, "records": records, "heads": heads, "digest": digest }));
        } else {
            let (records, log_id, file) = (header.records, header.log_id, self.file.display());
            desk.output.text(format_args!("exported {records} records of the log {log_id} to {file}"));
        }
        Ok(())
    }

    async fn write(&self, log: &dyn Maintain) -> Result<Exported, Failure> {
        if self.file.as_os_str() == "-" {
            return exported(log, std::io::stdout()).await.map(|(exported, _)| exported);
        }
        let unwritten = |error: std::io::Error| Failure::failed(format!("{}: {error}", self.file.display()));
        // It gets its name once it is whole and on disk; before, it goes with whoever writes it.
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let part = tempfile::Builder::new().prefix(".export").suffix(".part").tempfile_in(folder).map_err(unwritten)?;
        let file = BufWriter::with_capacity(256 * 1024, part.reopen().map_err(unwritten)?);
        let (exported, _) = exported(log, file).await?;
        part.as_file().sync_all().map_err(unwritten)?;
        part.persist_noclobber(&self.file).map_err(|refused| unwritten(refused.error))?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(unwritten)?;
        Ok(exported)
    }
}

async fn exported<W: Write + Send + 'static>(log: &dyn Maintain, writer: W) -> Result<(Exported, W), Failure> {
    let mut bar = Bar::new();
    let mut show = |progress| bar.show(progress);
    let hint = || String::from("Nothing was kept. Give the command again.");
    interruptible(transfer::export(log, writer, &mut show), hint).await?.map_err(|error| of_transfer(&error))
}

impl Import {
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        desk.output.expect_fields(&["log_id", "records", "already_there", "heads"])?;
        let import = transfer::Import::open(self.reader()?).map_err(|error| self.failure(&error))?;
        let founding = Founding { identity: import.header().identity(), filling: true };
        let log_id = founding.identity.log_id;
        let opened = desk.open(How::OrFounded(founding)).await?;
        let imported = {
            let mut bar = Bar::new();
            let mut show = |progress| bar.show(progress);
            let hint = || String::from("Give the same command again: it goes on.");
            interruptible(import.into_log(&*opened.log, &mut show), hint).await
        };
        close(&*opened.log).await;
        let imported = imported?.map_err(|error| self.failure(&error))?;
        if desk.output.is_json() {
            desk.output.json(json!({
                "log_id": log_id,
                "records": imported.records,
                "already_there": imported.already_there,
                "heads": imported.heads,
            }));
        } else {
            desk.output
                .text(format_args!("imported {} records of the log {log_id} into {}", imported.records, desk.url));
        }
        Ok(())
    }

    fn reader(&self) -> Result<Box<dyn Read + Send>, Failure> {
        if self.file.as_os_str() == "-" {
            return Ok(Box::new(std::io::stdin()));
        }
        let file = File::open(&self.file);
        Ok(Box::new(file.map_err(|error| Failure::failed(format!("{}: {error}", self.file.display())))?))
    }

    /// What is wrong with the file names it.
    fn failure(&self, error: &transfer::TransferError) -> Failure {
        let failure = of_transfer(error);
        match error {
            transfer::TransferError::Format { .. } | transfer::TransferError::File(_) => {
                Failure { message: format!("{}: {}", self.file.display(), failure.message), ..failure }
            }
            _ => failure,
        }
    }
}
