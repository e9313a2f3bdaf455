//! The file: its format, its tables, and the steps from one format to the next.
//!
//! | table | row | found by |
//! |---|---|---|
//! | `log` | the one log: which it is, its versions, its phase | – |
//! | `branches` | a restore: for each partition, which log this one branched from, and where | (branch, partition) |
//! | `streams` | a stream, numbered from 1 in the order of their first events | name, ordinal |
//! | `events` | a record; `key` is partition << 48 \| position | key; (stream, revision); (stream, request id) |
//!
//! Positions, revisions and ordinals are dense, so each head is the end of an index: none is stored apart.

use event_log::PartitionId;
use rusqlite::{Connection, Transaction, TransactionBehavior};

/// "SnLg": marks the file as ours (`PRAGMA application_id`).
pub(crate) const APPLICATION_ID: i64 = 0x536e_4c67;
/// The format written and read here (`PRAGMA user_version`): so many steps were taken.
pub(crate) const FORMAT: i64 = 2;
/// Most partitions; a key has room for 32,768.
pub(crate) const PARTITIONS_MAX: u32 = 1024;
/// Bits of a position in a key.
const POSITION_BITS: u32 = 48;
/// The highest position there can be.
const POSITION_MAX: u64 = (1 << POSITION_BITS) - 1;
const _: () =
    assert!((PARTITIONS_MAX as u64) << POSITION_BITS < i64::MAX as u64, "every key is a positive 64-bit number");

/// What makes each format of the one before; the first of nothing. A new log takes them all, so that it is what an upgraded one is.
const STEPS: [&str; 2] = [TABLES, PHASES];
const _: () = assert!(STEPS.len() == 2, "one step to each format, up to today's");

/// Format 1: the log, its streams, its events.
const TABLES: &str = "
CREATE TABLE log (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    log_id BLOB NOT NULL,
    partitions INTEGER NOT NULL,
    rule_version INTEGER NOT NULL,
    record_version INTEGER NOT NULL
) STRICT;

CREATE TABLE streams (
    stream INTEGER PRIMARY KEY,         -- dense from 1: new ones share pages, whatever their partitions
    project TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    ordinal INTEGER NOT NULL            -- dense from 1 within (project, kind)
) STRICT;
CREATE UNIQUE INDEX streams_by_name ON streams (project, kind, id);
CREATE UNIQUE INDEX streams_by_ordinal ON streams (project, kind, ordinal);

CREATE TABLE events (
    key INTEGER PRIMARY KEY,            -- partition << 48 | position
    stream INTEGER NOT NULL,
    revision INTEGER NOT NULL,          -- dense from 1 within the stream
    append_events INTEGER,              -- on the last event of an append: how many it has
    event_id BLOB NOT NULL,
    event_type TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    actor TEXT NOT NULL,
    request_id BLOB NOT NULL,
    fingerprint BLOB NOT NULL,
    correlation_id BLOB,
    causation_id BLOB,
    traceparent TEXT,
    occurred_at INTEGER NOT NULL,       -- microseconds since 1970
    recorded_at INTEGER NOT NULL,       -- microseconds since 1970
    leaf BLOB NOT NULL,
    facts BLOB NOT NULL,                -- JSON
    facts_hash BLOB NOT NULL,
    texts BLOB,                         -- JSON; null where there are none, or erased
    salt BLOB,                          -- null with texts
    texts_hash BLOB                     -- null where there never were texts: the hash of nothing
) STRICT;
CREATE UNIQUE INDEX events_by_stream ON events (stream, revision);
CREATE UNIQUE INDEX events_by_request ON events (stream, request_id) WHERE append_events IS NOT NULL;
";

/// Format 2: a log can be filled and sealed, backed up and restored.
const PHASES: &str = "
ALTER TABLE log ADD COLUMN phase TEXT NOT NULL DEFAULT 'open' CHECK (phase IN ('filling', 'open', 'sealed'));
ALTER TABLE log ADD COLUMN backup INTEGER NOT NULL DEFAULT 0 CHECK (backup IN (0, 1)); -- 1: to be restored, not to be served
CREATE TABLE branches (
    branch INTEGER NOT NULL,            -- dense from 1, in the order of the restores
    partition INTEGER NOT NULL,
    log_id BLOB NOT NULL,               -- the log that was backed up
    position INTEGER NOT NULL,          -- the last one that both have
    PRIMARY KEY (branch, partition)
) STRICT, WITHOUT ROWID;
";

/// The key of an event.
pub(crate) fn key(partition: PartitionId, position: u64) -> i64 {
    (i64::from(partition) << POSITION_BITS) | position.min(POSITION_MAX).cast_signed()
}

/// The position in a key.
pub(crate) fn position(key: i64) -> u64 {
    key.cast_unsigned() & POSITION_MAX
}

/// The partition in a key; none can be written above [`PARTITIONS_MAX`].
pub(crate) fn partition(key: i64) -> PartitionId {
    PartitionId::try_from(key >> POSITION_BITS).unwrap_or(PartitionId::MAX)
}

/// The first and the last key that a partition can have.
pub(crate) fn keys(partition: PartitionId) -> (i64, i64) {
    (key(partition, 0), key(partition, POSITION_MAX))
}

/// What a file says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Nothing: it is new.
    Empty,
    /// A log of this format.
    Log(i64),
    /// A database of another application.
    Foreign(i64),
}

impl Format {
    pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let number = |sql| connection.query_row(sql, [], |row| row.get(0));
        let (id, format): (i64, i64) = (number("PRAGMA application_id")?, number("PRAGMA user_version")?);
        let things: i64 = number("SELECT count(*) FROM sqlite_schema")?;
        Ok(match (id, format, things) {
            (0, 0, 0) => Self::Empty,
            (APPLICATION_ID, format, _) => Self::Log(format),
            (id, ..) => Self::Foreign(id),
        })
    }
}

/// Takes the steps from this format to the one of today, and whatever `then` does, all at once: a crash leaves the file as it was.
pub(crate) fn upgrade<T>(
    connection: &mut Connection,
    from: i64,
    then: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in STEPS.iter().skip(usize::try_from(from).unwrap_or(usize::MAX)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    let done = then(&transaction)?;
    transaction.commit()?;
    Ok(done)
}
