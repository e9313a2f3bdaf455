//! Rows, and what is done with them, as data: [`Row`] and [`Key`], [`Change`] to write, [`Select`] to read.

mod change;
mod select;
mod value;
mod words;

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

pub use change::{Change, Checker};
pub use select::{Condition, Cursor, Select};
pub use value::{FromValue, Value};
pub use words::{BREAK, NUMBER_MAX, Sought, Term, WORDS_BYTES_MAX};

use crate::table::{Column, Table};

/// A row: one value a column, in the table's order, each of its column's kind. Nothing else can be built.
#[derive(Clone)]
pub struct Row {
    table: &'static Table,
    values: Box<[Value]>,
}

/// What names a row: the values of its table's key columns, in the key's order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Box<[Value]>);

/// Why a value can't be written to or read from a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// There is no such column.
    #[error("table {table} has no column {column}")]
    NoColumn {
        /// The table's name.
        table: &'static str,
        /// The column asked for.
        column: String,
    },
    /// As many values as columns make a row, as many as key columns a key.
    #[error("table {table} takes {wanted} values here, not {given}")]
    Width {
        /// The table's name.
        table: &'static str,
        /// How many it takes.
        wanted: usize,
        /// How many there were.
        given: usize,
    },
    /// The value is of another kind than the column, or of another than was asked for.
    #[error("{table}.{column}: {found} where {wanted} belongs")]
    Kind {
        /// The table's name.
        table: &'static str,
        /// The column's name.
        column: &'static str,
        /// What belongs there, or was asked for.
        wanted: String,
        /// What there is: `text`, `null`.
        found: String,
    },
    /// A JSON column holds another shape than was asked for.
    #[error("{table}.{column}: {reason}")]
    Json {
        /// The table's name.
        table: &'static str,
        /// The column's name.
        column: &'static str,
        /// What the parser says.
        reason: String,
    },
    /// What is sought among words does not fit the table or the select; or a row's words can't be indexed.
    #[error("{reason}, in table {table}")]
    Sought {
        /// The table's name.
        table: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// Counters can be moved only in tables that count, see [`Table::counters`].
    #[error("table {table} does not count: outside its key are columns other than integers that are never null")]
    NotCounters {
        /// The table's name.
        table: &'static str,
    },
}

impl Row {
    /// A row of these values, one a column, in order.
    pub fn new(table: &'static Table, values: Vec<Value>) -> Result<Self, RowError> {
        check_width(table, table.columns.len(), values.len())?;
        for (column, value) in table.columns.iter().zip(&values) {
            check_kind(table, column, value)?;
        }
        Ok(Self { table, values: values.into() })
    }

    /// A row in which nullable columns are null, and the others what [`Value::empty`] says.
    pub fn empty(table: &'static Table) -> Self {
        let empty = |column: &Column| {
            if column.nullable { Value::Null } else { Value::empty(column.kind) }
        };
        Self { table, values: table.columns.iter().map(empty).collect() }
    }

    /// The row with this key, otherwise [`Row::empty`].
    pub fn keyed(table: &'static Table, key: &Key) -> Result<Self, RowError> {
        key.check(table)?;
        let mut row = Self::empty(table);
        for (column, value) in table.key.iter().zip(key.values()) {
            row.set(column, value.clone())?;
        }
        Ok(row)
    }

