//! What a node learns of the others, and of the database: new heads, the log's mark, settings, the time there.
//!
//! Other nodes say what is new by `NOTIFY` (`announcer.rs`). That is a hint, no more: whoever hears it reads the heads. Once a
//! second everything is looked at, heard of or not.

use std::sync::Arc;
use std::time::Duration;

use event_log::{LogError, Mark, PartitionId};
use postgres_session::{Fault, Heard, Place, Question, listen};
use sqlx::{PgConnection, Row as _};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::Clock;
use crate::heads::{End, Heads};
use crate::mark::read_mark;
use crate::reader::Readers;
use crate::settings::unsafe_settings;
use crate::state::{Shared, Wrong};

/// How often everything is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Hints that wait to be followed. Where they are as many, some were lost.
const HINTS_MAX: usize = 64;
/// A node whose clock is further off the database's doesn't serve: 5 s.
const CLOCK_MAX_MICROS: i64 = 5_000_000;

/// Settings without which a server acknowledges what it may lose.
const SETTINGS: &str = "SELECT current_setting('synchronous_commit'), current_setting('fsync'), \
     current_setting('full_page_writes'), (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

/// Follows the log until it is closed.
pub(crate) async fn follow(
    shared: Arc<Shared>,
    readers: Readers,
    place: Place,
    clock: Clock,
    closing: CancellationToken,
) {
    let (hints, mut heard) = mpsc::channel(HINTS_MAX);
    let own = Arc::clone(&shared);
    let listening = async move { listen(place, &own.announcer, hints).await };
    let listening = tokio::spawn(closing.clone().run_until_cancelled_owned(listening));
    let mut every = tokio::time::interval(LOOK_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // Absent: anywhere.
        let partitions = tokio::select! {
            // In this order: the end is not missed, and hints without end hide nothing.
            biased;
            () = closing.cancelled() => break,
            _ = every.tick() => None,
            () = shared.look.notified() => None,
            hint = heard.recv() => match hint {
                Some(Heard::Lost) => continue,
                Some(Heard::Said(news)) if heard.len() + 1 < HINTS_MAX => partitions_of(&news),
                // Listening has begun, or there was no room for all that was said.
                Some(Heard::Said(_) | Heard::Began) | None => None,
            },
        };
        match partitions {
            Some(partitions) => see(&shared, readers.ask("reading heads", Heads::since(&shared, partitions)).await),
            None => look(&shared, &readers, &clock).await,
        }
    }
    readers.close();
    let _ended = listening.await;
}

/// What another node says is new; `None`: anything.
fn partitions_of(news: &str) -> Option<Vec<PartitionId>> {
    let partitions: Option<Vec<PartitionId>> = news.split_whitespace().map(|number| number.parse().ok()).collect();
    partitions.filter(|partitions| !partitions.is_empty())
}

/// Looks at everything.
async fn look(shared: &Arc<Shared>, readers: &Readers, clock: &Clock) {
    let before = clock();
    let looked = readers.ask("looking at the log", Look { shared: Arc::clone(shared) }).await;
    let between = i64::midpoint(before, clock());
    match looked {
        Ok(looked) => {
            shared.set(Wrong::Reach, None);
            shared.raise_mark(looked.mark);
            shared.set(Wrong::Settings, looked.settings);
            shared.set(Wrong::Clock, clock_trouble(between.saturating_sub(looked.now)));
        }
        Err(error @ LogError::Unavailable { .. }) if !readers.are_closing() => shared.set(Wrong::Reach, Some(error)),
        // It was told where it was found; that a log which is closed can't be reached is no trouble.
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
