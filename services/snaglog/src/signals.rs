//! SIGTERM and Ctrl-C.

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

/// Resolves with the first of them from now on.
pub(crate) fn stop() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM can't be watched")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("Ctrl-C can't be watched")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
