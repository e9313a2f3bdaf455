//! A few connections that read, each for one short transaction at a time.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;
use view_store::{PoolStats, StoreError};

use crate::fault::fault;
use crate::open::{self, OpenError};

/// So many steps of SQLite's virtual machine, as a rule well below a millisecond, a read goes on before it asks again
/// whether its caller has left.
const STEPS_UNASKED: i32 = 1000;

/// Connections that aren't in use, and as many permits as there may be connections; who finds none waits in line.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
    connections: usize,
}

/// Held by the caller of a read: dropping it says that nobody waits for it any more.
#[derive(Default)]
struct Caller {
    has_left: Arc<AtomicBool>,
}

impl Readers {
    pub(crate) fn open(path: &Path, connections: usize) -> Result<Arc<Self>, OpenError> {
        let first = open::reader(path)?;
        Ok(Arc::new(Self {
            path: path.to_owned(),
            idle: Mutex::new(vec![first]),
            permits: Arc::new(Semaphore::new(connections)),
            connections,
        }))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How many are lent.
    pub(crate) fn stats(&self, name: &'static str) -> PoolStats {
        let used = self.connections.saturating_sub(self.permits.available_permits());
        PoolStats { name, used, max: self.connections }
    }

    /// Runs the read in one transaction, away from the async threads. If its caller leaves, it is interrupted, and its
    /// connection is the next one's.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let closed = || StoreError::Unavailable { reason: "it is closing".to_owned() };
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| closed())?;
        let caller = Caller::default();
        let (readers, has_left) = (Arc::clone(self), Arc::clone(&caller.has_left));
        let done = tokio::task::spawn_blocking(move || {
            let result = readers.read_now(has_left, read);
            drop(permit);
            result
        });
        done.await.map_err(|_| StoreError::Unavailable { reason: "a read has ended halfway".to_owned() })?
    }

    fn read_now<T>(
        &self,
        has_left: Arc<AtomicBool>,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if has_left.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable { reason: "its caller has left".to_owned() });
        }
        let connection = self.take()?;
        // Asked again and again, as `sqlite3_interrupt` is lost on a read that is between two statements.
        connection.progress_handler(STEPS_UNASKED, Some(move || has_left.load(Ordering::Relaxed))).map_err(fault)?;
        let transaction = connection.unchecked_transaction().map_err(fault)?;
        let result = read(&transaction);
        connection.progress_handler(0, None::<fn() -> bool>).map_err(fault)?;
        // A reader has nothing to commit; what can't be rolled back is not used again.
        if transaction.finish().is_ok() {
            self.idle().push(connection);
        }
        result
    }

    fn take(&self) -> Result<Connection, StoreError> {
        if let Some(idle) = self.idle().pop() {
            return Ok(idle);
        }
        open::reader(&self.path).map_err(|error| match error {
            OpenError::Damaged { source, .. } => StoreError::Damaged { reason: source.to_string() },
            other => StoreError::Unavailable { reason: other.to_string() },
        })
    }

    /// Nothing panics while it holds this lock.
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.has_left.store(true, Ordering::Relaxed);
    }
}
