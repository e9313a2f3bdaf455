//! The check of the whole file.

use event_log::{EventLog, LogError};
use event_log_sqlite::{SqliteLog, check_integrity};
use rusqlite::Connection;

use crate::given::{everything, file_issues, folder, open};

async fn a_closed_log(path: &std::path::Path) {
    let log = open(path);
    file_issues(&log, 0, 300).await;
    log.close().await;
}

/// Changes the file behind the log's back.
fn tamper(path: &std::path::Path, sql: &str) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(sql).unwrap();
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
    let damages = [
        ("events_by_stream", "UPDATE events SET revision = 2 WHERE key & 0xffffffff = 7 AND key >> 48 = 1"),
        ("events_by_request", "UPDATE events SET request_id = x'00' WHERE key & 0xffffffff = 7 AND key >> 48 = 1"),
    ];
    for (index, damage) in damages {
        let damaged = folder.path().join(format!("{index}.db"));
        std::fs::copy(&path, &damaged).unwrap();
        without_index(&damaged, index, damage);
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
    let last = bytes.len() - 8192;
    bytes[last..last + 64].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(check_integrity(&path, |_| ()), Err(LogError::DataLoss { .. })));
    match SqliteLog::open(&path, &crate::given::options()) {
        Ok(log) => assert!(matches!(everything(&log).await, Err(LogError::DataLoss { .. }))),
        Err(error) => assert!(matches!(LogError::from(error), LogError::DataLoss { .. })),
    }
}

/// Changes the table as if the index were not there.
fn without_index(path: &std::path::Path, index: &str, sql: &str) {
    let hidden = format!(
        "PRAGMA writable_schema = ON;
         CREATE TEMP TABLE hidden AS SELECT * FROM sqlite_schema WHERE name = '{index}';
         DELETE FROM sqlite_schema WHERE name = '{index}';"
    );
    tamper_in_two(path, &hidden, sql, index);
}

/// The schema is read anew in between.
fn tamper_in_two(path: &std::path::Path, hide: &str, sql: &str, index: &str) {
    let of_index: (String, String, i64, String) = {
        let connection = Connection::open(path).unwrap();
        let mut statement =
            connection.prepare("SELECT name, tbl_name, rootpage, sql FROM sqlite_schema WHERE name = ?").unwrap();
        statement.query_row([index], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).unwrap()
    };
    tamper(path, hide);
    tamper(path, sql);
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA writable_schema = ON").unwrap();
    let (name, table, root, made) = of_index;
    connection
        .execute(
            "INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES ('index', ?, ?, ?, ?)",
            rusqlite::params![name, table, root, made],
        )
        .unwrap();
}
