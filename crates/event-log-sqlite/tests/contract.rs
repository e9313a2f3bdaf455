//! The log in a SQLite file keeps every promise.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails by panicking, in its helpers too")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use event_log::contract::{self, Factory, Idle};
use event_log::{EventLog, Founding, Identity, LogError, Versions};
use event_log_sqlite::{Options, SqliteLog};
use rusqlite::Connection;
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

    fn open(&self, path: &Path, founding: Founding, known: Versions) -> Result<Arc<SqliteLog>, LogError> {
        let options = Options { founding, known, ..self.options.clone() };
        Ok(Arc::new(SqliteLog::open(path, &options)?))
    }

    fn new_path(&self) -> std::path::PathBuf {
        let n = self.made.fetch_add(1, Ordering::SeqCst);
        self.folder.path().join(format!("log-{n}.db"))
    }
}

#[async_trait]
impl Factory for Files {
    type Log = SqliteLog;

    async fn create(&self, founding: Founding) -> Result<Arc<SqliteLog>, LogError> {
        self.open(&self.new_path(), founding, Versions::KNOWN)
    }

    async fn reopen(&self, log: Arc<SqliteLog>, known: Versions) -> Result<Arc<SqliteLog>, LogError> {
        log.close().await;
        // What it was made with is in the file: another founding changes nothing.
        self.open(log.path(), founding(99, 3), known)
    }

    /// What a killed process leaves is what its files are at that moment: they are opened again as copies of it.
    async fn crash(&self, log: Arc<SqliteLog>) -> Result<Arc<SqliteLog>, LogError> {
        let (from, to) = (log.path().to_owned(), self.new_path());
        copy_while_nobody_writes(&from, &to);
        log.close().await;
        self.open(&to, founding(99, 3), Versions::KNOWN)
    }

    /// A transaction that has read. One that has written would be SQLite's one writer, and the log would wait for it.
    async fn idle_transaction(&self, log: &Arc<SqliteLog>) -> Result<Option<Idle>, LogError> {
        let console = Connection::open(log.path()).unwrap();
        console
            .execute_batch(
                "BEGIN; SELECT count(*) FROM events; CREATE TEMP TABLE notes (line); INSERT INTO notes VALUES (1)",
            )
            .unwrap();
        Ok(Some(Box::new(std::sync::Mutex::new(console))))
    }

    fn at_once(&self) -> usize {
        4
    }
}

/// Copies the log's files between two commits, as a kill leaves them: each as it is.
fn copy_while_nobody_writes(from: &Path, to: &Path) {
    let beside = |path: &Path, ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        std::path::PathBuf::from(name)
    };
    let guard = Connection::open(from).unwrap();
    guard.busy_timeout(std::time::Duration::from_secs(60)).unwrap();
    guard.execute_batch("BEGIN IMMEDIATE").unwrap();
    for ending in ["", "-wal", "-shm"] {
        std::fs::copy(beside(from, ending), beside(to, ending)).unwrap();
    }
}

fn founding(id: u128, partitions: u32) -> Founding {
    Founding { identity: Identity::new(Uuid::from_u128(id), partitions), filling: false }
}

fn options() -> Options {
    Options::new(founding(7, 8))
}

/// What a log in a file can't be tried for: it is one process's at a time.
const OF_NODES: [&str; 8] = [
    "nodes::agree_on_every_record",
    "nodes::all_get_in_by_trying_again",
    "nodes::a_barrier_shows_what_another_acknowledged",
    "nodes::know_each_others_requests",
    "nodes::heads_reach_every_one",
    "versions::an_older_node_stops",
    "versions::an_idle_older_node_hears_of_it",
    "phases::an_idle_node_hears_of_the_seal",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_promise_is_kept() {
    assert_eq!(contract::run(Files::new(options())).await, OF_NODES);
}

#[tokio::test]
async fn every_promise_is_kept_on_one_thread_in_small_batches_without_a_tail() {
    let files = Files::new(Options { batch_max: 3, readers: 1, tail_bytes: 0, ..options() });
    assert_eq!(contract::run(files).await, OF_NODES);
}

#[tokio::test]
async fn a_log_has_the_identity_it_was_made_with() {
    let files = Files::new(options());
    let log = files.create(founding(7, 5)).await.unwrap();
    assert_eq!(log.identity(), Identity::new(Uuid::from_u128(7), 5));
    let again = files.reopen(log, Versions::KNOWN).await.unwrap();
    assert_eq!(again.identity(), Identity::new(Uuid::from_u128(7), 5));
}
