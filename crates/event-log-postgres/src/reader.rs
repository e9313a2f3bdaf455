//! Questions of readers, each one statement on a connection of the pool, and no transaction longer than that.

use std::sync::Arc;

use event_log::{KnownRequest, LogError, Page, PartitionId, PoolStats, StreamId};
use postgres_session::{Connections, Fault, Question};
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres, Row as _};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::error::closed;
use crate::lookup::known_request;
use crate::rows::{self, PARTITION_PAGE, STREAM_PAGE, page_bytes_max};
use crate::state::Shared;

const ORDINAL: &str = "SELECT id FROM streams WHERE project = $1 AND kind = $2 AND ordinal = $3";
const REQUEST: &str = "SELECT e.partition, e.position, e.revision, e.append_events, e.recorded_at, e.leaf, e.fingerprint, \
     s.ordinal FROM streams s JOIN events e ON e.stream = s.stream \
     WHERE s.project = $1 AND s.kind = $2 AND s.id = $3 AND e.request_id = $4 AND e.append_events IS NOT NULL";

/// The readers' connections.
#[derive(Debug, Clone)]
pub(crate) struct Readers {
    connections: Connections,
    shared: Arc<Shared>,
    closing: CancellationToken,
}

impl Readers {
    pub(crate) fn new(connections: Connections, shared: Arc<Shared>, closing: CancellationToken) -> Self {
        Self { connections, shared, closing }
    }

    /// Fails once the log is closed, or nothing may be read any more.
    pub(crate) fn usable(&self) -> Result<(), LogError> {
        if self.are_closing() {
            return Err(closed());
        }
        self.shared.readable()
    }

    pub(crate) fn are_closing(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// How many connections are lent.
    pub(crate) fn stats(&self) -> PoolStats {
        usage("read", &self.connections)
    }

    /// Asks what changes nothing; `doing` it, in the log's words, something went wrong.
    pub(crate) async fn ask<Q: Question + Clone + Sync>(
        &self,
        doing: &'static str,
        question: Q,
    ) -> Result<Q::Answer, LogError> {
        self.usable()?;
        self.connections.ask(question).await.map_err(|fault| self.shared.told(&fault, doing))
    }

    pub(crate) fn close(&self) {
        self.connections.close();
    }
}

/// How many of these connections are lent.
pub(crate) fn usage(name: &'static str, connections: &Connections) -> PoolStats {
    let (used, max) = connections.usage();
    PoolStats { name, used, max }
}

/// A page of a stream.
#[derive(Debug, Clone)]
pub(crate) struct StreamPage {
    pub(crate) stream: StreamId,
    pub(crate) after: u64,
    pub(crate) limit: usize,
}

impl Question for StreamPage {
    type Answer = Page;

    async fn ask(self, connection: &mut PgConnection) -> Result<Page, Fault> {
        let StreamId { project, kind, id } = &self.stream;
        let query = page(STREAM_PAGE, self.after, self.limit).bind(&**project).bind(&**kind).bind(&**id);
        rows::page(query.fetch(connection), self.after, |recorded| recorded.record.header.revision).await
    }
}

/// A page of a partition.
#[derive(Debug, Clone)]
pub(crate) struct PartitionPage {
    pub(crate) partition: PartitionId,
    pub(crate) after: u64,
    pub(crate) limit: usize,
}

impl Question for PartitionPage {
    type Answer = Page;

    async fn ask(self, connection: &mut PgConnection) -> Result<Page, Fault> {
        let query = page(PARTITION_PAGE, self.after, self.limit).bind(self.partition.cast_signed());
        rows::page(query.fetch(connection), self.after, |recorded| recorded.position).await
    }
}

/// What a request was answered.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) stream: StreamId,
    pub(crate) id: Uuid,
}

impl Question for Request {
    type Answer = Option<KnownRequest>;

    async fn ask(self, connection: &mut PgConnection) -> Result<Option<KnownRequest>, Fault> {
        let StreamId { project, kind, id } = &self.stream;
        let query = sqlx::query(REQUEST).bind(&**project).bind(&**kind).bind(&**id).bind(self.id);
        query.fetch_optional(connection).await?.map(|row| known_request(&row, 0)).transpose()
    }
}

/// The stream of an ordinal.
#[derive(Debug, Clone)]
pub(crate) struct Ordinal {
    pub(crate) project: Arc<str>,
    pub(crate) kind: Arc<str>,
    pub(crate) ordinal: u64,
}

impl Question for Ordinal {
    type Answer = Option<StreamId>;

    async fn ask(self, connection: &mut PgConnection) -> Result<Option<StreamId>, Fault> {
        let query = sqlx::query(ORDINAL).bind(&*self.project).bind(&*self.kind).bind(bound(self.ordinal));
        let Some(row) = query.fetch_optional(connection).await? else { return Ok(None) };
        let id: &str = row.try_get(0)?;
        Ok(Some(StreamId { project: self.project, kind: self.kind, id: id.into() }))
    }
}

/// A number as PostgreSQL has it; none of ours is beyond.
fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What both kinds of pages begin with.
fn page<'q>(statement: &'static str, after: u64, limit: usize) -> Query<'q, Postgres, PgArguments> {
    let limit = i64::try_from(limit.max(1)).unwrap_or(i64::MAX);
    sqlx::query(statement).bind(bound(after)).bind(limit).bind(page_bytes_max())
}
