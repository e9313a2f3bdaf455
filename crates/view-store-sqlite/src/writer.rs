//! The thread that writes: it takes one job after the other, each a transaction.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use tokio::sync::{mpsc, oneshot};
use view_store::advances::Advances;
use view_store::{Checkpoint, CommitError, PartitionId, Prepared, Schema, StoreError, ViewCommit, ViewId};

use crate::fault::fault;
use crate::sql::Book;
use crate::{apply, ddl, open};

/// Jobs that wait for the writer; who brings more, waits too.
const QUEUE_JOBS_MAX: usize = 64;

/// A write-ahead log longer than this is emptied even if the writer must wait for readers. A commit empties it without
/// waiting, but only when no reader is in it, and readers that take turns may never leave it.
pub(crate) const WAL_BYTES_MAX: u64 = 64 << 20;
/// How long the writer waits for them at most; reads are shorter.
const READERS_TIMEOUT: Duration = Duration::from_millis(250);

/// What the writer is asked for, and where it answers.
pub(crate) enum Job {
    /// See [`ViewStore::prepare`](view_store::ViewStore::prepare).
    Prepare(Vec<&'static Schema>, oneshot::Sender<Result<Vec<Prepared>, StoreError>>),
    /// See [`ViewStore::reset`](view_store::ViewStore::reset).
    Reset(&'static Schema, oneshot::Sender<Result<(), StoreError>>),
    /// See [`ViewStore::commit`](view_store::ViewStore::commit).
    Commit(PartitionId, Vec<ViewCommit>, oneshot::Sender<Result<(), CommitError>>),
}

/// What the writer and the store share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Which views are prepared, and their statements.
    pub(crate) book: RwLock<Book>,
    /// Where they have come to.
    pub(crate) advances: Advances,
}

/// The way to the writer's thread. Dropping it lets the thread finish what it was given, and waits for that.
#[derive(Debug)]
pub(crate) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(connection: Connection, shared: Arc<Shared>, wal: WriteAheadLog) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel(QUEUE_JOBS_MAX);
        let run = move || run(connection, queue, &shared, wal);
        let thread = std::thread::Builder::new().name("views-writer".to_owned()).spawn(run)?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Gives the writer a job and waits for its answer; the job is done even if nobody waits any more.
    pub(crate) async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Result<T, StoreError> {
        let stopped = || StoreError::Unavailable { reason: "its writer has stopped".to_owned() };
        let (answer, answered) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.send(job(answer)).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has said so already.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// The prepared views. Nothing panics while it is being written.
    pub(crate) fn book(&self) -> std::sync::RwLockReadGuard<'_, Book> {
        self.book.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn prepared(&self, schema: &'static Schema) {
        self.book.write().unwrap_or_else(PoisonError::into_inner).insert(schema);
    }
}

/// Watches the length of the write-ahead log.
#[derive(Debug)]
pub(crate) struct WriteAheadLog {
    path: PathBuf,
    bytes_max: u64,
    /// The length at which it is to be emptied.
    empty_at: u64,
}

impl WriteAheadLog {
    /// That of this database.
    pub(crate) fn of(database: &Path, bytes_max: u64) -> Self {
        let mut path = database.as_os_str().to_owned();
        path.push("-wal");
        Self { path: path.into(), bytes_max, empty_at: bytes_max }
    }

    /// Empties it if it is too long. Where a reader does not leave in time, the next try is a quarter further.
    fn bound(&mut self, connection: &Connection) {
        let length = || std::fs::metadata(&self.path).map_or(0, |found| found.len());
        if length() <= self.empty_at {
            return;
        }
        let emptied = connection
            .busy_timeout(READERS_TIMEOUT)
            .and_then(|()| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0)))
            .is_ok_and(|busy| !busy);
        self.empty_at = if emptied { self.bytes_max } else { length() + self.bytes_max / 4 };
        // It was set before in the same way, and is only patience.
        let _ = connection.busy_timeout(open::BUSY_TIMEOUT);
    }
}

