//! PostgreSQL bare: the log's own tables in another schema, written with one statement a batch, read with one `SELECT`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use event_log::{EventLog, Founding, Identity};
use event_log_postgres::{Options, PostgresLog};
use futures::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Row as _, postgres::PgRow};
use test_servers::postgres::{Postgres as Server, Setup};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::Storage;
use super::traffic::{NOW, STREAM_EVENTS, facts, project};
use crate::bench::load::{Run, micros};

/// Rows of a bare transaction, where more than one is in flight.
const BATCH_ROWS: usize = 500;
/// The schema with the log's tables, without a log.
const BARE: &str = "bare";

/// One statement, so one transaction and one way to the server and back: streams, where there are new ones, and events.
const INSERT: &str = "WITH new AS (INSERT INTO streams (stream, project, kind, id, ordinal) SELECT * FROM unnest($1, $2, $3, $4, $5)) \
     INSERT INTO events (partition, position, stream, revision, append_events, event_id, event_type, schema_version, actor, \
     request_id, fingerprint, correlation_id, causation_id, traceparent, occurred_at, recorded_at, leaf, facts, facts_hash, \
     texts, salt, texts_hash) SELECT * FROM unnest($6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, \
     $22, $23, $24, $25, $26, $27)";
/// The same for one event of a stream that is there.
const INSERT_ONE: &str = "INSERT INTO events (partition, position, stream, revision, append_events, event_id, event_type, \
     schema_version, actor, request_id, fingerprint, correlation_id, causation_id, traceparent, occurred_at, recorded_at, leaf, \
     facts, facts_hash, texts, salt, texts_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
     $17, $18, $19, $20, $21, $22)";
const SELECT: &str = "SELECT partition, position, project, kind, id, ordinal, revision, event_id, event_type, schema_version, \
     actor, request_id, fingerprint, correlation_id, causation_id, traceparent, occurred_at, recorded_at, leaf, facts, \
     facts_hash, texts, salt, texts_hash FROM events JOIN streams USING (stream) ORDER BY partition, position";

/// A server with a log, and the log's tables once more.
pub(super) struct Postgres {
    server: Server,
    url: String,
    database: String,
    bare: Arc<Mutex<Bare>>,
}

struct Bare {
    connection: PgConnection,
    identity: Identity,
    /// The last position of each partition.
    positions: Vec<i64>,
    last_stream: u64,
    /// Streams of each project.
    ordinals: HashMap<String, i64>,
    dice: fastrand::Rng,
}

/// A stream that is being written to.
#[derive(Debug, Clone, Copy)]
struct Lane {
    stream: u64,
    number: i64,
    revision: u64,
}

/// New streams: their numbers, projects, kinds, ids and ordinals.
type NewStreams = (Vec<i64>, Vec<String>, Vec<&'static str>, Vec<String>, Vec<i64>);

/// What a bare statement writes.
#[derive(Default)]
struct Rows {
    new: NewStreams,
    partition: Vec<i32>,
    position: Vec<i64>,
    stream: Vec<i64>,
    revision: Vec<i64>,
    id: Vec<Uuid>,
    request: Vec<Uuid>,
    facts: Vec<Vec<u8>>,
}

impl Postgres {
    pub(super) async fn new() -> Result<Self> {
        let server = Server::start(&Setup::default())?.context("PostgreSQL is missing")?;
        let database = server.create_database_named().await?;
        let url = server.url(&database);
        let bare = Bare::new(&server, &database).await?;
        Ok(Self { url, database, server, bare: Arc::new(Mutex::new(bare)) })
    }
}

fn options() -> Options {
    let founding = Founding { identity: Identity::new(Uuid::from_u128(0xbe), 8), filling: false };
    Options::new(founding, Arc::new(now))
}

/// Microseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a benchmark stands for the service that reads the clock")]
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

#[async_trait]
impl Storage for Postgres {
    async fn open(&self) -> Result<Arc<dyn EventLog>> {
        Ok(Arc::new(PostgresLog::open(&self.url, &options()).await?))
    }

    fn takes_nodes(&self) -> bool {
        true
    }

    fn reference(&self, in_flight: usize) -> &'static str {
        if in_flight == 1 { "raw single-row commits" } else { "raw unnest, 500 a batch" }
    }

    async fn write(&self, in_flight: usize, length: Duration) -> Result<Run> {
        self.bare.lock().await.write(in_flight, length).await
    }

    async fn read(&self) -> Result<Run> {
        let mut connection = self.server.connect(&self.database).await?;
        connection.execute("SET search_path = snaglog").await?;
        let (start, mut calls, mut bytes) = (Instant::now(), 0, 0);
        let mut rows = sqlx::query(SELECT).fetch(&mut connection);
        while let Some(row) = rows.try_next().await? {
            bytes += touch(&row)?;
            calls += 1;
        }
        let seconds = start.elapsed().as_secs_f64();
        anyhow::ensure!(std::hint::black_box(bytes) > 0, "the log is empty");
        Ok(Run { calls, seconds, latencies: Vec::new() })
    }
}

