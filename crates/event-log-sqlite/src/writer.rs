//! The one writer: a thread that admits, writes and commits in batches, then answers, then publishes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use event_log::admission::Changes;
use event_log::{AppendError, Change, FillError, LogError, PartitionId, Recorded};
use rusqlite::Connection;
use tokio::runtime::Handle;

use crate::batch::{self, Failure, Written};
use crate::lookup::Heads;
use crate::mark;
use crate::queue::{Arrivals, Batch, Taken, Task, deliver};
use crate::status::Status;
use crate::{Options, connect, sidecar};

/// Where readers keep the log from beginning the WAL anew, it grows to this before the writer waits for them.
const WAL_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// How long it waits for them: longer than any page takes to read, on a busy machine too.
const WAL_WAIT: Duration = Duration::from_secs(1);
/// How often an idle writer looks whether another process has sealed the log.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// The writer's own.
#[derive(Debug)]
pub(crate) struct Writer {
    path: PathBuf,
    wal: PathBuf,
    pages_max: Option<u32>,
    busy_timeout: Duration,
    /// Absent after a failure that it did not recover from; the next batch connects anew.
    connection: Option<Connection>,
    heads: Heads,
    shared: Arc<Status>,
    /// Where callers are woken; without one, by the writer itself.
    runtime: Option<Handle>,
    wal_bytes_max: u64,
    failing: bool,
}

/// Why a transaction was not done.
#[derive(Debug)]
pub(crate) enum Undone {
    /// Nothing of it is in the log.
    Not(LogError),
    /// Its commit failed: it may be in the log.
    Perhaps(LogError),
    /// The log can't be filled with that.
    Unfit(FillError),
}

