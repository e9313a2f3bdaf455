//! A log by its URL.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use event_log::{EventLog, Founding, Identity};
use event_log_kafka::KafkaLog;
use event_log_postgres::PostgresLog;
use event_log_sqlite::SqliteLog;
use rand::Rng as _;
use uuid::Uuid;

/// The id of every log made here.
const LOG_ID: Uuid = Uuid::from_u128(0x51a6_1065);
/// Partitions of every log made here: fewer than projects, so that some share one.
const PARTITIONS: u32 = 3;

/// The log of that URL: `sqlite:PATH`, `postgres://…` or `kafka://…`, whose replica is that file. Made, where there is none.
pub async fn open(url: &str, replica: &Path) -> Result<Arc<dyn EventLog>> {
    let founding = Founding { identity: Identity::new(LOG_ID, PARTITIONS), filling: false };
    let doing = || format!("open the log {url}");
    let log: Arc<dyn EventLog> = match url.split_once(':') {
        Some(("sqlite", path)) => {
            let options = event_log_sqlite::Options::new(founding);
            Arc::new(SqliteLog::open(path, &options).with_context(doing)?)
        }
        Some(("postgres", _)) => {
            let options = event_log_postgres::Options::new(founding, Arc::new(now));
            Arc::new(PostgresLog::open(url, &options).await.with_context(doing)?)
        }
        Some(("kafka", _)) => {
            let options =
                event_log_kafka::Options::new(founding, replica, Arc::new(|bytes| rand::rng().fill_bytes(bytes)));
            let log = KafkaLog::open(url, &options).await.with_context(doing)?;
            log.caught_up().await.with_context(doing)?;
            Arc::new(log)
        }
        _ => bail!("{url}: no log is known by that, give sqlite:PATH, postgres://… or kafka://…"),
    };
    Ok(log)
}

/// A node's clock: it is compared with its server's.
#[expect(clippy::disallowed_methods, reason = "a node reads the clock")]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