fn run(mut connection: Connection, mut queue: mpsc::Receiver<Job>, shared: &Shared, mut wal: WriteAheadLog) {
    while let Some(job) = queue.blocking_recv() {
        // Whoever asked may be gone; then nobody hears the answer.
        match job {
            Job::Prepare(views, answer) => drop(answer.send(prepare(&mut connection, shared, &views))),
            Job::Reset(view, answer) => drop(answer.send(reset(&mut connection, shared, view))),
            Job::Commit(partition, commits, answer) => {
                drop(answer.send(commit(&mut connection, shared, partition, &commits)));
            }
        }
        wal.bound(&connection);
    }
}

fn commit(
    connection: &mut Connection,
    shared: &Shared,
    partition: PartitionId,
    commits: &[ViewCommit],
) -> Result<(), CommitError> {
    let failed = |error| CommitError::Failed(fault(error));
    let book = shared.book().clone();
    // Dropped without a commit, it rolls back.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    for commit in commits {
        let view = book.get(commit.view).map_err(CommitError::Failed)?;
        apply::apply(&transaction, &view, partition, commit)?;
    }
    transaction.commit().map_err(failed)?;
    for commit in commits {
        shared.advances.publish(commit.view, partition, commit.new.position);
    }
    Ok(())
}

fn prepare(
    connection: &mut Connection,
    shared: &Shared,
    views: &[&'static Schema],
) -> Result<Vec<Prepared>, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
    let mut prepared = Vec::with_capacity(views.len());
    for view in views {
        view.check().map_err(|reason| StoreError::Invalid { reason })?;
        let found = transaction.query_row(
            "SELECT shape FROM snaglog_views WHERE view = ? AND version = ?",
            params![view.name, view.version],
            |row| row.get::<_, String>(0),
        );
        let found = found.optional().map_err(fault)?;
        match &found {
            None => create(&transaction, view).map_err(fault)?,
            Some(shape) if *shape == ddl::shape(view) => {}
            Some(_) => return Err(StoreError::Changed { view: view.id() }),
        }
        prepared.push(Prepared { view: view.id(), created: found.is_none() });
    }
    let reached: Vec<_> =
        views.iter().map(|view| apply::checkpoints(&transaction, view.id())).collect::<Result<_, _>>()?;
    transaction.commit().map_err(fault)?;
    for (view, reached) in views.iter().zip(reached) {
        shared.prepared(view);
        publish(shared, view.id(), &reached);
    }
    Ok(prepared)
}

fn publish(shared: &Shared, view: ViewId, reached: &std::collections::BTreeMap<PartitionId, Checkpoint>) {
    for (partition, checkpoint) in reached {
        shared.advances.publish(view, *partition, checkpoint.position);
    }
}

fn reset(connection: &mut Connection, shared: &Shared, view: &'static Schema) -> Result<(), StoreError> {
    view.check().map_err(|reason| StoreError::Invalid { reason })?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
    drop_tables(&transaction, view.id()).map_err(fault)?;
    create(&transaction, view).map_err(fault)?;
    transaction.commit().map_err(fault)?;
    shared.prepared(view);
    shared.advances.reset(view.id());
    Ok(())
}

fn create(connection: &Connection, view: &Schema) -> rusqlite::Result<()> {
    connection.execute_batch(&ddl::create(view))?;
    let tables: Vec<_> = view.tables.iter().map(|table| view.physical_name(table)).collect();
    connection.execute(
        "INSERT INTO snaglog_views (view, version, tables, shape) VALUES (?, ?, ?, ?)",
        params![view.name, view.version, tables.join("\n"), ddl::shape(view)],
    )?;
    Ok(())
}

/// Drops the tables that were made for the view, whatever they were described as then.
fn drop_tables(connection: &Connection, view: ViewId) -> rusqlite::Result<()> {
    let of = params![view.name, view.version];
    let tables = connection.query_row("SELECT tables FROM snaglog_views WHERE view = ? AND version = ?", of, |row| {
        row.get::<_, String>(0)
    });
    for table in tables.optional()?.iter().flat_map(|names| names.lines()) {
        connection.execute_batch(&format!("DROP TABLE IF EXISTS {}", ddl::quoted(table)))?;
    }
    for own in ["snaglog_checkpoints", "snaglog_parked", "snaglog_views"] {
        connection.execute(&format!("DELETE FROM {own} WHERE view = ? AND version = ?"), of)?;
    }
    Ok(())
}
