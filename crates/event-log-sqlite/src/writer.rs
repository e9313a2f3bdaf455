//! The one writer: a thread that admits, writes and commits in batches, then answers, then publishes.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use event_log::admission::{Accepted, Admission, Changes, Decision};
use event_log::{AppendError, LogError, PartitionId, Proposal};
use rusqlite::{CachedStatement, Connection, ErrorCode, params};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::error;
use crate::lookup::{Heads, Lookup};
use crate::queue::{Answer, Arrivals, Batch, deliver};
use crate::schema::{self, key};
use crate::tail::Tails;
use crate::{Options, sidecar};

/// Where readers keep the log from beginning the WAL anew, it grows to this before the writer waits for them.
const WAL_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// How long it waits for them, and by how much the WAL grows before it tries again.
const WAL_WAIT: Duration = Duration::from_millis(200);
const WAL_BYTES_STEP: u64 = 16 * 1024 * 1024;

const INSERT_STREAM: &str = "INSERT INTO streams (stream, project, kind, id, ordinal) VALUES (?, ?, ?, ?, ?)";
const INSERT_EVENT: &str = "INSERT INTO events (key, stream, revision, append_events, event_id, event_type, schema_version, \
     actor, request_id, fingerprint, correlation_id, causation_id, traceparent, occurred_at, recorded_at, leaf, facts, \
     facts_hash, texts, salt, texts_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// What the writer tells everybody else.
#[derive(Debug)]
pub(crate) struct Shared {
    /// What is committed, and so readable: set before anybody is answered.
    committed: Vec<AtomicU64>,
    /// The same, watched: set after the answers.
    heads: Vec<watch::Sender<u64>>,
    /// The newest records: entered before their head is published.
    pub(crate) tails: Tails,
    /// What is wrong with the data, once something is.
    damage: OnceLock<String>,
    /// The same, watched: told before anybody is answered so.
    trouble: watch::Sender<Option<LogError>>,
}

/// The writer's own.
#[derive(Debug)]
pub(crate) struct Writer {
    path: PathBuf,
    wal: PathBuf,
    pages_max: Option<u32>,
    /// Absent after a failure that it did not recover from; the next batch connects anew.
    connection: Option<Connection>,
    heads: Heads,
    shared: Arc<Shared>,
    /// Where callers are woken; without one, by the writer itself.
    runtime: Option<Handle>,
    wal_bytes_max: u64,
    failing: bool,
}

/// What a batch came to.
struct Written {
    answers: Vec<Answer>,
    /// What was accepted, by proposal.
    accepted: Vec<Option<Accepted>>,
    changes: Changes,
}

/// How far a batch got.
enum Failure {
    /// Nothing of it is in the log.
    Before(rusqlite::Error),
    /// The commit failed, and it may be in the log when that is opened again.
    InDoubt(rusqlite::Error),
}

/// The statements that write.
struct Insert<'c> {
    stream: CachedStatement<'c>,
    event: CachedStatement<'c>,
}

impl Writer {
    pub(crate) fn new(
        path: PathBuf,
        options: &Options,
        connection: Connection,
        heads: Heads,
        shared: Arc<Shared>,
    ) -> Self {
        let wal = sidecar(&path, "-wal");
        Self {
            path,
            wal,
            pages_max: options.pages_max,
            connection: Some(connection),
            heads,
            shared,
            runtime: Handle::try_current().ok(),
            wal_bytes_max: WAL_BYTES_MAX,
            failing: false,
        }
    }

    /// Writes until the queue is closed and empty.
    pub(crate) fn run(mut self, arrivals: &Arrivals) {
        let mut batch = Batch::default();
        while arrivals.take(&mut batch) {
            if let Some(pages_max) = batch.pages_max.take() {
                self.limit_pages(pages_max);
            }
            if !batch.proposals.is_empty() {
                self.write(&mut batch);
            }
        }
    }

    /// Takes one batch from the queue to its answers. What can wait comes after those: callers come back meanwhile.
    fn write(&mut self, batch: &mut Batch) {
        match self.commit(&batch.proposals) {
            Ok(Written { answers, accepted, changes }) => {
                let grown: Vec<_> =
                    changes.partitions.iter().map(|(partition, head)| (*partition, head.position)).collect();
                self.shared.commit(&grown);
                deliver(self.runtime.as_ref(), &mut batch.callers, answers);
                let records = batch.proposals.drain(..).zip(accepted);
                let records = records.filter_map(|(proposal, accepted)| Some(accepted?.into_records(proposal)));
                self.shared.tails.extend(records.flatten());
                self.shared.publish(&grown);
                self.heads.advance(changes);
                self.bound_wal();
                self.note(None);
            }
            Err(error) => {
                self.note(Some(&error));
                let answers = vec![Err(error); batch.callers.len()];
                deliver(self.runtime.as_ref(), &mut batch.callers, answers);
            }
        }
        batch.proposals.clear();
    }

