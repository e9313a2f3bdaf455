//! The log in a SQLite file keeps every promise.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails by panicking, in its helpers too")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use event_log::contract::{self, Broken, Factory};
use event_log::{EventLog, Identity};
use event_log_sqlite::{Options, SqliteLog};
use uuid::Uuid;

/// Logs in a temporary folder, which goes with it.
struct Files {
    folder: tempfile::TempDir,
    made: AtomicU32,
    options: Options,
}

impl Files {
    fn new(options: Options) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), made: AtomicU32::new(0), options }
    }

    fn open(path: PathBuf, options: &Options) -> Result<Arc<SqliteLog>, Broken> {
        SqliteLog::open(path, options).map(Arc::new).map_err(|error| Broken::new(error.to_string()))
    }
}

#[async_trait]
impl Factory for Files {
    type Log = SqliteLog;

    async fn create(&self, partitions: u32) -> Result<Arc<SqliteLog>, Broken> {
        let n = self.made.fetch_add(1, Ordering::SeqCst);
        let options = Options { partitions, ..self.options.clone() };
        Self::open(self.folder.path().join(format!("log-{n}.db")), &options)
    }

    async fn reopen(&self, log: Arc<SqliteLog>) -> Result<Option<Arc<SqliteLog>>, Broken> {
        log.close().await;
        // What it was made with is in the file: other options change nothing.
        let options = Options { partitions: 3, ..Options::new(Uuid::from_u128(99)) };
        Self::open(log.path().to_owned(), &options).map(Some)
    }
}

fn options() -> Options {
    Options::new(Uuid::from_u128(7))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_promise_is_kept() {
    contract::run(Files::new(options())).await;
}

#[tokio::test]
async fn every_promise_is_kept_on_one_thread_in_small_batches_without_a_tail() {
    contract::run(Files::new(Options { batch_max: 3, readers: 1, tail_bytes: 0, ..options() })).await;
}

#[tokio::test]
async fn a_log_has_the_identity_it_was_made_with() {
    let files = Files::new(options());
    let log = files.create(5).await.unwrap();
    assert_eq!(log.identity(), Identity::new(Uuid::from_u128(7), 5));
    let again = files.reopen(log).await.unwrap().unwrap();
    assert_eq!(again.identity(), Identity::new(Uuid::from_u128(7), 5));
}
