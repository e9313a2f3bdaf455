//! SQLite bare: the log's own tables in another file, written with prepared inserts, read with one `SELECT`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use async_trait::async_trait;
use event_log::{EventLog, Founding, Identity};
use event_log_sqlite::{Options, SqliteLog};
use rusqlite::{CachedStatement, Connection, params};
use uuid::Uuid;

use super::Storage;
use super::traffic::{NOW, STREAM_EVENTS, facts, project};
use crate::bench::load::{Run, micros};

/// Rows of a bare transaction, where more than one is in flight.
const BATCH_ROWS: u64 = 500;

const INSERT_STREAM: &str = "INSERT INTO streams (stream, project, kind, id, ordinal) VALUES (?, ?, ?, ?, ?)";
const INSERT_EVENT: &str = "INSERT INTO events (key, stream, revision, append_events, event_id, event_type, schema_version, \
     actor, request_id, fingerprint, correlation_id, causation_id, traceparent, occurred_at, recorded_at, leaf, facts, \
     facts_hash, texts, salt, texts_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const SELECT: &str = "SELECT key, project, kind, id, ordinal, revision, event_id, event_type, schema_version, actor, \
     request_id, fingerprint, correlation_id, causation_id, traceparent, occurred_at, recorded_at, leaf, facts, facts_hash, \
     texts, salt, texts_hash FROM events JOIN streams USING (stream) ORDER BY key";

/// A log's file, and another one with the same tables.
pub(super) struct Sqlite {
    path: PathBuf,
    bare: Arc<Mutex<Bare>>,
}

/// The log's tables, without a log.
struct Bare {
    connection: Connection,
    identity: Identity,
    /// The last position of each partition.
    positions: Vec<u64>,
    last_stream: u64,
    /// Streams of each project.
    ordinals: HashMap<String, u64>,
    dice: fastrand::Rng,
}

/// A stream that is being written to.
#[derive(Debug, Clone, Copy, Default)]
struct Lane {
    stream: u64,
    revision: u64,
}

impl Sqlite {
    pub(super) fn new(folder: &Path) -> Result<Self> {
        let bare = Bare::open(&folder.join("bare.db"))?;
        Ok(Self { path: folder.join("log.db"), bare: Arc::new(Mutex::new(bare)) })
    }
}

fn options() -> Options {
    Options::new(Founding { identity: Identity::new(Uuid::from_u128(0xbe), 8), filling: false })
}

#[async_trait]
impl Storage for Sqlite {
    async fn open(&self) -> Result<Arc<dyn EventLog>> {
        Ok(Arc::new(SqliteLog::open(&self.path, &options())?))
    }

    fn reference(&self, in_flight: usize) -> &'static str {
        if in_flight == 1 { "raw single-row commits" } else { "raw inserts, 500 a batch" }
    }

    async fn write(&self, in_flight: usize, length: Duration) -> Result<Run> {
        let bare = Arc::clone(&self.bare);
        tokio::task::spawn_blocking(move || {
            bare.lock().unwrap_or_else(PoisonError::into_inner).write(in_flight, length)
        })
        .await?
    }

    async fn read(&self) -> Result<Run> {
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || read(&path)).await?
    }
}

impl Bare {
    /// The tables are those that the log makes; the pragmas are those of its writer.
    fn open(path: &Path) -> Result<Self> {
        let log = SqliteLog::open(path, &options())?;
        let identity = log.identity();
        drop(log);
        let connection = Connection::open(path)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
             PRAGMA journal_size_limit = 33554432; PRAGMA cache_size = -32768;",
        )?;
        Ok(Self {
            connection,
            identity,
            positions: vec![0; identity.partitions as usize],
            last_stream: 0,
            ordinals: HashMap::new(),
            dice: fastrand::Rng::with_seed(7),
        })
    }

    /// As many streams at a time as are in flight, an event of each by turns.
    fn write(&mut self, in_flight: usize, length: Duration) -> Result<Run> {
        let (start, mut run) = (Instant::now(), Run::default());
        let batch = if in_flight == 1 { 1 } else { BATCH_ROWS };
        let mut lanes = vec![Lane { stream: 0, revision: STREAM_EVENTS }; in_flight];
        let mut next = 0;
        while start.elapsed() < length {
            let begun = Instant::now();
            self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
            for _ in 0..batch {
                let lane = next % in_flight;
                lanes[lane] = self.insert(lanes[lane])?;
                next += 1;
            }
            self.connection.prepare_cached("COMMIT")?.execute([])?;
            run.calls += batch;
            run.latencies.push(micros(begun.elapsed()));
        }
        run.seconds = start.elapsed().as_secs_f64();
        Ok(run)
    }

    /// The lane's next event; a new stream, where its last one has all it gets.
    fn insert(&mut self, Lane { mut stream, mut revision }: Lane) -> Result<Lane> {
        let connection = &self.connection;
        let is_new = revision == STREAM_EVENTS;
        if is_new {
            self.last_stream += 1;
            (stream, revision) = (self.last_stream, 0);
        }
        let project = project(stream);
        if is_new {
            let ordinal = self.ordinals.entry(project.clone()).or_default();
            *ordinal += 1;
            let id = format!("{:016x}-{stream}", 7);
            let mut insert: CachedStatement<'_> = connection.prepare_cached(INSERT_STREAM)?;
            insert.execute(params![stream.cast_signed(), project, "issue", id, ordinal.cast_signed()])?;
        }
        revision += 1;
        let partition = self.identity.partition_of(&project);
        let position = &mut self.positions[partition as usize];
        *position += 1;
        let key = i64::from(partition) << 48 | position.cast_signed();
        let (id, request, hash) = (self.dice.u128(..).to_be_bytes(), self.dice.u128(..).to_be_bytes(), [7_u8; 32]);
        let facts = facts(&mut self.dice);
        let none: Option<&[u8]> = None;
        let events = 1;
        let mut insert: CachedStatement<'_> = connection.prepare_cached(INSERT_EVENT)?;
        insert.execute(params![
            key,
            stream.cast_signed(),
            revision.cast_signed(),
            events,
            id,
            "IssueCommented",
            1,
            "ada",
            request,
            hash,
            none,
            none,
            none,
            NOW,
            NOW,
            hash,
            facts,
            hash,
            none,
            none,
            none,
        ])?;
        Ok(Lane { stream, revision })
    }
}

/// All rows of the log, with all their columns.
pub(super) fn read(path: &Path) -> Result<Run> {
    let connection = Connection::open(path)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -8192;")?;
    let (start, mut calls, mut bytes) = (Instant::now(), 0, 0);
    let mut select = connection.prepare(SELECT)?;
    let columns = select.column_count();
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            bytes += row.get_ref(column)?.as_bytes_or_null().ok().flatten().map_or(8, <[u8]>::len);
        }
        calls += 1;
    }
    let seconds = start.elapsed().as_secs_f64();
    anyhow::ensure!(std::hint::black_box(bytes) > 0, "the log is empty");
    Ok(Run { calls, seconds, latencies: Vec::new() })
}
