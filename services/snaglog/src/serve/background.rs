//! Threads of their own for what goes on behind the calls.
//!
//! A runtime takes its tasks in turn, and under load hundreds of calls are ready: folding came back after all of them, and a view lagged. On
//! threads of its own it shares the cores as the system shares them out. What is long and nobody waits for has a thread that others go
//! before.

use std::future::Future;

use anyhow::Context as _;
use tokio::runtime::{Builder, Handle, Runtime};

/// How nice a thread is that others go before, of 0 to 19: among others that never rest it has a tenth of what each of them has.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Runs what is spawned on it, and all that this spawns.
pub(super) struct Background(Option<Runtime>);

impl Background {
    /// As many threads as there are cores: several partitions may be folded at a time.
    pub(super) fn start() -> anyhow::Result<Self> {
        Self::of(Builder::new_multi_thread().thread_name("background"))
    }

    /// One thread that others go before, and those on which it waits for files.
    pub(super) fn patient() -> anyhow::Result<Self> {
        Self::of(
            Builder::new_multi_thread().worker_threads(1).thread_name("patient").on_thread_start(let_others_go_first),
        )
    }

    fn of(threads: &mut Builder) -> anyhow::Result<Self> {
        let runtime = threads.enable_all().build().context("threads for the views do not start")?;
        Ok(Self(Some(runtime)))
    }

    /// Where to spawn on it.
    pub(super) fn handle(&self) -> anyhow::Result<Handle> {
        self.0.as_ref().map(|runtime| runtime.handle().clone()).context("the threads for the views have ended")
    }

    /// Does it there.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> anyhow::Result<T> {
        self.handle()?.spawn(work).await.context("a thread for the views")
    }
}

/// On Linux the priority is a thread's own; elsewhere it would be the whole process's, and is left as it is.
fn let_others_go_first() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpriority_process, setpriority_process};
        // A process that is nicer already stays so.
        let nicer = getpriority_process(None).and_then(|now| setpriority_process(None, now.max(NICE)));
        if let Err(error) = nicer {
            tracing::debug!(%error, "a thread goes on like all others");
        }
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::getpriority_process;

    use super::*;

    #[tokio::test]
    async fn who_is_patient_lets_others_go_first_on_its_file_threads_too() {
        let (patient, background) = (Background::patient().unwrap(), Background::start().unwrap());
        let nice = || async {
            let here = getpriority_process(None).unwrap();
            (here, tokio::task::spawn_blocking(|| getpriority_process(None).unwrap()).await.unwrap())
        };
        let others = getpriority_process(None).unwrap();

        assert_eq!(
            background.run(nice()).await.unwrap(),
            (others, others),
            "views are kept up to date as calls are answered"
        );
        assert_eq!(patient.run(nice()).await.unwrap(), (others.max(NICE), others.max(NICE)));
        assert_eq!(getpriority_process(None).unwrap(), others, "it is a thread's own");
    }
}
