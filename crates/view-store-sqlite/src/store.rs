//! The store itself: asks the writer to write and the readers to read.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, types::Null};
use tokio::sync::watch;
use view_store::check::{check_commits, check_selects, check_table};
use view_store::{
    Answer, Checkpoint, Claim, CommitError, Holder, Lease, PARKED_ANSWER_MAX, Parked, PartitionId, Prepared, Schema,
    Share, Stats, StoreError, Stored, SwapError, ViewCommit, ViewId, ViewStore,
};
use views::row::{Key, Row, Select};
use views::table::Table;

use crate::fault::fault;
use crate::open::{self, OpenError};
use crate::readers::Readers;
use crate::select::select;
use crate::sql::{TableSql, ViewSql};
use crate::value::{bind_all, row};
use crate::writer::{Job, Shared, WAL_BYTES_MAX, WriteAheadLog, Writer};
use crate::{apply, tables};

/// Queries at a time.
const QUERIES: usize = 4;
/// Loads and checkpoints at a time: connections of their own, so that slow queries don't hold up the runners.
const LOADS: usize = 2;

/// Views in an SQLite file. Dropping it waits for the commits under way.
#[derive(Debug)]
pub struct SqliteViews {
    shared: Arc<Shared>,
    queries: Arc<Readers>,
    loads: Arc<Readers>,
    writer: Writer,
}

impl SqliteViews {
    /// Opens the file, or makes it. Costs the same however much is stored. Blocks for a few milliseconds.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        Self::on(open::writer(path)?, path, WAL_BYTES_MAX)
    }

    fn on(connection: Connection, path: &Path, wal_bytes_max: u64) -> Result<Self, OpenError> {
        let (queries, loads) = (Readers::open(path, QUERIES)?, Readers::open(path, LOADS)?);
        let shared = Arc::<Shared>::default();
        let wal = WriteAheadLog::of(path, wal_bytes_max);
        let no_thread = |error: std::io::Error| OpenError::Unavailable { path: path.to_owned(), source: error.into() };
        let writer = Writer::start(connection, Arc::clone(&shared), wal).map_err(no_thread)?;
        Ok(Self { shared, queries, loads, writer })
    }

    /// Deletes the file and what SQLite keeps beside it. Nobody may have it open. One that isn't there is no error.
    pub fn delete(path: impl AsRef<Path>) -> std::io::Result<()> {
        let path = path.as_ref();
        for suffix in ["", "-wal", "-shm"] {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            match std::fs::remove_file(name) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.queries.path()
    }

    fn view(&self, view: ViewId) -> Result<Arc<ViewSql>, StoreError> {
        self.shared.book().get(view)
    }
}