    /// Admits and writes a batch in one transaction; all of it fails with what is returned.
    fn commit(&mut self, batch: &[Proposal]) -> Result<Written, AppendError> {
        self.shared.undamaged().map_err(AppendError::Failed)?;
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self
                .reconnect()
                .map_err(|error| AppendError::Failed(self.shared.fault(&error, "opening the log again")))?,
        };
        let written = transact(&connection, &mut self.heads, batch);
        match written {
            Ok(written) => {
                self.connection = Some(connection);
                Ok(written)
            }
            Err(failure) => {
                self.recover(connection);
                Err(match failure {
                    Failure::Before(error) => AppendError::Failed(self.shared.fault(&error, "appending")),
                    Failure::InDoubt(error) => AppendError::Unknown(self.shared.fault(&error, "committing")),
                })
            }
        }
    }

    /// After a failed batch: the transaction is ended, and what is in the log is read from it again.
    fn recover(&mut self, connection: Connection) {
        let ended = connection.is_autocommit() || connection.execute_batch("ROLLBACK").is_ok();
        if ended && self.reload(&connection).is_ok() {
            self.connection = Some(connection);
        }
    }

    fn reconnect(&mut self) -> rusqlite::Result<Connection> {
        let connection = schema::reopen_for_writing(&self.path, self.pages_max)?;
        self.reload(&connection)?;
        Ok(connection)
    }

    /// Forgets what is cached, and takes from the file where the log ends.
    fn reload(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.heads = Heads::read(connection, self.heads.partitions())?;
        self.shared.tails.clear();
        let ends: Vec<_> = (0..).zip(self.heads.positions()).collect();
        self.shared.commit(&ends);
        self.shared.publish(&ends);
        Ok(())
    }

    fn limit_pages(&mut self, pages_max: u32) {
        self.pages_max = Some(pages_max);
        if let Some(connection) = &self.connection
            && let Err(error) = schema::limit_pages(connection, pages_max)
        {
            tracing::warn!(path = %self.path.display(), %error, pages_max, "the log's size was not bounded");
        }
    }

    /// Begins the WAL anew where readers have kept SQLite from doing so by itself.
    fn bound_wal(&mut self) {
        let bytes = std::fs::metadata(&self.wal).map_or(0, |wal| wal.len());
        let Some(connection) = self.connection.as_ref().filter(|_| bytes > self.wal_bytes_max) else {
            return;
        };
        let busy = schema::with_busy_timeout(connection, WAL_WAIT, || {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))
        });
        if let Ok(false) = busy {
            self.wal_bytes_max = WAL_BYTES_MAX;
        } else {
            self.wal_bytes_max = bytes + WAL_BYTES_STEP;
            tracing::warn!(path = %self.path.display(), wal_bytes = bytes, "readers keep the log's WAL from being begun anew");
        }
    }

    /// Logs a failure when it begins and when it ends, not for every batch between.
    fn note(&mut self, error: Option<&AppendError>) {
        match error {
            Some(error) if !self.failing => {
                let source = std::error::Error::source(error).map(ToString::to_string);
                tracing::error!(path = %self.path.display(), %error, source, "appends fail");
            }
            None if self.failing => tracing::info!(path = %self.path.display(), "appends succeed again"),
            _ => {}
        }
        self.failing = error.is_some();
    }
}

impl Shared {
    pub(crate) fn new(heads: &Heads, options: &Options) -> Self {
        Self {
            committed: heads.positions().map(AtomicU64::new).collect(),
            heads: heads.positions().map(watch::Sender::new).collect(),
            tails: Tails::new(heads.partitions(), options.tail_bytes),
            damage: OnceLock::new(),
            trouble: watch::Sender::new(None),
        }
    }

    /// The last position that is committed; 0 in a partition that there isn't.
    pub(crate) fn committed(&self, partition: PartitionId) -> u64 {
        self.committed.get(partition as usize).map_or(0, |position| position.load(Ordering::Acquire))
    }

    pub(crate) fn head(&self, partition: PartitionId) -> watch::Receiver<u64> {
        self.heads.get(partition as usize).map_or_else(|| watch::Sender::new(0).subscribe(), watch::Sender::subscribe)
    }

