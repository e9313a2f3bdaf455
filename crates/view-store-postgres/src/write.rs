//! A commit's rows, written in bulk: one statement a table and kind of write, an array a column.

use std::collections::BTreeMap;
use std::sync::Arc;

use postgres_session::Fault;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row as _};
use views::row::{Key, Value};
use views::table::{Kind, Table};

use crate::net::{Net, Touched, Writes};
use crate::sql::{TableSql, ViewSql};
use crate::value::Many;

/// Most rows of one statement.
pub(crate) const ROWS_MAX: usize = 2048;
/// A statement's rows are so many bytes, or one row.
const BYTES_MAX: usize = 8 << 20;

/// A write that failed.
pub(crate) struct Failed {
    /// The first change that was in it.
    pub(crate) change: usize,
    pub(crate) fault: Fault,
}

/// Values and the change that they are of.
struct Line<'w> {
    change: usize,
    values: Vec<&'w Value>,
    bytes: usize,
}

/// Writes all that the changes come to, in statements of at most so many rows.
pub(crate) async fn write(
    connection: &mut PgConnection,
    view: &ViewSql,
    writes: &Writes<'_>,
    rows_max: usize,
) -> Result<(), Failed> {
    for (sql, rows) in view.tables.iter().zip(writes) {
        write_table(connection, sql, rows, rows_max).await?;
    }
    Ok(())
}

async fn write_table(
    connection: &mut PgConnection,
    sql: &TableSql,
    rows: &BTreeMap<Key, Touched<'_>>,
    rows_max: usize,
) -> Result<(), Failed> {
    let (mut puts, mut gone, mut moves) = (Vec::new(), Vec::new(), Vec::new());
    for (key, Touched { change, net }) in rows {
        match net {
            Net::Put(row) => puts.push(line(*change, row.values())),
            Net::Gone => gone.push(line(*change, key.values())),
            Net::Move(by) if by.iter().all(|by| *by == 0) => {}
            Net::Move(by) => moves.push((*change, key, by.iter().copied().map(Value::Integer).collect::<Vec<_>>())),
        }
    }
    let table = sql.table;
    let key = kinds(table, table.key.iter().copied());
    execute(connection, &sql.delete, &key, &gone, rows_max).await?;
    let all: Vec<_> = table.columns.iter().map(|column| column.kind).collect();
    execute(connection, &sql.upsert, &all, &puts, rows_max).await?;
    let moves: Vec<_> = moves.iter().map(|(change, key, by)| line(*change, key.values().iter().chain(by))).collect();
    count(connection, sql, &key, &moves, rows_max).await
}

/// Moves counters, and takes rows of zeros away.
async fn count(
    connection: &mut PgConnection,
    sql: &TableSql,
    key: &[Kind],
    moves: &[Line<'_>],
    rows_max: usize,
) -> Result<(), Failed> {
    let counters = sql.table.columns.len() - key.len();
    let kinds: Vec<_> = key.iter().copied().chain(std::iter::repeat_n(Kind::Integer, counters)).collect();
    for lines in chunks(moves, rows_max) {
        let failed = |error: sqlx::Error| failed(lines, error);
        let row = statement(&sql.add, &kinds, lines).fetch_one(&mut *connection).await.map_err(failed)?;
        if row.try_get::<bool, _>(0).map_err(failed)? {
            statement(&sql.delete_zeros, key, lines).execute(&mut *connection).await.map_err(failed)?;
        }
    }
    Ok(())
}

async fn execute(
    connection: &mut PgConnection,
    text: &Arc<str>,
    kinds: &[Kind],
    lines: &[Line<'_>],
    rows_max: usize,
) -> Result<(), Failed> {
    for lines in chunks(lines, rows_max) {
        let done = statement(text, kinds, lines).execute(&mut *connection).await;
        done.map_err(|error| failed(lines, error))?;
    }
    Ok(())
}

fn failed(lines: &[Line<'_>], error: sqlx::Error) -> Failed {
    Failed { change: lines.first().map_or(0, |line| line.change), fault: error.into() }
}

/// The statement with an array for each of these kinds; lines may be longer.
fn statement(text: &Arc<str>, kinds: &[Kind], lines: &[Line<'_>]) -> Query<'static, Postgres, PgArguments> {
    let mut query = sqlx::query(AssertSqlSafe(Arc::clone(text)));
    for (at, kind) in kinds.iter().enumerate() {
        query = query.bind(Many { kind: *kind, values: lines.iter().map(|line| line.values[at]).collect() });
    }
    query
}

fn chunks<'l, 'w>(mut lines: &'l [Line<'w>], rows_max: usize) -> impl Iterator<Item = &'l [Line<'w>]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |line: &&Line<'_>| {
            bytes += line.bytes;
            bytes <= BYTES_MAX
        };
        let some = lines.iter().take(rows_max.min(ROWS_MAX)).take_while(fits).count().max(1);
        let (chunk, rest) = lines.split_at_checked(some)?;
        lines = rest;
        Some(chunk)
    })
}

fn line<'w>(change: usize, values: impl IntoIterator<Item = &'w Value>) -> Line<'w> {
    let values: Vec<_> = values.into_iter().collect();
    let bytes = values.iter().map(|value| bytes(value)).sum();
    Line { change, values, bytes }
}

fn bytes(value: &Value) -> usize {
    match value {
        Value::Text(it) | Value::Json(it) | Value::Words(it) => it.len(),
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Timestamp(_) => 8,
    }
}

/// The kinds of these columns.
pub(crate) fn kinds<'a>(table: &'a Table, columns: impl Iterator<Item = &'a str>) -> Vec<Kind> {
    // A description that names a column which isn't there was refused when the view was prepared.
    columns.filter_map(|name| table.position(name)).map(|at| table.columns[at].kind).collect()
}
