//! One file, three logs: whatever carries log and views, the project looks the same: its board, its flow, its timelines.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tests::server::Server;
use tests::tools::{knows_kafka, skip};

use super::{import, snaglog, token};

/// What is imported, and what is asked of it.
struct Given {
    file: PathBuf,
    /// The time that the flow is asked of.
    since: &'static str,
    until: &'static str,
}

/// Imports the file into a server with these flags, and gives all that is shown of the project.
async fn shown(flags: &[&str], given: &Given) -> Vec<Json> {
    let Given { file, since, until } = given;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(&folder.path().join("data"), flags).await.unwrap();
    create_once_ready(&server.url).await;
    let imported = import(&server.url, file).await;
    assert_eq!(imported.code, Some(0), "{}", imported.errors);
    let fresh = token(&server.url).await;
    let mut shown = snaglog(&server.url, &["board", "BUG", "--at-least", &fresh]).await.lines;
    let flow = ["flow", "BUG", "--since", since, "--until", until, "--step", "month", "--at-least", &fresh];
    shown.extend(snaglog(&server.url, &flow).await.lines);
    let issues = snaglog(&server.url, &["issue", "list", "BUG", "--limit", "100000", "--at-least", &fresh]).await.lines;
    for issue in &issues {
        let key = issue["key"].as_str().unwrap();
        let history = snaglog(&server.url, &["history", key]).await.lines;
        shown.push(json!({ key: history.iter().map(timeless).collect::<Vec<_>>() }));
    }
    shown.extend(issues);
    shown.iter_mut().for_each(strip);
    server.stop().await.unwrap();
    shown
}

/// A server whose log is still catching up says that it can be asked again.
async fn create_once_ready(url: &str) {
    let mut created = snaglog(url, &["project", "create", "BUG"]).await;
    while created.code == Some(6) {
        tokio::time::sleep(Duration::from_millis(50)).await;
        created = snaglog(url, &["project", "create", "BUG"]).await;
    }
    assert_eq!(created.code, Some(0), "{}", created.errors);
}

/// Away with what depends on when it was asked, and with where it is in the log, and what the log is.
fn strip(shown: &mut Json) {
    match shown {
        Json::Object(fields) => {
            for each in ["as_of", "age", "age_in_state", "consistency_token", "id"] {
                fields.remove(each);
            }
            fields.values_mut().for_each(strip);
        }
        Json::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// The event without what its recording gave it.
fn timeless(event: &Json) -> Json {
    let mut event = event.clone();
    if let Some(fields) = event.as_object_mut() {
        for recorded in [
            "id",
            "event_id",
            "leaf",
            "recorded_at",
            "request_id",
            "position",
            "partition",
            "consistency_token",
            "correlation_id",
        ] {
            fields.remove(recorded);
        }
    }
    event
}

/// The same on SQLite, PostgreSQL and Kafka, where there are those.
async fn on_all_three(given: &Given) -> Vec<Json> {
    let on_sqlite = shown(&[], given).await;
    if let Some(server) = test_servers::postgres::shared().unwrap() {
        let log = server.create_database().await.unwrap();
        assert_eq!(shown(&["--log", &log], given).await, on_sqlite, "on PostgreSQL");
    }
    if let Some(kafka) = test_servers::kafka::shared().unwrap()
        && knows_kafka().await
    {
        let topic = format!("kafka://{}/golden-{}?single-broker", kafka.bootstrap(), on_sqlite.len());
        assert_eq!(shown(&["--log", &topic], given).await, on_sqlite, "on Kafka");
    }
    on_sqlite
}

#[tokio::test]
async fn the_same_file_makes_the_same_board_on_sqlite_postgres_and_kafka() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/bugs.jsonl");
    let given = Given { file, since: "2019-01-01T00:00:00Z", until: "2020-01-01T00:00:00Z" };
    let shown = on_all_three(&given).await;
    let lines: Vec<_> = shown.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!("board_and_timelines", lines.join("\n"));
}

#[tokio::test]
async fn real_bugs_make_the_same_board_on_sqlite_postgres_and_kafka() {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(tests::BUGZILLA_SAMPLE);
    let sample = std::env::var_os("SNAGLOG_BUGZILLA_SAMPLE").map_or(default, PathBuf::from);
    if !sample.is_file() {
        skip(&format!("no sample at {}; name one in SNAGLOG_BUGZILLA_SAMPLE", sample.display()));
        return;
    }
    let bugs = std::fs::read_to_string(&sample).unwrap().lines().count();
    let given = Given { file: sample, since: "2006-01-01T00:00:00Z", until: "2011-01-01T00:00:00Z" };
    let shown = on_all_three(&given).await;
    assert_eq!(shown.len(), 2 + 2 * bugs, "a board, a flow, and of each bug its history and what it is now");
}