    /// Whose row it is.
    pub fn table(&self) -> &'static Table {
        self.table
    }

    /// The values, in the order of the table's columns.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// What names it.
    pub fn key(&self) -> Key {
        // A table whose key names no column is refused by `Schema::check`; here it would only make a shorter key.
        let at = self.table.key.iter().filter_map(|column| self.table.position(column));
        Key(at.map(|at| self.values[at].clone()).collect())
    }

    /// Does the other row have the same name?
    pub(crate) fn is_named_as(&self, other: &Self) -> bool {
        let mut key = self.table.key.iter().filter_map(|column| self.table.position(column));
        self.table.name == other.table.name && key.all(|at| self.values[at] == other.values[at])
    }

    /// The column's value, whatever it is.
    pub fn value(&self, column: &str) -> Result<&Value, RowError> {
        Ok(&self.values[at(self.table, column)?])
    }

    /// The column's value as what the caller needs; an `Option` where it may be null.
    pub fn get<'a, T: FromValue<'a>>(&'a self, column: &str) -> Result<T, RowError> {
        let at = at(self.table, column)?;
        let value = &self.values[at];
        T::from_value(value).ok_or_else(|| misfit(self.table, &self.table.columns[at], T::WANTED, value))
    }

    /// The document in a JSON column; a column without one reads as JSON's `null`.
    pub fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, RowError> {
        let at = at(self.table, column)?;
        let column = &self.table.columns[at];
        let text = match &self.values[at] {
            Value::Json(text) => text,
            Value::Null => "null",
            other => return Err(misfit(self.table, column, "JSON", other)),
        };
        serde_json::from_str(text).map_err(|error| RowError::Json {
            table: self.table.name,
            column: column.name,
            reason: error.to_string(),
        })
    }

    /// Writes the column's value.
    pub fn set(&mut self, column: &str, value: impl Into<Value>) -> Result<(), RowError> {
        let at = at(self.table, column)?;
        let value = value.into();
        check_kind(self.table, &self.table.columns[at], &value)?;
        self.values[at] = value;
        Ok(())
    }

    /// The row with its columns of words empty, as a select gives it.
    #[must_use]
    pub fn without_words(mut self) -> Self {
        for value in &mut self.values {
            if let Value::Words(words) = value {
                *words = Arc::default();
            }
        }
        self
    }

    /// [`Row::set`], for rows written in one expression.
    pub fn with(mut self, column: &str, value: impl Into<Value>) -> Result<Self, RowError> {
        self.set(column, value)?;
        Ok(self)
    }
}

impl Key {
    /// A key of these values, in the order of the table's key.
    pub fn new(values: impl Into<Box<[Value]>>) -> Self {
        Self(values.into())
    }

    /// The values, in the order of the table's key.
    pub fn values(&self) -> &[Value] {
        &self.0
    }

    /// Can it name a row of this table?
    pub fn check(&self, table: &'static Table) -> Result<(), RowError> {
        change::Layout::of(table)?.check_key(self)
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.table.name == other.table.name && self.values == other.values
    }
}

impl Eq for Row {}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.table.name)?;
        let named = self.table.columns.iter().zip(&self.values);
        f.debug_map().entries(named.map(|(column, value)| (column.name, value))).finish()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, value) in self.0.iter().enumerate() {
            write!(f, "{}{value}", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

fn at(table: &'static Table, column: &str) -> Result<usize, RowError> {
    table.position(column).ok_or_else(|| no_column(table, column))
}

fn no_column(table: &'static Table, column: &str) -> RowError {
    RowError::NoColumn { table: table.name, column: column.to_owned() }
}

fn check_width(table: &'static Table, wanted: usize, given: usize) -> Result<(), RowError> {
    if wanted == given { Ok(()) } else { Err(RowError::Width { table: table.name, wanted, given }) }
}

fn check_kind(table: &'static Table, column: &'static Column, value: &Value) -> Result<(), RowError> {
    let fits = value.kind().map_or(column.nullable, |kind| kind == column.kind);
    if fits {
        return Ok(());
    }
    let wanted = if column.nullable { format!("{} or null", column.kind) } else { column.kind.to_string() };
    Err(misfit(table, column, &wanted, value))
}

fn misfit(table: &'static Table, column: &'static Column, wanted: &str, value: &Value) -> RowError {
    let found = match value {
        Value::Integer(number) => format!("integer {number}"),
        other => other.kind().map_or_else(|| "null".to_owned(), |kind| kind.to_string()),
    };
    RowError::Kind { table: table.name, column: column.name, wanted: wanted.to_owned(), found }
}

#[cfg(test)]
mod tests;