#[async_trait]
impl ViewStore for SqliteViews {
    async fn prepare(&self, views: &[&'static Schema]) -> Result<Vec<Prepared>, StoreError> {
        let views = views.to_vec();
        self.writer.ask(|answer| Job::Prepare(views, answer)).await?
    }

    async fn reset(&self, view: &'static Schema) -> Result<(), StoreError> {
        self.writer.ask(|answer| Job::Reset(view, answer)).await?
    }

    async fn swap(&self, view: &'static Schema, with: &'static Schema) -> Result<(), SwapError> {
        self.writer.ask(|answer| Job::Swap([view, with], answer)).await?
    }

    async fn remove(&self, view: ViewId) -> Result<(), StoreError> {
        self.writer.ask(|answer| Job::Remove(view, answer)).await?
    }

    async fn stored(&self) -> Result<Vec<Stored>, StoreError> {
        self.loads.read(tables::stored).await
    }

    async fn announce(&self, views: &[ViewId], lasting: Duration) -> Result<(), StoreError> {
        let views = views.to_vec();
        self.writer.ask(|answer| Job::Announce(views, lasting, answer)).await?
    }

    async fn sweep(&self) -> Result<Vec<Stored>, StoreError> {
        self.writer.ask(Job::Sweep).await?
    }

    async fn join(&self) -> Result<Holder, StoreError> {
        self.writer.ask(Job::Join).await
    }

    async fn lease(&self, claim: Claim) -> Result<Vec<Lease>, StoreError> {
        self.writer.ask(|answer| Job::Lease(claim, answer)).await
    }

    async fn held(&self, views: &[ViewId]) -> Result<Vec<Share>, StoreError> {
        let views = views.to_vec();
        self.writer.ask(|answer| Job::Held(views, answer)).await
    }

    async fn release(&self, holder: Holder) -> Result<(), StoreError> {
        self.writer.ask(|answer| Job::Release(holder, answer)).await
    }

    async fn checkpoints(&self, view: ViewId) -> Result<BTreeMap<PartitionId, Checkpoint>, StoreError> {
        self.view(view)?;
        self.loads.read(move |connection| apply::checkpoints(connection, view)).await
    }

    async fn load(&self, view: ViewId, table: &'static Table, keys: Vec<Key>) -> Result<Vec<Option<Row>>, StoreError> {
        let view = self.view(view)?;
        check_table(view.schema, table)?;
        for key in &keys {
            key.check(table)?;
        }
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.loads.read(move |connection| load(connection, view.table(table)?.1, &keys)).await
    }

    async fn commit(&self, partition: PartitionId, commits: Vec<ViewCommit>) -> Result<(), CommitError> {
        check_commits(&commits, |view| Ok(self.view(view)?.schema))?;
        let asked = self.writer.ask(|answer| Job::Commit(partition, commits, answer)).await;
        asked.map_err(CommitError::Failed)?
    }

    async fn query(&self, view: ViewId, selects: Vec<Select>) -> Result<Answer, StoreError> {
        let sql = self.view(view)?;
        check_selects(sql.schema, &selects)?;
        self.queries.read(move |connection| answer(connection, &sql, &selects)).await
    }

    async fn parked(&self, view: ViewId, after: Option<Arc<str>>, limit: u32) -> Result<Vec<Parked>, StoreError> {
        self.view(view)?;
        let after = after.unwrap_or_default();
        self.loads.read(move |connection| apply::parked(connection, view, "stream > ?", &after, limit)).await
    }

    async fn parked_of(&self, view: ViewId, streams: Vec<Arc<str>>) -> Result<Vec<Parked>, StoreError> {
        self.view(view)?;
        self.loads.read(move |connection| parked_of(connection, view, streams)).await
    }

    fn advanced(&self, view: ViewId, partition: PartitionId) -> watch::Receiver<u64> {
        self.shared.advances.watch(view, partition)
    }

    fn stats(&self) -> Stats {
        let mut wal = self.path().as_os_str().to_owned();
        wal.push("-wal");
        let wal_bytes = Some(std::fs::metadata(wal).map_or(0, |found| found.len()));
        let pools = vec![self.queries.stats("query"), self.loads.stats("load")];
        Stats { queue: Some(self.writer.queued()), pools, wal_bytes }
    }

    fn is_awaited(&self, view: ViewId, partition: PartitionId) -> bool {
        self.shared.advances.is_watched(view, partition)
    }
}

fn load(connection: &Connection, sql: &TableSql, keys: &[Key]) -> Result<Vec<Option<Row>>, StoreError> {
    let mut statement = connection.prepare_cached(&sql.load).map_err(fault)?;
    let mut load = |key: &Key| {
        bind_all(&mut statement, key.values()).map_err(fault)?;
        let mut found = statement.raw_query();
        found.next().map_err(fault)?.map(|each| row(sql.table, each)).transpose()
    };
    keys.iter().map(&mut load).collect()
}

fn answer(connection: &Connection, sql: &ViewSql, selects: &[Select]) -> Result<Answer, StoreError> {
    let view = sql.schema.id();
    let rows = |each: &Select| select(connection, sql.table(each.table)?.1, each);
    let most = u32::try_from(PARKED_ANSWER_MAX).unwrap_or(u32::MAX);
    Ok(Answer {
        rows: selects.iter().map(rows).collect::<Result<_, _>>()?,
        checkpoints: apply::checkpoints(connection, view)?,
        parked: apply::parked(connection, view, "? IS NULL", &Null, most)?,
        generation: tables::generation(connection, view)?,
    })
}

fn parked_of(connection: &Connection, view: ViewId, mut streams: Vec<Arc<str>>) -> Result<Vec<Parked>, StoreError> {
    streams.sort_unstable();
    streams.dedup();
    let mut found = Vec::new();
    for stream in &streams {
        found.extend(apply::parked(connection, view, "stream = ?", stream, 1)?);
    }
    Ok(found)
}

#[cfg(test)]
mod plans;
#[cfg(test)]
mod tests;
