//! What a view stores, as data: tables of typed columns, their keys and indexes.
//!
//! Everything here can be written as a `static`, so that a view's tables read as a documented list:
//!
//! ```
//! use views::table::{Column, Direction::{Asc, Desc}, Index, Schema, Table};
//!
//! static CARDS: Table = Table {
//!     name: "cards",
//!     comment: "One row an issue.",
//!     columns: &[
//!         Column::text("project", "Its project's id."),
//!         Column::integer("ordinal", "Its number within the project."),
//!         Column::timestamp("filed_at", "When it was filed."),
//!         Column::text("assignee", "Who works on it.").nullable(),
//!     ],
//!     key: &["project", "ordinal"],
//!     indexes: &[Index { columns: &[("project", Asc), ("filed_at", Desc)] }],
//! };
//! static SCHEMA: Schema = Schema { name: "issues", version: 1, tables: &[&CARDS] };
//! assert_eq!(SCHEMA.check(), Ok(()));
//! ```

mod check;

use std::fmt;

/// Longest name of a view, table or column, in bytes.
pub const NAME_BYTES_MAX: usize = 40;
/// Longest `view_vVERSION_table`, in bytes: PostgreSQL cuts names at 63 without a word.
pub const PHYSICAL_NAME_BYTES_MAX: usize = 63;

/// The earliest timestamp, in 4713 BC: PostgreSQL has none before. A store may reject a row with an earlier one.
pub const TIMESTAMP_MIN: i64 = -210_866_803_200_000_000;

/// A view's name, version and tables. The version rises whenever the tables or the fold change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// Lower-case letters, digits and `_`.
    pub name: &'static str,
    /// From 1.
    pub version: u32,
    /// At least one.
    pub tables: &'static [&'static Table],
}

/// Which view, in which version. Checkpoints, parked streams and tables belong to one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ViewId {
    /// The view's name.
    pub name: &'static str,
    /// Its version.
    pub version: u32,
}

/// A table of rows with typed columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Unique within the view; lower-case letters, digits and `_`.
    pub name: &'static str,
    /// What a row is, for those who read the tables directly.
    pub comment: &'static str,
    /// In the order of a row's values.
    pub columns: &'static [Column],
    /// The columns that name a row, none of them nullable or JSON. The first should be the project.
    pub key: &'static [&'static str],
    /// What makes queries cheap.
    pub indexes: &'static [Index],
}

/// A typed column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Unique within the table; lower-case letters, digits and `_`.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// May a row lack it?
    pub nullable: bool,
    /// What it means, with its unit.
    pub comment: &'static str,
}

/// What a column's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// True or false.
    Bool,
    /// 64 bits, signed.
    Integer,
    /// Microseconds since 1970, UTC; from [`TIMESTAMP_MIN`] on.
    Timestamp,
    /// UTF-8, ordered by its bytes.
    Text,
    /// A JSON document, stored as text; neither filtered nor ordered by.
    Json,
    /// Tokens for full text search (see [`Sought`](crate::row::Sought)): found by, neither filtered nor ordered by, and left
    /// empty in what a select finds. A table that has some is keyed by a text, within which is sought, and a number from 1
    /// below 2^40, by which what is found is ordered.
    Words,
}

/// An index. Every backend completes it by the key's columns, in the last column's direction, so that paging never sorts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// At least one.
    pub columns: &'static [(&'static str, Direction)],
}

/// Which way an order goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smallest first; null before everything.
    Asc,
    /// Largest first; null after everything.
    Desc,
}

impl Schema {
    /// Which view and version this is.
    pub const fn id(&self) -> ViewId {
        ViewId { name: self.name, version: self.version }
    }

    /// The table's name in a database: it carries the version, so that two versions stand side by side.
    pub fn physical_name(&self, table: &Table) -> String {
        format!("{}_v{}_{}", self.name, self.version, table.name)
    }
}

impl Table {
    /// The column's place in a row.
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|each| each.name == column)
    }

    /// Is the column part of the key?
    pub fn in_key(&self, column: &str) -> bool {
        self.key.contains(&column)
    }

    /// The columns of words.
    pub fn words(&self) -> impl Iterator<Item = &'static Column> + use<> {
        self.columns.iter().filter(|column| column.kind == Kind::Words)
    }

    /// The columns outside the key, if this table counts: each of them an integer and none nullable.
    pub fn counters(&self) -> Option<impl Iterator<Item = &'static Column> + use<>> {
        let (columns, key) = (self.columns, self.key);
        let rest = move || columns.iter().filter(move |column| !key.contains(&column.name));
        let counts = rest().all(|column| column.kind == Kind::Integer && !column.nullable);
        counts.then(rest)
    }
}

impl Column {
    /// A flag.
    pub const fn bool(name: &'static str, comment: &'static str) -> Self {
        Self::new(name, Kind::Bool, comment)
    }

    /// A number.
    pub const fn integer(name: &'static str, comment: &'static str) -> Self {
        Self::new(name, Kind::Integer, comment)
    }

    /// An instant.
    pub const fn timestamp(name: &'static str, comment: &'static str) -> Self {
        Self::new(name, Kind::Timestamp, comment)
    }

    /// A text.
    pub const fn text(name: &'static str, comment: &'static str) -> Self {
        Self::new(name, Kind::Text, comment)
    }

    /// A JSON document.
    pub const fn json(name: &'static str, comment: &'static str) -> Self {
        Self::new(name, Kind::Json, comment)
    }

    /// Tokens for full text search.
    pub const fn words(name: &'static str, comment: &'static str) -> Self {
        Self::new(name, Kind::Words, comment)
    }

    /// The same column, which a row may lack.
    #[must_use]
    pub const fn nullable(self) -> Self {
        Self { nullable: true, ..self }
    }

    const fn new(name: &'static str, kind: Kind, comment: &'static str) -> Self {
        Self { name, kind, nullable: false, comment }
    }
}

impl fmt::Display for ViewId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} v{}", self.name, self.version)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "bool",
            Self::Integer => "integer",
            Self::Timestamp => "timestamp",
            Self::Text => "text",
            Self::Json => "JSON",
            Self::Words => "words",
        })
    }
}
