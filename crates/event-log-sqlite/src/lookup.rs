//! What admission asks of the file, behind a bounded cache.

use std::sync::Arc;

use event_log::admission::{Changes, Known, PartitionHead, StreamHead};
use event_log::{Appended, KnownRequest, PartitionId, StreamId};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::recent::Recent;
use crate::schema::{key, keys, partition, position};

/// Streams whose heads are kept; about 300 bytes each, and up to twice as many.
const STREAMS_MAX: usize = 16 * 1024;
/// (project, kind) pairs whose last ordinals are kept.
const ORDINALS_MAX: usize = 4 * 1024;

const HEAD_OF_PARTITION: &str =
    "SELECT key, recorded_at FROM events WHERE key BETWEEN ? AND ? ORDER BY key DESC LIMIT 1";
const HEAD_OF_STREAM: &str = "SELECT stream, ordinal, (SELECT max(revision) FROM events WHERE events.stream = streams.stream) \
     FROM streams WHERE project = ? AND kind = ? AND id = ?";
const LAST_ORDINAL: &str = "SELECT coalesce(max(ordinal), 0) FROM streams WHERE project = ? AND kind = ?";
const REQUEST: &str = "SELECT key, revision, append_events, recorded_at, leaf, fingerprint FROM events \
     WHERE stream = ? AND request_id = ? AND append_events IS NOT NULL";

/// The heads of what was used lately: of every partition, of some streams, of some kinds.
#[derive(Debug)]
pub(crate) struct Heads {
    partitions: Vec<PartitionHead>,
    streams: Recent<StreamId, StreamHead>,
    ordinals: Recent<(Arc<str>, Arc<str>), u64>,
}

/// [`Known`] for one batch: the heads, and the prepared queries behind them.
pub(crate) struct Lookup<'c> {
    heads: &'c mut Heads,
    head_of_stream: CachedStatement<'c>,
    last_ordinal: CachedStatement<'c>,
    request: CachedStatement<'c>,
}

impl Heads {
    pub(crate) fn new(partitions: Vec<PartitionHead>) -> Self {
        Self {
            partitions,
            streams: Recent::new(STREAMS_MAX),
            ordinals: Recent::new(ORDINALS_MAX),
        }
    }

    /// Takes over what a batch changed, once it is committed.
    pub(crate) fn advance(&mut self, changes: Changes) {
        for (partition, head) in changes.partitions {
            if let Some(slot) = self.partitions.get_mut(partition as usize) {
                *slot = head;
            }
        }
        for (stream, change) in changes.streams {
            self.streams.put(stream, change.head);
        }
        for (kind, last) in changes.ordinals {
            self.ordinals.put(kind, last);
        }
    }

    /// The last position of every partition.
    pub(crate) fn positions(&self) -> impl Iterator<Item = u64> {
        self.partitions.iter().map(|head| head.position)
    }

    /// Forgets what was used and takes the partitions' heads from the file again.
    pub(crate) fn reload(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.partitions = partition_heads(connection, u32::try_from(self.partitions.len()).unwrap_or(u32::MAX))?;
        self.streams.clear();
        self.ordinals.clear();
        Ok(())
    }
}

impl<'c> Lookup<'c> {
    pub(crate) fn new(connection: &'c Connection, heads: &'c mut Heads) -> rusqlite::Result<Self> {
        Ok(Self {
            heads,
            head_of_stream: connection.prepare_cached(HEAD_OF_STREAM)?,
            last_ordinal: connection.prepare_cached(LAST_ORDINAL)?,
            request: connection.prepare_cached(REQUEST)?,
        })
    }
}

