//! What a node learns of the others, and of the database: new heads, the log's mark, settings, the time there.
//!
//! Other nodes say what is new by `NOTIFY` (`announcer.rs`). That is a hint, no more: whoever hears it reads the heads. Once a
//! second everything is looked at, heard of or not.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use event_log::{LogError, Mark, PartitionId};
use sqlx::postgres::{PgListener, PgNotification, PgPoolOptions};
use sqlx::{PgConnection, Row as _};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::Clock;
use crate::error::Fault;
use crate::heads::{End, Heads};
use crate::mark::read_mark;
use crate::place::Place;
use crate::reader::{Question, Readers};
use crate::settings::unsafe_settings;
use crate::state::{Shared, Wrong};

/// How often everything is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How soon after the channel was lost it is listened to again.
const LISTEN_AGAIN: Duration = Duration::from_millis(200);
/// A channel on which nothing was heard for so long is asked whether it is still there.
const ASK_AFTER: Duration = Duration::from_secs(5);
/// One that doesn't answer in this time isn't: the server's machine may be gone without a word.
const ASK_TIMEOUT: Duration = Duration::from_secs(5);
/// Hints that wait to be followed; more of them say nothing more.
const HINTS_MAX: usize = 64;
/// A node whose clock is further off the database's doesn't serve: 5 s.
const CLOCK_MAX_MICROS: i64 = 5_000_000;

/// Settings without which a server acknowledges what it may lose.
const SETTINGS: &str = "SELECT current_setting('synchronous_commit'), current_setting('fsync'), \
     current_setting('full_page_writes'), (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

/// Something may be new.
#[derive(Debug)]
enum Hint {
    /// In these partitions.
    Partitions(Vec<PartitionId>),
    /// Anywhere: hints may have been lost, or the log's row has changed.
    Everywhere,
}

/// Follows the log until it is closed.
pub(crate) async fn follow(
    shared: Arc<Shared>,
    readers: Readers,
    place: Place,
    clock: Clock,
    closing: CancellationToken,
) {
    let (hints, mut heard) = mpsc::channel(HINTS_MAX);
    let listening = tokio::spawn(closing.clone().run_until_cancelled_owned(listen(Arc::clone(&shared), place, hints)));
    let mut every = tokio::time::interval(LOOK_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let hint = tokio::select! {
            () = closing.cancelled() => break,
            hint = heard.recv() => hint.unwrap_or(Hint::Everywhere),
            () = shared.look.notified() => Hint::Everywhere,
            _ = every.tick() => Hint::Everywhere,
        };
        match hint {
            Hint::Partitions(partitions) => see(&shared, readers.ask_here(Heads::since(&shared, partitions)).await),
            Hint::Everywhere => look(&shared, &readers, &clock).await,
        }
    }
    readers.close();
    let _ended = listening.await;
}

/// Listens to what other nodes say, for ever.
async fn listen(shared: Arc<Shared>, place: Place, hints: mpsc::Sender<Hint>) {
    let channel = place.channel();
    loop {
        // A new one each time: a connection that doesn't answer goes back to where it came from only when TCP has given it up.
        let pool = PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        let pool = pool.acquire_timeout(ASK_TIMEOUT).connect_lazy_with(place.connect.clone());
        if let Err(error) = hear(&shared, &pool, &channel, &hints).await {
            tracing::debug!(%error, "not listening to other nodes at present");
        }
        tokio::time::sleep(LISTEN_AGAIN).await;
    }
}

/// Listens until the connection is lost.
async fn hear(
    shared: &Shared,
    pool: &sqlx::PgPool,
    channel: &str,
    hints: &mpsc::Sender<Hint>,
) -> Result<(), sqlx::Error> {
    let mut listener = in_time(PgListener::connect_with(pool)).await?;
    listener.eager_reconnect(false);
    in_time(listener.listen(channel)).await?;
    // What was said before went unheard.
    let mut hint = Some(Hint::Everywhere);
    loop {
        match hint.take().map(|hint| hints.try_send(hint)) {
            // Whoever follows is behind, and will look at what is there then.
            Some(Err(mpsc::error::TrySendError::Full(_))) => shared.look.notify_one(),
            Some(Err(mpsc::error::TrySendError::Closed(_))) => return Ok(()),
            _ => {}
        }
        let Ok(heard) = tokio::time::timeout(ASK_AFTER, listener.try_recv()).await else {
            // What is said meanwhile is kept.
            in_time(sqlx::query("SELECT 1").execute(&mut listener)).await?;
            continue;
        };
        let Some(notification) = heard? else { return Ok(()) };
        if notification.process_id().cast_signed() != shared.announcer.load(Ordering::Relaxed) {
            hint = Some(hint_of(&notification));
        }
    }
}

