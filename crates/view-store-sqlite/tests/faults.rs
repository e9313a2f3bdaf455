//! Files that aren't what they should be, and a machine that isn't either.

#![cfg(test)]

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

use view_store::{Checkpoint, CommitError, Schema, StoreError, ViewCommit, ViewStore};
use view_store_sqlite::{OpenError, SqliteViews};
use views::row::{Change, Row, Select};
use views::table::{Column, Direction, Index, Table};

static NOTES: Table = Table {
    name: "notes",
    comment: "Texts by number.",
    columns: &[Column::integer("number", "Its number."), Column::text("note", "What it says.")],
    key: &["number"],
    indexes: &[Index { columns: &[("note", Direction::Asc)] }],
};
static VIEW: Schema = Schema { name: "diary", version: 1, tables: &[&NOTES] };

#[track_caller]
fn refused(path: &Path) -> OpenError {
    SqliteViews::open(path).expect_err("the file can't be opened")
}

async fn filled(path: &Path, rows: i64) {
    let store = SqliteViews::open(path).expect("a new file");
    store.prepare(&[&VIEW]).await.expect("new tables");
    store.commit(0, vec![notes(0, rows)]).await.expect("a commit");
}

/// Writes so many notes, from one position to the next.
fn notes(from: u64, rows: i64) -> ViewCommit {
    let at = |position| Checkpoint { position, leaf: [0; 32] };
    let note = |number| Row::empty(&NOTES).with("number", number)?.with("note", "x".repeat(500));
    let rows = (0..rows).map(|number| note(number).map(Change::Upsert));
    let changes = rows.collect::<Result<_, _>>().expect("each fits its table");
    ViewCommit { changes, ..ViewCommit::new(VIEW.id(), (from > 0).then(|| at(from)), at(from + 1)) }
}

#[test]
fn a_folder_that_is_not_there_is_unavailable() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let error = refused(&folder.path().join("nowhere").join("views.db"));
    assert!(matches!(error, OpenError::Unavailable { .. }), "{error:?}");
    assert!(!error.disposable());
    let error = refused(folder.path());
    assert!(matches!(error, OpenError::Unavailable { .. }), "a folder instead of a file: {error:?}");
}

#[test]
fn a_file_that_is_no_database_is_damaged_and_can_be_deleted() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("views.db");
    fs::write(&path, "These are not the bytes you are looking for. ".repeat(100)).expect("a file");
    let error = refused(&path);
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
    assert!(error.disposable());
    let said = error.to_string();
    assert!(said.ends_with("views.db is damaged; views can be deleted, they are rebuilt from the log"), "{said}");
    SqliteViews::delete(&path).expect("it can be deleted");
    SqliteViews::open(&path).expect("and made anew");
    SqliteViews::delete(folder.path().join("never.db")).expect("a file that isn't there is no error");
}

#[test]
fn another_applications_database_is_left_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("views.db");
    let other = rusqlite::Connection::open(&path).expect("a new database");
    other.execute_batch("CREATE TABLE recipes (cake TEXT); INSERT INTO recipes VALUES ('carrot')").expect("a table");
    drop(other);
    let before = fs::read(&path).expect("its bytes");
    let error = refused(&path);
    assert!(matches!(error, OpenError::Foreign { .. }), "{error:?}");
    assert!(!error.disposable(), "somebody's recipes are not ours to delete");
    assert_eq!(fs::read(&path).expect("its bytes"), before);
}

#[tokio::test]
async fn another_format_is_said_with_both_numbers() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("views.db");
    filled(&path, 1).await;
    let later = rusqlite::Connection::open(&path).expect("our file");
    later.pragma_update(None, "user_version", 99).expect("a later version's number");
    drop(later);
    let error = refused(&path);
    assert!(error.disposable());
    let said = error.to_string();
    let expected = "has format 99, this version writes 3; views can be deleted, they are rebuilt from the log";
    assert!(said.ends_with(expected), "{said}");
}

#[tokio::test]
async fn a_page_overwritten_is_damage_not_an_answer() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("views.db");
    filled(&path, 2000).await;
    let mut file = fs::OpenOptions::new().write(true).open(&path).expect("our file");
    let length = file.metadata().expect("its length").len();
    // All but the first pages, which name the tables and are read when it is opened.
    file.seek(SeekFrom::Start(20 * 4096)).expect("a place in it");
    file.write_all(&vec![0xA5; usize::try_from(length - 20 * 4096).expect("a small file")]).expect("noise");
    drop(file);
    let store = SqliteViews::open(&path).expect("the first pages are whole");
    store.prepare(&[&VIEW]).await.expect("so are its own tables");
    let answer = store.query(VIEW.id(), vec![Select::from(&NOTES, 5000)]).await;
    assert!(matches!(answer, Err(StoreError::Damaged { .. })), "a query was answered {answer:?}");
    let result = store.commit(0, vec![notes(1, 2000)]).await;
    let damaged = matches!(result, Err(CommitError::Failed(StoreError::Damaged { .. })));
    assert!(damaged, "a commit was answered {result:?}");
}

#[tokio::test]
async fn a_table_that_somebody_dropped_is_damage() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("views.db");
    filled(&path, 1).await;
    let store = SqliteViews::open(&path).expect("our file");
    store.prepare(&[&VIEW]).await.expect("its tables");
    let meddler = rusqlite::Connection::open(&path).expect("our file");
    meddler.execute_batch("DROP TABLE diary_v1_notes").expect("it is there");
    let answer = store.query(VIEW.id(), vec![Select::from(&NOTES, 10)]).await;
    assert!(matches!(answer, Err(StoreError::Damaged { .. })), "a query was answered {answer:?}");
    store.reset(&VIEW).await.expect("it can be made anew");
    store.commit(0, vec![notes(0, 10)]).await.expect("and filled again");
}

#[tokio::test]
async fn two_processes_share_a_file_and_one_commit_wins() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("views.db");
    let (one, other) = (SqliteViews::open(&path).expect("a new file"), SqliteViews::open(&path).expect("the same"));
    for (store, created) in [(&one, true), (&other, false)] {
        let prepared = store.prepare(&[&VIEW]).await.expect("tables");
        assert_eq!(prepared[0].created, created);
    }
    let (first, second) = tokio::join!(one.commit(0, vec![notes(0, 3)]), other.commit(0, vec![notes(0, 3)]));
    assert!(first.is_ok() != second.is_ok(), "{first:?}, {second:?}");
    let late = first.and(second).expect_err("one of them was too late");
    assert!(matches!(late, CommitError::Moved { .. }), "{late:?}");
}
