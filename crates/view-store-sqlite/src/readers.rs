//! A few connections that read, each for one short transaction at a time.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, InterruptHandle};
use tokio::sync::Semaphore;
use view_store::{PoolStats, StoreError};

use crate::fault::fault;
use crate::open::{self, OpenError};

/// Connections that aren't in use, and as many permits as there may be connections; who finds none waits in line.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
    connections: usize,
}

/// A read and its caller, who may leave before it ends.
#[derive(Default)]
enum Under {
    /// It waits for a thread.
    #[default]
    Waiting,
    /// It reads, and can be interrupted.
    Way(InterruptHandle),
    /// It has ended, or its caller has left: its connection may be another's.
    Gone,
}

/// Held by the caller: a read that nobody waits for is interrupted.
struct Caller(Arc<Mutex<Under>>);

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
        let caller = Caller(Arc::default());
        let (readers, under) = (Arc::clone(self), Arc::clone(&caller.0));
        let done = tokio::task::spawn_blocking(move || {
            let result = readers.read_now(&under, read);
            drop(permit);
            result
        });
        done.await.map_err(|_| StoreError::Unavailable { reason: "a read has ended halfway".to_owned() })?
    }

    fn read_now<T>(
        &self,
        under: &Mutex<Under>,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let connection = self.take()?;
        if !begin(under, connection.get_interrupt_handle()) {
            self.idle().push(connection);
            return Err(StoreError::Unavailable { reason: "its caller has left".to_owned() });
        }
        let transaction = connection.unchecked_transaction().map_err(fault)?;
        let result = read(&transaction);
        // From here on nobody interrupts this connection.
        *lock(under) = Under::Gone;
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

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        lock(&self.idle)
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        let mut under = lock(&self.0);
        if let Under::Way(handle) = &*under {
            handle.interrupt();
        }
        *under = Under::Gone;
    }
}

/// Makes the read known as under way, unless its caller has left.
fn begin(under: &Mutex<Under>, handle: InterruptHandle) -> bool {
    let mut under = lock(under);
    let waited_for = matches!(*under, Under::Waiting);
    if waited_for {
        *under = Under::Way(handle);
    }
    waited_for
}

/// Nothing panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
