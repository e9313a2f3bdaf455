//! Values into statements and out of rows.
//!
//! They go and come in PostgreSQL's binary format. A text of ours may hold any character, one of PostgreSQL's none that is zero: U+0000 and
//! U+0001 are written as two characters each, in a way that keeps the order. Nobody reads it otherwise: texts of people hold neither.

use std::borrow::Cow;

use postgres_session::Fault;
use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgBindIterExt as _, PgRow, PgTypeInfo, PgValueRef};
use sqlx::{Postgres, Row as _, Type, ValueRef as _};
use views::row::{Row, Value};
use views::table::{Column, Kind, TIMESTAMP_MIN, Table};

/// PostgreSQL counts from 2000.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// A value of a column of this kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct One<'v> {
    pub(crate) kind: Kind,
    pub(crate) value: &'v Value,
}

/// Values of a column, as an array. At least one.
#[derive(Debug)]
pub(crate) struct Many<'v> {
    pub(crate) kind: Kind,
    pub(crate) values: Vec<&'v Value>,
}

/// The type of such a column: its own, and an array's. PostgreSQL's own types have the same numbers everywhere.
fn types(kind: Kind) -> (PgTypeInfo, PgTypeInfo) {
    let (one, many) = match kind {
        Kind::Bool => (16, 1000),
        Kind::Integer => (20, 1016),
        Kind::Timestamp => (1184, 1185),
        Kind::Text | Kind::Words => (25, 1009),
        Kind::Json => (114, 199),
    };
    (PgTypeInfo::with_oid(Oid(one)), PgTypeInfo::with_oid(Oid(many)))
}

impl Type<Postgres> for One<'_> {
    /// Never asked: [`Encode::produces`] says it of each value.
    fn type_info() -> PgTypeInfo {
        <str as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for One<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match self.value {
            Value::Null => Ok(IsNull::Yes),
            Value::Bool(it) => Encode::<Postgres>::encode(*it, buffer),
            Value::Integer(it) => Encode::<Postgres>::encode(*it, buffer),
            // Earlier than any is PostgreSQL's smallest number: it is compared with, and never written.
            Value::Timestamp(it) if *it < TIMESTAMP_MIN => Encode::<Postgres>::encode(i64::MIN, buffer),
            Value::Timestamp(it) => Encode::<Postgres>::encode(*it - EPOCH_MICROS, buffer),
            Value::Text(it) | Value::Words(it) => Encode::<Postgres>::encode(&*escaped(it), buffer),
            Value::Json(it) => Encode::<Postgres>::encode(&**it, buffer),
        }
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(types(self.kind).0)
    }
}

impl Type<Postgres> for Many<'_> {
    /// Never asked: [`Encode::produces`] says it of each.
    fn type_info() -> PgTypeInfo {
        <[&str] as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for Many<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let kind = self.kind;
        self.values.iter().map(|value| One { kind, value }).bind_iter().encode(buffer)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(types(self.kind).1)
    }
}

/// The row whose columns, all of the table's in order, begin at `first` of what a statement found.
pub(crate) fn row(table: &'static Table, found: &PgRow, first: usize) -> Result<Row, Fault> {
    let mut values = Vec::with_capacity(table.columns.len());
    for (at, column) in table.columns.iter().enumerate() {
        values.push(value(table, column, &found.try_get_raw(first + at)?)?);
    }
    Row::new(table, values).map_err(|error| Fault::Damage(error.to_string()))
}

fn value(table: &Table, column: &Column, stored: &PgValueRef<'_>) -> Result<Value, Fault> {
    if stored.is_null() {
        return Ok(Value::Null);
    }
    let damaged = || Fault::Damage(format!("{}.{} does not hold {}", table.name, column.name, column.kind));
    let bytes = stored.as_bytes().map_err(|_| damaged())?;
    let number = || bytes.try_into().map(i64::from_be_bytes).map_err(|_| damaged());
    let text = || std::str::from_utf8(bytes).map_err(|_| damaged());
    Ok(match column.kind {
        Kind::Bool => Value::Bool(*bytes.first().ok_or_else(damaged)? != 0),
        Kind::Integer => Value::Integer(number()?),
        Kind::Timestamp => Value::Timestamp(number()?.checked_add(EPOCH_MICROS).ok_or_else(damaged)?),
        Kind::Text => Value::Text(unescaped(text()?).into()),
        Kind::Words => Value::Words(unescaped(text()?).into()),
        Kind::Json => Value::Json(text()?.into()),
    })
}

/// As PostgreSQL can hold it.
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte <= 1) {
        return Cow::Borrowed(text);
    }
    text.replace('\u{1}', "\u{1}\u{2}").replace('\0', "\u{1}\u{1}").into()
}

fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1}') {
        return Cow::Borrowed(text);
    }
    let mut whole = String::with_capacity(text.len());
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        whole.push(match sign {
            '\u{1}' if signs.next() == Some('\u{1}') => '\0',
            other => other,
        });
    }
    whole.into()
}

#[cfg(test)]
mod tests {
    use super::{escaped, unescaped};

    #[test]
    fn texts_come_back_and_keep_their_order() {
        let mut texts = [
            "",
            "\0",
            "\0\0",
            "\0\u{1}",
            "\0\u{2}",
            "\0a",
            "\u{1}",
            "\u{1}\0",
            "\u{1}\u{1}",
            "\u{2}",
            "a",
            "a\0b",
            "a\u{1}",
        ];
        texts.sort_unstable();
        let written: Vec<_> = texts.iter().map(|text| escaped(text)).collect();
        assert!(written.is_sorted(), "{written:?}");
        assert!(written.iter().all(|text| !text.contains('\0')));
        let read: Vec<_> = written.iter().map(|text| unescaped(text)).collect();
        assert_eq!(read, texts);
    }
}
