//! That something is not there, believed only where the index around its place is sound.
//!
//! A record that is found is compared with its leaf. One that is not found has none: if a bit of its index entry has flipped, the entry
//! sorts elsewhere than where it is, and a search misses it. But any search that an entry out of order misleads ends right beside
//! that entry. So the two entries beside the place where nothing was found are compared with the rows they lead to.

use std::sync::LazyLock;

use event_log::{StreamId, StreamName};
use rusqlite::{Connection, OptionalExtension, Params, params};
use uuid::Uuid;

static BY_NAME: LazyLock<Index> =
    LazyLock::new(|| Index::new("streams_by_name", "streams", "stream", &["project", "kind", "id"], ""));
static BY_ORDINAL: LazyLock<Index> =
    LazyLock::new(|| Index::new("streams_by_ordinal", "streams", "stream", &["project", "kind", "ordinal"], ""));
static BY_REVISION: LazyLock<Index> =
    LazyLock::new(|| Index::new("events_by_stream", "events", "key", &["stream", "revision"], ""));
static BY_REQUEST: LazyLock<Index> = LazyLock::new(|| {
    let whole = " AND entry.append_events IS NOT NULL";
    Index::new("events_by_request", "events", "key", &["stream", "request_id"], whole)
});

/// What was not found. Streams are named by their numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sought<'a> {
    Stream(&'a StreamId),
    Ordinal(&'a str, &'a str, i64),
    Revision(i64, i64),
    Request(i64, Uuid),
}

/// The two questions to one index.
struct Index {
    name: &'static str,
    /// Whether the last entry up to a place agrees with its row.
    before: String,
    /// Whether the first one after it does.
    after: String,
}

/// Fails where an index is not sound around the place of what was not found there.
pub(crate) fn check(connection: &Connection, sought: Sought<'_>) -> rusqlite::Result<()> {
    let index = sought.index();
    let sound = match sought {
        Sought::Stream(StreamId { project, kind, id }) => index.ask(connection, params![project, kind, id]),
        Sought::Ordinal(project, kind, ordinal) => index.ask(connection, params![project, kind, ordinal]),
        Sought::Revision(stream, revision) => index.ask(connection, params![stream, revision]),
        Sought::Request(stream, request_id) => index.ask(connection, params![stream, request_id.as_bytes()]),
    };
    if sound? { Ok(()) } else { Err(corrupt(format!("the index {} is damaged around {sought}", index.name))) }
}

/// An error as SQLite's own of a damaged file.
pub(crate) fn corrupt(what: String) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), Some(what))
}

impl Index {
    fn new(name: &'static str, table: &str, number: &str, columns: &[&str], which: &str) -> Self {
        let list = |of: &dyn Fn(&str) -> String, between| {
            columns.iter().map(|column| of(column)).collect::<Vec<_>>().join(between)
        };
        let agree = list(&|column| format!("entry.{column} = row.{column}"), " AND ");
        let entry = list(&|column| format!("entry.{column}"), ", ");
        let descending = list(&|column| format!("entry.{column} DESC"), ", ");
        let place = list(&|_| "?".to_owned(), ", ");
        let ask = |compared: &str, order: &str| {
            format!(
                "SELECT coalesce({agree}, 0) FROM {table} AS entry INDEXED BY {name} \
                 LEFT JOIN {table} AS row ON row.{number} = entry.{number} \
                 WHERE ({entry}) {compared} ({place}){which} ORDER BY {order} LIMIT 1"
            )
        };
        Self { name, before: ask("<=", &descending), after: ask(">", &entry) }
    }

    fn ask(&self, connection: &Connection, place: impl Params + Copy) -> rusqlite::Result<bool> {
        for beside in [&self.before, &self.after] {
            let agrees: Option<bool> =
                connection.prepare_cached(beside)?.query_row(place, |row| row.get(0)).optional()?;
            if agrees == Some(false) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Sought<'_> {
    fn index(&self) -> &'static Index {
        match self {
            Self::Stream(_) => &BY_NAME,
            Self::Ordinal(..) => &BY_ORDINAL,
            Self::Revision(..) => &BY_REVISION,
            Self::Request(..) => &BY_REQUEST,
        }
    }
}

impl std::fmt::Display for Sought<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stream(stream) => write!(f, "{}", StreamName(stream)),
            Self::Ordinal(project, kind, ordinal) => write!(f, "{kind} {ordinal} of {project}"),
            Self::Revision(stream, revision) => write!(f, "revision {revision} of stream {stream}"),
            Self::Request(stream, request_id) => write!(f, "request {request_id} of stream {stream}"),
        }
    }
}
