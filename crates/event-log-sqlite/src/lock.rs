//! One process at a time: an advisory lock on a file beside the log.
//!
//! Not on the log itself: closing any handle of a file drops the POSIX locks that SQLite holds on it.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::error::OpenError;
use crate::sidecar;

/// Locks the log at `path` until the file returned is dropped. The lock file stays: who removed it could lock another.
pub(crate) fn lock(path: &Path) -> Result<File, OpenError> {
    let unavailable =
        |source: std::io::Error| OpenError::Unavailable { path: path.to_owned(), reason: source.to_string() };
    let file =
        File::options().create(true).truncate(false).write(true).open(sidecar(path, ".lock")).map_err(unavailable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(unavailable(source)),
    }
}
