//! What is left of views in the file is seen only from inside.

use std::path::Path;
use std::time::Duration;

use view_store::ViewStore as _;
use views::table::{Column, Direction, Index, Schema, Table};

use super::*;
use crate::{SqliteViews, open, tables};

static NOTES: Table = Table {
    name: "notes",
    comment: "One row a note.",
    columns: &[Column::text("title", "Its own."), Column::integer("rowid", "Not the row's own id.")],
    key: &["title"],
    indexes: &[Index { columns: &[("rowid", Direction::Asc)] }],
};
static DIARY: Schema = Schema { name: "diary", version: 1, tables: &[&NOTES] };

/// Every view that there is: tables with indexes, with words, and with neither.
fn schemas() -> Vec<&'static Schema> {
    views::ALL.iter().map(|view| view.schema()).collect()
}

/// Tables and indexes that were discarded and are not dropped yet.
fn left(path: &Path) -> u32 {
    let left = "SELECT count(*) FROM sqlite_schema WHERE tbl_name GLOB 'snaglog_discarded_*'";
    let reader = open::reader(path).expect("our file");
    reader.query_row(left, [], |row| row.get(0)).expect("a number")
}

async fn all_dropped(path: &Path) {
    let dropped = async {
        while left(path) > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), dropped).await.expect("the writer has nothing else to do");
}

#[test]
fn rows_go_a_piece_at_a_time_and_then_their_table() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("views.db");
    let mut connection = open::writer(&path).expect("a new file");
    tables::prepare(&mut connection, &[&DIARY]).expect("new tables");
    let rows = 2 * PIECE_ROWS + 1;
    // Neither in the order of their keys nor without gaps.
    let insert = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ?)
        INSERT INTO diary_v1_notes (_rowid_, title, rowid) SELECT i * 3, -i, i % 7 FROM n";
    connection.execute(insert, [rows.cast_signed()]).expect("rows");
    tables::remove(&mut connection, DIARY.id()).expect("it is discarded");
    let table = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'snaglog_discarded_*'";
    let table: String = connection.query_row(table, [], |row| row.get(0)).expect("one");
    let reader = open::reader(&path).expect("our file");
    let rows_left = || reader.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0));
    let mut pieces = Vec::new();
    while drop_piece(&mut connection).expect("the next") {
        pieces.push((left(&path), rows_left().ok().map(i64::cast_unsigned)));
    }
    // The table, its index and that of its key stay until it is empty.
    assert_eq!(pieces, [(3, Some(1 + PIECE_ROWS as u64)), (3, Some(1)), (3, Some(0))]);
    assert_eq!(left(&path), 0, "in the end it is dropped");
}

#[test]
fn tables_can_be_made_anew_beside_what_is_left_of_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("views.db");
    let mut connection = open::writer(&path).expect("a new file");
    tables::prepare(&mut connection, &schemas()).expect("new tables");
    for view in schemas() {
        tables::remove(&mut connection, view.id()).expect("they are discarded");
    }
    assert!(left(&path) > 0, "nothing is dropped yet, and indexes keep their names");
    let (made, _) = tables::prepare(&mut connection, &schemas()).expect("new tables beside what is left");
    assert!(made.iter().all(|each| each.created), "{made:?}");
    while drop_piece(&mut connection).expect("the next") {}
    assert_eq!(left(&path), 0);
    let (kept, _) = tables::prepare(&mut connection, &schemas()).expect("the new ones are untouched");
    assert!(kept.iter().all(|each| !each.created), "{kept:?}");
}

#[tokio::test]
async fn the_writer_drops_what_it_was_asked_to_remove_and_what_an_earlier_one_left() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("views.db");
    let mut earlier = open::writer(&path).expect("a new file");
    tables::prepare(&mut earlier, &schemas()).expect("new tables");
    for view in schemas() {
        tables::remove(&mut earlier, view.id()).expect("they are discarded");
    }
    drop(earlier);
    assert!(left(&path) > 0, "it ended before it had dropped any");
    let store = SqliteViews::open(&path).expect("our file");
    all_dropped(&path).await;
    store.prepare(&schemas()).await.expect("new tables");
    for view in schemas() {
        store.remove(view.id()).await.expect("they are discarded");
    }
    all_dropped(&path).await;
    store.prepare(&schemas()).await.expect("the writer goes on");
}
