//! Questions of readers, each one statement on a connection of the pool, and no transaction longer than that.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use event_log::{KnownRequest, LogError, Page, PartitionId, PoolStats, StreamId};
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres, Row as _};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::connect::{self, Pool};
use crate::error::{Fault, closed};
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
    pool: Pool,
    shared: Arc<Shared>,
    closing: CancellationToken,
    timeout: Duration,
}

/// A question that changes nothing: it may be asked twice.
pub(crate) trait Question: Clone + Send + Sync + 'static {
    type Answer: Send + 'static;
    /// In the log's words, for what went wrong meanwhile.
    const DOING: &'static str;

    fn ask(self, connection: &mut PgConnection) -> impl Future<Output = Result<Self::Answer, Fault>> + Send;
}

impl Readers {
    pub(crate) fn new(pool: Pool, shared: Arc<Shared>, closing: CancellationToken, timeout: Duration) -> Self {
        Self { pool, shared, closing, timeout }
    }

    /// Fails once the log is closed, or nothing may be read any more.
    pub(crate) fn usable(&self) -> Result<(), LogError> {
        if self.closing.is_cancelled() {
            return Err(closed());
        }
        self.shared.readable()
    }

    /// How many connections are lent.
    pub(crate) fn stats(&self) -> PoolStats {
        connect::stats(&self.pool, "read")
    }

    /// Asks, in a task of its own: a caller that goes away leaves no connection in the middle of an answer.
    pub(crate) async fn ask<Q: Question>(&self, question: Q) -> Result<Q::Answer, LogError> {
        self.usable()?;
        let readers = self.clone();
        let answer = tokio::spawn(async move { readers.ask_here(question).await }).await;
        answer.unwrap_or_else(|_| Err(LogError::Unavailable { reason: "a reader panicked".to_owned() }))
    }

    /// Asks twice, if the first connection turns out to be broken: it may have been so for long.
    pub(crate) async fn ask_here<Q: Question>(&self, question: Q) -> Result<Q::Answer, LogError> {
        let mut answer = self.attempt(question.clone()).await;
        if answer.as_ref().is_err_and(Fault::is_loss) {
            answer = self.attempt(question).await;
        }
        answer.map_err(|fault| self.shared.told(&fault, Q::DOING))
    }

    async fn attempt<Q: Question>(&self, question: Q) -> Result<Q::Answer, Fault> {
        let mut connection = connect::take(&self.pool).await?;
        let asked = tokio::time::timeout(self.timeout, question.ask(&mut connection)).await;
        let answer = asked.unwrap_or_else(|_| Err(Fault::Unreachable(format!("no answer after {:?}", self.timeout))));
        if answer.as_ref().is_err_and(Fault::is_loss) {
            connect::discard(&self.pool, connection);
        }
        answer
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }
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
    const DOING: &'static str = "reading a stream";

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
    const DOING: &'static str = "reading a partition";

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
    const DOING: &'static str = "looking up a request";

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
    const DOING: &'static str = "looking up an ordinal";

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
