//! `snaglog log activate` and `snaglog log info`.

use std::sync::Arc;

use clap::Args;
use event_log::{Maintain, Phase, Versions};
use event_log_sqlite::Branch;
use serde_json::{Value as Json, json};

use super::{Desk, close, of_log, of_opening, told};
use crate::client::Failure;
use crate::storage::{self, How, Kind};

const ACTIVATE_HELP: &str = "\
A new version of snaglog reads and admits by the versions in force in the log, and knows newer ones. Once every node runs it, raise
them: `snaglog log activate --rule 2`. A node that doesn't know them stops at once with UPGRADE_NEEDED, and so does this
command. They never go back. Without --rule and --record nothing is changed: they are shown.";

/// Show the versions in force and those known here; raise the ones in force once all nodes know them
#[derive(Debug, Args)]
#[command(after_help = ACTIVATE_HELP)]
pub(super) struct Activate {
    /// Raise the admission rule's version to this one
    #[arg(long, value_name = "N")]
    rule: Option<u32>,
    /// Raise the records' version to this one
    #[arg(long, value_name = "N")]
    record: Option<u32>,
}

/// Show which log it is, its versions, its phase, and how far each partition reaches
#[derive(Debug, Args)]
pub(super) struct Info;

fn as_json(Versions { rule, record }: Versions) -> Json {
    json!({ "rule": rule, "record": record })
}

impl Activate {
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        desk.output.expect_fields(&["in_force", "known"])?;
        let opened = desk.open(How::Beside).await?;
        let activated = self.activate(&opened.log).await;
        let in_force = opened.log.versions();
        close(&*opened.log).await;
        activated?;
        let known = Versions::KNOWN;
        if desk.output.is_json() {
            desk.output.json(json!({ "in_force": as_json(in_force), "known": as_json(known) }));
        } else {
            let row = |what: &str, force: u32, known: u32| vec![what.to_owned(), force.to_string(), known.to_string()];
            let rows = [row("rule", in_force.rule, known.rule), row("record", in_force.record, known.record)];
            desk.output.table(&["VERSION", "IN FORCE", "KNOWN HERE"], rows);
        }
        Ok(())
    }

    async fn activate(&self, log: &Arc<dyn Maintain>) -> Result<(), Failure> {
        if self.rule.is_none() && self.record.is_none() {
            return Ok(());
        }
        let in_force = log.versions();
        let wanted =
            Versions { rule: self.rule.unwrap_or(in_force.rule), record: self.record.unwrap_or(in_force.record) };
        if wanted.raised_to(in_force) != wanted {
            let text =
                format!("in force are rule {} and record {}: they never go back", in_force.rule, in_force.record);
            return Err(Failure::usage(text));
        }
        log.activate(wanted).await.map_err(|error| of_log(&error, told(&error)))
    }
}

impl Info {
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        desk.output.expect_fields(&[
            "log",
            "log_id",
            "partitions",
            "phase",
            "in_force",
            "known",
            "records",
            "heads",
            "branches",
        ])?;
        let branches = branches(desk).await?;
        let opened = desk.open(How::Beside).await?;
        let log = &opened.log;
        let (identity, in_force, phase) = (log.identity(), log.versions(), log.phase());
        let heads: Vec<u64> = (0..identity.partitions).map(|partition| *log.head(partition).borrow()).collect();
        close(&*opened.log).await;
        let records: u64 = heads.iter().sum();
        let (url, known) = (desk.url.to_string(), Versions::KNOWN);
        if desk.output.is_json() {
            desk.output.json(json!({
                "log": url,
                "log_id": identity.log_id,
                "partitions": identity.partitions,
                "phase": phase.name(),
                "in_force": as_json(in_force),
                "known": as_json(known),
                "records": records,
                "heads": heads,
                "branches": branches.iter().map(branch_as_json).collect::<Vec<Json>>(),
            }));
            return Ok(());
        }
        let heads: Vec<String> = heads.iter().map(u64::to_string).collect();
        desk.output.text(format_args!("{url}\n  id        {}\n  phase     {}", identity.log_id, means(phase)));
        desk.output.text(format_args!(
            "  versions  rule {}, record {}; known here: rule {}, record {}",
            in_force.rule, in_force.record, known.rule, known.record
        ));
        desk.output.text(format_args!("  records   {records}\n  heads     {}", heads.join(" ")));
        for Branch { log_id, positions } in &branches {
            let records: u64 = positions.iter().sum();
            desk.output.text(format_args!("  restored  from a backup of {log_id}, with its first {records} records"));
        }
        Ok(())
    }
}

/// The logs that it was restored from; only logs in files are.
async fn branches(desk: &Desk) -> Result<Vec<Branch>, Failure> {
    let Ok(Kind::Sqlite(path)) = desk.url.kind() else { return Ok(Vec::new()) };
    let log = storage::open_sqlite(&desk.url, path, How::Beside).map_err(|error| of_opening(&error))?;
    let branches = log.branches().await;
    close(&log).await;
    branches.map_err(|error| of_log(&error, told(&error)))
}

fn branch_as_json(Branch { log_id, positions }: &Branch) -> Json {
    json!({ "log_id": log_id, "heads": positions })
}

fn means(phase: Phase) -> &'static str {
    match phase {
        Phase::Filling => "filling: it is filled from another log, and takes no appends yet",
        Phase::Open => "open: it takes appends",
        Phase::Sealed => "sealed: another log has taken its place",
    }
}
