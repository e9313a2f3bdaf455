//! What admission asks of the file, behind a bounded cache.

use std::sync::Arc;

use event_log::admission::{Changes, Known, PartitionHead, StreamHead};
use event_log::{Appended, KnownRequest, PartitionId, StreamId};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row, params};
use uuid::Uuid;

use crate::recent::Recent;
use crate::schema::{keys, partition, position};

/// Streams whose heads are kept; about 500 bytes each with their requests, and up to twice as many.
const STREAMS_MAX: usize = 16 * 1024;
/// (project, kind) pairs whose last ordinals are kept.
const ORDINALS_MAX: usize = 4 * 1024;
/// Streams with more requests than this are asked for in the index, every time.
const REQUESTS_MAX: usize = 64;

const HEAD_OF_PARTITION: &str =
    "SELECT key, recorded_at FROM events WHERE key BETWEEN ? AND ? ORDER BY key DESC LIMIT 1";
const HEAD_OF_STREAM: &str = "SELECT stream, ordinal, (SELECT max(revision) FROM events WHERE events.stream = streams.stream) \
     FROM streams WHERE project = ? AND kind = ? AND id = ?";
const LAST_STREAM: &str = "SELECT coalesce(max(stream), 0) FROM streams";
const LAST_ORDINAL: &str = "SELECT coalesce(max(ordinal), 0) FROM streams WHERE project = ? AND kind = ?";
const REQUESTS: &str =
    "SELECT request_id FROM events WHERE stream = ? AND append_events IS NOT NULL ORDER BY request_id LIMIT ?";
const REQUEST: &str = "SELECT key, revision, append_events, recorded_at, leaf, fingerprint, ordinal \
     FROM events JOIN streams USING (stream) \
     WHERE events.stream = ? AND request_id = ? AND append_events IS NOT NULL";
const REQUEST_OF_STREAM: &str = "SELECT key, revision, append_events, recorded_at, leaf, fingerprint, ordinal \
     FROM streams JOIN events USING (stream) \
     WHERE project = ? AND kind = ? AND id = ? AND request_id = ? AND append_events IS NOT NULL";

/// The heads of what was used lately: of every partition, of some streams, of some kinds.
#[derive(Debug)]
pub(crate) struct Heads {
    partitions: Vec<PartitionHead>,
    last_stream: u64,
    streams: Recent<StreamId, Stream>,
    ordinals: Recent<(Arc<str>, Arc<str>), u64>,
}

/// A stream that was used lately.
#[derive(Debug)]
struct Stream {
    head: StreamHead,
    requests: Requests,
}

/// The requests of a stream, each as [`mark`], so that a new one is known to be new without asking the file.
#[derive(Debug)]
enum Requests {
    NotRead,
    All(Vec<u64>),
    TooMany,
}

/// [`Known`] for one batch: the heads, and the prepared queries behind them.
pub(crate) struct Lookup<'c> {
    connection: &'c Connection,
    heads: &'c mut Heads,
}

impl Heads {
    pub(crate) fn read(connection: &Connection, partitions: u32) -> rusqlite::Result<Self> {
        Ok(Self {
            partitions: partition_heads(connection, partitions)?,
            last_stream: connection.query_row(LAST_STREAM, [], |row| unsigned(row, 0))?,
            streams: Recent::new(STREAMS_MAX),
            ordinals: Recent::new(ORDINALS_MAX),
        })
    }

    /// The last position of every partition.
    pub(crate) fn positions(&self) -> impl Iterator<Item = u64> {
        self.partitions.iter().map(|head| head.position)
    }

    /// How many partitions there are.
    pub(crate) fn partitions(&self) -> u32 {
        u32::try_from(self.partitions.len()).unwrap_or(u32::MAX)
    }

    /// Takes over what a batch changed, once it is committed.
    pub(crate) fn advance(&mut self, changes: Changes) {
        for (partition, head) in changes.partitions {
            if let Some(slot) = self.partitions.get_mut(partition as usize) {
                *slot = head;
            }
        }
        for (stream, change) in changes.streams {
            let marks = change.requests.iter().map(|(id, _)| mark(*id));
            if let Some(known) = self.streams.get_mut(&stream) {
                known.head = change.head;
                known.requests.add(marks);
            } else {
                let mut requests = if change.is_new() { Requests::All(Vec::new()) } else { Requests::NotRead };
                requests.add(marks);
                self.streams.put(stream, Stream { head: change.head, requests });
            }
        }
        for (kind, last) in changes.ordinals {
            self.ordinals.put(kind, last);
        }
    }
}

impl Requests {
    fn add(&mut self, marks: impl ExactSizeIterator<Item = u64>) {
        if let Self::All(known) = self {
            if known.len() + marks.len() > REQUESTS_MAX {
                *self = Self::TooMany;
            } else {
                known.extend(marks);
            }
        }
    }

    fn read(connection: &Connection, stream: u64) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare_cached(REQUESTS)?;
        let limit = i64::try_from(REQUESTS_MAX + 1).unwrap_or(i64::MAX);
        let marks =
            statement.query_map([stream.cast_signed(), limit], |row| Ok(mark(Uuid::from_bytes(row.get(0)?))))?;
        let marks: Vec<u64> = marks.collect::<rusqlite::Result<_>>()?;
        Ok(if marks.len() > REQUESTS_MAX { Self::TooMany } else { Self::All(marks) })
    }
}

