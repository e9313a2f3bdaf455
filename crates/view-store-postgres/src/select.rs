//! Selects as SQL.

use std::fmt::Write as _;

use postgres_session::Fault;
use sqlx::{AssertSqlSafe, PgConnection};
use view_store::paging::{Range, ranges};
use views::row::{Condition, Cursor, Row, Select, Value};
use views::table::{Direction, Kind, Table};

use crate::ddl::{ordered, quoted};
use crate::sql::TableSql;
use crate::value::{Many, One, row};
use crate::words;

/// A parameter.
#[derive(Debug)]
pub(crate) enum Parameter<'s> {
    One(One<'s>),
    Many(Many<'s>),
    /// What words are compared with.
    Text(String),
    /// The limit.
    Rows(i64),
}

/// The select's rows: range after range until the limit is reached; one range, where the order goes one way.
pub(crate) async fn select(connection: &mut PgConnection, sql: &TableSql, select: &Select) -> Result<Vec<Row>, Fault> {
    let mut rows = Vec::new();
    let (ranges, after) = match one_way(select) {
        Some(after) => (vec![Range { filter: select.filter.clone(), order: select.total_order() }], Some(after)),
        None => (ranges(select), None),
    };
    for range in &ranges {
        let left = i64::from(select.limit) - i64::try_from(rows.len()).unwrap_or(i64::MAX);
        if left <= 0 {
            break;
        }
        let (text, parameters) = text(sql, select, &range.filter, after.as_deref(), left);
        // How common a word is decides how rows are found: a search is planned with its words, each time.
        let mut query = sqlx::query(AssertSqlSafe(text)).persistent(select.sought.is_none());
        for parameter in parameters {
            query = match parameter {
                Parameter::One(one) => query.bind(one),
                Parameter::Many(many) => query.bind(many),
                Parameter::Text(text) => query.bind(text),
                Parameter::Rows(rows) => query.bind(rows),
            };
        }
        for found in query.fetch_all(&mut *connection).await? {
            rows.push(row(sql.table, &found, 0)?);
        }
    }
    Ok(rows)
}

/// What rows come after, column by column, where rows can be compared with it as a whole: all columns go the same way, and a null is
/// nowhere to come after.
fn one_way(select: &Select) -> Option<Vec<(&'static str, Direction, &Value)>> {
    let Cursor(values) = select.after.as_ref()?;
    let fixed =
        |column: &str| select.filter.iter().any(|each| matches!(each, Condition::Equal(of, _) if *of == column));
    let order = select.total_order();
    let pairs = order.into_iter().zip(values);
    let free: Vec<_> =
        pairs.map(|((column, way), value)| (column, way, value)).filter(|(column, ..)| !fixed(column)).collect();
    let (_, first, _) = free.first()?;
    let nullable = |column: &str| select.table.columns.iter().any(|each| each.name == column && each.nullable);
    let comparable = |(column, way, value): &(&str, Direction, &Value)| {
        way == first && !value.is_null() && (*way == Direction::Asc || !nullable(column))
    };
    // A cursor that lies elsewhere in what the filter fixes is compared range by range.
    let inside =
        select.total_order().iter().zip(values).all(|((column, _), value)| {
            !fixed(column) || select.filter.contains(&Condition::Equal(column, value.clone()))
        });
    (inside && free.iter().all(comparable)).then_some(free)
}

/// The rows of a range as a statement. `ORDER BY` names every column of the total order: PostgreSQL leaves out those that the filter
/// fixes, and would not know it of `IS NULL`.
pub(crate) fn text<'s>(
    sql: &TableSql,
    select: &Select,
    filter: &'s [Condition],
    after: Option<&[(&'static str, Direction, &'s Value)]>,
    limit: i64,
) -> (String, Vec<Parameter<'s>>) {
    let table = sql.table;
    let mut parameters = Vec::new();
    let mut conditions: Vec<_> = filter.iter().map(|each| condition(table, each, &mut parameters)).collect();
    if let Some(sought) = &select.sought {
        conditions.extend(words::conditions(table, sought, filter, &mut parameters));
    }
    if let Some(after) = after {
        let mut values = Vec::with_capacity(after.len());
        for &(column, _, value) in after {
            parameters.push(Parameter::One(One { kind: kind(table, column), value }));
            values.push(format!("${}", parameters.len()));
        }
        let columns: Vec<_> = after.iter().map(|(column, ..)| quoted(column)).collect();
        let later = if matches!(after.first(), Some((_, Direction::Desc, _))) { "<" } else { ">" };
        conditions.push(format!("({}) {later} ({})", columns.join(", "), values.join(", ")));
    }
    let columns: Vec<_> = table.columns.iter().map(|column| shown(column.name, column.kind, select)).collect();
    let order: Vec<_> = select.total_order().iter().map(|(name, way)| ordered(table, name, *way)).collect();
    let mut text = format!("SELECT {} FROM {}", columns.join(", "), sql.name);
    for (before, part) in [(" WHERE ", conditions.join(" AND ")), (" ORDER BY ", order.join(", "))] {
        if !part.is_empty() {
            text.push_str(before);
            text.push_str(&part);
        }
    }
    parameters.push(Parameter::Rows(limit));
    // Writing to a String can't fail.
    let _ = write!(text, " LIMIT ${}", parameters.len());
    (text, parameters)
}

/// Words come only where they are asked for.
fn shown(column: &str, kind: Kind, select: &Select) -> String {
    if kind == Kind::Words && !select.words { "''::text".to_owned() } else { quoted(column) }
}

fn kind(table: &Table, column: &str) -> Kind {
    // The select was checked: it names columns that are there.
    table.position(column).map_or(Kind::Text, |at| table.columns[at].kind)
}

fn condition<'s>(table: &Table, condition: &'s Condition, parameters: &mut Vec<Parameter<'s>>) -> String {
    let column = quoted(condition.column());
    let kind = kind(table, condition.column());
    let mut compared = |with: &str| {
        parameters.extend(condition.values().iter().map(|value| Parameter::One(One { kind, value })));
        format!("{column} {with} ${}", parameters.len())
    };
    match condition {
        Condition::Equal(..) => compared("="),
        Condition::Less(..) => compared("<"),
        Condition::AtMost(..) => compared("<="),
        Condition::Greater(..) => compared(">"),
        Condition::AtLeast(..) => compared(">="),
        Condition::IsNull(_) => format!("{column} IS NULL"),
        Condition::NotNull(_) => format!("{column} IS NOT NULL"),
        Condition::In(_, some) if some.is_empty() => "false".to_owned(),
        Condition::In(_, some) => {
            parameters.push(Parameter::Many(Many { kind, values: some.iter().collect() }));
            format!("{column} = ANY(${})", parameters.len())
        }
    }
}
