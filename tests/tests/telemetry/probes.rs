//! `/healthz` and `/readyz`, and where they may be.

use serde_json::Value;
use tests::server::{Server, fails_to_start};

use crate::given::{Observed, get};

#[tokio::test]
async fn a_server_says_that_it_lives_and_that_it_is_ready() {
    let observed = Observed::start().await;
    assert_eq!(observed.get("/healthz").await, (200, "ok\n".to_owned()));
    let (code, body) = observed.get("/readyz").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((code, body), (200, serde_json::json!({ "ready": true, "why_not": null, "parked": [] })));
    assert_eq!(observed.get("/elsewhere").await.0, 404);
}

#[tokio::test]
async fn a_server_whose_log_has_moved_lives_and_says_why_it_is_not_ready() {
    // Given a log that another one has taken the place of.
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("data"), folder.path().join("copy.db"));
    Server::start(&data).await.unwrap().stop().await.unwrap();
    let url = |path: &std::path::Path| format!("sqlite:{}", path.display());
    let mut moving = tests::shell::clean(folder.path());
    moving.args(["log", "copy", &url(&data.join("log.db")), &url(&copy)]);
    let moved = tests::shell::said(moving).await;
    assert_eq!(moved.code, 0, "{moved:?}");
    // When it is served.
    let server = Server::start_with(&data, &["--metrics-addr", "127.0.0.1:0"]).await.unwrap();
    let address = server.metrics.as_deref().unwrap();
    // Then it lives, and is not ready.
    assert_eq!(get(address, "/healthz").await.0, 200);
    let (code, body) = get(address, "/readyz").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(code, 503);
    assert_eq!(body["ready"], false);
    assert_eq!(body["why_not"], "the log has moved: another one has taken its place");
}

#[tokio::test]
async fn figures_are_beyond_loopback_only_where_somebody_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let ended = fails_to_start(folder.path(), &["--metrics-addr", "0.0.0.0:0"]).await.unwrap();
    assert_eq!(ended.code, Some(1));
    assert!(ended.errors.contains("--metrics-public"), "{}", ended.errors);
    let server = Server::start_with(folder.path(), &["--metrics-addr", "0.0.0.0:0", "--metrics-public"]).await.unwrap();
    let port = server.metrics.as_deref().and_then(|address| address.rsplit(':').next()).unwrap().to_owned();
    assert_eq!(get(&format!("127.0.0.1:{port}"), "/healthz").await.0, 200);
}
