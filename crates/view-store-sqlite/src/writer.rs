//! The thread that writes: it takes one job after the other, each a transaction.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use view_store::advances::Advances;
use view_store::lease::Leases;
use view_store::{
    Claim, CommitError, Holder, Lease, PartitionId, Prepared, Schema, Share, StoreError, Stored, SwapError, ViewCommit,
    ViewId,
};

use crate::fault::fault;
use crate::sql::Book;
use crate::tables::{self, Reached};
use crate::{apply, open};

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
    /// See [`ViewStore::swap`](view_store::ViewStore::swap).
    Swap([&'static Schema; 2], oneshot::Sender<Result<(), SwapError>>),
    /// See [`ViewStore::remove`](view_store::ViewStore::remove).
    Remove(ViewId, oneshot::Sender<Result<(), StoreError>>),
    /// See [`ViewStore::announce`](view_store::ViewStore::announce).
    Announce(Vec<ViewId>, Duration, oneshot::Sender<Result<(), StoreError>>),
    /// See [`ViewStore::sweep`](view_store::ViewStore::sweep).
    Sweep(oneshot::Sender<Result<Vec<Stored>, StoreError>>),
    /// See [`ViewStore::join`](view_store::ViewStore::join).
    Join(oneshot::Sender<Holder>),
    /// See [`ViewStore::lease`](view_store::ViewStore::lease).
    Lease(Claim, oneshot::Sender<Vec<Lease>>),
    Held(Vec<ViewId>, oneshot::Sender<Vec<Share>>),
    /// See [`ViewStore::release`](view_store::ViewStore::release).
    Release(Holder, oneshot::Sender<()>),
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

    /// Jobs that wait.
    pub(crate) fn queued(&self) -> usize {
        self.jobs.as_ref().map_or(0, |jobs| jobs.max_capacity() - jobs.capacity())
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

    fn removed(&self, view: ViewId) {
        self.book.write().unwrap_or_else(PoisonError::into_inner).remove(view);
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
    let mut own = Own { shared, leases: Leases::default() };
    while let Some(job) = queue.blocking_recv() {
        own.work(&mut connection, job);
        wal.bound(&connection);
    }
}

/// What only the writer changes. The file is one process's, so its leases live in that process.
struct Own<'s> {
    shared: &'s Shared,
    leases: Leases,
}

impl Own<'_> {
    /// Whoever asked may be gone; then nobody hears the answer.
    fn work(&mut self, connection: &mut Connection, job: Job) {
        match job {
            Job::Commit(partition, commits, answer) => {
                drop(answer.send(commit(connection, self, partition, &commits)));
            }
            Job::Prepare(views, answer) => drop(answer.send(prepare(connection, self.shared, &views))),
            Job::Reset(view, answer) => drop(answer.send(reset(connection, self, view))),
            Job::Swap([view, with], answer) => drop(answer.send(swap(connection, self, view, with))),
            Job::Remove(view, answer) => drop(answer.send(remove(connection, self, view))),
            Job::Announce(views, lasting, answer) => {
                drop(answer.send(tables::announce(connection, &views, lasting.as_secs())));
            }
            Job::Sweep(answer) => drop(answer.send(sweep(connection, self))),
            Job::Join(answer) => drop(answer.send(self.leases.join())),
            Job::Lease(claim, answer) => drop(answer.send(self.leases.claim(&claim, Instant::now()))),
            Job::Held(views, answer) => drop(answer.send(self.leases.held(&views, Instant::now()))),
            Job::Release(holder, answer) => {
                self.leases.release(holder);
                answer.send(()).unwrap_or_default();
            }
        }
    }

    fn forget(&mut self, view: ViewId) {
        self.leases.end(view);
        self.shared.removed(view);
        self.shared.advances.reset(view);
    }
}

fn commit(
    connection: &mut Connection,
    own: &Own<'_>,
    partition: PartitionId,
    commits: &[ViewCommit],
) -> Result<(), CommitError> {
    let failed = |error| CommitError::Failed(fault(error));
    let shared = own.shared;
    let book = shared.book().clone();
    commits.iter().try_for_each(|commit| own.leases.check(partition, commit))?;
    // Dropped without a commit, it rolls back.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    for commit in commits {
        let view = book.get(commit.view).map_err(CommitError::Failed)?;
        let applied = apply::apply(&transaction, &view, partition, commit);
        if let Err(CommitError::Moved { actual: Some(actual), .. }) = &applied {
            // Another process has the file open, too.
            shared.advances.publish(commit.view, partition, actual.position);
        }
        applied?;
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
    let (prepared, reached) = tables::prepare(connection, views)?;
    for view in views {
        shared.prepared(view);
    }
    publish(shared, &reached);
    Ok(prepared)
}

fn reset(connection: &mut Connection, own: &mut Own<'_>, view: &'static Schema) -> Result<(), StoreError> {
    tables::reset(connection, view)?;
    own.leases.end(view.id());
    own.shared.prepared(view);
    own.shared.advances.reset(view.id());
    Ok(())
}

fn swap(
    connection: &mut Connection,
    own: &mut Own<'_>,
    view: &'static Schema,
    with: &'static Schema,
) -> Result<(), SwapError> {
    for each in [view, with] {
        own.shared.book().get(each.id())?;
    }
    let reached = tables::swap(connection, view, with)?;
    for each in [view, with] {
        own.leases.end(each.id());
    }
    publish(own.shared, &reached);
    Ok(())
}

fn remove(connection: &mut Connection, own: &mut Own<'_>, view: ViewId) -> Result<(), StoreError> {
    tables::remove(connection, view)?;
    own.forget(view);
    Ok(())
}

fn sweep(connection: &mut Connection, own: &mut Own<'_>) -> Result<Vec<Stored>, StoreError> {
    let swept = tables::sweep(connection)?;
    let known: Vec<ViewId> = own.shared.book().views().collect();
    for view in known {
        if swept.iter().any(|gone| (gone.name.as_str(), gone.version) == (view.name, view.version)) {
            own.forget(view);
        }
    }
    Ok(swept)
}

fn publish(shared: &Shared, reached: &Reached) {
    for (view, checkpoints) in reached {
        for (partition, checkpoint) in checkpoints {
            shared.advances.publish(*view, *partition, checkpoint.position);
        }
    }
}
