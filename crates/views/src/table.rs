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

    /// Says what is wrong with the description, if anything: names, keys, columns that aren't there.
    pub fn check(&self) -> Result<(), String> {
        check_name("view", self.name)?;
        if self.version == 0 {
            return Err(format!("view {}: versions start at 1", self.name));
        }
        if self.tables.is_empty() {
            return Err(format!("view {} has no tables", self.name));
        }
        for (at, table) in self.tables.iter().enumerate() {
            table.check()?;
            if self.tables[..at].iter().any(|before| before.name == table.name) {
                return Err(format!("view {} has two tables {}", self.name, table.name));
            }
            let physical = self.physical_name(table);
            if physical.len() > PHYSICAL_NAME_BYTES_MAX {
                return Err(format!("{physical} is longer than {PHYSICAL_NAME_BYTES_MAX} bytes"));
            }
        }
        Ok(())
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

    fn check(&self) -> Result<(), String> {
        check_name("table", self.name)?;
        for (at, column) in self.columns.iter().enumerate() {
            check_name("column", column.name)?;
            if self.columns[..at].iter().any(|before| before.name == column.name) {
                return Err(format!("table {} has two columns {}", self.name, column.name));
            }
        }
        if self.key.is_empty() {
            return Err(format!("table {} has no key", self.name));
        }
        for name in self.key {
            let column = self.known(name)?;
            if column.nullable || matches!(column.kind, Kind::Json | Kind::Words) {
                return Err(format!(
                    "{}.{name} is in the key, so it can be neither nullable nor JSON nor words",
                    self.name
                ));
            }
        }
        self.check_words()?;
        for index in self.indexes {
            if index.columns.is_empty() {
                return Err(format!("table {} has an index without columns", self.name));
            }
            for (name, _) in index.columns {
                let kind = self.known(name)?.kind;
                if matches!(kind, Kind::Json | Kind::Words) {
                    return Err(format!("{}.{name} is {kind}, which can't be in an index", self.name));
                }
            }
        }
        Ok(())
    }

    fn check_words(&self) -> Result<(), String> {
        let Some(words) = self.words().next() else {
            return Ok(());
        };
        if self.words().any(|column| column.nullable) {
            return Err(format!("{}.{} is words, so it can't be nullable", self.name, words.name));
        }
        let key = self.key.iter().map(|name| Ok(self.known(name)?.kind)).collect::<Result<Vec<_>, String>>()?;
        if key != [Kind::Text, Kind::Integer] {
            return Err(format!("table {} has words, so its key is a text and an integer", self.name));
        }
        Ok(())
    }

    fn known(&self, column: &str) -> Result<&'static Column, String> {
        let position = self.position(column);
        position.map(|at| &self.columns[at]).ok_or_else(|| format!("table {} has no column {column}", self.name))
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

fn check_name(what: &str, name: &str) -> Result<(), String> {
    let starts = name.starts_with(|first: char| first.is_ascii_lowercase());
    let rest = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if starts && rest && name.len() <= NAME_BYTES_MAX {
        return Ok(());
    }
    Err(format!(
        "{what} {name:?}: a name is a lower-case letter, then letters, digits and _, at most {NAME_BYTES_MAX} bytes"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    static COUNTS: Table = Table {
        name: "counts",
        comment: "",
        columns: &[Column::text("project", ""), Column::integer("open", ""), Column::integer("closed", "")],
        key: &["project"],
        indexes: &[],
    };

    #[track_caller]
    fn refused(table: Table, says: &str) {
        let table: &'static Table = Box::leak(Box::new(table));
        let tables: &'static [&'static Table] = Box::leak(Box::new([table]));
        let told = Schema { name: "view", version: 1, tables }.check().expect_err("the description is wrong");
        assert!(told.contains(says), "{told}");
    }

    #[test]
    fn a_wrong_description_says_what_is_wrong() {
        refused(Table { name: "Counts", ..COUNTS }, "lower-case");
        refused(Table { key: &[], ..COUNTS }, "no key");
        refused(Table { key: &["nobody"], ..COUNTS }, "no column nobody");
        refused(Table { indexes: &[Index { columns: &[("nobody", Direction::Asc)] }], ..COUNTS }, "no column nobody");
        refused(Table { columns: const { &[Column::text("project", "").nullable()] }, ..COUNTS }, "neither nullable");
        refused(
            Table { columns: const { &[Column::text("project", ""), Column::text("project", "")] }, ..COUNTS },
            "two columns",
        );
    }

    #[test]
    fn two_tables_of_one_name_are_refused() {
        static TWICE: Schema = Schema { name: "view", version: 1, tables: &[&COUNTS, &COUNTS] };
        assert_eq!(TWICE.check(), Err("view view has two tables counts".to_owned()));
    }

    #[test]
    fn a_table_counts_when_all_outside_its_key_are_integers() {
        let names: Vec<_> = COUNTS.counters().expect("it counts").map(|column| column.name).collect();
        assert_eq!(names, ["open", "closed"]);
        let noted = Table { columns: const { &[Column::text("project", ""), Column::text("note", "")] }, ..COUNTS };
        assert!(noted.counters().is_none());
    }

    #[test]
    fn the_physical_name_carries_the_version() {
        static BOARD: Schema = Schema { name: "board", version: 3, tables: &[&COUNTS] };
        assert_eq!(BOARD.physical_name(&COUNTS), "board_v3_counts");
    }
}
