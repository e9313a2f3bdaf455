//! `snaglog log verify` of a sound log, and of one of which a bit is wrong.

use std::path::Path;

use serde_json::json;
use tests::client::Client;
use tests::life;
use tests::server::Server;

use crate::given::{Load, PROJECT, log, log_json};

const MARKER: &[u8] = b"the kettle whistles at night";

/// Inverts a bit of the one place in the log that holds the marker.
fn flip(file: &Path) {
    let mut bytes = std::fs::read(file).unwrap();
    let places: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(MARKER)).collect();
    assert_eq!(places.len(), 1, "the report is stored once");
    bytes[places[0]] ^= 1;
    std::fs::write(file, bytes).unwrap();
}

/// Partition and position of the record that holds the marker, as the file tells them.
fn place(file: &Path) -> (i64, i64) {
    let connection = rusqlite::Connection::open(file).unwrap();
    let sql = "SELECT key >> 48, key & 0xffffffffffff FROM events WHERE instr(texts, ?) > 0";
    connection.query_row(sql, [MARKER], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_bit_is_named_by_its_position() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    life::project(&client, PROJECT).await.unwrap();
    let load = Load::start(&client, 4);
    load.goes_on(100).await;
    let mut filing = life::filing(PROJECT, 1);
    filing.report.get_or_insert_default().details = String::from_utf8(MARKER.to_vec()).unwrap();
    client.issues(life::CUSTOMER).file_issue(filing).await.unwrap();
    load.goes_on(100).await;
    load.end().await;
    server.stop().await.unwrap();

    let sound = log_json(folder.path(), &["verify"]).await;
    assert_eq!((&sound["sound"], &sound["finding"]), (&json!(true), &json!(null)));
    assert!(sound["records"].as_u64() > Some(200) && sound["streams"].as_u64() > Some(20), "{sound}");
    let told = log(folder.path(), &["verify"]).await;
    assert!(told.code == 0 && told.out.starts_with("sound: "), "{told:?}");

    let file = folder.path().join("log.db");
    let (partition, position) = place(&file);
    flip(&file);

    let told = log(folder.path(), &["verify", "--json"]).await;
    assert_eq!(told.code, 1, "{told:?}");
    let found: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(found["sound"], json!(false));
    assert_eq!((&found["finding"]["partition"], &found["finding"]["position"]), (&json!(partition), &json!(position)));
    assert_eq!(found["finding"]["within"], json!(0));
    let named = format!("LogDamaged: the first bad position is partition {partition} position {position}: ");
    assert!(told.err.starts_with(&named), "{}", told.err);

    let nonsense = log(folder.path(), &["verify", "--from", "somewhere"]).await;
    assert_eq!(nonsense.code, 2, "{nonsense:?}");
}