impl Writer {
    pub(crate) fn new(
        path: PathBuf,
        options: &Options,
        connection: Connection,
        heads: Heads,
        shared: Arc<Status>,
    ) -> Self {
        let wal = sidecar(&path, "-wal");
        Self {
            path,
            wal,
            pages_max: options.pages_max,
            busy_timeout: options.busy_timeout,
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
        loop {
            match arrivals.take(&mut batch, LOOK_INTERVAL) {
                Taken::Closed => return,
                Taken::Nothing => self.look(),
                Taken::Something if !batch.proposals.is_empty() => self.append(&mut batch),
                Taken::Something => {}
            }
            if let Some(task) = batch.task.take() {
                self.perform(task);
            }
        }
    }

    /// Takes one batch from the queue to its answers. What can wait comes after those: callers come back meanwhile.
    fn append(&mut self, batch: &mut Batch) {
        let known = self.shared.known;
        let begun = self.shared.observed.begin(&batch.proposals);
        let proposals = &batch.proposals;
        match self.attempt("appending", |connection, heads| batch::append(connection, heads, known, proposals)) {
            Ok(Written { answers, accepted, changes }) => {
                self.show(&changes);
                deliver(self.runtime.as_ref(), &mut batch.callers, answers);
                self.shared.observed.end(begun, true);
                let records = batch.proposals.drain(..).zip(accepted);
                let records = records.filter_map(|(proposal, accepted)| Some(accepted?.into_records(proposal)));
                self.settle(changes, records.flatten());
            }
            Err(undone) => {
                let error = AppendError::from(undone);
                self.note(Some(&error));
                let answers = vec![Err(error); batch.callers.len()];
                deliver(self.runtime.as_ref(), &mut batch.callers, answers);
                self.shared.observed.end(begun, false);
            }
        }
        batch.proposals.clear();
    }

    fn perform(&mut self, task: Task) {
        match task {
            Task::LimitPages(pages_max) => self.limit_pages(pages_max),
            // Who asked may have gone away.
            Task::Change(change, caller) => drop(caller.send(self.change(change))),
            Task::Fill(records, caller) => drop(caller.send(self.fill(records))),
        }
    }

    fn change(&mut self, change: Change) -> Result<(), LogError> {
        let known = self.shared.known;
        let mark =
            self.transact("changing the log's mark", |connection, _| batch::change(connection, known, change))?;
        self.shared.set_mark(mark);
        Ok(())
    }

    fn fill(&mut self, records: Vec<Recorded>) -> Result<(), FillError> {
        let known = self.shared.known;
        let changes = self.attempt("filling", |connection, heads| batch::fill(connection, heads, known, &records))?;
        self.settle(changes, records);
        Ok(())
    }

    /// Does the work in one transaction: all of it, or nothing.
    pub(crate) fn transact<T>(
        &mut self,
        doing: &str,
        work: impl FnOnce(&Connection, &mut Heads) -> Result<T, Failure>,
    ) -> Result<T, LogError> {
        self.attempt(doing, work).map_err(LogError::from)
    }

    /// As [`Writer::transact`], and tells what was not done from what may have been.
    fn attempt<T>(
        &mut self,
        doing: &str,
        work: impl FnOnce(&Connection, &mut Heads) -> Result<T, Failure>,
    ) -> Result<T, Undone> {
        self.shared.usable().map_err(Undone::Not)?;
        let connection = self.connect().map_err(Undone::Not)?;
        match batch::transact(&connection, || work(&connection, &mut self.heads)) {
            Ok(done) => {
                self.connection = Some(connection);
                Ok(done)
            }
            Err(failure) => {
                self.recover(connection);
                Err(match failure {
                    Failure::Before(error) => Undone::Not(self.shared.fault(&error, doing)),
                    Failure::InDoubt(error) => Undone::Perhaps(self.shared.fault(&error, "committing")),
                    Failure::Refused(error) => {
                        // What it found in the file is news to this process.
                        self.look();
                        Undone::Not(match error {
                            LogError::DataLoss { .. } => self.shared.remember(error),
                            other => other,
                        })
                    }
                    Failure::Unfit(error) => Undone::Unfit(error),
                })
            }
        }
    }

    /// Looks something up by the connection that writes.
    pub(crate) fn look_up<T>(
        &self,
        doing: &str,
        look: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LogError> {
        let unavailable = || LogError::Unavailable { reason: format!("{doing}: the log is to be opened again") };
        let connection = self.connection.as_ref().ok_or_else(unavailable)?;
        look(connection).map_err(|error| self.shared.fault(&error, doing))
    }

    /// Lets readers here see what was committed: before anybody is answered.
    pub(crate) fn show(&self, changes: &Changes) {
        self.shared.commit(&grown(changes));
    }

    /// Takes over what was committed, and tells everybody.
    pub(crate) fn settle(&mut self, changes: Changes, records: impl IntoIterator<Item = Recorded>) {
        let grown = grown(&changes);
        self.shared.commit(&grown);
        self.shared.tails.extend(records);
        self.shared.publish(&grown);
        self.heads.advance(changes);
        self.bound_wal();
        self.note(None);
    }

    /// Takes over what another process has made of the log's mark.
    fn look(&mut self) {
        if let Some(Ok(mark)) = self.connection.as_ref().map(mark::read) {
            self.shared.set_mark(mark);
        }
    }

    fn connect(&mut self) -> Result<Connection, LogError> {
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => self.reconnect().map_err(|error| self.shared.fault(&error, "opening the log again")),
        }
    }

    fn reconnect(&mut self) -> rusqlite::Result<Connection> {
        let connection = connect::reopen_for_writing(&self.path, self.pages_max, self.busy_timeout)?;
        self.reload(&connection)?;
        Ok(connection)
    }

    /// After a failed batch: the transaction is ended, and what is in the log is read from it again.
    fn recover(&mut self, connection: Connection) {
        let ended = connection.is_autocommit() || connection.execute_batch("ROLLBACK").is_ok();
        if ended && self.reload(&connection).is_ok() {
            self.connection = Some(connection);
        }
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
            && let Err(error) = connect::limit_pages(connection, pages_max)
        {
            tracing::warn!(path = %self.path.display(), %error, pages_max, "the log's size was not bounded");
        }
    }

    /// Begins the WAL anew where readers have kept SQLite from doing so by itself. Where they keep this from it too, the next try
    /// is when it has grown by half: who holds on to the log for long costs the writer few waits.
    fn bound_wal(&mut self) {
        let bytes = std::fs::metadata(&self.wal).map_or(0, |wal| wal.len());
        let Some(connection) = self.connection.as_ref().filter(|_| bytes > self.wal_bytes_max) else {
            return;
        };
        let busy = connect::with_busy_timeout(connection, WAL_WAIT, self.busy_timeout, || {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))
        });
        if let Ok(false) = busy {
            self.wal_bytes_max = WAL_BYTES_MAX;
        } else {
            self.wal_bytes_max = bytes.saturating_add(bytes / 2);
            tracing::warn!(path = %self.path.display(), wal_bytes = bytes, "a reader keeps the log's WAL from being begun anew");
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

fn grown(changes: &Changes) -> Vec<(PartitionId, u64)> {
    changes.partitions.iter().map(|(partition, head)| (*partition, head.position)).collect()
}

impl From<Undone> for AppendError {
    fn from(undone: Undone) -> Self {
        match undone {
            Undone::Perhaps(error) => Self::Unknown(error),
            other => Self::Failed(other.into()),
        }
    }
}

impl From<Undone> for FillError {
    fn from(undone: Undone) -> Self {
        match undone {
            Undone::Unfit(error) => error,
            other => Self::Failed(other.into()),
        }
    }
}

impl From<Undone> for LogError {
    fn from(undone: Undone) -> Self {
        match undone {
            Undone::Not(error) | Undone::Perhaps(error) => error,
            Undone::Unfit(error) => Self::Unavailable { reason: error.to_string() },
        }
    }
}
