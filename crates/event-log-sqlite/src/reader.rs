//! Readers: connections of their own, lent for one page at a time.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use event_log::{KnownRequest, LogError, Page, PartitionId, PoolStats, StreamId};
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::absent::{self, Sought, corrupt};
use crate::backup::Branch;
use crate::error::{self, OpenError, closed};
use crate::replica::{self, KeyId, Secret};
use crate::rows::{self, COLUMNS};
use crate::status::Status;
use crate::{backup, connect, lookup, schema};

static PAGE_OF_PARTITION: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT {COLUMNS} FROM events JOIN streams USING (stream) WHERE key > ? AND key <= ? ORDER BY key LIMIT ?")
});
static PAGE_OF_STREAM: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {COLUMNS} FROM streams JOIN events USING (stream) \
         WHERE project = ? AND kind = ? AND id = ? AND revision > ? ORDER BY revision LIMIT ?"
    )
});
/// What the row says is compared with the index's entry, by which it was found.
const ORDINAL: &str = "SELECT row.project, row.kind, row.id, \
     row.project = entry.project AND row.kind = entry.kind AND row.ordinal = entry.ordinal, entry.stream \
     FROM streams AS entry INDEXED BY streams_by_ordinal JOIN streams AS row ON row.stream = entry.stream \
     WHERE entry.project = ? AND entry.kind = ? AND entry.ordinal = ?";

/// The connections that read.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
    connections: usize,
    shared: Arc<Status>,
}

/// One of them, lent.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'c>(&'c Connection);

impl Readers {
    pub(crate) fn open(path: &Path, connections: usize, shared: Arc<Status>) -> Result<Self, OpenError> {
        let connections = connections.max(1);
        let idle: rusqlite::Result<Vec<_>> = (0..connections).map(|_| connect::open_for_reading(path)).collect();
        Ok(Self {
            path: path.to_owned(),
            idle: Mutex::new(idle.map_err(|error| OpenError::of_sqlite(path, &error))?),
            permits: Arc::new(Semaphore::new(connections)),
            connections,
            shared,
        })
    }

