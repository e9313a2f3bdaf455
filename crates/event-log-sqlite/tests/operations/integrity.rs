//! The check of the whole file.

use std::path::Path;

use event_log::{EventLog, LogError};
use event_log_sqlite::{SqliteLog, check_integrity};
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::given::{everything, file_issues, folder, open};

async fn a_closed_log(path: &Path) {
    let log = open(path);
    file_issues(&log, 0, 300).await;
    log.close().await;
}

#[tokio::test]
async fn a_sound_log_passes_also_while_it_is_served_and_tells_how_far_it_is() {
    let (_folder, path) = folder();
    let log = open(&path);
    file_issues(&log, 0, 300).await;
    let mut told = Vec::new();
    assert_eq!(check_integrity(&path, |progress| told.push((progress.done, progress.of))), Ok(()));
    assert_eq!(told.last(), Some(&(600, 600)), "300 events and as many streams");
    assert_eq!(everything(&log).await.unwrap().len(), 300);
}

#[tokio::test]
async fn an_event_that_an_index_does_not_lead_to_is_named() {
    let (folder, path) = folder();
    a_closed_log(&path).await;
    // A table of the same rows whose index was made before the last change of one.
    let changes = [
        ("events_by_stream", "UPDATE events SET revision = 2 WHERE key & 0xffffffff = 7 AND key >> 48 = 1"),
        ("events_by_request", "UPDATE events SET request_id = x'00' WHERE key & 0xffffffff = 7 AND key >> 48 = 1"),
    ];
    for (index, change) in changes {
        let damaged = folder.path().join(format!("{index}.db"));
        std::fs::copy(&path, &damaged).unwrap();
        without_index(&damaged, index, change);
        let found = check_integrity(&damaged, |_| ());
        let reason = "partition 1 position 7: not every index leads to it".to_owned();
        assert_eq!(found, Err(LogError::DataLoss { reason }), "{index}");
    }
}

#[tokio::test]
async fn an_index_with_an_entry_too_many_is_named() {
    let (_folder, path) = folder();
    a_closed_log(&path).await;
    without_index(
        &path,
        "streams_by_ordinal",
        "DELETE FROM streams WHERE stream = 300; DELETE FROM events WHERE stream = 300",
    );
    let Err(LogError::DataLoss { reason }) = check_integrity(&path, |_| ()) else { panic!("not found") };
    assert_eq!(reason, "the index streams_by_ordinal has other entries than its table rows");
}

#[tokio::test]
async fn a_page_that_is_not_what_it_was_is_named() {
    let (_folder, path) = folder();
    a_closed_log(&path).await;
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 4096;
    bytes[last..last + 64].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(check_integrity(&path, |_| ()), Err(LogError::DataLoss { .. })));
    match SqliteLog::open(&path, &crate::given::options()) {
        Ok(log) => assert!(matches!(everything(&log).await, Err(LogError::DataLoss { .. }))),
        Err(error) => assert!(matches!(LogError::from(error), LogError::DataLoss { .. })),
    }
}

/// Changes the table as if the index were not there: taken out of the schema, and put back. Each time the schema is read anew.
fn without_index(path: &Path, index: &str, sql: &str) {
    let open = || Connection::open(path).unwrap();
    let connection = open();
    connection.execute_batch("PRAGMA writable_schema = ON").unwrap();
    let entry = "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema WHERE name = ?";
    let entry: Vec<Value> =
        connection.query_row(entry, [index], |row| (0..5).map(|column| row.get(column)).collect()).unwrap();
    connection.execute("DELETE FROM sqlite_schema WHERE name = ?", [index]).unwrap();
    drop(connection);
    open().execute_batch(sql).unwrap();
    let connection = open();
    connection.execute_batch("PRAGMA writable_schema = ON").unwrap();
    let put_back = "INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES (?, ?, ?, ?, ?)";
    connection.execute(put_back, rusqlite::params_from_iter(entry)).unwrap();
}
