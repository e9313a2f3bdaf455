//! What the file has beside a log's: bookmarks and keys.

use std::collections::VecDeque;

use event_log::{PartitionId, Phase, StreamId, Versions};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Bookmark, Key, KeyChanges, KeyId, Partition, Secret};
use crate::lookup::{Heads, unsigned};

/// The versions of a partition whose beginning was not read yet.
pub(super) const UNFOUNDED: Versions = Versions { rule: 0, record: 0 };
pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS replica_partitions (
    partition INTEGER PRIMARY KEY,
    next_offset INTEGER NOT NULL,       -- of the topic: all before it was read
    last_digest BLOB NOT NULL,          -- SHA-256 of the topic's record before next_offset
    position INTEGER NOT NULL,
    running_hash BLOB NOT NULL,         -- at that position
    rule_version INTEGER NOT NULL,
    record_version INTEGER NOT NULL,
    phase INTEGER NOT NULL              -- 0 filling, 1 open, 2 sealed
) STRICT;
CREATE TABLE IF NOT EXISTS replica_keys (
    key_id BLOB PRIMARY KEY,
    project TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    secret BLOB                         -- NULL: it was erased
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS replica_keys_by_stream ON replica_keys (project, kind, id);
CREATE TABLE IF NOT EXISTS replica_key_offsets (
    partition INTEGER PRIMARY KEY,
    next_offset INTEGER NOT NULL
) STRICT;
";
const READ_BOOKMARK: &str = "SELECT next_offset, last_digest, position, running_hash, rule_version, record_version, phase \
     FROM replica_partitions WHERE partition = ?";
const WRITE_BOOKMARK: &str = "INSERT OR REPLACE INTO replica_partitions (partition, next_offset, last_digest, position, \
     running_hash, rule_version, record_version, phase) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
const READ_KEY_OFFSET: &str = "SELECT next_offset FROM replica_key_offsets WHERE partition = ?";
const WRITE_KEY_OFFSET: &str = "INSERT OR REPLACE INTO replica_key_offsets (partition, next_offset) VALUES (?, ?)";
const READ_KEY: &str = "SELECT secret FROM replica_keys WHERE key_id = ?";
const KEY_OF_STREAM: &str = "SELECT key_id, secret FROM replica_keys WHERE project = ? AND kind = ? AND id = ? AND secret IS NOT NULL \
     ORDER BY key_id LIMIT 1";
const WRITE_KEY: &str =
    "INSERT OR REPLACE INTO replica_keys (key_id, project, kind, id, secret) VALUES (?, ?, ?, ?, ?)";

pub(super) fn write_keys(connection: &Connection, changes: &KeyChanges) -> rusqlite::Result<()> {
    for (id, stream, secret) in &changes.keys {
        let StreamId { project, kind, id: of } = stream;
        connection.prepare_cached(WRITE_KEY)?.execute(params![id, project, kind, of, secret])?;
    }
    for (partition, next_offset) in &changes.next_offsets {
        connection.prepare_cached(WRITE_KEY_OFFSET)?.execute(params![partition, next_offset.cast_signed()])?;
    }
    Ok(())
}

pub(super) fn write_bookmark(
    connection: &Connection,
    partition: PartitionId,
    bookmark: &Bookmark,
) -> rusqlite::Result<()> {
    let Bookmark { next_offset, last_digest, position, running_hash, versions, phase } = bookmark;
    connection.prepare_cached(WRITE_BOOKMARK)?.execute(params![
        partition,
        next_offset.cast_signed(),
        last_digest,
        position.cast_signed(),
        running_hash,
        versions.rule,
        versions.record,
        match phase {
            Phase::Filling => 0,
            Phase::Open => 1,
            Phase::Sealed => 2,
        },
    ])?;
    Ok(())
}

/// Every partition with its bookmark, which must be the file's: at the position where its records end. Else what is wrong.
pub(super) fn read_partitions(
    connection: &Connection,
    heads: &Heads,
) -> rusqlite::Result<Result<Vec<Partition>, String>> {
    let mut partitions = Vec::new();
    for (partition, position) in (0..).zip(heads.positions()) {
        let bookmark = read_bookmark(connection, partition)?;
        if bookmark.position != position {
            let said = bookmark.position;
            return Ok(Err(format!("partition {partition} has {position} records, and its bookmark says {said}")));
        }
        partitions.push(Partition { bookmark, window: VecDeque::from([bookmark.running_hash]) });
    }
    Ok(Ok(partitions))
}

fn read_bookmark(connection: &Connection, partition: PartitionId) -> rusqlite::Result<Bookmark> {
    let bookmark = connection.prepare_cached(READ_BOOKMARK)?.query_row([partition], |row| {
        Ok(Bookmark {
            next_offset: unsigned(row, 0)?,
            last_digest: row.get(1)?,
            position: unsigned(row, 2)?,
            running_hash: row.get(3)?,
            versions: Versions { rule: row.get(4)?, record: row.get(5)? },
            phase: match row.get(6)? {
                0 => Phase::Filling,
                1 => Phase::Open,
                2 => Phase::Sealed,
                other => return Err(rusqlite::Error::IntegralValueOutOfRange(6, other)),
            },
        })
    });
    Ok(bookmark.optional()?.unwrap_or(Bookmark {
        next_offset: 0,
        last_digest: [0; 32],
        position: 0,
        running_hash: [0; 32],
        versions: UNFOUNDED,
        phase: Phase::Filling,
    }))
}

pub(super) fn read_key_offsets(connection: &Connection, partitions: u32) -> rusqlite::Result<Vec<u64>> {
    let mut statement = connection.prepare_cached(READ_KEY_OFFSET)?;
    let mut offset = |partition| {
        let offset = statement.query_row([partition], |row| unsigned(row, 0));
        Ok(offset.optional()?.unwrap_or_default())
    };
    (0..partitions).map(&mut offset).collect()
}

/// What is known of the key of this name.
pub(super) fn read_key(connection: &Connection, id: &KeyId) -> rusqlite::Result<Option<Key>> {
    let secret = connection.prepare_cached(READ_KEY)?.query_row([id], |row| row.get(0)).optional()?;
    Ok(secret.map(|secret: Option<Secret>| secret.map_or(Key::Erased, Key::Made)))
}

/// A key of this stream, the same one whenever there are several.
pub(crate) fn key_of_stream(connection: &Connection, stream: &StreamId) -> rusqlite::Result<Option<(KeyId, Secret)>> {
    let StreamId { project, kind, id } = stream;
    let mut statement = connection.prepare_cached(KEY_OF_STREAM)?;
    statement.query_row([project, kind, id], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}
