//! Tells other nodes that there is something new.
//!
//! `NOTIFY` takes a lock of the whole database while its transaction commits. So it never happens in a transaction that carries
//! something else, but on a connection of its own, whose transactions don't wait for the disk.

use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use sqlx::{PgConnection, Row as _};

use crate::dial::Dial;
use crate::fault::Fault;

/// An announcement that isn't answered after this long goes nowhere: the server's machine may be gone without a word.
const TELL_TIMEOUT: Duration = Duration::from_secs(5);
/// This connection alone doesn't wait for the disk: it writes nothing that anybody keeps.
const SET_UP: &str = "SELECT pg_backend_pid(), set_config('synchronous_commit', 'off', false)";
const NOTIFY: &str = "SELECT pg_notify($1, $2)";

/// Says what is new on a place's channel.
#[derive(Debug)]
pub struct Announcer {
    dial: Dial,
    channel: String,
    connection: Option<PgConnection>,
}

impl Announcer {
    /// Connects when it has something to say.
    pub fn new(dial: Dial) -> Self {
        let channel = dial.place().channel();
        Self { dial, channel, connection: None }
    }

    /// Says it, in at most 8,000 bytes. `own` becomes the session's id, by which whoever listens here knows it. After a failure it was
    /// said, or not.
    pub async fn tell(&mut self, news: &str, own: &AtomicI32) -> Result<(), Fault> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.begin(own).await?,
        };
        let told = sqlx::query(NOTIFY).bind(&self.channel).bind(news).execute(&mut connection);
        match tokio::time::timeout(TELL_TIMEOUT, told).await {
            Ok(told) => told?,
            Err(_) => return Err(Fault::Unreachable(format!("no answer after {TELL_TIMEOUT:?}"))),
        };
        self.connection = Some(connection);
        Ok(())
    }

    /// Its connection, to be hung up.
    pub fn into_connection(self) -> Option<PgConnection> {
        self.connection
    }

    async fn begin(&self, own: &AtomicI32) -> Result<PgConnection, Fault> {
        let mut connection = self.dial.connect().await?;
        let row = sqlx::query(SET_UP).fetch_one(&mut connection).await?;
        own.store(row.try_get(0)?, Ordering::Relaxed);
        Ok(connection)
    }
}
