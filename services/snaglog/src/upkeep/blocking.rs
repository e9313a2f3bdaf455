//! Work on a file that blocks: with a bar, and with an end when it is interrupted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_log_sqlite::Progress;
use indicatif::{ProgressBar, ProgressStyle};

use super::interruptible;
use crate::client::Failure;

/// Does it where nobody else is kept waiting.
pub(super) async fn blocking<T: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce(&mut dyn FnMut(Progress)) -> T + Send + 'static,
) -> Result<T, Failure> {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {percent} %");
    let bar =
        ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())).with_message(doing);
    let stopped = Arc::new(AtomicBool::new(false));
    let (told_to_stop, shown) = (Arc::clone(&stopped), bar.clone());
    let working = tokio::task::spawn_blocking(move || {
        work(&mut |Progress { done, of }| {
            if told_to_stop.load(Ordering::Relaxed) {
                // Unwinds without a message: what was half done goes with it.
                std::panic::resume_unwind(Box::new("interrupted"));
            }
            shown.set_length(of);
            shown.set_position(done);
        })
    });
    let done = interruptible(working, || String::from("Nothing was kept. Give the command again.")).await;
    bar.finish_and_clear();
    match done {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(Failure::failed(format!("{doing} ended early: {error}"))),
        Err(interrupted) => {
            stopped.store(true, Ordering::Relaxed);
            Err(interrupted)
        }
    }
}
