//! A log is copied under a running server: nothing accepted is lost, and the old one sends everybody away.

use serde_json::json;
use tests::client::{Client, reason};
use tests::life::{self, Step};
use tests::server::Server;
use tonic::Code;

use crate::given::{Load, PROJECT, board, is_recorded, log, log_json, reasons, url};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_moves_under_a_running_server_and_nothing_accepted_is_lost() {
    let next = tempfile::tempdir().unwrap();
    moves_to(&url(next.path())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_moves_to_postgres_under_a_running_server_and_nothing_accepted_is_lost() {
    let Some(server) = test_servers::postgres::shared().unwrap() else { return };
    moves_to(&server.create_database().await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_moves_to_kafka_under_a_running_server_and_nothing_accepted_is_lost() {
    let Some(kafka) = test_servers::kafka::shared().unwrap() else { return };
    if tests::tools::knows_kafka().await {
        moves_to(&format!("kafka://{}/log-cli?single-broker", kafka.bootstrap())).await;
    }
}

/// The log of a server under load is copied to this URL; a server on that one takes its place.
async fn moves_to(next: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (data, elsewhere) = (folder.path().join("data"), folder.path().join("elsewhere"));
    let server = Server::start(&data).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    life::project(&client, PROJECT).await.unwrap();
    let load = Load::start(&client, 8);
    load.goes_on(300).await;

    // When it is copied under load, its callers are told that it has moved.
    let copied = log_json(&data, &["copy", &url(&data), next]).await;
    let (mut answered, refused) = load.until_refused().await;
    assert_eq!(refused.len(), 8, "every caller was sent away");
    assert!(reasons(&refused).iter().all(|reason| reason == "LOG_MOVED"), "{refused:?}");
    let told = life::step(&client, PROJECT, 1, "", Step::File).await.unwrap_err();
    assert_eq!((told.code(), reason(&told).as_str()), (Code::FailedPrecondition, "LOG_MOVED"));
    is_recorded(&client, &answered[..20]).await;

    // Then the new one has all that was answered, and answers what was refused.
    let info = log_json(&data, &["info", "--log", next]).await;
    assert_eq!(
        (&info["phase"], &info["log_id"], &info["heads"]),
        (&json!("open"), &copied["log_id"], &copied["heads"])
    );
    let new_server = Server::start_with(&elsewhere, &["--log", next]).await.unwrap();
    crate::opened::is_ready(&new_server.url).await;
    let new_client = Client::connect(&new_server.url).await.unwrap();
    for (call, _) in &refused {
        answered.push(call.send(&new_client).await.unwrap());
    }
    is_recorded(&new_client, &answered).await;
    board(&new_client).await;
    new_server.stop().await.unwrap();

    // Both hold the same, but for what came after; and the same command again finds nothing to do.
    assert_eq!(log_json(&data, &["verify", "--log", next, "--json=sound"]).await, json!({ "sound": true }));
    let again = log_json(&data, &["copy", &url(&data), next]).await;
    assert_eq!((&again["already"], &again["records"]), (&json!(true), &copied["records"]));

    // And the old one, started again, is not ready, and says why.
    server.stop().await.unwrap();
    let old = Server::start(&data).await.unwrap();
    let health = crate::opened::health(&old.url).await;
    assert_eq!(health, (6, "NOT_SERVING\n".to_owned()));
    old.stop().await.unwrap();
}

#[tokio::test]
async fn a_copy_to_another_log_until_refused_and_seals_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (data, next) = (folder.path().join("data"), folder.path().join("next"));
    for folder in [&data, &next] {
        Server::start(folder).await.unwrap().stop().await.unwrap();
    }
    let refused = log(&data, &["copy", &url(&data), &url(&next)]).await;
    assert_eq!((refused.code, refused.out.as_str()), (3, ""), "{refused:?}");
    assert!(refused.err.contains("copy to where no log is yet"), "{}", refused.err);
    assert_eq!(log_json(&data, &["info", "--json=phase"]).await, json!({ "phase": "open" }));
}
