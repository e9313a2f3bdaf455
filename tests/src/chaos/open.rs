//! A log by its URL.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use event_log::{EventLog, Founding, Identity};
use event_log_sqlite::{Options, SqliteLog};
use uuid::Uuid;

/// The id of every log made here.
const LOG_ID: Uuid = Uuid::from_u128(0x51a6_1065);
/// Partitions of every log made here: fewer than projects, so that some share one.
const PARTITIONS: u32 = 3;

/// The log of that URL: `sqlite:PATH`. Made, where there is none.
#[expect(clippy::unused_async, reason = "other logs are reached over a network")]
pub async fn open(url: &str) -> Result<Arc<dyn EventLog>> {
    match url.split_once(':') {
        Some(("sqlite", path)) => {
            let founding = Founding { identity: Identity::new(LOG_ID, PARTITIONS), filling: false };
            Ok(Arc::new(SqliteLog::open(path, &Options::new(founding)).context("open the log")?))
        }
        _ => bail!("{url}: no log is known by that, give sqlite:PATH"),
    }
}
