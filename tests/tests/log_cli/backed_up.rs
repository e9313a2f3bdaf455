//! A backup beside a running server under load, restored, served; views of the other log notice.

use std::path::Path;

use serde_json::json;
use tests::client::Client;
use tests::life;
use tests::server::Server;

use crate::given::{Load, PROJECT, board, board_at, is_recorded, log, log_json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_is_restored_and_goes_its_own_way() {
    let folder = tempfile::tempdir().unwrap();
    let (data, restored, file) =
        (folder.path().join("data"), folder.path().join("restored"), folder.path().join("b.db"));
    let file = file.to_str().unwrap();

    // Given a server under load, of which a backup is made.
    let server = Server::start(&data).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    life::project(&client, PROJECT).await.unwrap();
    let load = Load::start(&client, 8);
    load.goes_on(200).await;
    let before = load.answered();
    let told = log_json(&data, &["backup", file]).await;
    assert_eq!((&told["backup"], told["bytes"].as_u64() > Some(10_000)), (&json!(file), true));
    load.goes_on(200).await;
    let (answered, refused) = load.end().await;
    assert!(refused.is_empty(), "nobody notices a backup: {refused:?}");
    is_recorded(&client, &answered).await;
    board(&client).await;
    assert_eq!(server.stop().await.unwrap().code, Some(0));

    // When it is restored, and the old server's views, which have folded more than it holds, lie beside it.
    let original = log_json(&data, &["info"]).await;
    let told = log_json(&restored, &["restore", file]).await;
    let info = log_json(&restored, &["info"]).await;
    assert_eq!(info["log_id"], told["log_id"]);
    assert_ne!(info["log_id"], original["log_id"], "it is another log from now on");
    assert_eq!(info["branches"][0]["log_id"], original["log_id"]);
    assert_eq!(info["branches"][0]["heads"], info["heads"]);
    assert!(info["records"].as_u64() < original["records"].as_u64());
    assert_eq!(log_json(&restored, &["verify", "--json=sound"]).await, json!({ "sound": true }));
    copy_views(&data, &restored);

    // Then it has what was acknowledged before, and its board is its own.
    let server = Server::start(&restored).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    is_recorded(&client, &before).await;
    let filed = life::step(&client, PROJECT, 0, "", life::Step::File).await.unwrap();
    let shown = board_at(&client, filed.token.clone()).await;
    server.stop().await.unwrap();
    for name in ["views.db", "views.db-wal", "views.db-shm"] {
        _ = std::fs::remove_file(restored.join(name));
    }
    let server = Server::start(&restored).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    assert_eq!(board_at(&client, filed.token).await, shown, "no view of the other log was shown");
    server.stop().await.unwrap();
}

fn copy_views(from: &Path, to: &Path) {
    for name in ["views.db", "views.db-wal", "views.db-shm"] {
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
    assert!(to.join("views.db").exists());
}

#[tokio::test]
async fn nothing_is_written_over_and_a_backup_is_no_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    Server::start(&data).await.unwrap().stop().await.unwrap();
    let file = folder.path().join("log.backup");
    let file = file.to_str().unwrap();
    log_json(&data, &["backup", file]).await;

    let again = log(&data, &["backup", file]).await;
    assert_eq!((again.code, again.out.as_str()), (1, ""), "{again:?}");
    assert!(again.err.contains("log.backup"), "{}", again.err);
    log_json(&data, &["backup", "--replace", file]).await;

    let over = log(&data, &["restore", file]).await;
    assert_eq!(over.code, 1, "{over:?}");
    assert!(over.err.contains("log.db"), "{}", over.err);

    let url = format!("sqlite:{file}");
    let served = tests::server::fails_to_start(&data, &["--log", &url]).await.unwrap();
    assert_eq!(served.code, Some(1));
    assert!(served.errors.contains("is a backup"), "{}", served.errors);
    assert_eq!(log_json(&data, &["verify", "--log", &url, "--json=sound"]).await, json!({ "sound": true }));
}
