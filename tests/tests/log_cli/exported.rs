//! Exports and imports from the command line: the same bytes again, through files and pipes.

use std::process::Stdio;

use serde_json::json;
use tests::client::Client;
use tests::life;
use tests::server::Server;
use tests::shell::clean;
use tokio::io::AsyncWriteExt as _;

use crate::given::{Load, PROJECT, is_recorded, log, log_json, url};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_imported_is_exported_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (data, other) = (folder.path().join("data"), folder.path().join("other"));
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();

    // Given an export beside a running server.
    let server = Server::start(&data).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    life::project(&client, PROJECT).await.unwrap();
    let load = Load::start(&client, 4);
    load.goes_on(100).await;
    let before = load.answered();
    let beside = log_json(&data, &["export", &path("beside")]).await;
    load.goes_on(50).await;
    load.end().await;
    server.stop().await.unwrap();
    let told = log_json(&data, &["export", &path("one")]).await;
    assert!(beside["records"].as_u64() < told["records"].as_u64(), "{beside} {told}");

    // When it is imported, it serves all that was acknowledged before; and a whole one gives the same bytes again.
    std::fs::create_dir_all(&other).unwrap();
    log_json(&other, &["import", &path("beside")]).await;
    let server = Server::start(&other).await.unwrap();
    is_recorded(&Client::connect(&server.url).await.unwrap(), &before).await;
    server.stop().await.unwrap();

    let third = url(&folder.path().join("other")).replace("log.db", "third.db");
    let imported = log_json(&other, &["import", &path("one"), "--log", &third]).await;
    assert_eq!(
        (&imported["log_id"], &imported["records"], &imported["heads"]),
        (&told["log_id"], &told["records"], &told["heads"])
    );
    log_json(&other, &["export", &path("two"), "--log", &third]).await;
    assert!(std::fs::read(path("one")).unwrap() == std::fs::read(path("two")).unwrap(), "cmp one two");
    let verified = log_json(&other, &["verify", "--log", &third]).await;
    assert_eq!((&verified["sound"], &verified["records"]), (&json!(true), &told["records"]));
}

#[tokio::test]
async fn pipes_carry_an_export() {
    let folder = tempfile::tempdir().unwrap();
    let (data, other) = (folder.path().join("data"), folder.path().join("other"));
    std::fs::create_dir_all(&other).unwrap();
    let server = Server::start(&data).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    life::project(&client, PROJECT).await.unwrap();
    server.stop().await.unwrap();

    let mut export = clean(&data);
    export.args(["log", "export", "-", "--data"]).arg(&data);
    let exported = export.output().await.unwrap();
    assert!(exported.status.success(), "{exported:?}");
    assert!(String::from_utf8_lossy(&exported.stderr).starts_with("exported "), "{exported:?}");

    let mut import = clean(&other);
    import.args(["log", "import", "-", "--json=records", "--data"]).arg(&other).stdin(Stdio::piped());
    let mut child = import.spawn().unwrap();
    child.stdin.take().unwrap().write_all(&exported.stdout).await.unwrap();
    let imported = child.wait_with_output().await.unwrap();
    assert!(imported.status.success(), "{imported:?}");
    assert!(imported.stdout.starts_with(b"{\"records\":"), "{imported:?}");
}

#[tokio::test]
async fn a_file_cut_off_is_told_and_the_whole_one_is_imported() {
    let folder = tempfile::tempdir().unwrap();
    let (data, other) = (folder.path().join("data"), folder.path().join("other"));
    std::fs::create_dir_all(&other).unwrap();
    let server = Server::start(&data).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    life::project(&client, PROJECT).await.unwrap();
    server.stop().await.unwrap();
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    log_json(&data, &["export", whole.to_str().unwrap()]).await;
    let bytes = std::fs::read(&whole).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() - 20]).unwrap();

    let failed = log(&other, &["import", cut.to_str().unwrap()]).await;
    assert_eq!((failed.code, failed.out.as_str()), (1, ""), "{failed:?}");
    assert!(failed.err.contains("cut: line ") && failed.err.contains("cut off"), "{}", failed.err);

    log_json(&other, &["import", whole.to_str().unwrap()]).await;
    assert_eq!(log_json(&other, &["info", "--json=phase"]).await, json!({ "phase": "open" }));
    let twice = log(&other, &["import", whole.to_str().unwrap()]).await;
    assert_eq!(twice.code, 3, "{twice:?}");
    assert!(twice.err.contains("takes appends already"), "{}", twice.err);
}
