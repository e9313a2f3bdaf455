//! Selects as SQL.

use rusqlite::Connection;
use view_store::StoreError;
use view_store::paging::{Range, ranges};
use views::row::{Condition, Row, Select, Value};

use crate::ddl::{direction, quoted};
use crate::fault::fault;
use crate::sql::TableSql;
use crate::value::{bind, bind_all, row};
use crate::words::Seek;

/// The select's rows: range after range until the limit is reached.
pub(crate) fn select(connection: &Connection, sql: &TableSql, select: &Select) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    for range in ranges(select) {
        let left = i64::from(select.limit) - i64::try_from(rows.len()).unwrap_or(i64::MAX);
        if left <= 0 {
            break;
        }
        let seek = match (&sql.words, &select.sought) {
            (Some(words), Some(sought)) => {
                match words.seek(connection, sought, &range.filter, select.words).map_err(fault)? {
                    Some(seek) => Some(seek),
                    None => continue,
                }
            }
            _ => None,
        };
        let (text, values) = text(sql, &range, select.words, seek.as_ref());
        let mut statement = connection.prepare_cached(&text).map_err(fault)?;
        bind_all(&mut statement, values.iter().copied()).map_err(fault)?;
        bind(&mut statement, values.len() + 1, &Value::Integer(left)).map_err(fault)?;
        let mut found = statement.raw_query();
        while let Some(each) = found.next().map_err(fault)? {
            rows.push(row(sql.table, each)?);
        }
    }
    Ok(rows)
}

/// The range as a statement, and what to bind to it; last comes the limit.
pub(crate) fn text<'a>(
    sql: &TableSql,
    range: &'a Range,
    words: bool,
    seek: Option<&'a Seek<'_>>,
) -> (String, Vec<&'a Value>) {
    let mut values: Vec<_> = seek.into_iter().flat_map(|seek| &seek.values).collect();
    let sought = seek.map(|seek| seek.condition.clone());
    let conditions = range.filter.iter().map(|each| condition(each, &mut values));
    let conditions: Vec<_> = sought.into_iter().chain(conditions).collect();
    let column = |name: &str| seek.map_or_else(|| quoted(name), |seek| seek.order_by.clone());
    let order: Vec<_> = range.order.iter().map(|(name, way)| format!("{} {}", column(name), direction(*way))).collect();
    let (columns, table) = match &sql.words {
        Some(its) if words => (&its.columns_joined, &its.joined),
        _ => (&sql.columns, &sql.name),
    };
    let mut text = format!("SELECT {columns} FROM {}", seek.map_or(table.as_str(), |seek| seek.from));
    for (before, part) in [(" WHERE ", conditions.join(" AND ")), (" ORDER BY ", order.join(", "))] {
        if !part.is_empty() {
            text.push_str(before);
            text.push_str(&part);
        }
    }
    text.push_str(" LIMIT ?");
    (text, values)
}

fn condition<'a>(condition: &'a Condition, values: &mut Vec<&'a Value>) -> String {
    let column = quoted(condition.column());
    values.extend(condition.values());
    match condition {
        Condition::Equal(..) => format!("{column} = ?"),
        Condition::Less(..) => format!("{column} < ?"),
        Condition::AtMost(..) => format!("{column} <= ?"),
        Condition::Greater(..) => format!("{column} > ?"),
        Condition::AtLeast(..) => format!("{column} >= ?"),
        Condition::IsNull(_) => format!("{column} IS NULL"),
        Condition::NotNull(_) => format!("{column} IS NOT NULL"),
        Condition::In(_, some) => {
            // Lists are filled up to a power of two with their last value, so that few statements serve all lengths.
            let width = if some.is_empty() { 0 } else { some.len().next_power_of_two() };
            values.extend(some.last().into_iter().cycle().take(width - some.len()));
            format!("{column} IN ({})", vec!["?"; width].join(", "))
        }
    }
}
