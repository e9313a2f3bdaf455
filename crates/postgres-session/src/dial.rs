//! Connections to the primary, each told what its adapter asks of a session.

use std::fmt::Write as _;
use std::time::Duration;

use deadpool::managed::{Manager, Metrics, RecycleResult};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _};

use crate::connections::Connections;
use crate::fault::Fault;
use crate::place::Place;

/// A connection that isn't there after this long isn't coming.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What the session is told first, and what it answers: is this a standby, and does a commit wait for one?
const SET_UP: &str = "SELECT pg_is_in_recovery(), current_setting('synchronous_standby_names') <> '', \
     set_config('search_path', $1, false)";

/// What every session is told.
///
/// - Isolation: who waited for a lock must see what was committed meanwhile, in the next statement.
/// - The planner: every question is one for an index, whatever the tables' statistics say, and is planned once.
/// - Who stops in a transaction (it may hold a lock that others wait for) is cut off; who waits too long is told.
/// - A broken connection is noticed, here by the server.
const FOR_ALL: &[(&str, &str)] = &[
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_read_only", "off"),
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("enable_seqscan", "off"),
    ("jit", "off"),
    ("statement_timeout", "0"),
    ("lock_timeout", "15s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
];

/// After a crash a primary shows commits that its standby may not have: whoever answered from them would acknowledge what a failover
/// could lose. A commit of our own, which waits for the standby, comes after all of them.
const CONFIRM: &str = "SELECT pg_logical_emit_message(true, 'snaglog', '')";

/// What an adapter asks of a session.
#[derive(Debug, Clone, Copy)]
pub struct Session {
    /// Settings and their values, over those that every session is told.
    pub settings: &'static [(&'static str, &'static str)],
    /// Where commits wait for a standby: begin only once it has all that this server shows.
    pub confirm: bool,
    /// So many prepared statements are kept with each connection.
    pub statements: usize,
}

/// Makes connections.
#[derive(Debug, Clone)]
pub struct Dial {
    place: Place,
    confirm: bool,
    set_up: String,
}

impl Dial {
    /// To this place, in this way.
    pub fn new(mut place: Place, session: Session) -> Self {
        place.connect = place.connect.statement_cache_capacity(session.statements);
        let mut set_up = SET_UP.to_owned();
        for (name, value) in FOR_ALL.iter().chain(session.settings) {
            // Writing to a String can't fail. Names and values are this program's own.
            let _ = write!(set_up, ", set_config('{name}', '{value}', false)");
        }
        Self { place, confirm: session.confirm, set_up }
    }

    /// Where it leads to.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// As many connections as `size`, made when they are needed. What takes longer than `timeout` has failed.
    pub fn connections(&self, size: usize, timeout: Duration) -> Connections {
        Connections::new(self.clone(), size, timeout)
    }

    /// A connection of one's own.
    pub async fn connect(&self) -> Result<PgConnection, Fault> {
        let connected = tokio::time::timeout(CONNECT_TIMEOUT, self.connect_and_set_up()).await;
        connected.unwrap_or_else(|_| Err(Fault::Unreachable(format!("no connection after {CONNECT_TIMEOUT:?}"))))
    }

    async fn connect_and_set_up(&self) -> Result<PgConnection, Fault> {
        let mut connection = self.place.connect.connect().await?;
        let set_up = sqlx::query(AssertSqlSafe(self.set_up.as_str())).persistent(false);
        let row = set_up.bind(&self.place.schema).fetch_one(&mut connection).await?;
        if row.try_get::<bool, _>(0)? {
            return Err(Fault::Unreachable("the server is a standby, and not the primary".to_owned()));
        }
        if self.confirm && row.try_get::<bool, _>(1)? {
            sqlx::query(CONFIRM).execute(&mut connection).await?;
        }
        Ok(connection)
    }
}

impl Manager for Dial {
    type Type = PgConnection;
    type Error = Fault;

    async fn create(&self) -> Result<PgConnection, Fault> {
        self.connect().await
    }

    /// Asking each time whether it still works would cost as much as the question that it is wanted for.
    async fn recycle(&self, _: &mut PgConnection, _: &Metrics) -> RecycleResult<Fault> {
        Ok(())
    }
}

/// Says goodbye, which the server notes without a complaint.
pub async fn hang_up(connection: PgConnection) {
    if let Err(error) = connection.close().await {
        tracing::debug!(%error, "a connection was not closed in order");
    }
}