    pub(crate) fn trouble(&self) -> watch::Receiver<Option<LogError>> {
        self.trouble.subscribe()
    }

    /// Fails once the data was found damaged.
    pub(crate) fn undamaged(&self) -> Result<(), LogError> {
        self.damage.get().map_or(Ok(()), |reason| Err(LogError::DataLoss { reason: reason.clone() }))
    }

    /// What a failure of SQLite means for callers; from a damage on, nothing more is served.
    pub(crate) fn fault(&self, error: &rusqlite::Error, doing: &str) -> LogError {
        self.remember(error::of_sqlite(error, doing))
    }

    /// Passes the error on, and keeps it if the data is damaged.
    pub(crate) fn remember(&self, error: LogError) -> LogError {
        if let LogError::DataLoss { reason } = &error
            && self.damage.set(reason.clone()).is_ok()
        {
            self.trouble.send_replace(Some(error.clone()));
            tracing::error!(reason, "the log's data is damaged: nothing more is served until someone has looked");
        }
        error
    }

    fn commit(&self, ends: &[(PartitionId, u64)]) {
        for (partition, position) in ends {
            if let Some(committed) = self.committed.get(*partition as usize) {
                committed.store(*position, Ordering::Release);
            }
        }
    }

    fn publish(&self, ends: &[(PartitionId, u64)]) {
        for (partition, position) in ends {
            if let Some(head) = self.heads.get(*partition as usize) {
                head.send_if_modified(|head| std::mem::replace(head, *position) != *position);
            }
        }
    }
}

fn transact(connection: &Connection, heads: &mut Heads, batch: &[Proposal]) -> Result<Written, Failure> {
    connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut begin| begin.execute([])).map_err(Failure::Before)?;
    let written = admit_and_insert(connection, heads, batch).map_err(Failure::Before)?;
    let committed = connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
    match committed {
        Ok(_) => Ok(written),
        // What did not fit was not written whole, and a commit that is not whole is none.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => Err(Failure::Before(error)),
        Err(error) => Err(Failure::InDoubt(error)),
    }
}

fn admit_and_insert(connection: &Connection, heads: &mut Heads, batch: &[Proposal]) -> rusqlite::Result<Written> {
    let mut lookup = Lookup::new(connection, heads);
    let mut insert =
        Insert { stream: connection.prepare_cached(INSERT_STREAM)?, event: connection.prepare_cached(INSERT_EVENT)? };
    let mut admission = Admission::new(&mut lookup);
    let (mut answers, mut entered) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
    for proposal in batch {
        let (answer, accepted) = match admission.admit(proposal)? {
            Decision::Accepted(accepted) => {
                insert.append(proposal, &accepted)?;
                (Ok(accepted.appended.clone()), Some(accepted))
            }
            Decision::Replayed(appended) => (Ok(appended), None),
            Decision::Refused(error) => (Err(error), None),
        };
        answers.push(answer);
        entered.push(accepted);
    }
    Ok(Written { answers, accepted: entered, changes: admission.finish() })
}

impl Insert<'_> {
    fn append(&mut self, proposal: &Proposal, accepted: &Accepted) -> rusqlite::Result<()> {
        let (append, appended) = (proposal.append(), &accepted.appended);
        let events = accepted.leaves.len() as u64;
        let stream = accepted.head.number.cast_signed();
        if appended.first_revision == 1 {
            let name = &append.stream;
            self.stream.execute(params![stream, name.project, name.kind, name.id, appended.ordinal.cast_signed()])?;
        }
        let first_position = appended.position + 1 - events;
        for ((n, leaf), (event, hashes)) in (0..).zip(&accepted.leaves).zip(proposal.events()) {
            let texts = (!event.texts.is_empty()).then_some((&event.texts, &event.salt, &hashes.texts));
            self.event.execute(params![
                key(appended.partition, first_position + n),
                stream,
                (appended.first_revision + n).cast_signed(),
                (n + 1 == events).then_some(events.cast_signed()),
                event.event_id.as_bytes(),
                event.event_type,
                event.schema_version,
                append.actor,
                append.request_id.as_bytes(),
                append.fingerprint,
                append.correlation_id.as_ref().map(uuid::Uuid::as_bytes),
                append.causation_id.as_ref().map(uuid::Uuid::as_bytes),
                append.traceparent,
                event.occurred_at,
                appended.recorded_at,
                leaf,
                event.facts,
                hashes.facts,
                texts.map(|(texts, ..)| texts),
                texts.map(|(_, salt, _)| salt),
                texts.map(|(.., hash)| hash),
            ])?;
        }
        Ok(())
    }
}