    /// Reads on a thread where waiting for the disk harms nobody.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        reading: impl FnOnce(Reader<'_>) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        let permit = self.permit().await?;
        let readers = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || readers.lend(permit, reading));
        done.await.map_err(|error| LogError::Unavailable { reason: format!("reading ended early: {error}") })?
    }

    /// Looks one row up, here and now: by an index it takes some microseconds, fewer than a hop to another thread and back.
    pub(crate) async fn look_up<T>(
        &self,
        reading: impl FnOnce(Reader<'_>) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        let permit = self.permit().await?;
        self.lend(permit, reading)
    }

    /// Fails when nothing can be read: closed, or damaged.
    pub(crate) fn usable(&self) -> Result<(), LogError> {
        self.shared.usable()?;
        if self.permits.is_closed() { Err(closed()) } else { Ok(()) }
    }

    /// How many are lent.
    pub(crate) fn stats(&self) -> PoolStats {
        let used = self.connections.saturating_sub(self.permits.available_permits());
        PoolStats { name: "read", used, max: self.connections }
    }

    /// Closes what is idle now, and what is lent when it comes back.
    pub(crate) fn close(&self) {
        self.permits.close();
        self.idle().clear();
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, LogError> {
        self.shared.usable()?;
        Arc::clone(&self.permits).acquire_owned().await.map_err(|_| closed())
    }

    fn lend<T>(
        &self,
        permit: OwnedSemaphorePermit,
        reading: impl FnOnce(Reader<'_>) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                connect::open_for_reading(&self.path).map_err(|error| self.shared.fault(&error, "opening a reader"))?
            }
        };
        let read = in_one_view(&connection, reading).map_err(|error| self.shared.remember(error));
        // One that failed may be at fault itself: the next reader gets a new one.
        if read.is_ok() && !self.permits.is_closed() {
            self.idle().push(connection);
        }
        drop(permit);
        read
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'c> Reader<'c> {
    /// On a connection that is at hand.
    pub(crate) fn on(connection: &'c Connection) -> Self {
        Self(connection)
    }
}

impl Reader<'_> {
    pub(crate) fn branches(self) -> Result<Vec<Branch>, LogError> {
        backup::read_branches(self.0).map_err(|error| error::of_sqlite(&error, "reading the log's branches"))
    }

    /// What is committed of a partition now, whoever wrote it.
    pub(crate) fn head(self, partition: PartitionId) -> Result<u64, LogError> {
        lookup::head_of_partition(self.0, partition)
            .map_err(|error| error::of_sqlite(&error, &format!("looking up the head of partition {partition}")))
    }

    pub(crate) fn request(self, stream: &StreamId, request_id: Uuid) -> Result<Option<KnownRequest>, LogError> {
        lookup::find_request(self.0, stream, request_id).map_err(|error| {
            error::of_sqlite(&error, &format!("looking up a request of {}", event_log::StreamName(stream)))
        })
    }

    /// A key that a replica has of this stream.
    pub(crate) fn replica_key(self, stream: &StreamId) -> Result<Option<(KeyId, Secret)>, LogError> {
        replica::key_of_stream(self.0, stream).map_err(|error| error::of_sqlite(&error, "looking up a stream's key"))
    }

    pub(crate) fn ordinal(self, project: &str, kind: &str, ordinal: u64) -> Result<Option<StreamId>, LogError> {
        let found = || {
            let mut statement = self.0.prepare_cached(ORDINAL)?;
            let place = params![project, kind, saturated(ordinal)];
            let stream = statement.query_row(place, |row| {
                let stream = StreamId { project: row.get(0)?, kind: row.get(1)?, id: row.get(2)? };
                Ok((stream, row.get::<_, bool>(3)?, row.get(4)?))
            });
            let Some((stream, agrees, number)) = stream.optional()? else {
                absent::check(self.0, Sought::Ordinal(project, kind, saturated(ordinal)))?;
                return Ok(None);
            };
            if !agrees || lookup::number_of(self.0, &stream)? != Some(number) {
                return Err(corrupt(format!("the indexes of {} do not agree", event_log::StreamName(&stream))));
            }
            Ok(Some(stream))
        };
        found().map_err(|error| error::of_sqlite(&error, &format!("looking up {kind}/{project} {ordinal}")))
    }

    pub(crate) fn stream_page(self, stream: &StreamId, after: u64, limit: usize) -> Result<Page, LogError> {
        let doing = || format!("reading {}", event_log::StreamName(stream));
        let of_sqlite = |error: rusqlite::Error| error::of_sqlite(&error, &doing());
        let mut statement = self.0.prepare_cached(&PAGE_OF_STREAM).map_err(of_sqlite)?;
        let StreamId { project, kind, id } = stream;
        let rows = statement.query(params![project, kind, id, saturated(after), rows_of(limit)]).map_err(of_sqlite)?;
        let page = rows::page(rows, after, limit.max(1), |recorded| recorded.record.header.revision)?;
        if page.end {
            let next = saturated(after.saturating_add(page.records.len() as u64).saturating_add(1));
            lookup::check_absent(self.0, stream, |number| Sought::Revision(number, next)).map_err(of_sqlite)?;
        }
        Ok(page)
    }

    pub(crate) fn partition_page(self, partition: PartitionId, after: u64, limit: usize) -> Result<Page, LogError> {
        let of_sqlite = |error: rusqlite::Error| error::of_sqlite(&error, &format!("reading partition {partition}"));
        let (from, to) = (schema::key(partition, after), schema::keys(partition).1);
        let mut statement = self.0.prepare_cached(&PAGE_OF_PARTITION).map_err(of_sqlite)?;
        let rows = statement.query(params![from, to, rows_of(limit)]).map_err(of_sqlite)?;
        rows::page(rows, after, limit.max(1), |recorded| recorded.position)
    }
}

/// All statements of one reading see the log at one instant, and its locks are taken once for all.
fn in_one_view<T>(
    connection: &Connection,
    reading: impl FnOnce(Reader<'_>) -> Result<T, LogError>,
) -> Result<T, LogError> {
    let run = |sql| {
        let done = connection.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
        done.map_err(|error| error::of_sqlite(&error, "beginning or ending to read"))
    };
    run("BEGIN")?;
    let read = reading(Reader(connection))?;
    run("COMMIT")?;
    Ok(read)
}

/// As large a number as SQLite has: nothing is numbered higher.
fn saturated(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// One row more than asked for: whether it is there tells whether the page is the end.
fn rows_of(limit: usize) -> i64 {
    i64::try_from(limit.max(1)).map_or(i64::MAX, |limit| limit.saturating_add(1))
}
