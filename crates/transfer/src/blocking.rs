//! Work that takes long, or waits for disks, is done where nobody else is kept waiting.

use crate::error::TransferError;

/// Does it; its panics are the caller's.
pub(crate) async fn elsewhere<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TransferError> + Send + 'static,
) -> Result<T, TransferError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime ends, and this with it.
            Err(error) => Err(TransferError::File(std::io::Error::other(error))),
        },
    }
}
