//! A few connections that read, each for one short transaction at a time.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;
use view_store::StoreError;

use crate::fault::fault;
use crate::open::{self, OpenError};

/// Connections, and so reads at a time; others wait in line.
const READERS: usize = 4;

/// The connections that aren't in use, and as many permits.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn open(path: &Path) -> Result<Arc<Self>, OpenError> {
        let first = open::reader(path)?;
        Ok(Arc::new(Self {
            path: path.to_owned(),
            idle: Mutex::new(vec![first]),
            permits: Arc::new(Semaphore::new(READERS)),
        }))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs the read in one transaction, away from the async threads. It goes on if its caller leaves, and gives its
    /// connection back.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let closed = || StoreError::Unavailable { reason: "it is closing".to_owned() };
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| closed())?;
        let readers = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || {
            let connection = readers.take()?;
            let transaction = connection.unchecked_transaction().map_err(fault)?;
            let result = read(&transaction);
            // A reader has nothing to commit; what can't be rolled back is not used again.
            if transaction.finish().is_ok() {
                readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            }
            drop(permit);
            result
        });
        done.await.map_err(|_| StoreError::Unavailable { reason: "a read has ended halfway".to_owned() })?
    }

    fn take(&self) -> Result<Connection, StoreError> {
        if let Some(idle) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(idle);
        }
        open::reader(&self.path).map_err(|error| match error {
            OpenError::Damaged { source, .. } => StoreError::Damaged { reason: source.to_string() },
            other => StoreError::Unavailable { reason: other.to_string() },
        })
    }
}
