//! A table and the struct of one of its rows, told once.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::row::{FromValue, Row, RowError, Value};
use crate::table::{Kind, Table};

/// A Rust type that a column can have.
pub trait Field: Sized {
    /// The column's kind.
    const KIND: Kind;
    /// May the column be null?
    const NULLABLE: bool = false;

    /// Into the row.
    fn write(self) -> Value;

    /// Out of the row; `Err` says why not.
    fn read(value: &Value) -> Result<Self, String>;
}

/// A document in a JSON column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// Tokens in a column of words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words(pub Arc<str>);

macro_rules! fields {
    ($($type:ty: $kind:ident)*) => {$(
        impl Field for $type {
            const KIND: Kind = Kind::$kind;

            fn write(self) -> Value {
                self.into()
            }

            fn read(value: &Value) -> Result<Self, String> {
                Self::from_value(value).ok_or_else(|| wanted(<$type as FromValue<'_>>::WANTED, value))
            }
        }
    )*};
}
fields! { bool: Bool u32: Integer u64: Integer Timestamp: Timestamp Arc<str>: Text }

impl<T: Field> Field for Option<T> {
    const KIND: Kind = T::KIND;
    const NULLABLE: bool = true;

    fn write(self) -> Value {
        self.map_or(Value::Null, Field::write)
    }

    fn read(value: &Value) -> Result<Self, String> {
        if value.is_null() { Ok(None) } else { T::read(value).map(Some) }
    }
}

impl<T: Serialize + DeserializeOwned> Field for Json<T> {
    const KIND: Kind = Kind::Json;

    fn write(self) -> Value {
        // `None` only of maps whose keys are no texts; the row then refuses the null.
        Value::json(&self.0).unwrap_or(Value::Null)
    }

    fn read(value: &Value) -> Result<Self, String> {
        let Value::Json(text) = value else {
            return Err(wanted("JSON", value));
        };
        serde_json::from_str(text).map(Self).map_err(|error| error.to_string())
    }
}

impl Field for Words {
    const KIND: Kind = Kind::Words;

    fn write(self) -> Value {
        Value::Words(self.0)
    }

    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Words(words) => Ok(Self(Arc::clone(words))),
            _ => Err(wanted("words", value)),
        }
    }
}

/// Reads a row's values from the first to the last.
pub(crate) struct Values<'a> {
    table: &'static Table,
    next: usize,
    row: &'a Row,
}

impl<'a> Values<'a> {
    pub(crate) fn of(table: &'static Table, row: &'a Row) -> Self {
        Self { table, next: 0, row }
    }

    /// The next column's value.
    pub(crate) fn next<T: Field>(&mut self) -> Result<T, RowError> {
        let (at, given) = (self.next, self.row.values());
        self.next += 1;
        let Some(value) = given.get(at) else {
            return Err(RowError::Width { table: self.table.name, wanted: at + 1, given: given.len() });
        };
        T::read(value).map_err(|reason| RowError::Json {
            table: self.table.name,
            column: self.table.columns.get(at).map_or("", |column| column.name),
            reason,
        })
    }
}

fn wanted(wanted: &str, found: &Value) -> String {
    let found = found.kind().map_or_else(|| "null".to_owned(), |kind| kind.to_string());
    format!("{found} where {wanted} belongs")
}

/// A struct and the static table whose rows it is: a field a column, its doc the column's comment.
macro_rules! record {
    (
        $(#[doc = $doc:literal])+
        $vis:vis struct $name:ident = $table:ident($table_name:literal)
        key [$($key:literal),+]
        indexes [$([$(($column:literal, $direction:ident)),+]),*]
        { $($(#[doc = $comment:literal])+ $field:ident: $type:ty,)+ }
    ) => {
        $(#[doc = $doc])+
        pub static $table: $crate::table::Table = $crate::table::Table {
            name: $table_name,
            comment: concat!($($doc),+),
            columns: &[$($crate::table::Column {
                name: stringify!($field),
                kind: <$type as $crate::record::Field>::KIND,
                nullable: <$type as $crate::record::Field>::NULLABLE,
                comment: concat!($($comment),+),
            }),+],
            key: &[$($key),+],
            indexes: &[$($crate::table::Index {
                columns: &[$(($column, $crate::table::Direction::$direction)),+],
            }),*],
        };

        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        $vis struct $name { $($(#[doc = $comment])+ pub(crate) $field: $type,)+ }

        impl $name {
            /// As a row of its table.
            pub(crate) fn row(self) -> Result<$crate::row::Row, $crate::row::RowError> {
                $crate::row::Row::new(&$table, vec![$($crate::record::Field::write(self.$field)),+])
            }

            /// Out of a row of its table.
            pub(crate) fn read(row: &$crate::row::Row) -> Result<Self, $crate::row::RowError> {
                let mut values = $crate::record::Values::of(&$table, row);
                Ok(Self { $($field: values.next()?),+ })
            }
        }
    };
}
pub(crate) use record;
