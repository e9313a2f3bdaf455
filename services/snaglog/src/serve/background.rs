//! Threads of their own for what goes on behind the calls.
//!
//! A runtime takes its tasks in turn, and under load hundreds of calls are ready: folding came back after all of them, and a view lagged. On
//! threads of its own it shares the cores as the system shares them out.

use std::future::Future;

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};

/// Runs what is spawned on it, and all that this spawns.
pub(super) struct Background(Option<Runtime>);

impl Background {
    /// As many threads as there are cores: several partitions may be folded at a time.
    pub(super) fn start() -> anyhow::Result<Self> {
        let runtime = Builder::new_multi_thread().thread_name("background").enable_all().build();
        Ok(Self(Some(runtime.context("threads for the views do not start")?)))
    }

    /// Does it there.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let runtime = self.0.as_ref().context("the threads for the views have ended")?;
        runtime.spawn(work).await.context("a thread for the views")
    }
}

impl Drop for Background {
    /// Whatever still runs is left to the end of the process: a runtime may not wait for itself within another.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
