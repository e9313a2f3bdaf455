//! Hears what other nodes say by `NOTIFY`.

use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::sync::mpsc;

use crate::place::Place;

/// How soon after the channel was lost it is listened to again.
const LISTEN_AGAIN: Duration = Duration::from_millis(200);
/// A channel on which nothing was heard for so long is asked whether it is still there.
const ASK_AFTER: Duration = Duration::from_secs(5);
/// One that doesn't answer in this time isn't: the server's machine may be gone without a word.
const ASK_TIMEOUT: Duration = Duration::from_secs(5);

/// What is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Listening has begun: what was said before went unheard.
    Began,
    /// Another node said this.
    Said(String),
    /// Nothing is heard from now on, until it begins again.
    Lost,
}

/// Listens to the place's channel until nobody wants to hear any more. What the session with the id `own` says is passed over.
///
/// Whoever hears is not waited for: where the queue is full, what is said is lost, and whoever reads the queue is behind anyway.
pub async fn listen(place: Place, own: &AtomicI32, heard: mpsc::Sender<Heard>) {
    let channel = place.channel();
    while !heard.is_closed() {
        // A new one each time: a connection that doesn't answer goes back to where it came from only when TCP has given it up.
        let pool = PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        let pool = pool.acquire_timeout(ASK_TIMEOUT).connect_lazy_with(place.connect.clone());
        if let Err(error) = hear(&pool, &channel, own, &heard).await {
            tracing::debug!(%error, "not listening to other nodes at present");
        }
        // Whoever is full looks anyway.
        let _ = heard.try_send(Heard::Lost);
        tokio::time::sleep(LISTEN_AGAIN).await;
    }
}

/// Listens until the connection is lost.
async fn hear(
    pool: &sqlx::PgPool,
    channel: &str,
    own: &AtomicI32,
    heard: &mpsc::Sender<Heard>,
) -> Result<(), sqlx::Error> {
    let mut listener = in_time(PgListener::connect_with(pool)).await?;
    listener.eager_reconnect(false);
    in_time(listener.listen(channel)).await?;
    let mut news = Heard::Began;
    loop {
        if let Err(mpsc::error::TrySendError::Closed(_)) = heard.try_send(news) {
            return Ok(());
        }
        news = loop {
            let Ok(said) = tokio::time::timeout(ASK_AFTER, listener.try_recv()).await else {
                // What is said meanwhile is kept.
                in_time(sqlx::query("SELECT 1").execute(&mut listener)).await?;
                continue;
            };
            let Some(said) = said? else { return Ok(()) };
            if said.process_id().cast_signed() != own.load(Ordering::Relaxed) {
                break Heard::Said(said.payload().to_owned());
            }
        };
    }
}

/// What an answer that doesn't come is.
async fn in_time<T>(answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let timed_out = |_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
    tokio::time::timeout(ASK_TIMEOUT, answer).await.unwrap_or_else(timed_out)
}
