//! The event log in PostgreSQL, for any number of nodes.
//!
//! Each node has a few appenders, each with some of the partitions: a task that takes the first proposal and whatever else waits, admits
//! them by [`event_log::admission`], and writes them by one call of one SQL function (`migrations/`). That takes the partitions' locks and,
//! in a later statement, compares their heads with those they were admitted against: positions are given in the order of
//! commits, so no reader ever meets a gap. Readers ask by index, one statement each. Other nodes hear of a new head by `NOTIFY`, outside of
//! the append's transaction.
//!
//! The log is in a schema of its own (`?schema=NAME`, else `snaglog`), made at the first opening.
//!
//! What never happens here: a decision (admission decides), a look into a body, an append in its caller's task (who goes away cancels
//! nothing), a number from a sequence, `NOTIFY` in an append's transaction, a transaction that lasts longer than a batch or a page, the
//! wall clock, randomness. Memory and the time to open do not grow with the log.
//!
//! # Recipes
//!
//! **To change the schema**: a new file in `migrations/` (those released are never changed), which old nodes must be able to work with while
//! they are replaced. Then `lookup.rs` (what admission asks), `batch.rs` (what is written), `rows.rs` (what is read).
//!
//! **To add an error of the database**: `error.rs` tells what it means, once; `tests/it/faults.rs` shows it.
//!
//! **To add a trouble**: a variant of `Wrong` in `state.rs`, in its place among the others, and who looks for it: `follower.rs`.

mod announcer;
mod appender;
mod batch;
mod error;
mod follower;
mod heads;
mod ledger;
mod lookup;
mod maintain;
mod mark;
mod node;
mod open;
mod queue;
mod reader;
mod rows;
mod settings;
mod state;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use event_log::{
    Append, AppendError, Appended, EventLog, Founding, Identity, KnownRequest, LogError, Observer, Page, PartitionId,
    Proposal, Stats, StreamId, Versions,
};
use postgres_session::{Dial, Place, Session};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub use error::OpenError;

use appender::Appender;
use node::Node;
use queue::Queue;
use reader::Readers;
use state::Shared;

/// The schema of a log whose URL names none.
const SCHEMA: &str = "snaglog";
/// A log's sessions. What a failover could lose is never answered from.
const SESSION: Session = Session { settings: &[], confirm: true, statements: 100 };

/// A node's clock: microseconds since 1970. It is compared with the database's.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// How a log is opened.
#[derive(Clone)]
pub struct Options {
    /// The new log, where there is none yet; else it has its own identity.
    pub founding: Founding,
    /// What this build knows: others than [`Versions::KNOWN`] stand in for another build.
    pub known: Versions,
    /// This node's clock. Five seconds off the database's, the node is in trouble.
    pub clock: Clock,
    /// Most proposals that wait for each partition's appender; one more is answered [`LogError::Overloaded`] at once.
    pub queue_max: usize,
    /// Most bytes of proposals that wait for each partition's appender, likewise.
    pub queue_bytes_max: usize,
    /// Most proposals written in one transaction.
    pub batch_max: usize,
    /// Appenders, each with a connection: every so-many-th partition is one's, and what waits for these goes into one batch.
    pub writers: usize,
    /// Most connections that read. A node has three more, by which it learns of others and tells them.
    pub readers: usize,
    /// How long an answer may take: then a read fails, and an append's outcome is unknown.
    pub timeout: Duration,
}

/// A node of the event log in PostgreSQL.
///
/// Dropping it finishes what is queued, like [`EventLog::close`], but doesn't wait for it.
#[derive(Debug)]
pub struct PostgresLog {
    node: Node,
    /// One for each partition.
    queues: Vec<Queue>,
    /// No more is taken.
    closing: CancellationToken,
    /// The appenders have ended: nothing is left to follow or to announce.
    appended: CancellationToken,
    appenders: TaskTracker,
    others: TaskTracker,
}

impl Options {
    /// The defaults: 2,048 proposals or 16 MiB may wait for each partition; 512 are written at once; one connection writes and 4
    /// read; 30 seconds for an answer.
    pub fn new(founding: Founding, clock: Clock) -> Self {
        Self {
            founding,
            known: Versions::KNOWN,
            clock,
            queue_max: 2048,
            queue_bytes_max: 16 * 1024 * 1024,
            batch_max: 512,
            writers: 1,
            readers: 4,
            timeout: Duration::from_secs(30),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { founding, known, queue_max, queue_bytes_max, batch_max, writers, readers, timeout, .. } = self;
        f.debug_struct("Options")
            .field("founding", founding)
            .field("known", known)
            .field("queue_max", queue_max)
            .field("queue_bytes_max", queue_bytes_max)
            .field("batch_max", batch_max)
            .field("writers", writers)
            .field("readers", readers)
            .field("timeout", timeout)
            .finish_non_exhaustive()
    }
}

impl PostgresLog {
    /// Opens the log at `postgres://USER:PASSWORD@HOST:PORT/DATABASE?schema=NAME`, or makes a new one where there is none, as a
    /// further node if others have it open. The other parameters of the URL are PostgreSQL's (`sslmode`, `sslrootcert`, …).
    ///
    /// The connection must be the server's own, or a pool's in session mode: a pool in transaction mode forgets between two
    /// transactions what a session was told.
    pub async fn open(url: &str, options: &Options) -> Result<Self, OpenError> {
        let place = Place::parse(url, SCHEMA)?;
        let dial = Dial::new(place.clone(), SESSION);
        let opened = open::open(&place, &dial, options).await?;
        let (closing, appended) = (CancellationToken::new(), CancellationToken::new());
        let ends = open::ends(&dial, opened.identity).await.map_err(|fault| open::told(&place, &fault))?;
        let shared = Arc::new(Shared::new(opened.identity, options.known, opened.mark, &ends));
        let readers = dial.connections(options.readers, options.timeout);
        let readers = Readers::new(readers, Arc::clone(&shared), closing.clone());
        // One more for what operators do.
        let writers = dial.connections(options.writers + 1, options.timeout);
        let node = Node { shared, readers, writers, channel: place.channel().into() };
        let mut log = Self {
            node,
            queues: Vec::new(),
            closing,
            appended,
            appenders: TaskTracker::new(),
            others: TaskTracker::new(),
        };
        log.begin(options);
        tracing::info!(place = place.shown, log_id = %opened.identity.log_id, "opened the event log");
        let (shared, until) = (Arc::clone(&log.node.shared), log.appended.clone());
        // A pool of its own: it looks until the last appender has ended, when readers have long let go.
        let readers = Readers::new(dial.connections(1, options.timeout), Arc::clone(&shared), until.clone());
        log.others.spawn(announcer::announce(Arc::clone(&shared), dial, until.clone()));
        log.others.spawn(follower::follow(shared, readers, place, Arc::clone(&options.clock), until));
        Ok(log)
    }

