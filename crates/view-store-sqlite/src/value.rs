//! Values into statements and out of rows.

use rusqlite::Statement;
use rusqlite::types::ValueRef;
use view_store::StoreError;
use views::row::{Row, Value};
use views::table::{Column, Kind, Table};

use crate::fault::fault;

/// Binds the value to the statement's parameter, from 1.
pub(crate) fn bind(statement: &mut Statement<'_>, parameter: usize, value: &Value) -> rusqlite::Result<()> {
    match value {
        Value::Null => statement.raw_bind_parameter(parameter, rusqlite::types::Null),
        Value::Bool(it) => statement.raw_bind_parameter(parameter, it),
        Value::Integer(it) | Value::Timestamp(it) => statement.raw_bind_parameter(parameter, it),
        Value::Text(it) | Value::Json(it) | Value::Words(it) => statement.raw_bind_parameter(parameter, &**it),
    }
}

/// Binds the values to the parameters from 1 on.
pub(crate) fn bind_all<'a>(
    statement: &mut Statement<'_>,
    values: impl IntoIterator<Item = &'a Value>,
) -> rusqlite::Result<()> {
    let mut each = values.into_iter().enumerate();
    each.try_for_each(|(at, value)| bind(statement, at + 1, value))
}

/// The row that a statement found which selects all columns of the table in order.
pub(crate) fn row(table: &'static Table, found: &rusqlite::Row<'_>) -> Result<Row, StoreError> {
    let mut values = Vec::with_capacity(table.columns.len());
    for (at, column) in table.columns.iter().enumerate() {
        values.push(value(table, column, found.get_ref(at).map_err(fault)?)?);
    }
    Row::new(table, values).map_err(|error| StoreError::Damaged { reason: error.to_string() })
}

/// Is this value what is stored there?
pub(crate) fn same(value: &Value, stored: ValueRef<'_>) -> bool {
    match (value, stored) {
        (Value::Null, ValueRef::Null) => true,
        (Value::Bool(it), ValueRef::Integer(number)) => i64::from(*it) == number,
        (Value::Integer(it) | Value::Timestamp(it), ValueRef::Integer(number)) => *it == number,
        (Value::Text(it) | Value::Json(it) | Value::Words(it), ValueRef::Text(bytes)) => it.as_bytes() == bytes,
        _ => false,
    }
}

fn value(table: &Table, column: &Column, stored: ValueRef<'_>) -> Result<Value, StoreError> {
    let damaged = |what: &str| StoreError::Damaged { reason: format!("{}.{} holds {what}", table.name, column.name) };
    Ok(match (column.kind, stored) {
        (_, ValueRef::Null) => Value::Null,
        (Kind::Bool, ValueRef::Integer(number)) => Value::Bool(number != 0),
        (Kind::Integer, ValueRef::Integer(number)) => Value::Integer(number),
        (Kind::Timestamp, ValueRef::Integer(number)) => Value::Timestamp(number),
        (Kind::Text | Kind::Json | Kind::Words, ValueRef::Text(bytes)) => {
            let text = std::str::from_utf8(bytes).map_err(|_| damaged("a text that is not UTF-8"))?;
            match column.kind {
                Kind::Text => Value::Text(text.into()),
                Kind::Words => Value::Words(text.into()),
                _ => Value::Json(text.into()),
            }
        }
        (_, other) => return Err(damaged(&format!("a value of type {}", other.data_type()))),
    })
}
