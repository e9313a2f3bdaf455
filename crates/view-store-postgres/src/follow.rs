//! What a node learns of the others' commits, and tells them of its own.
//!
//! `NOTIFY` is a hint, no more: whoever hears it reads the checkpoints. Once a second they are read, heard of or not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use postgres_session::{Announcer, Connections, Dial, Fault, Heard, Place, Question, hang_up, listen};
use sqlx::{PgConnection, Row as _};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::state::Shared;

/// How often the checkpoints are read while others can be heard.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often while they can't.
const LOOK_DEAF: Duration = Duration::from_millis(250);
/// How often while they can't, and somebody waits.
const LOOK_AWAITED: Duration = Duration::from_millis(20);
/// Hints that wait to be followed; more of them say nothing more.
const HINTS_MAX: usize = 16;
/// The least time between two announcements. A first one after silence goes out at once.
const SPACING: Duration = Duration::from_millis(4);
/// How soon after a failure the next is tried. Nodes that aren't told look by themselves.
const AFTER_FAILURE: Duration = Duration::from_millis(500);
/// An announcement names nothing: whoever hears it reads all checkpoints, which are few.
const NEWS: &str = "";

const ALL: &str = "SELECT view, version, partition, position FROM snaglog_checkpoints";

/// Follows the other nodes until the store is closed.
pub(crate) async fn follow(shared: Arc<Shared>, connections: Connections, place: Place, closing: CancellationToken) {
    let (hints, mut heard) = mpsc::channel(HINTS_MAX);
    let own = Arc::clone(&shared);
    let listening = async move { listen(place, &own.announcer, hints).await };
    let listening = tokio::spawn(closing.clone().run_until_cancelled_owned(listening));
    let mut deaf = true;
    let mut last = Instant::now();
    loop {
        let wait = if deaf { LOOK_AWAITED } else { LOOK_EVERY };
        let hint = tokio::select! {
            () = closing.cancelled() => break,
            hint = heard.recv() => hint,
            () = tokio::time::sleep(wait) => None,
        };
        match hint {
            Some(Heard::Began) => deaf = false,
            Some(Heard::Lost) => deaf = true,
            None if deaf && !shared.is_awaited() && last.elapsed() < LOOK_DEAF => continue,
            Some(Heard::Said(_)) | None => {}
        }
        look(&shared, &connections).await;
        last = Instant::now();
    }
    // It ends with the same token.
    let _ = listening.await;
}

async fn look(shared: &Arc<Shared>, connections: &Connections) {
    let look = shared.look();
    match connections.ask(Look(Arc::clone(shared))).await {
        Ok(found) => shared.seen(look, &found),
        Err(fault) => tracing::debug!(?fault, "the views' checkpoints can't be read at present"),
    }
}

/// All checkpoints of the prepared views.
#[derive(Clone)]
struct Look(Arc<Shared>);

impl Question for Look {
    type Answer = BTreeMap<(view_store::ViewId, view_store::PartitionId), u64>;

    async fn ask(self, connection: &mut PgConnection) -> Result<Self::Answer, Fault> {
        let rows = sqlx::query(ALL).fetch_all(connection).await?;
        let book = self.0.book();
        let mut found = BTreeMap::new();
        for row in &rows {
            let (name, version): (&str, i32) = (row.try_get(0)?, row.try_get(1)?);
            let known = book.views().find(|view| (view.name, view.version) == (name, version.cast_unsigned()));
            if let Some(view) = known {
                let partition = row.try_get::<i32, _>(2)?.cast_unsigned();
                found.insert((view, partition), row.try_get::<i64, _>(3)?.cast_unsigned());
            }
        }
        Ok(found)
    }
}

/// Tells the other nodes of this one's commits until the store is closed.
pub(crate) async fn announce(shared: Arc<Shared>, dial: Dial, closing: CancellationToken) {
    let mut announcer = Announcer::new(dial);
    loop {
        tokio::select! {
            () = closing.cancelled() => break,
            () = shared.announce.notified() => {}
        }
        let pause = match announcer.tell(NEWS, &shared.announcer).await {
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
