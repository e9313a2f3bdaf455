//! The event log on a topic of Apache Kafka, for any number of nodes.
//!
//! Kafka appends whatever comes, so what is on the topic are *proposals*; every node reads each partition in order, admits by
//! [`event_log::admission`], and keeps what is accepted in a replica of its own, a SQLite file that can be thrown away and made
//! again from the topic. An append is answered when its own proposal was acknowledged and
//! has been read back. Reads are the replica's.
//!
//! - `entry`: the stored format. `decode`, `keys`, `keyring`: how it is read, and how texts are sealed.
//! - `follow`: the one who reads. `desk`, `ledger`: who writes, and what was written and is not yet
//!   answered. `state`: what both tell everybody. `barrier`, `doubt`: what to make of a leader that may have been replaced.
//! - `founding`, `topic`: how a log begins, and which settings of a topic would lose it.
//!
//! What never happens here: a decision (admission decides), an answer before the read-back or the acknowledgement, a record skipped in silence, a
//! topic taken whose settings lose what was acknowledged, the wall clock, a password in a message, randomness but what is given
//! for what must not be guessed: keys, nonces, and this node's number.
//!
//! # Recipes
//!
//! **To change the stored format**: `entry.rs` (a field that older versions may ignore needs no more); else raise `FORMAT`, keep
//! reading the one before, and add its bytes to `entry_tests.rs`, where each format's stay for ever.
//!
//! **To demand another setting of the topic**: `topic.rs`, where each demand is a line, and a line in the table of `docs/log.md`.
//!
//! **To pass another property on to librdkafka**: `url.rs`.

mod barrier;
mod client;
mod decode;
mod desk;
mod doubt;
mod entry;
mod error;
mod follow;
mod founding;
mod keyring;
mod keys;
mod ledger;
mod maintain;
mod propose;
mod state;
mod topic;
mod url;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use backon::{ConstantBuilder, Retryable as _};
use event_log::{
    Append, AppendError, Appended, EventLog, Founding, Identity, KnownRequest, LogError, Observer, Page, PartitionId,
    Stats, StreamId, Versions,
};
use event_log_sqlite::SqliteLog;
use tokio::runtime::Handle;
use tokio::sync::watch;
use uuid::Uuid;

pub use error::OpenError;

use barrier::Barriers;
use decode::Decoder;
use desk::{Desk, Limits};
use doubt::Doubt;
use follow::Follower;
use keys::Keys;
use state::State;
use url::Location;

/// The environment variable with `sasl.password`, for who does not want it in a URL.
pub const PASSWORD_VARIABLE: &str = "SNAGLOG_KAFKA_PASSWORD";

/// How long what was sent may take to be acknowledged while the log is closed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a topic that can't be used yet is waited for, and how long between looks at it.
const FIND_WITHIN: Duration = Duration::from_secs(10);
const FIND_PAUSE: Duration = Duration::from_millis(100);

/// Fills these bytes with what nobody can guess.
pub type Randomness = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// How a log is opened.
#[derive(Clone)]
pub struct Options {
    /// How the log is made, where the topic has none yet; else it is as it was made.
    pub founding: Founding,
    /// The versions that this build knows.
    pub known: Versions,
    /// This node's replica: a file, which is made if it isn't there.
    pub replica: PathBuf,
    /// `sasl.password`, unless the URL has it.
    pub password: Option<String>,
    /// Most appends that wait to be read back; one more is answered [`LogError::Overloaded`] at once.
    pub queue_max: usize,
    /// Most bytes of them, likewise.
    pub queue_bytes_max: usize,
    /// Connections for reading the replica.
    pub readers: usize,
    /// Most bytes of each partition's newest records that are kept in memory; 0: none.
    pub tail_bytes: usize,
    /// After this an append that was not read back is written again.
    pub resend_after: Duration,
    /// After this its outcome is unknown; and after this a barrier is given up, which is an append of nothing.
    pub answer_within: Duration,
    /// Brokers that say nothing for so long are asked whether they live, and have as long to answer.
    pub silence: Duration,
    /// What keys, nonces and this node's number are drawn from: it must be fit for cryptography.
    pub random: Randomness,
}

/// A node of an event log on a Kafka topic.
pub struct KafkaLog {
    identity: Identity,
    location: Location,
    replica: SqliteLog,
    state: Arc<State>,
    desk: Arc<Desk>,
    keys: Arc<Keys>,
    barriers: Vec<Barriers>,
    closed: Arc<AtomicBool>,
    follower: Mutex<Option<JoinHandle<()>>>,
}

