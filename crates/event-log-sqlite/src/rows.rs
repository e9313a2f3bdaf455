//! Rows of `events` as records, checked against their leaves.

use std::sync::Arc;

use event_log::{Body, Header, LogError, Metadata, PAGE_BYTES_MAX, Page, Record, Recorded, StreamId, Texts, leaf};
use rusqlite::{Row, Rows};
use uuid::Uuid;

use crate::error;
use crate::lookup::unsigned;
use crate::schema::{partition, position};

/// The columns of [`record`], of `events` joined with `streams`.
pub(crate) const COLUMNS: &str = "key, project, kind, id, ordinal, revision, event_id, event_type, schema_version, actor, \
     request_id, fingerprint, correlation_id, causation_id, traceparent, occurred_at, recorded_at, leaf, facts, facts_hash, \
     texts, salt, texts_hash";

/// Reads a page: at most `limit` rows, whose numbers (`number` of a record) must go on densely from `after`.
///
/// Every record is compared with its leaf and hashes: a flipped bit is `DataLoss`, never a wrong answer.
pub(crate) fn page(
    mut rows: Rows<'_>,
    after: u64,
    limit: usize,
    number: fn(&Recorded) -> u64,
) -> Result<Page, LogError> {
    let mut page = Page::default();
    let mut names = Names::default();
    let mut scratch = Vec::with_capacity(1024);
    let (mut last, mut bytes) = (after, 0);
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => {
                page.end = true;
                return Ok(page);
            }
            Err(error) => return Err(error::of_sqlite(&error, &format!("reading after {last}"))),
        };
        if page.records.len() >= limit || bytes >= PAGE_BYTES_MAX {
            return Ok(page);
        }
        let recorded =
            record(row, &mut names).map_err(|error| error::of_sqlite(&error, &format!("reading after {last}")))?;
        let place = || format!("partition {} position {}", recorded.partition, recorded.position);
        if number(&recorded) != last + 1 {
            return Err(LogError::DataLoss { reason: format!("{}: {} is missing before it", place(), last + 1) });
        }
        if recorded.record.leaf_in(&mut scratch) != recorded.leaf || !recorded.record.body.matches_its_hashes() {
            return Err(LogError::DataLoss {
                reason: format!("{}: the record is not the one that was written", place()),
            });
        }
        last += 1;
        bytes +=
            recorded.record.body.facts.len() + recorded.record.body.texts.as_ref().map_or(0, |texts| texts.json.len());
        page.records.push(recorded);
    }
}

/// Names as the row before had them: most rows have the same, and share them.
#[derive(Debug, Default)]
struct Names {
    project: Name,
    kind: Name,
    id: Name,
    event_type: Name,
    actor: Name,
}

#[derive(Debug, Default)]
struct Name(Option<Arc<str>>);

impl Name {
    fn of(&mut self, row: &Row<'_>, column: usize) -> rusqlite::Result<Arc<str>> {
        let text = row.get_ref(column)?.as_str()?;
        match &self.0 {
            Some(name) if **name == *text => Ok(Arc::clone(name)),
            _ => Ok(Arc::clone(self.0.insert(text.into()))),
        }
    }
}

fn record(row: &Row<'_>, names: &mut Names) -> rusqlite::Result<Recorded> {
    let key: i64 = row.get(0)?;
    let header = Header {
        stream: StreamId { project: names.project.of(row, 1)?, kind: names.kind.of(row, 2)?, id: names.id.of(row, 3)? },
        ordinal: unsigned(row, 4)?,
        revision: unsigned(row, 5)?,
        event_id: Uuid::from_bytes(row.get(6)?),
        event_type: names.event_type.of(row, 7)?,
        schema_version: row.get(8)?,
        metadata: Metadata {
            actor: names.actor.of(row, 9)?,
            request_id: Uuid::from_bytes(row.get(10)?),
            fingerprint: row.get(11)?,
            correlation_id: row.get::<_, Option<[u8; 16]>>(12)?.map(Uuid::from_bytes),
            causation_id: row.get::<_, Option<[u8; 16]>>(13)?.map(Uuid::from_bytes),
            traceparent: row.get(14)?,
            occurred_at: row.get(15)?,
            recorded_at: row.get(16)?,
        },
    };
    let texts_hash: Option<[u8; 32]> = row.get(22)?;
    let texts = match texts_hash {
        None => Some(Texts { salt: Vec::new(), json: Vec::new() }),
        Some(_) => match (row.get::<_, Option<Vec<u8>>>(20)?, row.get::<_, Option<Vec<u8>>>(21)?) {
            (Some(json), Some(salt)) => Some(Texts { salt, json }),
            _ => None,
        },
    };
    let body = Body {
        facts: row.get(18)?,
        facts_hash: row.get(19)?,
        texts,
        texts_hash: texts_hash.unwrap_or_else(|| leaf::texts_hash(&[], &[])),
    };
    Ok(Recorded {
        partition: partition(key),
        position: position(key),
        leaf: row.get(17)?,
        record: Record { header, body },
    })
}
