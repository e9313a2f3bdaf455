//! Connections to the primary, each set up for what a log asks of it.

use std::time::Duration;

use deadpool::managed::{Manager, Metrics, Object, PoolError, RecycleResult};
use event_log::PoolStats;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _};

use crate::error::Fault;
use crate::place::Place;

/// A connection that isn't there after this long isn't coming.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What the session is told, and what it answers.
///
/// - Isolation: who waited for its turn must see what was committed meanwhile, in the next statement.
/// - The planner: every question is one for an index, whatever the tables' statistics say, and is planned once.
/// - A node that stops in its turn (it holds a lock that others wait for) is cut off; who waits too long is told.
/// - A broken connection is noticed, here by the server.
const SET_UP: &str = "SELECT pg_is_in_recovery(), current_setting('synchronous_standby_names') <> '', \
     set_config('search_path', $1, false), \
     set_config('default_transaction_isolation', 'read committed', false), \
     set_config('default_transaction_read_only', 'off', false), \
     set_config('plan_cache_mode', 'force_generic_plan', false), \
     set_config('enable_hashjoin', 'off', false), \
     set_config('enable_mergejoin', 'off', false), \
     set_config('enable_seqscan', 'off', false), \
     set_config('jit', 'off', false), \
     set_config('statement_timeout', '0', false), \
     set_config('lock_timeout', '15s', false), \
     set_config('idle_in_transaction_session_timeout', '10s', false), \
     set_config('tcp_keepalives_idle', '10', false), \
     set_config('tcp_keepalives_interval', '5', false), \
     set_config('tcp_keepalives_count', '3', false)";

/// After a crash a primary shows commits that its standby may not have: whoever answered from them would acknowledge what a failover
/// could lose. A commit of our own, which waits for the standby, comes after all of them.
const CONFIRM: &str = "SELECT pg_logical_emit_message(true, 'snaglog', '')";

/// Connections that are kept.
pub(crate) type Pool = deadpool::managed::Pool<Dial>;

/// Makes connections.
#[derive(Debug, Clone)]
pub(crate) struct Dial {
    place: Place,
}

impl Dial {
    pub(crate) fn new(place: Place) -> Self {
        Self { place }
    }

    /// As many connections as `size`, made when they are needed.
    pub(crate) fn pool(&self, size: usize) -> Pool {
        // It fails only for a pool with timeouts but without a runtime to measure them.
        Pool::builder(self.clone())
            .max_size(size.max(1))
            .build()
            .unwrap_or_else(|_| unreachable!("no timeouts are set"))
    }

    /// A connection of one's own.
    pub(crate) async fn connect(&self) -> Result<PgConnection, Fault> {
        let connected = tokio::time::timeout(CONNECT_TIMEOUT, self.connect_and_set_up()).await;
        connected.unwrap_or_else(|_| Err(Fault::Unreachable(format!("no connection after {CONNECT_TIMEOUT:?}"))))
    }

    async fn connect_and_set_up(&self) -> Result<PgConnection, Fault> {
        let mut connection = self.place.connect.connect().await?;
        let row = sqlx::query(SET_UP).bind(&self.place.schema).fetch_one(&mut connection).await?;
        if row.try_get::<bool, _>(0)? {
            return Err(Fault::Unreachable("the server is a standby, and not the primary".to_owned()));
        }
        if row.try_get::<bool, _>(1)? {
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

/// A connection of the pool, or a new one.
pub(crate) async fn take(pool: &Pool) -> Result<Object<Dial>, Fault> {
    pool.get().await.map_err(|error| match error {
        PoolError::Backend(fault) => fault,
        PoolError::Closed => Fault::Unreachable("the connections are closed".to_owned()),
        other => Fault::Unreachable(format!("no connection: {other:?}")),
    })
}

/// How many of the pool are lent.
pub(crate) fn stats(pool: &Pool, name: &'static str) -> PoolStats {
    let status = pool.status();
    PoolStats { name, used: status.size.saturating_sub(status.available), max: status.max_size }
}

/// Lets go of a connection that failed, and of those that wait in the pool: they go the same way.
pub(crate) fn discard(pool: &Pool, connection: Object<Dial>) {
    drop(Object::take(connection));
    pool.retain(|_, _| false);
}

/// Says goodbye, which the server notes without a complaint.
pub(crate) async fn hang_up(connection: PgConnection) {
    if let Err(error) = connection.close().await {
        tracing::debug!(%error, "a connection was not closed in order");
    }
}
