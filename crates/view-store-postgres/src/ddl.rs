//! Tables from their description.

use std::fmt::Write as _;

use views::table::{Direction, Index, Kind, Schema, Table};

use crate::words;

/// The statements that make a view's tables and indexes. Indexes have no names of ours: after a swap of two views' tables a name
/// would be taken.
pub(crate) fn create(schema: &Schema) -> String {
    schema.tables.iter().map(|table| create_table(schema, table)).collect()
}

/// The statements that describe them to who reads them directly.
pub(crate) fn comments(schema: &Schema) -> String {
    let mut ddl = String::new();
    for table in schema.tables {
        let name = quoted(&schema.physical_name(table));
        // Writing to a String can't fail.
        let _ = writeln!(ddl, "COMMENT ON TABLE {name} IS {};", literal(table.comment));
        for column in table.columns {
            let _ = writeln!(ddl, "COMMENT ON COLUMN {name}.{} IS {};", quoted(column.name), literal(column.comment));
        }
        ddl.extend(words::comment(table, &name));
    }
    ddl
}

/// The name, quoted.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// The names, quoted and separated by commas.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(quoted).collect::<Vec<_>>().join(", ")
}

/// A column and its direction, as an index and an `ORDER BY` have it. They must say it in the same words for PostgreSQL to see that
/// the one serves the other; of columns that are never null, those of a primary key.
pub(crate) fn ordered(table: &Table, column: &str, direction: Direction) -> String {
    let nullable = table.columns.iter().any(|each| each.name == column && each.nullable);
    let direction = match (direction, nullable) {
        (Direction::Asc, false) => "",
        (Direction::Desc, false) => " DESC",
        (Direction::Asc, true) => " NULLS FIRST",
        (Direction::Desc, true) => " DESC NULLS LAST",
    };
    format!("{}{direction}", quoted(column))
}

fn create_table(schema: &Schema, table: &Table) -> String {
    let name = quoted(&schema.physical_name(table));
    let mut ddl = format!("CREATE TABLE {name} (\n");
    for column in table.columns {
        let kind = match column.kind {
            Kind::Bool => "boolean",
            Kind::Integer => "bigint",
            Kind::Timestamp => "timestamptz",
            Kind::Text | Kind::Words => "text COLLATE \"C\"",
            // Not jsonb, which writes it anew.
            Kind::Json => "json",
        };
        let null = if column.nullable { "" } else { " NOT NULL" };
        // Writing to a String can't fail.
        let _ = writeln!(ddl, "  {} {kind}{null},", quoted(column.name));
    }
    if let Some(tokens) = words::column(table) {
        let _ = writeln!(ddl, "  {tokens},");
    }
    let _ = writeln!(ddl, "  PRIMARY KEY ({})\n);", list(table.key.iter().copied()));
    for index in table.indexes {
        let _ = writeln!(ddl, "CREATE INDEX ON {name} ({});", index_columns(table, index));
    }
    ddl.extend(words::index(table, &name));
    ddl
}

/// The index's columns, completed by the key's in the last one's direction.
fn index_columns(table: &Table, index: &Index) -> String {
    let last = index.columns.last().map_or(Direction::Asc, |(_, direction)| *direction);
    let named = |column: &str| index.columns.iter().any(|(name, _)| *name == column);
    let rest = table.key.iter().filter(|column| !named(column)).map(|column| (*column, last));
    let columns = index.columns.iter().copied().chain(rest);
    columns.map(|(name, way)| ordered(table, name, way)).collect::<Vec<_>>().join(", ")
}

/// The text in quotes, on one line.
pub(crate) fn literal(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("E'{}'", line.replace('\\', "\\\\").replace('\'', "\\'"))
}
