//! The event log in one SQLite file, on one machine.
//!
//! One thread of its own owns the one writing connection: it takes the first proposal and whatever else waits, admits
//! them by [`event_log::admission`], writes all in one `BEGIN IMMEDIATE` transaction, answers after the commit, and then
//! publishes the new heads. Readers have connections of their own, with transactions as short as a page.
//!
//! What never happens here: a decision (admission decides), a look into a body, an append in its caller's task (who goes
//! away cancels nothing), a lingering for more proposals, the wall clock, randomness. Memory and the time to open do not
//! grow with the log.
//!
//! # Recipes
//!
//! **To change the schema**: `schema.rs`: a new `FORMAT`, a step from the one before, and a file of the one before as a
//! golden file in `tests/golden`. Then `lookup.rs` (what admission asks), `batch.rs` (what is written), `rows.rs` (what is read).
//!
//! **To add something that operators do**: `mark.rs` if it changes what the log says of itself, a task in `queue.rs`, what it
//! does in `batch.rs`.
//!
//! **To add an error of the storage**: `error.rs` maps SQLite's codes, once; `tests/faults.rs` shows it.

mod absent;
mod backup;
mod batch;
mod beside;
mod connect;
mod ends;
mod error;
mod integrity;
mod lock;
mod lookup;
mod maintain;
mod mark;
mod queue;
mod reader;
mod recent;
pub mod replica;
mod rows;
mod schema;
mod status;
mod tail;
mod wal;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use event_log::{
    Append, AppendError, Appended, EventLog, Founding, Identity, KnownRequest, LogError, Observer, Page, PartitionId,
    Proposal, Stats, StreamId, Versions,
};
use tokio::sync::watch;
use uuid::Uuid;

pub use backup::{Branch, Progress, backup, restore};
pub use error::OpenError;
pub use integrity::check_integrity;

use connect::Opened;
use lookup::Heads;
use queue::{Queue, Task};
use reader::Readers;
use status::Status;
use writer::Writer;

/// How a log is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How it is made, with 1 to 1024 partitions, when the file doesn't exist yet; else it is what it is.
    pub founding: Founding,
    /// The versions that this build knows, and makes new logs of; a test's stand-in for another build has others.
    pub known: Versions,
    /// Most proposals that wait for the writer; one more is answered [`LogError::Overloaded`] at once.
    pub queue_max: usize,
    /// Most bytes of proposals that wait for the writer, likewise.
    pub queue_bytes_max: usize,
    /// Most proposals written in one transaction.
    pub batch_max: usize,
    /// Connections for reading.
    pub readers: usize,
    /// Most bytes of each partition's newest records that are kept in memory for those who follow it closely; 0: none.
    pub tail_bytes: usize,
    /// Most pages that the file may have, of 4 KiB in a new one; full beyond that, as a disk would be.
    pub pages_max: Option<u32>,
    /// How long the writer waits where another process holds the file; then the batch has failed.
    pub busy_timeout: Duration,
}

/// The event log in a SQLite file.
///
/// Dropping it finishes what is queued, like [`EventLog::close`], but holds its thread up meanwhile.
#[derive(Debug)]
pub struct SqliteLog {
    identity: Identity,
    path: PathBuf,
    /// Another process writes it.
    beside: bool,
    shared: Arc<Status>,
    queue: Queue,
    readers: Arc<Readers>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Options {
    /// The defaults: 8,192 proposals or 64 MiB may wait; 512 are written at once; 4 readers; 4 MiB of each partition kept in
    /// memory; 5 s for another process that holds the file.
    pub fn new(founding: Founding) -> Self {
        Self {
            founding,
            known: Versions::KNOWN,
            queue_max: 8192,
            queue_bytes_max: 64 * 1024 * 1024,
            batch_max: 512,
            readers: 4,
            tail_bytes: 4 * 1024 * 1024,
            pages_max: None,
            busy_timeout: connect::BUSY_TIMEOUT,
        }
    }
}

impl SqliteLog {
    /// Opens the log at `path`, or makes a new one where there is no file. A file of an older format is upgraded. Blocks for a
    /// few reads and, for a new file, writes.
    /// Opened within a Tokio runtime, its callers are woken there, which costs the writer less.
    ///
    /// `path` + `.lock` is locked as long as the log is open: a second process, or a second log in this one, is refused.
    pub fn open(path: impl Into<PathBuf>, options: &Options) -> Result<Self, OpenError> {
        let path = path.into();
        let lock = lock::lock(&path)?;
        wal::examine(&path)
            .map_err(|error| OpenError::of_io(&path, &error))?
            .map_err(|reason| OpenError::Damaged { path: path.clone(), reason })?;
        let Opened { connection, identity, mark } = connect::open_for_writing(&path, options)?;
        let heads =
            Heads::read(&connection, identity.partitions).map_err(|error| OpenError::of_sqlite(&path, &error))?;
        ends::check(&connection, identity, &heads).map_err(|error| OpenError::of_log(&path, error))?;
        let shared = Arc::new(Status::new(&heads, mark, options));
        let readers = Arc::new(Readers::open(&path, options.readers, Arc::clone(&shared))?);
        let (queue, waiting) = queue::queue(options);
        let writer = Writer::new(path.clone(), options, connection, heads, Arc::clone(&shared));
        let writer = std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || {
                writer.run(&waiting);
                drop(lock);
            })
            .map_err(|error| OpenError::of_io(&path, &error))?;
        tracing::info!(path = %path.display(), log_id = %identity.log_id, "opened the event log");
        Ok(Self { identity, path, beside: false, shared, queue, readers, writer: Mutex::new(Some(writer)) })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Proposals that wait for the writer now.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Sets the most pages that the file may have, from the next batch on; below its present size: no more than that.
    pub fn limit_pages(&self, pages_max: u32) -> Result<(), LogError> {
        self.queue.task(Task::LimitPages(pages_max))
    }

