//! The questions behind the ledger, each for a whole batch.

use std::sync::Arc;

use event_log::admission::StreamHead;
use event_log::{Appended, KnownRequest, Leaf, PartitionId, StreamId};
use postgres_session::Fault;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use crate::heads::End;
use crate::ledger::{Requests, Stream};

const STREAMS: &str = "SELECT n.n, s.stream, s.ordinal, \
     (SELECT e.revision FROM events e WHERE e.stream = s.stream ORDER BY e.revision DESC LIMIT 1), \
     ARRAY(SELECT e.request_id FROM events e WHERE e.stream = s.stream AND e.append_events IS NOT NULL LIMIT 65) \
     FROM unnest($1, $2, $3) WITH ORDINALITY AS n(project, kind, id, n) \
     JOIN streams s ON s.project = n.project AND s.kind = n.kind AND s.id = n.id";
const ORDINALS: &str = "SELECT coalesce((SELECT s.ordinal FROM streams s WHERE s.project = n.project AND s.kind = n.kind \
     ORDER BY s.ordinal DESC LIMIT 1), 0) \
     FROM unnest($1, $2) WITH ORDINALITY AS n(project, kind, n) ORDER BY n.n";
const REQUESTS: &str = "SELECT e.stream, e.request_id, e.partition, e.position, e.revision, e.append_events, e.recorded_at, \
     e.leaf, e.fingerprint, s.ordinal \
     FROM unnest($1, $2) AS n(stream, request_id) \
     JOIN events e ON e.stream = n.stream AND e.request_id = n.request_id AND e.append_events IS NOT NULL \
     JOIN streams s ON s.stream = e.stream";

/// An event that another node has appended, as far as admission must know it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) end: End,
    pub(crate) recorded_at: i64,
    pub(crate) stream: StreamId,
    /// The stream's head with it.
    pub(crate) head: StreamHead,
    /// On the last event of an append.
    pub(crate) request_id: Option<Uuid>,
}

/// Those of the streams that are there, by their place in what was asked.
pub(crate) async fn streams(connection: &mut PgConnection, asked: &[&StreamId]) -> Result<Vec<(usize, Stream)>, Fault> {
    let projects: Vec<&str> = asked.iter().map(|stream| &*stream.project).collect();
    let kinds: Vec<&str> = asked.iter().map(|stream| &*stream.kind).collect();
    let ids: Vec<&str> = asked.iter().map(|stream| &*stream.id).collect();
    let rows = sqlx::query(STREAMS).bind(projects).bind(kinds).bind(ids).fetch_all(connection).await?;
    let stream = |row: &PgRow| {
        let head = StreamHead { number: unsigned(row, 1)?, ordinal: unsigned(row, 2)?, revision: unsigned(row, 3)? };
        let requests = Requests::of(&row.try_get::<Vec<Uuid>, _>(4)?);
        Ok((usize::try_from(unsigned(row, 0)?.wrapping_sub(1)).unwrap_or(usize::MAX), Stream { head, requests }))
    };
    rows.iter().map(stream).collect()
}

/// The last ordinals of projects and kinds, in the order asked.
pub(crate) async fn ordinals(connection: &mut PgConnection, asked: &[(Arc<str>, Arc<str>)]) -> Result<Vec<u64>, Fault> {
    let projects: Vec<&str> = asked.iter().map(|(project, _)| &**project).collect();
    let kinds: Vec<&str> = asked.iter().map(|(_, kind)| &**kind).collect();
    let rows = sqlx::query(ORDINALS).bind(projects).bind(kinds).fetch_all(connection).await?;
    rows.iter().map(|row| unsigned(row, 0)).collect()
}

/// Those of the requests that were made, by stream number and request id.
pub(crate) async fn requests(
    connection: &mut PgConnection,
    asked: &[(u64, Uuid)],
) -> Result<Vec<((u64, Uuid), KnownRequest)>, Fault> {
    let streams: Vec<i64> = asked.iter().map(|(stream, _)| stream.cast_signed()).collect();
    let ids: Vec<Uuid> = asked.iter().map(|(_, id)| *id).collect();
    let rows = sqlx::query(REQUESTS).bind(streams).bind(ids).fetch_all(connection).await?;
    rows.iter().map(|row| Ok(((unsigned(row, 0)?, row.try_get(1)?), known_request(row, 2)?))).collect()
}

/// Eight columns from `first`: partition, position, revision, `append_events`, `recorded_at`, leaf, fingerprint, ordinal.
pub(crate) fn known_request(row: &PgRow, first: usize) -> Result<KnownRequest, Fault> {
    let (revision, events) = (unsigned(row, first + 2)?, u64::from(small(row, first + 3)?));
    let appended = Appended {
        partition: small(row, first)?,
        position: unsigned(row, first + 1)?,
        leaf: hash(row, first + 5)?,
        ordinal: unsigned(row, first + 7)?,
        first_revision: (revision + 1).saturating_sub(events),
        revision,
        recorded_at: row.try_get(first + 4)?,
        replayed: true,
    };
    Ok(KnownRequest { fingerprint: hash(row, first + 6)?, appended })
}

/// A row of the type `seen_of`.
pub(crate) fn seen_of(row: &PgRow) -> Result<(PartitionId, Seen), Fault> {
    Ok((small(row, 11)?, seen(row)?))
}

/// A row of the type `seen`.
pub(crate) fn seen(row: &PgRow) -> Result<Seen, Fault> {
    let (project, kind, id): (&str, &str, &str) = (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
    let ends_an_append = row.try_get::<Option<i32>, _>(7)?.is_some();
    Ok(Seen {
        end: End { position: unsigned(row, 0)?, leaf: hash(row, 10)? },
        recorded_at: row.try_get(9)?,
        stream: StreamId { project: project.into(), kind: kind.into(), id: id.into() },
        head: StreamHead { number: unsigned(row, 1)?, ordinal: unsigned(row, 5)?, revision: unsigned(row, 6)? },
        request_id: if ends_an_append { Some(row.try_get(8)?) } else { None },
    })
}

/// A `bigint` that is never negative in a sound log.
pub(crate) fn unsigned(row: &PgRow, column: usize) -> Result<u64, Fault> {
    let number: i64 = row.try_get(column)?;
    u64::try_from(number).map_err(|_| Fault::Damage(format!("the number {number} where none is negative")))
}

/// An `integer` that is never negative in a sound log.
pub(crate) fn small(row: &PgRow, column: usize) -> Result<u32, Fault> {
    let number: i32 = row.try_get(column)?;
    u32::try_from(number).map_err(|_| Fault::Damage(format!("the number {number} where none is negative")))
}

/// A SHA-256.
pub(crate) fn hash(row: &PgRow, column: usize) -> Result<Leaf, Fault> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes.try_into().map_err(|_| Fault::Damage(format!("{} bytes where a hash has 32", bytes.len())))
}
