//! `snaglog log verify`.

use clap::Args;
use event_log::LogError;
use serde_json::{Value as Json, json};
use transfer::{Finding, Pass, Place, Verified, VerifyError, VerifyOptions};

use super::bar::Bar;
use super::blocking::blocking;
use super::{Desk, close, damaged, interruptible, of_log, told};
use crate::client::Failure;
use crate::storage::{How, Kind};

const HELP: &str = "\
Reads the whole log twice. First each partition in order: every leaf and body hash is recomputed, positions are dense, times never
go back, each project is in its partition. Then every other way of finding a record: each request, each ordinal, each stream to
its end. Then, for a log in a file, every page of the file and every row's place in every index. Memory does not grow with the log.

The exit code is 0 if all of it is sound, else 1, with the first bad position: partition and position, both as events carry them.
A run that is interrupted prints --from PLACE, to go on with.";

/// Verify the whole log. Names the first position that is not as it was written
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Verify {
    /// Go on where an interrupted run was: what it printed
    #[arg(long, value_name = "PLACE")]
    from: Option<Place>,
}

/// What there is to select of the answer.
const FIELDS: [&str; 5] = ["sound", "records", "streams", "heads", "finding"];

impl Verify {
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        desk.output.expect_fields(&FIELDS)?;
        let options = VerifyOptions { from: self.from.unwrap_or_default(), ..VerifyOptions::default() };
        let mut verified = self.verify(desk, &options).await?;
        if let Err(VerifyError::Found(Finding { partition, position, within: 1.., pass: Pass::Records, .. })) = verified
        {
            // A log that was found damaged answers nothing any more: a new one tells which record of the page it is.
            let from = Place { pass: Pass::Records, partition, position: position - 1 };
            let narrowed = self.verify(desk, &VerifyOptions { from, page_records: 1 }).await?;
            if let Err(VerifyError::Found(_)) = narrowed {
                verified = narrowed;
            }
        }
        show(desk, verified, storage(desk).await?)
    }

    async fn verify(&self, desk: &Desk, options: &VerifyOptions) -> Result<Result<Verified, VerifyError>, Failure> {
        let opened = desk.open(How::Beside).await?;
        let mut bar = Bar::new();
        let reached = std::sync::Mutex::new(options.from);
        let verified = {
            let mut reach = |place| *reached.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = place;
            let mut show = |progress| bar.show(progress);
            let work = transfer::verify(&*opened.log, options, &mut reach, &mut show);
            let hint = || {
                let place = *reached.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                format!("Go on with: snaglog log verify --from {place}")
            };
            interruptible(work, hint).await
        };
        close(&*opened.log).await;
        verified
    }
}

/// What is wrong with the storage itself, beside what can be read of it; `None`: nothing, or it has no check of its own.
async fn storage(desk: &Desk) -> Result<Option<String>, Failure> {
    let Ok(Kind::Sqlite(path)) = desk.url.kind() else { return Ok(None) };
    let path = path.to_owned();
    match blocking("the file", move |progress| event_log_sqlite::check_integrity(&path, progress)).await? {
        Ok(()) => Ok(None),
        Err(LogError::DataLoss { reason }) => Ok(Some(reason)),
        Err(error) => Err(of_log(&error, told(&error))),
    }
}

fn show(desk: &Desk, verified: Result<Verified, VerifyError>, storage: Option<String>) -> Result<(), Failure> {
    let (found, message) = match (verified, storage) {
        (Ok(verified), None) => {
            sound(desk, &verified);
            return Ok(());
        }
        (Err(VerifyError::Found(finding)), _) => {
            let Finding { partition, position, within, what, .. } = &finding;
            let found = json!({ "partition": partition, "position": position, "within": within, "what": what });
            (found, format!("the first bad position is {finding}"))
        }
        (Ok(_), Some(what)) => {
            let found = json!({ "partition": Json::Null, "position": Json::Null, "within": Json::Null, "what": what });
            (found, format!("all records are sound, and the file is not: {what}"))
        }
        (Err(VerifyError::Log(error)), _) => {
            let text = told(&VerifyError::Log(error.clone()));
            return Err(of_log(&error, text));
        }
        (Err(error @ VerifyError::NoSuchPlace { .. }), _) => return Err(Failure::usage(error.to_string())),
    };
    if desk.output.is_json() {
        desk.output.json(json!({
            "sound": false, "records": Json::Null, "streams": Json::Null, "heads": Json::Null, "finding": found,
        }));
    }
    Err(damaged(message))
}

fn sound(desk: &Desk, Verified { records, streams, heads }: &Verified) {
    if desk.output.is_json() {
        let finding = Json::Null;
        desk.output.json(json!({
            "sound": true, "records": records, "streams": streams, "heads": heads, "finding": finding,
        }));
    } else {
        let partitions = heads.len();
        desk.output.text(format_args!("sound: {records} records, {streams} streams, {partitions} partitions"));
    }
}
