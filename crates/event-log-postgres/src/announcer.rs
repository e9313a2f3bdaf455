//! Tells the other nodes that there is something new.
//!
//! `NOTIFY` takes a lock of the whole database while its transaction commits. So it never happens in an append's transaction, but
//! on a connection of its own, whose transactions hold nothing else and don't wait for the disk; whatever was committed
//! meanwhile goes into the next one.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use event_log::PartitionId;
use sqlx::{PgConnection, Row as _};
use tokio_util::sync::CancellationToken;

use crate::connect::{Dial, hang_up};
use crate::error::Fault;
use crate::state::Shared;

/// The least time between two announcements. A first one after silence goes out at once; half of this is what the others wait for on the
/// average, with a node that appends without a pause.
const SPACING: Duration = Duration::from_millis(4);
/// How soon after a failure the next is tried. Nodes that aren't told look by themselves.
const AFTER_FAILURE: Duration = Duration::from_millis(500);
/// An announcement that isn't answered after this long goes nowhere: the server's machine may be gone without a word.
const TELL_TIMEOUT: Duration = Duration::from_secs(5);
/// Numbers in one announcement: it has at most 8,000 bytes. An empty one says: anywhere.
const PARTITIONS_MAX: usize = 1000;

/// This connection alone doesn't wait for the disk: it writes nothing that anybody keeps.
const SET_UP: &str = "SELECT pg_backend_pid(), set_config('synchronous_commit', 'off', false)";
const NOTIFY: &str = "SELECT pg_notify($1, $2)";

/// Announces what this node commits until the log is closed.
pub(crate) async fn announce(shared: Arc<Shared>, dial: Dial, channel: String, closing: CancellationToken) {
    let mut connection = None;
    loop {
        tokio::select! {
            () = closing.cancelled() => break,
            () = shared.announce.notified() => {}
        }
        let news = shared.take_news();
        if news.is_empty() {
            continue;
        }
        let told = match connection.take() {
            Some(connection) => tell(connection, &channel, &news).await,
            None => match begin(&shared, &dial).await {
                Ok(connection) => tell(connection, &channel, &news).await,
                Err(fault) => Err(fault),
            },
        };
        let pause = match told {
            Ok(kept) => {
                connection = Some(kept);
                SPACING
            }
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
    if let Some(connection) = connection {
        hang_up(connection).await;
    }
}

async fn begin(shared: &Shared, dial: &Dial) -> Result<PgConnection, Fault> {
    let mut connection = dial.connect().await?;
    let row = sqlx::query(SET_UP).fetch_one(&mut connection).await?;
    shared.announcer.store(row.try_get(0)?, Ordering::Relaxed);
    Ok(connection)
}

async fn tell(mut connection: PgConnection, channel: &str, news: &[PartitionId]) -> Result<PgConnection, Fault> {
    let payload = if news.len() > PARTITIONS_MAX {
        String::new()
    } else {
        news.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let told = sqlx::query(NOTIFY).bind(channel).bind(payload).execute(&mut connection);
    match tokio::time::timeout(TELL_TIMEOUT, told).await {
        Ok(told) => told.map(|_| connection).map_err(Fault::from),
        Err(_) => Err(Fault::Unreachable(format!("no answer after {TELL_TIMEOUT:?}"))),
    }
}
