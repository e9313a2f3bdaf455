//! SQLite keeps every promise of a view store.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use tempfile::TempDir;
use view_store::contract::{Broken, Factory, run};
use view_store_sqlite::SqliteViews;

/// Makes a file for each store.
struct Files {
    folder: TempDir,
    made: AtomicU32,
}

#[async_trait]
impl Factory for Files {
    type Store = SqliteViews;

    async fn create(&self) -> Result<Arc<SqliteViews>, Broken> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        open(self.folder.path().join(format!("views-{number}.db")))
    }

    async fn reopen(&self, store: Arc<SqliteViews>) -> Result<Option<Arc<SqliteViews>>, Broken> {
        let path = store.path().to_owned();
        Arc::into_inner(store).ok_or_else(|| Broken::new("somebody still has the store"))?;
        open(path).map(Some)
    }
}

fn open(path: PathBuf) -> Result<Arc<SqliteViews>, Broken> {
    SqliteViews::open(path).map(Arc::new).map_err(|error| Broken::new(format!("{error:?}")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_keeps_every_promise() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    run(Files { folder, made: AtomicU32::new(0) }).await;
}
