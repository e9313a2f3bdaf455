//! What tests of views in PostgreSQL begin with: a view of notes, and commits of it.

use std::sync::Arc;

use test_servers::postgres::Postgres;
use view_store::{Checkpoint, Schema, ViewCommit};
use view_store_postgres::{Options, PostgresViews};
use views::row::{Change, Key, Row, Value};
use views::table::{Column, Direction, Index, Table};

pub(crate) static NOTES: Table = Table {
    name: "notes",
    comment: "Texts by\nnumber: it's \\ a table.",
    columns: &[
        Column::integer("number", "Its number."),
        Column::text("note", "What it says."),
        Column::timestamp("written_at", "When.").nullable(),
        Column::json("tags", "A list of texts."),
    ],
    key: &["number"],
    indexes: &[
        Index { columns: &[("note", Direction::Asc), ("written_at", Direction::Desc)] },
        Index { columns: &[("written_at", Direction::Asc)] },
    ],
};
pub(crate) static COUNTS: Table = Table {
    name: "counts",
    comment: "How many notes begin with a letter.",
    columns: &[Column::text("letter", "Which."), Column::integer("notes", "How many.")],
    key: &["letter"],
    indexes: &[],
};
pub(crate) static VIEW: Schema = Schema { name: "diary", version: 1, tables: &[&NOTES, &COUNTS] };

pub(crate) fn at(position: u64) -> Checkpoint {
    Checkpoint { position, leaf: [7; 32] }
}

/// Writes so many notes from the first on, from one position to the next.
pub(crate) fn notes(from: u64, first: i64, count: i64) -> ViewCommit {
    let note = |number: i64| {
        let tags = Value::json(&["a"]).unwrap();
        Row::empty(&NOTES).with("number", number)?.with("note", format!("note {from}"))?.with("tags", tags)
    };
    let rows = (first..first + count).map(|number| note(number).map(Change::Upsert));
    let mut changes: Vec<_> = rows.collect::<Result<_, _>>().unwrap();
    changes.push(Change::Add { table: &COUNTS, key: Key::new([Value::from("n")]), deltas: vec![("notes", count)] });
    ViewCommit { changes, ..ViewCommit::new(VIEW.id(), (from > 0).then(|| at(from)), at(from + 1)) }
}

/// A node of the views at this URL.
pub(crate) async fn node(url: &str) -> Arc<PostgresViews> {
    Arc::new(PostgresViews::open(url, &Options::default()).await.unwrap())
}

/// A database of its own.
pub(crate) async fn database(server: &Postgres) -> String {
    server.create_database().await.unwrap()
}
