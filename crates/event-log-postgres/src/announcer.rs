//! Tells the other nodes that there is something new: never in an append's transaction, and whatever was committed meanwhile at once.

use std::sync::Arc;
use std::time::Duration;

use postgres_session::{Announcer, Dial, hang_up};
use tokio_util::sync::CancellationToken;

use crate::state::Shared;

/// The least time between two announcements. A first one after silence goes out at once; half of this is what the others wait for on the
/// average, with a node that appends without a pause.
const SPACING: Duration = Duration::from_millis(4);
/// How soon after a failure the next is tried. Nodes that aren't told look by themselves.
const AFTER_FAILURE: Duration = Duration::from_millis(500);
/// Numbers in one announcement: it has at most 8,000 bytes. An empty one says: anywhere.
const PARTITIONS_MAX: usize = 1000;

/// Announces what this node commits until the log is closed.
pub(crate) async fn announce(shared: Arc<Shared>, dial: Dial, closing: CancellationToken) {
    let mut announcer = Announcer::new(dial);
    loop {
        tokio::select! {
            () = closing.cancelled() => break,
            () = shared.announce.notified() => {}
        }
        let news = shared.take_news();
        if news.is_empty() {
            continue;
        }
        let news = if news.len() > PARTITIONS_MAX {
            String::new()
        } else {
            news.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        let pause = match announcer.tell(&news, &shared.announcer).await {
            Ok(()) => SPACING,
            Err(fault) => {
                tracing::debug!(?fault, "other nodes were not told what is new");
                AFTER_FAILURE
            }
        };
        tokio::select! {
            () = closing.cancelled() => break,
            () = tokio::time::sleep(pause) => {}
        }
    }
    if let Some(connection) = announcer.into_connection() {
        hang_up(connection).await;
    }
}
