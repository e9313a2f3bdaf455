//! Opens a log on a Kafka topic: each node keeps a replica of it, in a file that can be thrown away.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use event_log::Maintain;
use event_log_kafka::{KafkaLog, OpenError as KafkaError, Options, PASSWORD_VARIABLE};
use rand::Rng as _;

use super::{How, LogUrl, OpenError, Opened, new_log};

/// The node's replica, in its data folder.
const REPLICA: &str = "replica.db";

pub(super) async fn open(url: &LogUrl, address: &str, data: &Path, how: How) -> Result<Opened, OpenError> {
    let told = |error| failed(url, error);
    let founding = match how {
        How::OrFounded(founding) => founding,
        How::Beside => {
            let password = std::env::var(PASSWORD_VARIABLE).ok();
            if !KafkaLog::is_there(address, password.as_deref()).await.map_err(told)? {
                return Err(OpenError::Missing { url: url.clone() });
            }
            new_log()
        }
    };
    let replica = data.join(REPLICA);
    if how == How::Beside && !replica.exists() {
        return beside(url, address, founding).await;
    }
    match KafkaLog::open(address, &options(founding, replica)).await {
        // A server of this folder has it: what only reads makes one of its own.
        Err(KafkaError::Replica(event_log_sqlite::OpenError::InUse { .. })) if how == How::Beside => {
            beside(url, address, founding).await
        }
        Ok(log) => caught_up(log, None, how).await,
        Err(error) => Err(told(error)),
    }
}

fn options(founding: event_log::Founding, replica: PathBuf) -> Options {
    Options::new(founding, replica, Arc::new(|bytes| rand::rng().fill_bytes(bytes)))
}

/// With a replica that goes when it is closed.
async fn beside(url: &LogUrl, address: &str, founding: event_log::Founding) -> Result<Opened, OpenError> {
    let folder = tempfile::tempdir().map_err(|error| OpenError::Failed(error.into()))?;
    let replica: PathBuf = folder.path().join(REPLICA);
    let log = KafkaLog::open(address, &options(founding, replica)).await.map_err(|error| failed(url, error))?;
    caught_up(log, Some(folder), How::Beside).await
}

/// A server begins while its replica catches up; whoever works on the whole log waits for all of it.
async fn caught_up(log: KafkaLog, scratch: Option<tempfile::TempDir>, how: How) -> Result<Opened, OpenError> {
    let all = match how {
        How::Beside => true,
        How::OrFounded(founding) => founding.filling,
    };
    if all {
        log.caught_up().await.map_err(|error| OpenError::Failed(error.into()))?;
    }
    let log: Arc<dyn Maintain> = Arc::new(log);
    Ok(Opened { log, scratch })
}

fn failed(url: &LogUrl, error: KafkaError) -> OpenError {
    match error {
        KafkaError::Url { reason } => OpenError::Url { url: url.clone(), give: reason },
        KafkaError::Replica(event_log_sqlite::OpenError::InUse { path }) => OpenError::InUse { path },
        error => OpenError::Failed(error.into()),
    }
}
