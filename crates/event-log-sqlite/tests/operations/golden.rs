//! Files of earlier formats, kept as they were made, opened by today's code.

use event_log::{EventLog, Identity, Maintain, Phase, Versions};
use event_log_sqlite::SqliteLog;
use uuid::Uuid;

use crate::given::{append, event, everything, folder, issue, options};

/// Made by the first release that had a log: two partitions, six streams, an append of two events, texts, every optional field.
const FORMAT_1: &[u8] = include_bytes!("../golden/format-1.db");

/// Position, stream, revision and leaf of each record, as that release printed them.
const RECORDS_1: &str = include_str!("../golden/format-1.txt");

#[tokio::test]
async fn a_log_of_format_1_is_upgraded_read_and_written() {
    // Given a file of format 1.
    let (_folder, path) = folder();
    std::fs::write(&path, FORMAT_1).unwrap();

    // When today's code opens it, then it is the log that it was, and takes appends.
    let log = SqliteLog::open(&path, &options()).unwrap();
    assert_eq!(log.identity(), Identity::new(Uuid::from_u128(7), 2));
    assert_eq!((log.phase(), log.versions()), (Phase::Open, Versions { rule: 1, record: 1 }));
    let records = everything(&log).await.unwrap();
    let told: Vec<String> = records
        .iter()
        .map(|recorded| {
            let header = &recorded.record.header;
            let leaf = hex::encode(recorded.leaf);
            let stream = event_log::StreamName(&header.stream);
            format!("{} {} {stream}/{} {leaf}", recorded.partition, recorded.position, header.revision)
        })
        .collect();
    assert_eq!(told, RECORDS_1.lines().collect::<Vec<_>>());

    // And a request from then is answered as it was then.
    let filed = &records.iter().find(|recorded| &*recorded.record.header.event_type == "IssueTriaged").unwrap();
    let header = &filed.record.header;
    let known = log.find_request(&header.stream, header.metadata.request_id).await.unwrap().unwrap();
    assert_eq!((known.appended.first_revision, known.appended.leaf), (1, filed.leaf));
    let next = log.append(append(issue("PAY", 1), 0, 1, vec![event("{}")])).await.unwrap();
    assert_eq!(next.ordinal, 2);
    log.close().await;

    // When it is opened again, then it is of today's format, as a new one is.
    let log = SqliteLog::open(&path, &options()).unwrap();
    assert_eq!(everything(&log).await.unwrap().len(), records.len() + 1);
    log.close().await;
    let (_folder, new) = folder();
    SqliteLog::open(&new, &options()).unwrap().close().await;
    assert_eq!(schema(&path), schema(&new));
}

/// Every table and index of the file, and its format.
fn schema(path: &std::path::Path) -> Vec<(String, String)> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let format: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    let mut statement = connection.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").unwrap();
    let things = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    things.map(Result::unwrap).chain([("format".to_owned(), format.to_string())]).collect()
}
