//! What can be seen only from inside: plans, and what FTS5 is told.

use std::sync::Arc;

use view_store::paging::ranges;
use views::row::Select;
use views::table::{Direction, Schema};

use super::*;
use crate::sql::Book;
use crate::{ddl, select};

static TEXTS: Table = Table {
    name: "texts",
    comment: "One row an issue.",
    columns: &[
        Column::text("project", "Its project."),
        Column::integer("ordinal", "Its number."),
        Column::text("state", "Where it stands."),
        Column::words("title", "Of one line."),
        Column::words("body", "Of all else."),
    ],
    key: &["project", "ordinal"],
    indexes: &[],
};
static SCHEMA: Schema = Schema { name: "search", version: 1, tables: &[&TEXTS] };

fn opened() -> (Connection, Book) {
    let connection = Connection::open_in_memory().expect("memory");
    connection.execute_batch(&ddl::create(&SCHEMA, "")).expect("new tables");
    let mut book = Book::default();
    book.insert(&SCHEMA);
    (connection, book)
}

fn write(connection: &Connection, book: &Book, rows: impl IntoIterator<Item = (i64, &'static str)>) {
    let view = book.get(SCHEMA.id()).expect("it is there");
    let words = view.table(&TEXTS).expect("its table").1.words.as_ref().expect("it has words");
    let mut pending = Pending::default();
    for (ordinal, body) in rows {
        let row = Row::empty(&TEXTS).with("project", "PAY").and_then(|row| row.with("ordinal", ordinal));
        let row = row.and_then(|row| row.with("body", Value::Words(body.into()))).expect("it fits its table");
        words.upsert(connection, &row, 0, &mut pending).expect("it is written");
    }
    words.index(connection, &pending).expect("it is indexed");
}

fn seek(tokens: &[&str]) -> Select {
    let term = Term { column: None, tokens: tokens.iter().map(|token| Arc::from(*token)).collect(), prefix: false };
    Select::from(&TEXTS, 50)
        .filter(Condition::Equal("project", Value::from("PAY")))
        .filter(Condition::Equal("state", Value::from("new")))
        .order("ordinal", Direction::Desc)
        .seek(Sought { all: vec![term], none: Vec::new() })
}

#[test]
fn a_search_reads_the_index_in_its_own_order_and_rows_by_their_ids() {
    let (connection, book) = opened();
    write(&connection, &book, [(1, "pay"), (2, "pay twice")]);
    let view = book.get(SCHEMA.id()).expect("it is there");
    let sql = view.table(&TEXTS).expect("its table").1;
    let words = sql.words.as_ref().expect("it has words");
    let select = seek(&["pay"]);
    for range in ranges(&select) {
        let seek = words.seek(&connection, select.sought.as_ref().expect("it seeks"), &range.filter, false);
        let seek = seek.expect("it can be read").expect("the project is there");
        let (text, _) = select::text(sql, &range, false, Some(&seek));
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {text}")).expect("it is SQL");
        let steps = statement.raw_query().mapped(|row| row.get::<_, String>(3));
        let plan = steps.collect::<rusqlite::Result<Vec<_>>>().expect("a plan").join("\n");
        assert!(plan.contains("VIRTUAL TABLE INDEX") && plan.contains("INTEGER PRIMARY KEY"), "{text}\n{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{text}\n{plan}");
    }
}

#[test]
fn a_batch_in_any_order_is_one_segment() {
    let (connection, book) = opened();
    let rows = (1..=200).map(|ordinal| (ordinal * 7919 % 211, "pay twice"));
    connection.execute_batch("BEGIN").expect("a transaction");
    write(&connection, &book, rows);
    connection.execute_batch("COMMIT").expect("it is committed");
    let text = "SELECT count(DISTINCT segid) FROM search_v1_texts_index_idx";
    let segments: i64 = connection.query_row(text, [], |row| row.get(0)).expect("a count");
    assert_eq!(segments, 1, "each out of its order would be one of its own");
}

#[test]
fn what_is_sought_is_said_in_quotes() {
    let term = |column, tokens: &[&str], prefix| Term {
        column,
        tokens: tokens.iter().map(|token| Arc::from(*token)).collect(),
        prefix,
    };
    let sought = Sought {
        all: vec![term(None, &["and"], false), term(Some("title"), &["press", "pa"], true)],
        none: vec![term(None, &["near"], false), term(Some("body"), &["not"], false)],
    };
    let said = r#"("and" AND "title" : "press pa" *) NOT ("near" OR "body" : "not")"#;
    assert_eq!(expression(&sought), said);
}