impl Known for Lookup<'_> {
    type Error = rusqlite::Error;

    fn partition(&mut self, partition: PartitionId) -> rusqlite::Result<PartitionHead> {
        Ok(self
            .heads
            .partitions
            .get(partition as usize)
            .copied()
            .unwrap_or_default())
    }

    fn stream(&mut self, _: PartitionId, stream: &StreamId) -> rusqlite::Result<Option<StreamHead>> {
        if let Some(head) = self.heads.streams.get(stream) {
            return Ok(Some(*head));
        }
        let found = head_of_stream(&mut self.head_of_stream, stream)?;
        if let Some(head) = found {
            self.heads.streams.put(stream.clone(), head);
        }
        Ok(found)
    }

    fn request(
        &mut self,
        partition: PartitionId,
        _: &StreamId,
        head: StreamHead,
        request_id: Uuid,
    ) -> rusqlite::Result<Option<KnownRequest>> {
        known_request(
            &mut self.request,
            key(partition, head.first_position),
            head.ordinal,
            request_id,
        )
    }

    fn last_ordinal(&mut self, project: &str, kind: &str) -> rusqlite::Result<u64> {
        let name = (project.into(), kind.into());
        if let Some(last) = self.heads.ordinals.get(&name) {
            return Ok(*last);
        }
        let last = self.last_ordinal.query_row([project, kind], |row| unsigned(row, 0))?;
        self.heads.ordinals.put(name, last);
        Ok(last)
    }
}

/// The heads of all partitions, each by the end of an index.
pub(crate) fn partition_heads(connection: &Connection, partitions: u32) -> rusqlite::Result<Vec<PartitionHead>> {
    let mut statement = connection.prepare(HEAD_OF_PARTITION)?;
    let mut head = |partition| {
        let last = statement.query_row(<[i64; 2]>::from(keys(partition)), |row| {
            Ok(PartitionHead {
                position: position(row.get(0)?),
                recorded_at: row.get(1)?,
            })
        });
        Ok(last.optional()?.unwrap_or_default())
    };
    (0..partitions).map(&mut head).collect()
}

/// What the request was answered in this stream, on any connection.
pub(crate) fn find_request(
    connection: &Connection,
    stream: &StreamId,
    request_id: Uuid,
) -> rusqlite::Result<Option<KnownRequest>> {
    let Some((stream, ordinal)) = find_stream(connection, stream)? else {
        return Ok(None);
    };
    known_request(&mut connection.prepare_cached(REQUEST)?, stream, ordinal, request_id)
}

/// The key and the ordinal of a stream.
pub(crate) fn find_stream(connection: &Connection, stream: &StreamId) -> rusqlite::Result<Option<(i64, u64)>> {
    let sql = "SELECT stream, ordinal FROM streams WHERE project = ? AND kind = ? AND id = ?";
    let mut statement = connection.prepare_cached(sql)?;
    statement
        .query_row(name(stream), |row| Ok((row.get(0)?, unsigned(row, 1)?)))
        .optional()
}

fn head_of_stream(statement: &mut CachedStatement<'_>, stream: &StreamId) -> rusqlite::Result<Option<StreamHead>> {
    let head = statement.query_row(name(stream), |row| {
        Ok(StreamHead {
            first_position: position(row.get(0)?),
            ordinal: unsigned(row, 1)?,
            revision: unsigned(row, 2)?,
        })
    });
    head.optional()
}

fn known_request(
    statement: &mut CachedStatement<'_>,
    stream: i64,
    ordinal: u64,
    request_id: Uuid,
) -> rusqlite::Result<Option<KnownRequest>> {
    let known = statement.query_row(params![stream, request_id.as_bytes()], |row| {
        let key: i64 = row.get(0)?;
        let (revision, events) = (unsigned(row, 1)?, unsigned(row, 2)?);
        let appended = Appended {
            partition: partition(key),
            position: position(key),
            leaf: row.get(4)?,
            ordinal,
            first_revision: (revision + 1).saturating_sub(events),
            revision,
            recorded_at: row.get(3)?,
            replayed: true,
        };
        Ok(KnownRequest {
            fingerprint: row.get(5)?,
            appended,
        })
    });
    known.optional()
}

fn name(stream: &StreamId) -> [&str; 3] {
    [&stream.project, &stream.kind, &stream.id]
}

/// A number that is never negative in a sound log.
pub(crate) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}
