//! Rows of `events` as records, checked against their leaves.

use std::sync::Arc;

use event_log::{Body, Header, Metadata, PAGE_BYTES_MAX, Page, Record, Recorded, StreamId, Texts, leaf};
use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use postgres_session::Fault;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::lookup::{hash, small, unsigned};

/// Reads a page, row by row while the server goes on: rows whose numbers (`number` of a record) must go on densely from `after`. The first column is the last number
/// there is, by which the page knows whether it is the end.
///
/// Every record is compared with its leaf and hashes: another one is damage, never a wrong answer.
pub(crate) async fn page(
    mut rows: BoxStream<'_, Result<PgRow, sqlx::Error>>,
    after: u64,
    number: fn(&Recorded) -> u64,
) -> Result<Page, Fault> {
    let mut page = Page { records: Vec::new(), end: true };
    let mut names = Names::default();
    let mut scratch = Vec::with_capacity(1024);
    let mut last = after;
    while let Some(row) = rows.try_next().await? {
        let recorded = record(&row, &mut names)?;
        let place = || format!("partition {} position {}", recorded.partition, recorded.position);
        if number(&recorded) != last + 1 {
            return Err(Fault::Damage(format!("{}: {} is missing before it", place(), last + 1)));
        }
        if recorded.record.leaf_in(&mut scratch) != recorded.leaf || !recorded.record.body.matches_its_hashes() {
            return Err(Fault::Damage(format!("{}: the record is not the one that was written", place())));
        }
        last += 1;
        page.end = last >= unsigned(&row, 0)?;
        page.records.push(recorded);
    }
    Ok(page)
}

/// The statement of a page: of `events` where the column `$of` is `$is`, in the order of `$number`, after `$1`, at most `$2`, and
/// only those before which there is less than `$3` bytes of payloads: as [`PAGE_BYTES_MAX`] says, without reading the payloads beyond.
///
/// A macro, so that each statement is one constant text.
macro_rules! page_statement {
    ($of:literal, $is:literal, $number:literal) => {
        concat!(
            "SELECT (SELECT l.",
            $number,
            " FROM events l WHERE l.",
            $of,
            " = ",
            $is,
            " ORDER BY l.",
            $number,
            " DESC LIMIT 1), e.partition, e.position, s.project, s.kind, s.id, s.ordinal, e.revision, e.event_id, \
             e.event_type, e.schema_version, e.actor, e.request_id, e.fingerprint, e.correlation_id, e.causation_id, \
             e.traceparent, e.occurred_at, e.recorded_at, e.leaf, e.facts, e.facts_hash, e.texts, e.salt, e.texts_hash \
             FROM (SELECT *, sum(octet_length(p.facts) + coalesce(octet_length(p.texts), 0)) OVER (ORDER BY p.",
            $number,
            " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before \
             FROM (SELECT * FROM events WHERE ",
            $of,
            " = ",
            $is,
            " AND ",
            $number,
            " > $1 ORDER BY ",
            $number,
            " LIMIT $2) p) e JOIN streams s ON s.stream = e.stream WHERE coalesce(e.bytes_before, 0) < $3 ORDER BY e.",
            $number
        )
    };
}

/// A page of the partition `$4`.
pub(crate) const PARTITION_PAGE: &str = page_statement!("partition", "$4", "position");
/// A page of the stream of project `$4`, kind `$5` and id `$6`.
pub(crate) const STREAM_PAGE: &str = page_statement!(
    "stream",
    "(SELECT n.stream FROM streams n WHERE n.project = $4 AND n.kind = $5 AND n.id = $6)",
    "revision"
);

/// The bytes after which a page ends, as the statements take them.
pub(crate) fn page_bytes_max() -> i64 {
    i64::try_from(PAGE_BYTES_MAX).unwrap_or(i64::MAX)
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
    fn of(&mut self, row: &PgRow, column: usize) -> Result<Arc<str>, Fault> {
        let text: &str = row.try_get(column)?;
        match &self.0 {
            Some(name) if **name == *text => Ok(Arc::clone(name)),
            _ => Ok(Arc::clone(self.0.insert(text.into()))),
        }
    }
}

fn record(row: &PgRow, names: &mut Names) -> Result<Recorded, Fault> {
    let header = Header {
        stream: StreamId { project: names.project.of(row, 3)?, kind: names.kind.of(row, 4)?, id: names.id.of(row, 5)? },
        ordinal: unsigned(row, 6)?,
        revision: unsigned(row, 7)?,
        event_id: row.try_get(8)?,
        event_type: names.event_type.of(row, 9)?,
        schema_version: u16::try_from(small(row, 10)?)
            .map_err(|_| Fault::Damage("a schema version beyond any".to_owned()))?,
        metadata: Metadata {
            actor: names.actor.of(row, 11)?,
            request_id: row.try_get(12)?,
            fingerprint: hash(row, 13)?,
            correlation_id: row.try_get(14)?,
            causation_id: row.try_get(15)?,
            traceparent: row.try_get::<Option<&str>, _>(16)?.map(Into::into),
            occurred_at: row.try_get(17)?,
            recorded_at: row.try_get(18)?,
        },
    };
    let has_texts_hash = row.try_get::<Option<&[u8]>, _>(24)?.is_some();
    let texts = match (row.try_get(22)?, row.try_get(23)?) {
        (Some(json), Some(salt)) => Some(Texts { salt, json }),
        _ if has_texts_hash => None,
        _ => Some(Texts { salt: Vec::new(), json: Vec::new() }),
    };
    let body = Body {
        facts: row.try_get(20)?,
        facts_hash: hash(row, 21)?,
        texts,
        texts_hash: if has_texts_hash { hash(row, 24)? } else { leaf::texts_hash(&[], &[]) },
    };
    Ok(Recorded {
        partition: small(row, 1)?,
        position: unsigned(row, 2)?,
        leaf: hash(row, 19)?,
        record: Record { header, body },
    })
}