impl Options {
    /// The defaults: 8,192 appends or 64 MiB may wait; 4 readers; 4 MiB of each partition kept in memory; written again after
    /// 9 s, unknown after 20 s; brokers that are silent for 2 s are asked; a password from [`PASSWORD_VARIABLE`].
    pub fn new(founding: Founding, replica: impl Into<PathBuf>, random: Randomness) -> Self {
        Self {
            founding,
            known: Versions::KNOWN,
            replica: replica.into(),
            password: std::env::var(PASSWORD_VARIABLE).ok(),
            queue_max: 8192,
            queue_bytes_max: 64 * 1024 * 1024,
            readers: 4,
            tail_bytes: 4 * 1024 * 1024,
            resend_after: Duration::from_secs(9),
            answer_within: Duration::from_secs(20),
            silence: Duration::from_secs(2),
            random,
        }
    }
}

/// Without the password.
impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("founding", &self.founding)
            .field("known", &self.known)
            .field("replica", &self.replica)
            .field("queue_max", &self.queue_max)
            .field("queue_bytes_max", &self.queue_bytes_max)
            .field("resend_after", &self.resend_after)
            .field("answer_within", &self.answer_within)
            .field("silence", &self.silence)
            .finish_non_exhaustive()
    }
}

impl KafkaLog {
    /// Opens the log at `kafka://BROKER[,BROKER…]/TOPIC[?single-broker][&PROPERTY=VALUE…]`; makes topic and log where there are
    /// none. Returns before the replica has caught up: until then, and whenever the topic can't be followed, the log's
    /// [`EventLog::trouble`] says so.
    ///
    /// Where the topic can't be reached: fails, unless there is a replica, which is then read meanwhile.
    pub async fn open(url: &str, options: &Options) -> Result<Self, OpenError> {
        let location = Location::parse(url, options.password.as_deref())?;
        let found = Self::find(&location, options).await;
        let found = match found {
            Ok(identity) => Some(identity),
            Err(error @ OpenError::Unavailable { .. }) if options.replica.exists() => {
                tracing::warn!(%error, "the replica is read until the topic can be reached");
                None
            }
            Err(error) => return Err(error),
        };
        // A replica that is there has its own.
        let identity = found.unwrap_or(options.founding.identity);
        let replica_options = event_log_sqlite::Options {
            readers: options.readers,
            tail_bytes: options.tail_bytes,
            ..event_log_sqlite::Options::new(Founding { identity, filling: false })
        };
        let (replica, applier) =
            SqliteLog::open_replica(&options.replica, &replica_options).map_err(OpenError::Replica)?;
        if let Some(found) = found.filter(|found| *found != replica.identity()) {
            return Err(OpenError::OtherLog {
                path: options.replica.clone(),
                replica: replica.identity().log_id,
                topic: location.topic.clone(),
                found: found.log_id,
            });
        }
        Self::start(location, options, replica, applier)
    }

    /// Which log the topic has. Brokers that begin, and leaders that change, are waited for, unless there is a replica: its
    /// follower does that.
    async fn find(location: &Location, options: &Options) -> Result<Identity, OpenError> {
        let started = Instant::now();
        let patient = !options.replica.exists();
        let find = || async {
            let (there, founding, runtime) = (location.clone(), options.founding, Handle::current());
            let found = tokio::task::spawn_blocking(move || founding::found(&there, &runtime, founding)).await;
            found.unwrap_or_else(|error| Err(topic::unavailable(location, format!("opening ended early: {error}"))))
        };
        let again = ConstantBuilder::new().with_delay(FIND_PAUSE).without_max_times();
        let passes = |error: &OpenError| matches!(error, OpenError::Unavailable { .. });
        find.retry(again).when(|error| patient && passes(error) && started.elapsed() < FIND_WITHIN).await
    }

    fn start(
        location: Location,
        options: &Options,
        replica: SqliteLog,
        applier: event_log_sqlite::replica::Applier,
    ) -> Result<Self, OpenError> {
        let identity = replica.identity();
        let failed = |reason: String| topic::unavailable(&location, reason);
        let limits = Limits {
            entries_max: options.queue_max,
            bytes_max: options.queue_bytes_max,
            resend: options.resend_after,
            answer: options.answer_within,
        };
        let mut node = [0; 8];
        (options.random)(&mut node);
        let desk = Desk::new(&location, u64::from_be_bytes(node), limits)
            .map_err(|error| failed(format!("setting a producer up: {error}")))?;
        let bookmarks = (0..identity.partitions).filter_map(|partition| applier.bookmark(partition)).collect();
        let (desk, state) = (Arc::new(desk), Arc::new(State::new(options.known, bookmarks)));
        let keys = Arc::new(Keys::new(location.clone(), Arc::clone(&options.random)));
        let closed = Arc::new(AtomicBool::new(false));
        let follower = Follower {
            location: location.clone(),
            applier,
            state: Arc::clone(&state),
            desk: Arc::clone(&desk),
            decoder: Decoder { known: options.known, identity, keys: Arc::clone(&keys), doubt: Doubt::default() },
            runtime: Handle::current(),
            partitions: identity.partitions,
            closed: Arc::clone(&closed),
            silence: options.silence,
            tended: Instant::now(),
            outgrown: BTreeSet::new(),
        };
        let follower = std::thread::Builder::new()
            .name("log-follower".to_owned())
            .spawn(move || follower.run())
            .map_err(|error| failed(error.to_string()))?;
        tracing::info!(topic = location.topic, log_id = %identity.log_id, "opened the event log");
        let barriers = (0..identity.partitions).map(|_| Barriers::default()).collect();
        let follower = Mutex::new(Some(follower));
        Ok(Self { identity, location, replica, state, desk, keys, barriers, closed, follower })
    }

