//! `snaglog log copy`.

use clap::Args;
use event_log::Founding;
use serde_json::json;
use transfer::Copied;

use super::bar::Bar;
use super::{Desk, close, interruptible, of_transfer};
use crate::client::Failure;
use crate::storage::{How, LogUrl};

const HELP: &str = "\
For who outgrows one machine: `snaglog log copy sqlite:data/log.db postgres://db/snaglog`. Positions, hashes, request ids and the
log's id stay as they are.

1. What FROM holds is copied and compared while servers go on writing to it.
2. FROM is sealed: further appends are answered LOG_MOVED, and retried elsewhere with the same request ids they are settled.
3. The rest is copied, both are compared to the end, and only then TO takes appends.
Then start servers with --log TO. FROM stays as it is, to be read; it never takes an append again.

Interrupted or killed at any step, give the same command again: it goes on. TO must be new, or begun by this command.";

/// Copy a log to another storage while it is written to, and let it take its place
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Copy {
    /// The log to copy, a URL as --log takes it
    from: LogUrl,
    /// Where it moves to, likewise
    to: LogUrl,
}

impl Copy {
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        desk.output.expect_fields(&["log_id", "records", "while_sealed", "heads", "already"])?;
        if self.from == self.to {
            return Err(Failure::usage("FROM and TO are the same log"));
        }
        let from = desk.open_another(&self.from, How::Beside).await?;
        let identity = from.log.identity();
        let to = desk.open_another(&self.to, How::OrFounded(Founding { identity, filling: true })).await?;
        let copied = {
            let mut bar = Bar::new();
            let mut show = |progress| bar.show(progress);
            let hint = || String::from("Give the same command again: it goes on.");
            interruptible(transfer::copy(&*from.log, &*to.log, &mut show), hint).await
        };
        close(&*to.log).await;
        close(&*from.log).await;
        let Copied { records, while_sealed, heads, already } = copied?.map_err(|error| of_transfer(&error))?;
        let log_id = identity.log_id;
        if desk.output.is_json() {
            desk.output.json(json!({
                "log_id": log_id, "records": records, "while_sealed": while_sealed, "heads": heads, "already": already,
            }));
        } else if already {
            desk.output
                .text(format_args!("the log {log_id} was moved to {} before: nothing is left to be done", self.to));
        } else {
            desk.output.text(format_args!(
                "moved the log {log_id} to {}: {records} records, the last {while_sealed} of them while nobody could append.\n\
                 Start servers with --log {}",
                self.to, self.to
            ));
        }
        Ok(())
    }
}
