//! Where the log and the views are kept, by `--data` and `--log`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use commands::Environment as _;
use event_log::{EventLog, Founding, Identity};
use event_log_sqlite::SqliteLog;
use view_store::ViewStore;
use view_store_sqlite::{OpenError, SqliteViews};

use super::environment::Machine;

/// The partitions of a new log.
const PARTITIONS: u32 = 8;

/// Log and views, open.
pub(crate) struct Storage {
    /// The event log.
    pub(crate) log: Arc<dyn EventLog>,
    /// The view store beside it.
    pub(crate) views: Arc<dyn ViewStore>,
}

/// Opens both, making what is missing.
pub(crate) fn open(data: &Path, log: Option<&str>) -> anyhow::Result<Storage> {
    std::fs::create_dir_all(data).with_context(|| format!("--data {}: the folder can't be made", data.display()))?;
    let log = open_log(data, log)?;
    let views = open_views(&data.join("views.db"))?;
    Ok(Storage { log, views: Arc::new(views) })
}

/// The log of that URL: `sqlite:PATH`, or `log.db` in the data folder. Another kind of log is another arm.
fn open_log(data: &Path, url: Option<&str>) -> anyhow::Result<Arc<dyn EventLog>> {
    match url.map(|url| (url, url.split_once(':'))) {
        None => open_sqlite(data.join("log.db")),
        Some((_, Some(("sqlite", path)))) if !path.is_empty() => open_sqlite(PathBuf::from(path)),
        Some((url, Some((scheme, _)))) if scheme != "sqlite" => {
            bail!("--log {url}: no log is known by {scheme}:, give sqlite:PATH")
        }
        Some((url, _)) => bail!("--log {url}: give sqlite:PATH"),
    }
}

fn open_sqlite(path: PathBuf) -> anyhow::Result<Arc<dyn EventLog>> {
    let founding = Founding { identity: Identity::new(Machine.event_id(), PARTITIONS), filling: false };
    let options = event_log_sqlite::Options::new(founding);
    Ok(Arc::new(SqliteLog::open(path, &options).context("the event log does not open")?))
}

/// The views can be made from the log at any time: a file that can't be read is deleted, and they are built anew.
fn open_views(path: &Path) -> anyhow::Result<SqliteViews> {
    match SqliteViews::open(path) {
        Err(error @ (OpenError::Damaged { .. } | OpenError::OtherFormat { .. })) => {
            tracing::warn!(%error, "the views are built anew from the log");
            SqliteViews::delete(path).with_context(|| format!("{} can't be deleted", path.display()))?;
            SqliteViews::open(path).context("the views do not open")
        }
        opened => opened.context("the views do not open"),
    }
}