    fn take_writer(&self) -> Option<JoinHandle<()>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The file beside the log whose name goes on with `ending`.
fn sidecar(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

impl Drop for SqliteLog {
    fn drop(&mut self) {
        self.readers.close();
        self.queue.close();
        if let Some(writer) = self.take_writer()
            && writer.join().is_err()
        {
            tracing::error!(path = %self.path.display(), "the log's writer had panicked before it was dropped");
        }
    }
}

#[async_trait]
impl EventLog for SqliteLog {
    fn identity(&self) -> Identity {
        self.identity
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.queue.has_room().map_err(AppendError::Failed)?;
        let proposal = Proposal::check(append, self.identity.partitions)?;
        self.shared.usable().map_err(AppendError::Failed)?;
        let answer = self.queue.propose(proposal).map_err(AppendError::Failed)?;
        match answer.await {
            Ok(answer) => answer,
            // The writer took it and is gone: it may have committed before.
            Err(_) => Err(AppendError::Unknown(error::closed())),
        }
    }

    async fn find_request(&self, stream: &StreamId, request_id: Uuid) -> Result<Option<KnownRequest>, LogError> {
        self.readers.look_up(|reader| reader.request(stream, request_id)).await
    }

    async fn find_ordinal(&self, project: &str, kind: &str, ordinal: u64) -> Result<Option<StreamId>, LogError> {
        self.readers.look_up(|reader| reader.ordinal(project, kind, ordinal)).await
    }

    async fn read_stream(&self, stream: &StreamId, after: u64, limit: usize) -> Result<Page, LogError> {
        let partition = self.identity.partition_of(&stream.project);
        let committed = || self.shared.committed(partition);
        if !self.beside
            && let Some(page) = self.shared.tails.stream_page((partition, stream), after, limit, committed)
        {
            self.readers.usable()?;
            return Ok(page);
        }
        // One record is an index's answer and a row: read here and now, as lookups are. Mostly there is no more.
        let as_of = committed();
        let first = self.readers.look_up(|reader| reader.stream_page(stream, after, 1)).await?;
        if first.end && !self.beside {
            self.shared.tails.ended((partition, stream), after + first.records.len() as u64, as_of);
        }
        if first.end || limit <= 1 {
            return Ok(first);
        }
        let stream = stream.clone();
        self.readers.read(move |reader| reader.stream_page(&stream, after, limit)).await
    }

    async fn read_partition(&self, partition: PartitionId, after: u64, limit: usize) -> Result<Page, LogError> {
        if self.beside {
            return self.readers.read(move |reader| reader.partition_page(partition, after, limit)).await;
        }
        let committed = self.shared.committed(partition);
        if committed <= after {
            self.readers.usable()?;
            return Ok(Page { records: Vec::new(), end: true });
        }
        if let Some(page) = self.shared.tails.page(partition, after, limit, || self.shared.committed(partition)) {
            self.readers.usable()?;
            return Ok(page);
        }
        let page = self.readers.read(move |reader| reader.partition_page(partition, after, limit)).await?;
        let last = page.records.last().map_or(after, |last| last.position);
        if page.end && last < committed {
            let reason = format!("partition {partition}: it ends at {last}, and {committed} was committed");
            return Err(self.shared.remember(LogError::DataLoss { reason }));
        }
        Ok(page)
    }

    fn head(&self, partition: PartitionId) -> watch::Receiver<u64> {
        self.shared.head(partition)
    }

    async fn barrier(&self, partition: PartitionId) -> Result<u64, LogError> {
        self.readers.usable()?;
        if self.beside {
            return self.readers.look_up(|reader| reader.head(partition)).await;
        }
        Ok(self.shared.committed(partition))
    }

    fn trouble(&self) -> watch::Receiver<Option<LogError>> {
        self.shared.trouble()
    }

    fn stats(&self) -> Stats {
        let wal = std::fs::metadata(sidecar(&self.path, "-wal"));
        let wal_bytes = Some(wal.map_or(0, |found| found.len()));
        Stats { queues: vec![self.queue.stats()], pools: vec![self.readers.stats()], wal_bytes, behind: Vec::new() }
    }

    fn observe(&self, observer: Arc<dyn Observer>) {
        self.shared.observed.by(observer);
    }

    async fn close(&self) {
        self.readers.close();
        self.queue.close();
        if let Some(writer) = self.take_writer()
            && tokio::task::spawn_blocking(move || writer.join()).await.is_ok_and(|ended| ended.is_err())
        {
            tracing::error!(path = %self.path.display(), "the log's writer had panicked before it was closed");
        }
    }
}