/// What an answer that doesn't come is.
async fn in_time<T>(answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let timed_out = |_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
    tokio::time::timeout(ASK_TIMEOUT, answer).await.unwrap_or_else(timed_out)
}

fn hint_of(notification: &PgNotification) -> Hint {
    let partitions: Option<Vec<PartitionId>> =
        notification.payload().split_whitespace().map(|number| number.parse().ok()).collect();
    partitions.filter(|partitions| !partitions.is_empty()).map_or(Hint::Everywhere, Hint::Partitions)
}

/// Looks at everything.
async fn look(shared: &Arc<Shared>, readers: &Readers, clock: &Clock) {
    let before = clock();
    let looked = readers.ask_here(Look { shared: Arc::clone(shared) }).await;
    let between = i64::midpoint(before, clock());
    match looked {
        Ok(looked) => {
            shared.set(Wrong::Reach, None);
            shared.raise_mark(looked.mark);
            shared.set(Wrong::Settings, looked.settings);
            shared.set(Wrong::Clock, clock_trouble(between.saturating_sub(looked.now)));
        }
        Err(error @ LogError::Unavailable { .. }) => shared.set(Wrong::Reach, Some(error)),
        // It was told where it was found.
        Err(_) => {}
    }
}

fn see(shared: &Shared, heads: Result<Vec<(PartitionId, End)>, LogError>) {
    // What fails here is looked at again in a moment.
    for (partition, head) in heads.into_iter().flatten() {
        shared.see(partition, head);
    }
}

fn clock_trouble(ahead_micros: i64) -> Option<LogError> {
    if ahead_micros.saturating_abs() <= CLOCK_MAX_MICROS {
        return None;
    }
    let off = Duration::from_micros(ahead_micros.unsigned_abs()).as_secs_f64();
    let side = if ahead_micros > 0 { "ahead of" } else { "behind" };
    Some(LogError::Unavailable { reason: format!("this node's clock is {off:.1} s {side} the database's") })
}

/// Everything.
#[derive(Debug, Clone)]
struct Look {
    shared: Arc<Shared>,
}

/// What was found.
#[derive(Debug)]
struct Looked {
    mark: Mark,
    settings: Option<LogError>,
    /// The time there, in microseconds since 1970.
    now: i64,
}

impl Question for Look {
    type Answer = Looked;
    const DOING: &'static str = "looking at the log";

    /// Sees heads on the way: where they are not those of the history that was seen before, that is damage.
    async fn ask(self, connection: &mut PgConnection) -> Result<Looked, Fault> {
        let row = sqlx::query(SETTINGS).fetch_one(&mut *connection).await?;
        let settings = unsafe_settings(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let now = row.try_get(3)?;
        let mark = read_mark(connection, self.shared.identity.log_id).await?;
        let heads = Heads::since(&self.shared, 0..self.shared.identity.partitions).ask(connection).await?;
        for (partition, end) in heads {
            self.shared.see(partition, end);
        }
        let settings = settings.map(|reason| LogError::Unavailable { reason });
        Ok(Looked { mark, settings, now })
    }
}

#[cfg(test)]
mod tests {
    use super::clock_trouble;

    #[test]
    fn a_clock_is_off_from_five_seconds_on() {
        assert_eq!(clock_trouble(5_000_000), None);
        assert_eq!(clock_trouble(-5_000_000), None);
        assert!(
            clock_trouble(5_100_000)
                .unwrap()
                .to_string()
                .ends_with("this node's clock is 5.1 s ahead of the database's")
        );
        assert!(clock_trouble(-7_000_000).unwrap().to_string().ends_with("7.0 s behind the database's"));
    }
}
