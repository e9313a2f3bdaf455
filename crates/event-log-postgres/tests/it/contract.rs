//! The log in PostgreSQL keeps every promise, on a real server.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use crate::given;
use async_trait::async_trait;
use event_log::contract::{self, Factory, Idle};
use event_log::{EventLog as _, Founding, LogError, Versions};
use event_log_postgres::{Options, PostgresLog};
use sqlx::{Executor as _, PgConnection};
use test_servers::postgres::{self, Postgres};
use test_servers::proxy::Proxy;

/// Logs in schemas of one database. Each node has a way of its own to the server.
struct Schemas {
    server: &'static Postgres,
    database: String,
    made: AtomicU32,
    options: fn(Founding) -> Options,
    nodes: Mutex<Vec<Opened>>,
}

/// What a node was opened by.
struct Opened {
    log: Weak<PostgresLog>,
    schema: String,
    way: Arc<Proxy>,
}

impl Schemas {
    async fn new(server: &'static Postgres, options: fn(Founding) -> Options) -> Self {
        let database = server.create_database_named().await.unwrap();
        Self { server, database, made: AtomicU32::new(0), options, nodes: Mutex::default() }
    }

    async fn open(&self, schema: String, founding: Founding, known: Versions) -> Result<Arc<PostgresLog>, LogError> {
        let way = Arc::new(Proxy::start(self.server.port()).await.unwrap());
        let url = format!("{}&schema={schema}", self.server.url_at(way.port(), &self.database));
        let log = Arc::new(given::open(&url, &Options { known, ..(self.options)(founding) }).await?);
        let opened = Opened { log: Arc::downgrade(&log), schema, way };
        let mut nodes = self.nodes.lock().unwrap();
        nodes.retain(|node| node.log.strong_count() > 0);
        nodes.push(opened);
        drop(nodes);
        Ok(log)
    }

    fn opened(&self, log: &Arc<PostgresLog>) -> (String, Arc<Proxy>) {
        let nodes = self.nodes.lock().unwrap();
        let found = nodes.iter().find(|node| std::ptr::eq(node.log.as_ptr(), Arc::as_ptr(log))).unwrap();
        (found.schema.clone(), Arc::clone(&found.way))
    }
}

#[async_trait]
impl Factory for Schemas {
    type Log = PostgresLog;

    async fn create(&self, founding: Founding) -> Result<Arc<PostgresLog>, LogError> {
        let n = self.made.fetch_add(1, Ordering::SeqCst);
        self.open(format!("log_{n}"), founding, Versions::KNOWN).await
    }

    async fn reopen(&self, log: Arc<PostgresLog>, known: Versions) -> Result<Arc<PostgresLog>, LogError> {
        log.close().await;
        // What it was made with is in the database: another founding changes nothing.
        self.open(self.opened(&log).0, given::founding(3), known).await
    }

    async fn another_node(
        &self,
        log: &Arc<PostgresLog>,
        known: Versions,
    ) -> Result<Option<Arc<PostgresLog>>, LogError> {
        self.open(self.opened(log).0, given::founding(3), known).await.map(Some)
    }

    /// All of the node's connections are cut, whatever is in flight; nothing is closed, nothing finished.
    async fn crash(&self, log: Arc<PostgresLog>) -> Result<Arc<PostgresLog>, LogError> {
        let (schema, way) = self.opened(&log);
        way.lead_to(0);
        way.cut();
        drop(log);
        self.open(schema, given::founding(3), Versions::KNOWN).await
    }

    async fn idle_transaction(&self, log: &Arc<PostgresLog>) -> Result<Option<Idle>, LogError> {
        let (schema, _) = self.opened(log);
        let mut connection: PgConnection = self.server.connect(&self.database).await.unwrap();
        let own = format!("{schema}.of_somebody_else_{}", self.made.fetch_add(1, Ordering::SeqCst));
        let begin = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT txid_current(), count(*) FROM {schema}.events; \
             CREATE TABLE {own} (n integer); INSERT INTO {own} VALUES (1)"
        );
        connection.execute(sqlx::AssertSqlSafe(begin)).await.unwrap();
        Ok(Some(Box::new(connection)))
    }

    fn at_once(&self) -> usize {
        4
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_promise_is_kept() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let untried = contract::run(Schemas::new(server, given::options).await).await;
    assert!(untried.is_empty(), "{untried:?}");
}

#[tokio::test]
async fn every_promise_is_kept_on_one_thread_in_small_batches_on_few_connections() {
    let Some(server) = postgres::shared().unwrap() else { return };
    let options = |founding| Options {
        batch_max: 3,
        writers: 2,
        readers: 1,
        timeout: Duration::from_secs(60),
        ..given::options(founding)
    };
    let untried = contract::run(Schemas::new(server, options).await).await;
    assert!(untried.is_empty(), "{untried:?}");
}
