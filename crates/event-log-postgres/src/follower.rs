//! What a node learns of the others, and of the database: new heads, the log's mark, settings, the time there.
//!
//! Other nodes say what is new by `NOTIFY` (`announcer.rs`). That is a hint, no more: whoever hears it reads the heads. Once a
//! second everything is looked at, heard of or not.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use event_log::{LogError, PartitionId};
use sqlx::postgres::{PgListener, PgNotification, PgPoolOptions};
use sqlx::{PgConnection, Row as _};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::Clock;
use crate::batch::read_mark;
use crate::error::Fault;
use crate::lookup::{small, unsigned};
use crate::place::Place;
use crate::reader::{Question, Readers};
use crate::shared::{Mark, Shared, Wrong};

/// How often everything is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How soon after the channel was lost it is listened to again.
const LISTEN_AGAIN: Duration = Duration::from_millis(200);
/// Hints that wait to be followed; more of them say nothing more.
const HINTS_MAX: usize = 64;
/// A node whose clock is further off the database's doesn't serve: 5 s.
const CLOCK_MAX_MICROS: i64 = 5_000_000;

const HEADS: &str = "SELECT n.partition, coalesce(\
     (SELECT e.position FROM events e WHERE e.partition = n.partition ORDER BY e.position DESC LIMIT 1), 0) \
     FROM unnest($1) AS n(partition)";
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
            Hint::Partitions(partitions) => see(&shared, readers.ask_here(Heads { partitions }).await),
            Hint::Everywhere => look(&shared, &readers, &clock).await,
        }
    }
    readers.close();
    let _ended = listening.await;
}

/// Listens to what other nodes say, for ever.
async fn listen(shared: Arc<Shared>, place: Place, hints: mpsc::Sender<Hint>) {
    let channel = place.channel();
    let pool =
        PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None).connect_lazy_with(place.connect);
    loop {
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
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener.listen(channel).await?;
    // What was said before went unheard.
    let mut hint = Some(Hint::Everywhere);
    loop {
        match hint.take().map(|hint| hints.try_send(hint)) {
            // Whoever follows is behind, and will look at what is there then.
            Some(Err(mpsc::error::TrySendError::Full(_))) => shared.look.notify_one(),
            Some(Err(mpsc::error::TrySendError::Closed(_))) => return Ok(()),
            _ => {}
        }
        let Some(notification) = listener.try_recv().await? else { return Ok(()) };
        if notification.process_id().cast_signed() != shared.announcer.load(Ordering::Relaxed) {
            hint = Some(hint_of(&notification));
        }
    }
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
            shared.set_mark(looked.mark);
            shared.set(Wrong::Settings, looked.settings);
            shared.set(Wrong::Clock, clock_trouble(between.saturating_sub(looked.now)));
        }
        Err(error @ LogError::Unavailable { .. }) => shared.set(Wrong::Reach, Some(error)),
        // It was told where it was found.
        Err(_) => {}
    }
}

fn see(shared: &Shared, heads: Result<Vec<(PartitionId, u64)>, LogError>) {
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

/// The heads of partitions.
#[derive(Debug, Clone)]
pub(crate) struct Heads {
    pub(crate) partitions: Vec<PartitionId>,
}

impl Question for Heads {
    type Answer = Vec<(PartitionId, u64)>;
    const DOING: &'static str = "reading heads";

    async fn ask(self, connection: &mut PgConnection) -> Result<Self::Answer, Fault> {
        let partitions: Vec<i32> = self.partitions.iter().map(|partition| partition.cast_signed()).collect();
        let rows = sqlx::query(HEADS).bind(partitions).fetch_all(connection).await?;
        rows.iter().map(|row| Ok((small(row, 0)?, unsigned(row, 1)?))).collect()
    }
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

    /// Sees heads on the way: one that is lower than what was seen before is damage.
    async fn ask(self, connection: &mut PgConnection) -> Result<Looked, Fault> {
        let row = sqlx::query(SETTINGS).fetch_one(&mut *connection).await?;
        let settings = unsafe_settings(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let now = row.try_get(3)?;
        let mark = read_mark(connection, self.shared.identity.log_id).await?;
        let before = self.shared.all_committed();
        let heads = Heads { partitions: (0..self.shared.identity.partitions).collect() }.ask(connection).await?;
        for ((partition, head), before) in heads.into_iter().zip(before) {
            if head < before {
                return Err(Fault::Damage(format!("partition {partition} ends at {head}, and {before} was there")));
            }
            self.shared.see(partition, head);
        }
        let settings = settings.map(|reason| LogError::Unavailable { reason });
        Ok(Looked { mark, settings, now })
    }
}

/// What to change, where a server with these settings may lose what it has acknowledged.
pub(crate) fn unsafe_settings(synchronous_commit: &str, fsync: &str, full_page_writes: &str) -> Option<String> {
    let mut wrong = Vec::new();
    if !["on", "remote_apply"].contains(&synchronous_commit) {
        wrong.push(format!("synchronous_commit is {synchronous_commit}: set it to on (or remote_apply)"));
    }
    for (name, value) in [("fsync", fsync), ("full_page_writes", full_page_writes)] {
        if value != "on" {
            wrong.push(format!("{name} is {value}: set it to on"));
        }
    }
    (!wrong.is_empty()).then(|| format!("the server may lose what it acknowledges: {}", wrong.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::{clock_trouble, unsafe_settings};

    #[test]
    fn settings_that_lose_data_are_named_with_what_to_set() {
        assert_eq!(unsafe_settings("on", "on", "on"), None);
        assert_eq!(unsafe_settings("remote_apply", "on", "on"), None);
        for weaker in ["off", "local", "remote_write"] {
            let told = unsafe_settings(weaker, "on", "on").unwrap();
            assert!(told.contains(&format!("synchronous_commit is {weaker}: set it to on")), "{told}");
        }
        let told = unsafe_settings("on", "off", "off").unwrap();
        assert!(told.contains("fsync is off: set it to on; full_page_writes is off: set it to on"), "{told}");
    }

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
