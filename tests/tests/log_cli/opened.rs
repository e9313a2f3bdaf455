//! Which log is opened, by whom, and what is said when it isn't.

use std::time::Duration;

use serde_json::json;
use tests::server::{Server, fails_to_start};
use tests::shell::{clean, said};

use crate::given::{log, log_json, url};

/// What `snaglog health` says of a server: exit code and standard output.
pub(crate) async fn health(server: &str) -> (i32, String) {
    let home = tempfile::tempdir().unwrap();
    let mut command = clean(home.path());
    command.args(["health", "--server", server]);
    let said = said(command).await;
    (said.code, said.out)
}

/// Waits until the server is ready: a node of Kafka catches up first.
pub(crate) async fn is_ready(server: &str) {
    let ready = async {
        while health(server).await.0 != 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(180), ready).await.expect("it becomes ready");
}

#[tokio::test]
async fn a_url_that_names_no_log_is_told_what_to_give() {
    let folder = tempfile::tempdir().unwrap();
    for url in ["mysql://me:hunter2@db/x", "log.db", "sqlite:"] {
        let told = log(folder.path(), &["info", "--log", url]).await;
        assert_eq!((told.code, told.out.as_str()), (2, ""), "{told:?}");
        assert!(told.err.contains("give sqlite:PATH, postgres://"), "{}", told.err);
        assert!(!told.err.contains("hunter2"), "{}", told.err);
    }
}

#[tokio::test]
async fn a_password_in_a_url_is_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let url = "postgres://me:hunter2@127.0.0.1:1/log?password=hunter2";
    let lines: &[&[&str]] = &[
        &["log", "info"],
        &["log", "copy", url, "sqlite:x"],
        &["log", "backup", "x"],
        &["serve", "--help"],
        &["config"],
        &["config", "--json"],
        &["log", "info", "--help"],
    ];
    for line in lines {
        let mut command = clean(folder.path());
        command.args(*line).env("SNAGLOG_LOG", url).current_dir(folder.path());
        let told = said(command).await;
        assert!(!told.out.contains("hunter2") && !told.err.contains("hunter2"), "{line:?}: {told:?}");
        assert!(!told.out.contains("panic") && !told.err.contains("panic"), "{line:?}: {told:?}");
    }
    let served = fails_to_start(folder.path(), &["--log", url]).await.unwrap();
    assert_eq!(served.code, Some(1));
    assert!(!served.errors.contains("hunter2"), "{}", served.errors);

    let mut config = clean(folder.path());
    config.args(["config", "--json=log"]).env("SNAGLOG_LOG", url);
    let shown = said(config).await.out;
    let expected = "postgres://me:***@127.0.0.1:1/log?password=***";
    assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap()["log"]["value"], expected);
}

#[tokio::test]
async fn nothing_is_made_where_there_is_no_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    for line in [&["info"][..], &["verify"], &["export", "x"], &["activate"], &["copy", &url(&data), "sqlite:x"]] {
        let told = log(&data, line).await;
        assert_eq!((told.code, told.out.as_str()), (1, ""), "{line:?}: {told:?}");
        assert!(told.err.contains("there is no log at sqlite:"), "{line:?}: {}", told.err);
    }
    assert!(!data.exists());
}

#[tokio::test]
async fn beside_a_server_goes_what_only_reads_and_the_rest_says_that_it_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await.unwrap();
    let file = folder.path().join("export");
    assert_eq!(log_json(folder.path(), &["info", "--json=phase"]).await, json!({ "phase": "open" }));
    assert_eq!(log_json(folder.path(), &["verify", "--json=sound"]).await, json!({ "sound": true }));
    assert_eq!(
        log_json(folder.path(), &["activate", "--json=known"]).await,
        json!({ "known": { "rule": 1, "record": 1 } })
    );
    log_json(folder.path(), &["export", file.to_str().unwrap()]).await;

    let refused = log(folder.path(), &["import", file.to_str().unwrap()]).await;

    assert_eq!((refused.code, refused.out.as_str()), (6, ""), "{refused:?}");
    assert!(refused.err.contains("log.db is in use by another process"), "{}", refused.err);
    assert!(refused.err.contains("Stop it first"), "{}", refused.err);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn versions_are_activated_once_they_are_known_and_never_go_back() {
    let folder = tempfile::tempdir().unwrap();
    Server::start(folder.path()).await.unwrap().stop().await.unwrap();
    let unknown = log(folder.path(), &["activate", "--rule", "7"]).await;
    assert_eq!((unknown.code, unknown.out.as_str()), (3, ""), "{unknown:?}");
    assert!(unknown.err.contains("rule version is 7, and this version knows up to 1"), "{}", unknown.err);
    let back = log(folder.path(), &["activate", "--record", "0"]).await;
    assert_eq!(back.code, 2, "{back:?}");
    let same = log_json(folder.path(), &["activate", "--rule", "1", "--json=in_force"]).await;
    assert_eq!(same, json!({ "in_force": { "rule": 1, "record": 1 } }));
}
