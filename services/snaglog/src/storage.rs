//! Where the log and the views are kept, by `--log`, `--views` and `--data`.

#[cfg(feature = "kafka")]
mod kafka;
mod url;
mod views;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use commands::Environment as _;
use event_log::{Founding, Identity, Maintain};
use event_log_postgres::PostgresLog;
use event_log_sqlite::SqliteLog;

pub(crate) use self::views::{open_views, open_views_beside};
pub(crate) use url::{Kind, LogUrl};

use crate::environment::Machine;

/// How many partitions a new log has.
const PARTITIONS: u32 = 8;

/// Where log and views are.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    /// The folder that keeps log.db and views.db; made where it is missing
    #[arg(long, global = true, default_value = "data", env = "SNAGLOG_DATA", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The event log: sqlite:PATH, postgres://HOST/DATABASE or kafka://BROKER,BROKER/TOPIC [default: log.db in the data folder]
    #[arg(long, global = true, env = "SNAGLOG_LOG", value_name = "URL", hide_env_values = true)]
    pub(crate) log: Option<LogUrl>,
    /// The read models: sqlite:PATH or postgres://HOST/DATABASE [default: with a log in PostgreSQL its database; else views.db in the data folder]
    #[arg(long, global = true, env = "SNAGLOG_VIEWS", value_name = "URL", hide_env_values = true)]
    pub(crate) views: Option<LogUrl>,
}

/// How a log is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// As it is, also where another process has it open: to be read, sealed and activated.
    Beside,
    /// It is made in this way where there is none.
    OrFounded(Founding),
}

/// Why a log was not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// The URL is no log's.
    #[error("--log {url}: {give}")]
    Url {
        /// It, without its passwords.
        url: LogUrl,
        /// What to give.
        give: String,
    },
    /// This build lacks what the URL names.
    #[cfg_attr(feature = "kafka", expect(dead_code, reason = "this build lacks nothing"))]
    #[error(
        "--log {url}: this build can't open it, it lacks the feature {feature}. Build it with: cargo build --release --features {feature}"
    )]
    Feature {
        /// It, without its passwords.
        url: LogUrl,
        /// The cargo feature.
        feature: &'static str,
    },
    /// There is no such log.
    #[error("there is no log at {url}")]
    Missing {
        /// Where.
        url: LogUrl,
    },
    /// Another process has it open.
    #[error("{} is in use by another process", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It can't be opened.
    #[error("the event log does not open")]
    Failed(#[source] anyhow::Error),
}

impl Place {
    /// The log's URL.
    pub(crate) fn url(&self) -> LogUrl {
        self.log.clone().unwrap_or_else(|| LogUrl::of_file(&self.data.join("log.db")))
    }

    /// Makes the data folder where it is missing.
    pub(crate) fn make_folder(&self) -> anyhow::Result<()> {
        std::fs::create_dir_all(&self.data)
            .with_context(|| format!("--data {}: the folder can't be made", self.data.display()))
    }
}

/// How a new log is made that is nobody's copy.
pub(crate) fn new_log() -> Founding {
    Founding { identity: Identity::new(Machine.event_id(), PARTITIONS), filling: false }
}

/// A log that is open.
pub(crate) struct Opened {
    /// It.
    pub(crate) log: Arc<dyn Maintain>,
    /// What it keeps only as long as it is open.
    #[expect(dead_code, reason = "it goes when it is dropped, and is asked nothing")]
    scratch: Option<tempfile::TempDir>,
}

/// Opens the log. Another kind of log is another arm. `data` is the folder for what a node keeps beside it.
pub(crate) async fn open(url: &LogUrl, data: &Path, how: How) -> Result<Opened, OpenError> {
    let log: Arc<dyn Maintain> = match url.kind().map_err(|give| OpenError::Url { url: url.clone(), give })? {
        Kind::Sqlite(path) => Arc::new(open_sqlite(url, path, how)?),
        Kind::Postgres(address) => Arc::new(open_postgres(url, address, how).await?),
        Kind::Kafka(address) => return kafka::open(url, address, data, how).await,
    };
    Ok(Opened { log, scratch: None })
}

/// A build without the feature names it.
#[cfg(not(feature = "kafka"))]
mod kafka {
    use super::{How, LogUrl, OpenError, Opened, Path};

    #[expect(clippy::unused_async, reason = "the other build's waits for brokers")]
    pub(super) async fn open(url: &LogUrl, _: &str, _: &Path, _: How) -> Result<Opened, OpenError> {
        Err(OpenError::Feature { url: url.clone(), feature: "kafka" })
    }
}

/// Opens the log in a file.
pub(crate) fn open_sqlite(url: &LogUrl, path: &Path, how: How) -> Result<SqliteLog, OpenError> {
    use event_log_sqlite::{OpenError as SqliteError, Options};
    let opened = match how {
        How::Beside if !path.exists() => return Err(OpenError::Missing { url: url.clone() }),
        How::Beside => match SqliteLog::open_beside(path, &Options::new(new_log())) {
            // Of an older format, which whoever has it to himself upgrades.
            Err(SqliteError::OtherFormat { found, known, .. }) if found < known => {
                SqliteLog::open(path, &Options::new(new_log()))
            }
            opened => opened,
        },
        How::OrFounded(founding) => SqliteLog::open(path, &Options::new(founding)),
    };
    opened.map_err(|error| match error {
        SqliteError::InUse { path } => OpenError::InUse { path },
        error => OpenError::Failed(error.into()),
    })
}

async fn open_postgres(url: &LogUrl, address: &str, how: How) -> Result<PostgresLog, OpenError> {
    use event_log_postgres::{OpenError as PostgresError, Options};
    let failed = |error| match error {
        PostgresError::Url { reason } => OpenError::Url { url: url.clone(), give: reason },
        error => OpenError::Failed(error.into()),
    };
    let founding = match how {
        How::Beside if !PostgresLog::is_there(address).await.map_err(failed)? => {
            return Err(OpenError::Missing { url: url.clone() });
        }
        How::Beside => new_log(),
        How::OrFounded(founding) => founding,
    };
    let clock = Arc::new(|| Machine.now().as_microsecond());
    PostgresLog::open(address, &Options::new(founding, clock)).await.map_err(failed)
}

#[cfg(all(test, not(feature = "kafka")))]
mod tests {
    use std::path::Path;

    use super::{How, LogUrl, new_log, open};

    #[tokio::test]
    async fn a_build_without_kafka_names_the_feature_and_no_password() {
        let url = LogUrl::from(String::from("kafka://me:hunter2@broker/topic"));
        for how in [How::Beside, How::OrFounded(new_log())] {
            let Err(error) = open(&url, Path::new("nowhere"), how).await else { panic!("it opened") };
            assert_eq!(
                error.to_string(),
                "--log kafka://me:***@broker/topic: this build can't open it, it lacks the feature kafka. \
                 Build it with: cargo build --release --features kafka"
            );
        }
    }
}
