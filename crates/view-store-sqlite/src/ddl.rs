//! Tables from their description.

use std::fmt::Write as _;

use views::table::{Direction, Index, Kind, Schema, Table};

use crate::words;

/// The statements that make a view's tables and indexes, with their comments.
///
/// `suffix` ends the names of the indexes, where the usual ones are taken. Tables keep SQLite's own row ids: `WITHOUT ROWID` measured the same, in inserts, in updates and in size.
pub(crate) fn create(schema: &Schema, suffix: &str) -> String {
    schema.tables.iter().map(|table| create_table(schema, table, suffix)).collect()
}

/// The name of one of a table's indexes, from 0.
pub(crate) fn index_name(table: &str, at: usize, suffix: &str) -> String {
    format!("{table}_{at}{suffix}")
}

/// What must be the same for two descriptions to be of the same tables: all but the comments.
pub(crate) fn shape(schema: &Schema) -> String {
    let without_comments = |line: &str| line.split(" -- ").next().unwrap_or_default().trim().to_owned();
    create(schema, "").lines().map(|line| without_comments(line) + "\n").collect()
}

/// The name, quoted.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// The names, quoted and separated by commas.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(quoted).collect::<Vec<_>>().join(", ")
}

/// A direction, as SQL says it. SQLite's nulls come first in ascending order, as ours do.
pub(crate) fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Asc => "ASC",
        Direction::Desc => "DESC",
    }
}

fn create_table(schema: &Schema, table: &Table, suffix: &str) -> String {
    let name = schema.physical_name(table);
    let mut ddl = format!("CREATE TABLE {} ( -- {}\n", quoted(&name), one_line(table.comment));
    let has_words = table.words().next().is_some();
    if has_words {
        let _ = writeln!(ddl, "  {} INTEGER PRIMARY KEY, -- ties it to its words", words::ID);
    }
    for column in table.columns.iter().filter(|column| column.kind != Kind::Words) {
        let kind = match column.kind {
            Kind::Bool | Kind::Integer | Kind::Timestamp => "INTEGER",
            Kind::Text | Kind::Json | Kind::Words => "TEXT",
        };
        let null = if column.nullable { "" } else { " NOT NULL" };
        let unit = match column.kind {
            Kind::Bool => " (0 or 1)",
            Kind::Timestamp => " (microseconds since 1970, UTC)",
            Kind::Json => " (JSON)",
            Kind::Integer | Kind::Text | Kind::Words => "",
        };
        let comment = one_line(column.comment);
        // Writing to a String can't fail.
        let _ = writeln!(ddl, "  {} {kind}{null}, -- {comment}{unit}", quoted(column.name));
    }
    let key = list(table.key.iter().copied());
    let unique = if has_words { "UNIQUE" } else { "PRIMARY KEY" };
    let _ = writeln!(ddl, "  {unique} ({key})\n) STRICT;");
    for (at, index) in table.indexes.iter().enumerate() {
        let on = index_columns(table, index);
        let _ = writeln!(ddl, "CREATE INDEX {} ON {} ({on});", quoted(&index_name(&name, at, suffix)), quoted(&name));
    }
    ddl.push_str(&words::create(table, &name));
    ddl
}

/// The names of a view's tables, and of those beside them.
pub(crate) fn tables(schema: &Schema) -> Vec<String> {
    let with_beside = |table: &&Table| {
        let name = schema.physical_name(table);
        let beside = words::beside(table, &name);
        std::iter::once(name).chain(beside).collect::<Vec<_>>()
    };
    schema.tables.iter().flat_map(with_beside).collect()
}

/// The index's columns, completed by the key's in the last one's direction.
fn index_columns(table: &Table, index: &Index) -> String {
    let last = index.columns.last().map_or(Direction::Asc, |(_, direction)| *direction);
    let named = |column: &str| index.columns.iter().any(|(name, _)| *name == column);
    let rest = table.key.iter().filter(|column| !named(column)).map(|column| (*column, last));
    let columns = index.columns.iter().copied().chain(rest);
    columns.map(|(name, way)| format!("{} {}", quoted(name), direction(way))).collect::<Vec<_>>().join(", ")
}

/// A comment without its line breaks, one of which would end it.
pub(crate) fn one_line(comment: &str) -> String {
    comment.split_whitespace().collect::<Vec<_>>().join(" ")
}