/// Every column, as the bytes that came.
fn touch(row: &PgRow) -> Result<usize> {
    let mut bytes = 0;
    for column in 0..row.len() {
        bytes += row.try_get_raw(column)?.as_bytes().map_or(0, <[u8]>::len);
    }
    Ok(bytes)
}

impl Bare {
    async fn new(server: &Server, database: &str) -> Result<Self> {
        let log = PostgresLog::open(&format!("{}&schema={BARE}", server.url(database)), &options()).await?;
        let identity = log.identity();
        log.close().await;
        let mut connection = server.connect(database).await?;
        connection
            .execute(AssertSqlSafe(format!("SET search_path = {BARE}; SET plan_cache_mode = force_generic_plan")))
            .await?;
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
    async fn write(&mut self, in_flight: usize, length: Duration) -> Result<Run> {
        let (start, mut run) = (Instant::now(), Run::default());
        let batch = if in_flight == 1 { 1 } else { BATCH_ROWS };
        let mut lanes = vec![Lane { stream: 0, number: 0, revision: STREAM_EVENTS }; in_flight];
        let mut next = 0;
        while start.elapsed() < length {
            let begun = Instant::now();
            let mut rows = Rows::default();
            for _ in 0..batch {
                let lane = next % in_flight;
                lanes[lane] = self.add(lanes[lane], &mut rows);
                next += 1;
            }
            if batch == 1 && rows.new.0.is_empty() {
                self.insert_one(rows).await?;
            } else {
                self.insert(rows).await?;
            }
            run.calls += batch as u64;
            run.latencies.push(micros(begun.elapsed()));
        }
        run.seconds = start.elapsed().as_secs_f64();
        Ok(run)
    }

    /// The lane's next event; a new stream, where its last one has all it gets.
    fn add(&mut self, lane: Lane, rows: &mut Rows) -> Lane {
        let is_new = lane.revision == STREAM_EVENTS;
        let mut lane = lane;
        if is_new {
            self.last_stream += 1;
            lane = Lane { stream: self.last_stream, number: 0, revision: 0 };
        }
        let project = project(lane.stream);
        let partition = self.identity.partition_of(&project);
        let position = &mut self.positions[partition as usize];
        *position += 1;
        if is_new {
            lane.number = i64::from(partition) << 48 | *position;
            let ordinal = self.ordinals.entry(project.clone()).or_default();
            *ordinal += 1;
            rows.new.0.push(lane.number);
            rows.new.1.push(project);
            rows.new.2.push("issue");
            rows.new.3.push(format!("{:016x}-{}", 7, lane.stream));
            rows.new.4.push(*ordinal);
        }
        lane.revision += 1;
        rows.partition.push(partition.cast_signed());
        rows.position.push(*position);
        rows.stream.push(lane.number);
        rows.revision.push(lane.revision.cast_signed());
        rows.id.push(Uuid::from_u128(self.dice.u128(..)));
        rows.request.push(Uuid::from_u128(self.dice.u128(..)));
        rows.facts.push(facts(&mut self.dice));
        lane
    }

    async fn insert(&mut self, rows: Rows) -> Result<()> {
        let count = rows.stream.len();
        let (hash, no_bytes): (Vec<&[u8]>, Vec<Option<&[u8]>>) = (vec![&[7; 32]; count], vec![None; count]);
        let no_id: Vec<Option<Uuid>> = vec![None; count];
        sqlx::query(INSERT)
            .bind(rows.new.0)
            .bind(rows.new.1)
            .bind(rows.new.2)
            .bind(rows.new.3)
            .bind(rows.new.4)
            .bind(rows.partition)
            .bind(rows.position)
            .bind(rows.stream)
            .bind(rows.revision)
            .bind(vec![1_i32; count])
            .bind(rows.id)
            .bind(vec!["IssueCommented"; count])
            .bind(vec![1_i32; count])
            .bind(vec!["ada"; count])
            .bind(rows.request)
            .bind(&hash)
            .bind(&no_id)
            .bind(&no_id)
            .bind(vec![None::<&str>; count])
            .bind(vec![NOW; count])
            .bind(vec![NOW; count])
            .bind(&hash)
            .bind(rows.facts)
            .bind(&hash)
            .bind(&no_bytes)
            .bind(&no_bytes)
            .bind(&no_bytes)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    async fn insert_one(&mut self, rows: Rows) -> Result<()> {
        let hash: &[u8] = &[7; 32];
        sqlx::query(INSERT_ONE)
            .bind(rows.partition[0])
            .bind(rows.position[0])
            .bind(rows.stream[0])
            .bind(rows.revision[0])
            .bind(1_i32)
            .bind(rows.id[0])
            .bind("IssueCommented")
            .bind(1_i32)
            .bind("ada")
            .bind(rows.request[0])
            .bind(hash)
            .bind(None::<Uuid>)
            .bind(None::<Uuid>)
            .bind(None::<&str>)
            .bind(NOW)
            .bind(NOW)
            .bind(hash)
            .bind(&rows.facts[0])
            .bind(hash)
            .bind(None::<&[u8]>)
            .bind(None::<&[u8]>)
            .bind(None::<&[u8]>)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }
}
