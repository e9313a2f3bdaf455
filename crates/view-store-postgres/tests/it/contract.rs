//! PostgreSQL keeps every promise of a view store.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};

use async_trait::async_trait;
use test_servers::postgres::{self, Postgres};
use view_store::contract::{Broken, Factory, run};
use view_store_postgres::{Options, PostgresViews};

/// Stores in schemas of one database.
struct Schemas {
    server: &'static Postgres,
    database: String,
    options: Options,
    made: AtomicU32,
    open: Mutex<Vec<(Weak<PostgresViews>, String)>>,
}

impl Schemas {
    async fn new(server: &'static Postgres, options: Options) -> Self {
        let database = server.create_database_named().await.unwrap();
        Self { server, database, options, made: AtomicU32::new(0), open: Mutex::default() }
    }

    async fn open(&self, schema: String) -> Result<Arc<PostgresViews>, Broken> {
        let url = format!("{}&schema={schema}", self.server.url(&self.database));
        let store = PostgresViews::open(&url, &self.options).await;
        let store = store.map(Arc::new).map_err(|error| Broken::new(error.to_string()))?;
        let mut open = self.open.lock().unwrap();
        open.retain(|(store, _)| store.strong_count() > 0);
        open.push((Arc::downgrade(&store), schema));
        Ok(store)
    }
}

#[async_trait]
impl Factory for Schemas {
    type Store = PostgresViews;

    async fn create(&self) -> Result<Arc<PostgresViews>, Broken> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        self.open(format!("views_{number}")).await
    }

    async fn reopen(&self, store: Arc<PostgresViews>) -> Result<Option<Arc<PostgresViews>>, Broken> {
        let schema = {
            let open = self.open.lock().unwrap();
            open.iter().find(|(each, _)| std::ptr::eq(each.as_ptr(), Arc::as_ptr(&store))).unwrap().1.clone()
        };
        store.close().await;
        self.open(schema).await.map(Some)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_keeps_every_promise() {
    let Some(server) = postgres::shared().unwrap() else { return };
    run(Schemas::new(server, Options::default()).await).await;
}

#[tokio::test]
async fn it_keeps_every_promise_on_one_thread_and_few_connections() {
    let Some(server) = postgres::shared().unwrap() else { return };
    run(Schemas::new(server, Options { queries: 1, workers: 1, ..Options::default() }).await).await;
}