    /// Whether there is a log at this URL. Nothing is made.
    pub async fn is_there(url: &str) -> Result<bool, OpenError> {
        let place = Place::parse(url, SCHEMA)?;
        let dial = Dial::new(place.clone(), SESSION);
        open::is_there(&place, &dial).await
    }

    /// Proposals that wait for appenders now.
    pub fn queued(&self) -> usize {
        self.queues.iter().map(Queue::len).sum()
    }

    fn begin(&mut self, options: &Options) {
        let Node { shared, writers, .. } = &self.node;
        let partitions = shared.identity.partitions;
        let appenders = u32::try_from(options.writers).unwrap_or(u32::MAX).clamp(1, partitions);
        let mut queues = BTreeMap::new();
        for first in 0..appenders {
            let its = (first..partitions).step_by(appenders as usize);
            let (its, arrivals) = queue::queues(options, its, &self.closing);
            queues.extend(its);
            let appender = Appender::new(Arc::clone(shared), writers.clone(), arrivals, options.timeout);
            self.appenders.spawn(appender.run());
        }
        self.queues = queues.into_values().collect();
        self.appenders.close();
        let (appenders, appended, writers) = (self.appenders.clone(), self.appended.clone(), writers.clone());
        self.others.spawn(async move {
            appenders.wait().await;
            appended.cancel();
            writers.close();
        });
    }
}

impl Drop for PostgresLog {
    fn drop(&mut self) {
        self.closing.cancel();
        self.node.readers.close();
    }
}

#[async_trait]
impl EventLog for PostgresLog {
    fn identity(&self) -> Identity {
        self.node.shared.identity
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let proposal = Proposal::check(append, self.identity().partitions)?;
        self.node.shared.appendable().map_err(AppendError::Failed)?;
        let queue = self.queues.get(proposal.partition() as usize);
        let answer = queue.ok_or_else(error::closed).and_then(|queue| queue.propose(proposal));
        match answer.map_err(AppendError::Failed)?.await {
            Ok(answer) => answer,
            // The appender took it and is gone: it may have committed before.
            Err(_) => Err(AppendError::Unknown(error::closed())),
        }
    }

    async fn find_request(&self, stream: &StreamId, request_id: Uuid) -> Result<Option<KnownRequest>, LogError> {
        self.node.readers.ask("looking up a request", reader::Request { stream: stream.clone(), id: request_id }).await
    }

    async fn find_ordinal(&self, project: &str, kind: &str, ordinal: u64) -> Result<Option<StreamId>, LogError> {
        self.node
            .readers
            .ask("looking up an ordinal", reader::Ordinal { project: project.into(), kind: kind.into(), ordinal })
            .await
    }

    async fn read_stream(&self, stream: &StreamId, after: u64, limit: usize) -> Result<Page, LogError> {
        self.node.readers.ask("reading a stream", reader::StreamPage { stream: stream.clone(), after, limit }).await
    }

    async fn read_partition(&self, partition: PartitionId, after: u64, limit: usize) -> Result<Page, LogError> {
        if self.node.shared.committed(partition) <= after {
            self.node.readers.usable()?;
            return Ok(Page { records: Vec::new(), end: true });
        }
        self.node.readers.ask("reading a partition", reader::PartitionPage { partition, after, limit }).await
    }

    fn head(&self, partition: PartitionId) -> watch::Receiver<u64> {
        self.node.shared.head(partition)
    }

    async fn barrier(&self, partition: PartitionId) -> Result<u64, LogError> {
        let shared = Arc::clone(&self.node.shared);
        let end = self.node.readers.ask("asking the primary for the head", heads::Head { shared, partition }).await?;
        self.node.shared.see(partition, end);
        Ok(end.position)
    }

    fn trouble(&self) -> watch::Receiver<Option<LogError>> {
        self.node.shared.trouble()
    }

    fn stats(&self) -> Stats {
        let queues = (0..).zip(&self.queues).map(|(partition, queue)| queue.stats(partition)).collect();
        let pools = vec![self.node.readers.stats(), reader::usage("write", &self.node.writers)];
        Stats { queues, pools, ..Stats::default() }
    }

    fn observe(&self, observer: Arc<dyn Observer>) {
        self.node.shared.observed.by(observer);
    }

    async fn close(&self) {
        self.closing.cancel();
        self.node.readers.close();
        self.others.close();
        self.others.wait().await;
    }
}
