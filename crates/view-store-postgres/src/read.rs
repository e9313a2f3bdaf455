//! Questions that change nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use postgres_session::{Fault, Question};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use view_store::{Answer, Checkpoint, PARKED_ANSWER_MAX, Parked, PartitionId, ViewId};
use views::row::{Key, Row, Select};

use crate::select::select;
use crate::sql::ViewSql;
use crate::value::{Many, row};
use crate::write::kinds;

const CHECKPOINTS: &str = "SELECT partition, position, leaf FROM snaglog_checkpoints WHERE view = $1 AND version = $2 AND ($3 IS NULL OR partition = $3)";
const PARKED: &str = "SELECT partition, stream, position, reason, skipped FROM snaglog_parked \
     WHERE view = $1 AND version = $2 AND stream > $3 ORDER BY stream LIMIT $4";
const PARKED_OF: &str = "SELECT partition, stream, position, reason, skipped FROM snaglog_parked \
     WHERE view = $1 AND version = $2 AND stream = ANY($3) ORDER BY stream";
/// Checkpoints, parked streams, and the first table's number in the catalog, in one statement. That number stays when a table is given another
/// name, and a table that is made has another one.
const BESIDE: &str = "SELECT partition, NULL AS stream, position, NULL AS reason, false AS skipped, leaf \
     FROM snaglog_checkpoints WHERE view = $1 AND version = $2 \
     UNION ALL (SELECT partition, stream, position, reason, skipped, NULL FROM snaglog_parked \
     WHERE view = $1 AND version = $2 ORDER BY stream LIMIT $3) \
     UNION ALL SELECT NULL, NULL, to_regclass($4)::oid::bigint, NULL, NULL, NULL";

/// Rows by their keys.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) view: Arc<ViewSql>,
    pub(crate) place: usize,
    pub(crate) keys: Arc<[Key]>,
}

impl Question for Load {
    type Answer = Vec<Option<Row>>;

    async fn ask(self, connection: &mut PgConnection) -> Result<Self::Answer, Fault> {
        let sql = &self.view.tables[self.place];
        let table = sql.table;
        let mut query = sqlx::query(AssertSqlSafe(Arc::clone(&sql.load)));
        for (at, kind) in kinds(table, table.key.iter().copied()).into_iter().enumerate() {
            query = query.bind(Many { kind, values: self.keys.iter().map(|key| &key.values()[at]).collect() });
        }
        let mut rows = vec![None; self.keys.len()];
        for found in query.fetch_all(connection).await? {
            let number = usize::try_from(found.try_get::<i64, _>(0)?).unwrap_or_default();
            if let Some(slot) = number.checked_sub(1).and_then(|at| rows.get_mut(at)) {
                *slot = Some(row(table, &found, 1)?);
            }
        }
        Ok(rows)
    }
}

/// The view's checkpoints.
#[derive(Clone)]
pub(crate) struct Checkpoints(pub(crate) ViewId);

impl Question for Checkpoints {
    type Answer = BTreeMap<PartitionId, Checkpoint>;

    async fn ask(self, connection: &mut PgConnection) -> Result<Self::Answer, Fault> {
        checkpoints(connection, self.0, None).await
    }
}

/// Which of a view's parked streams.
#[derive(Clone)]
pub(crate) enum Which {
    /// Those after this name, at most so many.
    After(Arc<str>, u32),
    /// These, where they are parked.
    Of(Vec<Arc<str>>),
}

/// Parked streams of a view.
#[derive(Clone)]
pub(crate) struct ParkedStreams(pub(crate) ViewId, pub(crate) Which);

impl Question for ParkedStreams {
    type Answer = Vec<Parked>;