impl<'c> Lookup<'c> {
    pub(crate) fn new(connection: &'c Connection, heads: &'c mut Heads) -> Self {
        Self { connection, heads }
    }
}

impl Known for Lookup<'_> {
    type Error = rusqlite::Error;

    fn partition(&mut self, partition: PartitionId) -> rusqlite::Result<PartitionHead> {
        Ok(self.heads.partitions.get(partition as usize).copied().unwrap_or_default())
    }

    fn stream(&mut self, _: PartitionId, stream: &StreamId) -> rusqlite::Result<Option<StreamHead>> {
        if let Some(known) = self.heads.streams.get_mut(stream) {
            return Ok(Some(known.head));
        }
        let found = head_of_stream(&mut self.connection.prepare_cached(HEAD_OF_STREAM)?, stream)?;
        if let Some(head) = found {
            self.heads.streams.put(stream.clone(), Stream { head, requests: Requests::NotRead });
        }
        Ok(found)
    }

    fn request(
        &mut self,
        _: PartitionId,
        stream: &StreamId,
        head: StreamHead,
        id: Uuid,
    ) -> rusqlite::Result<Option<KnownRequest>> {
        if let Some(known) = self.heads.streams.get_mut(stream) {
            if let Requests::NotRead = known.requests {
                known.requests = Requests::read(self.connection, head.number)?;
            }
            if let Requests::All(marks) = &known.requests
                && !marks.contains(&mark(id))
            {
                return Ok(None);
            }
        }
        known_request(&mut self.connection.prepare_cached(REQUEST)?, params![head.number.cast_signed(), id.as_bytes()])
    }

    fn number_stream(&mut self, _: PartitionId, _: u64) -> rusqlite::Result<u64> {
        self.heads.last_stream += 1;
        Ok(self.heads.last_stream)
    }

    fn last_ordinal(&mut self, project: &str, kind: &str) -> rusqlite::Result<u64> {
        let name = (project.into(), kind.into());
        if let Some(last) = self.heads.ordinals.get_mut(&name) {
            return Ok(*last);
        }
        let last = self.connection.prepare_cached(LAST_ORDINAL)?.query_row([project, kind], |row| unsigned(row, 0))?;
        self.heads.ordinals.put(name, last);
        Ok(last)
    }
}

/// What the request was answered in this stream, on any connection.
pub(crate) fn find_request(
    connection: &Connection,
    stream: &StreamId,
    id: Uuid,
) -> rusqlite::Result<Option<KnownRequest>> {
    let StreamId { project, kind, id: name } = stream;
    known_request(&mut connection.prepare_cached(REQUEST_OF_STREAM)?, params![project, kind, name, id.as_bytes()])
}

/// The heads of all partitions, each by the end of an index.
fn partition_heads(connection: &Connection, partitions: u32) -> rusqlite::Result<Vec<PartitionHead>> {
    (0..partitions).map(|partition| partition_head(connection, partition)).collect()
}

/// The last position of a partition.
pub(crate) fn head_of_partition(connection: &Connection, partition: PartitionId) -> rusqlite::Result<u64> {
    partition_head(connection, partition).map(|head| head.position)
}

fn partition_head(connection: &Connection, partition: PartitionId) -> rusqlite::Result<PartitionHead> {
    let mut statement = connection.prepare_cached(HEAD_OF_PARTITION)?;
    let last = statement.query_row(<[i64; 2]>::from(keys(partition)), |row| {
        Ok(PartitionHead { position: position(row.get(0)?), recorded_at: row.get(1)? })
    });
    Ok(last.optional()?.unwrap_or_default())
}

fn head_of_stream(statement: &mut CachedStatement<'_>, stream: &StreamId) -> rusqlite::Result<Option<StreamHead>> {
    let head = statement.query_row([&stream.project, &stream.kind, &stream.id], |row| {
        Ok(StreamHead { number: unsigned(row, 0)?, ordinal: unsigned(row, 1)?, revision: unsigned(row, 2)? })
    });
    head.optional()
}

fn known_request(statement: &mut CachedStatement<'_>, of: impl Params) -> rusqlite::Result<Option<KnownRequest>> {
    let known = statement.query_row(of, |row| {
        let key: i64 = row.get(0)?;
        let (revision, events) = (unsigned(row, 1)?, unsigned(row, 2)?);
        let appended = Appended {
            partition: partition(key),
            position: position(key),
            leaf: row.get(4)?,
            ordinal: unsigned(row, 6)?,
            first_revision: (revision + 1).saturating_sub(events),
            revision,
            recorded_at: row.get(3)?,
            replayed: true,
        };
        Ok(KnownRequest { fingerprint: row.get(5)?, appended })
    });
    known.optional()
}

/// 64 bits of an id: two ids seldom share them, and then the file tells them apart.
fn mark(id: Uuid) -> u64 {
    let (high, low) = id.as_u64_pair();
    high ^ low
}

/// A number that is never negative in a sound log.
pub(crate) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}