    /// Whether the topic has a log. Makes nothing.
    pub async fn is_there(url: &str, password: Option<&str>) -> Result<bool, OpenError> {
        let location = Location::parse(url, password)?;
        let (there, runtime) = (location.clone(), Handle::current());
        let looked = tokio::task::spawn_blocking(move || founding::is_founded(&there, &runtime)).await;
        looked.unwrap_or_else(|error| Err(topic::unavailable(&location, format!("looking ended early: {error}"))))
    }

    /// Waits until the topic is followed and all that was in it is applied here; a log that is being filled, or sealed, counts.
    /// Fails with what will never pass.
    pub async fn caught_up(&self) -> Result<(), LogError> {
        let mut trouble = self.state.trouble();
        loop {
            trouble.mark_unchanged();
            if self.state.in_touch().is_ok() {
                return Ok(());
            }
            self.state.readable()?;
            trouble.changed().await.map_err(|_| error::closed())?;
        }
    }

    /// Where the replica is.
    pub fn replica(&self) -> &std::path::Path {
        self.replica.path()
    }

    fn take_follower(&self) -> Option<JoinHandle<()>> {
        self.closed.store(true, Ordering::Release);
        self.follower.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl std::fmt::Debug for KafkaLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaLog")
            .field("identity", &self.identity)
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}

impl Drop for KafkaLog {
    fn drop(&mut self) {
        self.desk.close(&error::closed());
        if let Some(follower) = self.take_follower()
            && follower.join().is_err()
        {
            tracing::error!(topic = self.location.topic, "the log's follower had panicked before it was dropped");
        }
    }
}

#[async_trait]
impl EventLog for KafkaLog {
    fn identity(&self) -> Identity {
        self.identity
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.propose(append).await
    }

    async fn find_request(&self, stream: &StreamId, request_id: Uuid) -> Result<Option<KnownRequest>, LogError> {
        self.state.readable()?;
        self.replica.find_request(stream, request_id).await
    }

    async fn find_ordinal(&self, project: &str, kind: &str, ordinal: u64) -> Result<Option<StreamId>, LogError> {
        self.state.readable()?;
        self.replica.find_ordinal(project, kind, ordinal).await
    }

    async fn read_stream(&self, stream: &StreamId, after: u64, limit: usize) -> Result<Page, LogError> {
        self.state.readable()?;
        self.replica.read_stream(stream, after, limit).await
    }

    async fn read_partition(&self, partition: PartitionId, after: u64, limit: usize) -> Result<Page, LogError> {
        self.state.readable()?;
        self.replica.read_partition(partition, after, limit).await
    }

    fn head(&self, partition: PartitionId) -> watch::Receiver<u64> {
        self.replica.head(partition)
    }

    async fn barrier(&self, partition: PartitionId) -> Result<u64, LogError> {
        self.state.in_touch()?;
        self.reach(partition).await?;
        self.state.readable()?;
        self.replica.barrier(partition).await
    }

    fn trouble(&self) -> watch::Receiver<Option<LogError>> {
        self.state.trouble()
    }

    /// The replica's, with what waits to be read back, and what was not read yet.
    fn stats(&self) -> Stats {
        Stats { queues: vec![self.desk.stats()], behind: self.state.behind.all(), ..self.replica.stats() }
    }

    /// A batch is what is read of the topic and written to the replica at once, whoever proposed it.
    fn observe(&self, observer: Arc<dyn Observer>) {
        self.state.observed.by(observer);
    }

    async fn close(&self) {
        self.desk.close(&error::closed());
        let desk = Arc::clone(&self.desk);
        let follower = self.take_follower();
        let ended = tokio::task::spawn_blocking(move || {
            desk.flush(CLOSE_TIMEOUT);
            follower.map(JoinHandle::join)
        });
        if let Ok(Some(Err(_))) = ended.await {
            tracing::error!(topic = self.location.topic, "the log's follower had panicked before it was closed");
        }
        self.replica.close().await;
    }
}