    async fn ask(self, connection: &mut PgConnection) -> Result<Self::Answer, Fault> {
        let Self(view, which) = self;
        let of = |text| sqlx::query(text).bind(view.name).bind(view.version.cast_signed());
        let query = match which {
            Which::After(name, limit) => of(PARKED).bind(name.to_string()).bind(i64::from(limit)),
            Which::Of(names) => of(PARKED_OF).bind(names.iter().map(ToString::to_string).collect::<Vec<_>>()),
        };
        query.fetch_all(connection).await?.iter().map(parked).collect()
    }
}

/// Selects, and what they are true of.
#[derive(Clone)]
pub(crate) struct Query {
    pub(crate) view: Arc<ViewSql>,
    pub(crate) selects: Arc<[Select]>,
}

impl Question for Query {
    type Answer = Answer;

    async fn ask(self, connection: &mut PgConnection) -> Result<Answer, Fault> {
        let view = self.view.schema.id();
        let begin = AssertSqlSafe(Arc::clone(&self.view.begin_reading));
        // One that is dropped goes with its connection.
        let mut moment = connection.begin_with(begin).await?;
        let most = i64::try_from(PARKED_ANSWER_MAX).unwrap_or(i64::MAX);
        let first = self.view.tables.first().map(|table| table.name.as_str());
        let beside = sqlx::query(BESIDE).bind(view.name).bind(view.version.cast_signed()).bind(most).bind(first);
        let mut answer = Answer { rows: Vec::new(), checkpoints: BTreeMap::new(), parked: Vec::new(), generation: 0 };
        for found in beside.fetch_all(&mut *moment).await? {
            if found.try_get::<Option<i32>, _>(0)?.is_none() {
                answer.generation = found.try_get::<i64, _>(2)?.cast_unsigned();
            } else if found.try_get::<Option<&str>, _>(1)?.is_some() {
                answer.parked.push(parked(&found)?);
            } else {
                answer.checkpoints.insert(partition(&found)?, checkpoint_at(&found, 2, 5)?);
            }
        }
        for each in &*self.selects {
            // The select was checked: its table is one of the view's.
            let sql = self.view.table(each.table).map_err(|error| Fault::Damage(error.to_string()))?;
            answer.rows.push(select(&mut moment, sql, each).await?);
        }
        moment.commit().await?;
        Ok(answer)
    }
}

/// How far the view has come in the partition.
pub(crate) async fn checkpoint(
    connection: &mut PgConnection,
    view: ViewId,
    partition: PartitionId,
) -> Result<Option<Checkpoint>, Fault> {
    Ok(checkpoints(connection, view, Some(partition)).await?.remove(&partition))
}

/// How far the view has come, in all partitions or in one.
pub(crate) async fn checkpoints(
    connection: &mut PgConnection,
    view: ViewId,
    of: Option<PartitionId>,
) -> Result<BTreeMap<PartitionId, Checkpoint>, Fault> {
    let query = sqlx::query(CHECKPOINTS).bind(view.name).bind(view.version.cast_signed());
    let rows = query.bind(of.map(u32::cast_signed)).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((partition(row)?, checkpoint_at(row, 1, 2)?))).collect()
}

fn partition(row: &PgRow) -> Result<PartitionId, Fault> {
    Ok(row.try_get::<i32, _>(0)?.cast_unsigned())
}

fn checkpoint_at(row: &PgRow, position: usize, leaf: usize) -> Result<Checkpoint, Fault> {
    let bytes: &[u8] = row.try_get(leaf)?;
    let leaf = bytes.try_into().map_err(|_| Fault::Damage(format!("{} bytes where a leaf has 32", bytes.len())))?;
    Ok(Checkpoint { position: row.try_get::<i64, _>(position)?.cast_unsigned(), leaf })
}

fn parked(row: &PgRow) -> Result<Parked, Fault> {
    Ok(Parked {
        partition: partition(row)?,
        stream: row.try_get::<&str, _>(1)?.into(),
        position: row.try_get::<i64, _>(2)?.cast_unsigned(),
        reason: row.try_get::<&str, _>(3)?.into(),
        skipped: row.try_get(4)?,
    })
}
