//! What admission asks of the file, behind a bounded cache.

use std::sync::Arc;

use event_log::admission::{Changes, Known, PartitionHead, StreamHead};
use event_log::{Appended, KnownRequest, PartitionId, Recorded, StreamId, StreamName};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row, params};
use uuid::Uuid;

use crate::absent::{self, Sought, corrupt};
use crate::reader::Reader;
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
const REQUESTS: &str = "SELECT request_id, append_events FROM events WHERE stream = ? AND append_events IS NOT NULL \
     ORDER BY request_id LIMIT ?";
const NUMBER_OF_STREAM: &str = "SELECT stream FROM streams WHERE project = ? AND kind = ? AND id = ?";
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

    /// Together they must account for every revision: one that an index has lost would be admitted again.
    fn read(connection: &Connection, head: StreamHead) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare_cached(REQUESTS)?;
        let limit = i64::try_from(REQUESTS_MAX + 1).unwrap_or(i64::MAX);
        let requests = statement.query_map([head.number.cast_signed(), limit], |row| {
            Ok((mark(Uuid::from_bytes(row.get(0)?)), unsigned(row, 1)?))
        })?;
        let requests: Vec<(u64, u64)> = requests.collect::<rusqlite::Result<_>>()?;
        if requests.len() > REQUESTS_MAX {
            return Ok(Self::TooMany);
        }
        let events: u64 = requests.iter().map(|(_, events)| *events).fold(0, u64::saturating_add);
        if events != head.revision {
            let StreamHead { number, revision, .. } = head;
            return Err(corrupt(format!("stream {number} has {revision} events, and its requests {events}")));
        }
        Ok(Self::All(requests.into_iter().map(|(mark, _)| mark).collect()))
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
        // One that is there must be the one that its index leads to, and end where it says.
        absent::check(self.connection, Sought::Stream(stream))?;
        if let Some(head) = found {
            let next = Sought::Revision(head.number.cast_signed(), head.revision.cast_signed() + 1);
            absent::check(self.connection, next)?;
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
                known.requests = Requests::read(self.connection, head)?;
            }
            if let Requests::All(marks) = &known.requests
                && !marks.contains(&mark(id))
            {
                return Ok(None);
            }
        }
        let number = head.number.cast_signed();
        let mut statement = self.connection.prepare_cached(REQUEST)?;
        let known = known_request(&mut statement, params![number, id.as_bytes()])?;
        match &known {
            None => absent::check(self.connection, Sought::Request(number, id))?,
            Some(known) => check_known(self.connection, stream, id, known)?,
        }
        Ok(known)
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
        absent::check(self.connection, Sought::Ordinal(project, kind, last.cast_signed() + 1))?;
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
    let mut statement = connection.prepare_cached(REQUEST_OF_STREAM)?;
    let known = known_request(&mut statement, params![project, kind, name, id.as_bytes()])?;
    match &known {
        Some(known) => check_known(connection, stream, id, known)?,
        None => check_absent(connection, stream, |number| Sought::Request(number, id))?,
    }
    Ok(known)
}

/// Fails where an index may have lost what was sought in a stream, or the stream.
pub(crate) fn check_absent(
    connection: &Connection,
    stream: &StreamId,
    sought: impl FnOnce(i64) -> Sought<'static>,
) -> rusqlite::Result<()> {
    absent::check(connection, Sought::Stream(stream))?;
    number_of(connection, stream)?.map_or(Ok(()), |number| absent::check(connection, sought(number)))
}

/// The stream's number, if it exists.
pub(crate) fn number_of(connection: &Connection, stream: &StreamId) -> rusqlite::Result<Option<i64>> {
    let StreamId { project, kind, id } = stream;
    connection.prepare_cached(NUMBER_OF_STREAM)?.query_row([project, kind, id], |row| row.get(0)).optional()
}

/// Compares a known request with the records of its append, which are compared with their leaves.
fn check_known(connection: &Connection, stream: &StreamId, id: Uuid, known: &KnownRequest) -> rusqlite::Result<()> {
    let Appended { partition, position, leaf, ordinal, first_revision, revision, recorded_at, .. } = known.appended;
    // From the one before its first, which is another's.
    let before = first_revision.saturating_sub(2);
    let count = usize::try_from(revision.saturating_sub(before)).unwrap_or(usize::MAX);
    let page = Reader::on(connection).stream_page(stream, before, count).map_err(|error| corrupt(error.to_string()))?;
    let is_its = |recorded: &&Recorded| recorded.record.header.metadata.request_id == id;
    let its: Vec<_> = page.records.iter().filter(is_its).collect();
    let agrees = its.last().is_some_and(|last| {
        let (header, metadata) = (&last.record.header, &last.record.header.metadata);
        (last.partition, last.position, last.leaf, header.ordinal) == (partition, position, leaf, ordinal)
            && (metadata.recorded_at, metadata.fingerprint) == (recorded_at, known.fingerprint)
            && header.revision == revision
            && revision + 1 - its.len() as u64 == first_revision
    });
    if agrees {
        Ok(())
    } else {
        Err(corrupt(format!("request {id} of {} is not what was admitted", StreamName(stream))))
    }
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
