//! What goes wrong around a server: each gives a clear error, and loses nothing.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

use std::time::Duration;

use api::issues::v1::GetIssueRequest;
use tests::client::{Client, reason};
use tests::life::{self, CUSTOMER, DEVELOPER, Step};
use tests::server::{Server, can_mount, fails_to_start, fails_to_start_read_only};
use tonic::Code;

const PROJECT: &str = "FAULT";

/// A data folder in which a server has filed one issue and stopped.
async fn used_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    life::project(&client, PROJECT).await.unwrap();
    life::step(&client, PROJECT, 1, "", Step::File).await.unwrap();
    assert_eq!(server.stop().await.unwrap().code, Some(0), "SIGTERM drains and exits 0");
    folder
}

#[track_caller]
fn says(errors: &str, words: &[&str]) {
    for word in words {
        assert!(errors.contains(word), "{word:?} is not in the error:\n{errors}");
    }
}

#[tokio::test]
async fn a_second_server_on_the_same_folder_is_told_that_it_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Server::start(folder.path()).await.unwrap();

    let second = fails_to_start(folder.path(), &[]).await.unwrap();

    assert_eq!(second.code, Some(1));
    says(&second.errors, &["log.db", "in use by another process"]);
}

#[tokio::test]
async fn a_folder_that_can_not_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();

    let ended = fails_to_start(&file.join("data"), &[]).await.unwrap();

    assert_eq!(ended.code, Some(1));
    says(&ended.errors, &["--data", "can't be made"]);
}

#[tokio::test]
async fn a_read_only_folder_is_refused_and_left_as_it_was() {
    if !can_mount().await {
        return;
    }
    let folder = used_folder().await;
    let before = std::fs::read(folder.path().join("log.db")).unwrap();

    let ended = fails_to_start_read_only(folder.path()).await.unwrap();

    assert_eq!(ended.code, Some(1));
    says(&ended.errors, &["log.db", "opened for writing", "Read-only"]);
    assert_eq!(std::fs::read(folder.path().join("log.db")).unwrap(), before, "nothing was written");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("log.db"), "Dear diary, this is no database. ".repeat(1000)).unwrap();

    let ended = fails_to_start(folder.path(), &[]).await.unwrap();

    assert_eq!(ended.code, Some(1));
    says(&ended.errors, &["log.db", "is not an event log"]);
}

#[tokio::test]
async fn a_torn_database_is_refused_or_reported_as_data_loss() {
    let folder = used_folder().await;
    let path = folder.path().join("log.db");
    let mut bytes = std::fs::read(&path).unwrap();
    // Everything but the first page, so that the file still says that it is ours.
    bytes[8192..].fill(0xA5);
    std::fs::write(&path, bytes).unwrap();

    let ended = fails_to_start(folder.path(), &[]).await.unwrap();

    assert_eq!(ended.code, Some(1));
    says(&ended.errors, &["log.db", "damaged"]);
}

#[tokio::test]
async fn a_log_of_a_newer_format_asks_for_an_upgrade() {
    let folder = used_folder().await;
    let log = rusqlite::Connection::open(folder.path().join("log.db")).unwrap();
    let format: i64 = log.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    log.pragma_update(None, "user_version", format + 1000).unwrap();
    drop(log);

    let ended = fails_to_start(folder.path(), &[]).await.unwrap();

    assert_eq!(ended.code, Some(1));
    says(&ended.errors, &["log.db", "format", "upgrade needed"]);
}

#[tokio::test]
async fn views_of_another_format_are_built_anew_from_the_log() {
    let folder = used_folder().await;
    std::fs::write(folder.path().join("views.db"), "no database at all ".repeat(1000)).unwrap();

    let server = Server::start(folder.path()).await.unwrap();

    let client = Client::connect(&server.url).await.unwrap();
    let answered = life::step(&client, PROJECT, 2, "", Step::File).await.unwrap();
    let consistency = tests::client::as_fresh_as([answered.token]);
    let request = GetIssueRequest { key: format!("{PROJECT}-1"), consistency, ..Default::default() };
    let issue = client.issues(DEVELOPER).get_issue(request).await.unwrap().into_inner().issue.unwrap();
    assert_eq!(issue.title, life::filing(PROJECT, 1).title);
}

#[tokio::test]
async fn beyond_loopback_it_listens_only_where_something_in_front_is_trusted() {
    let folder = tempfile::tempdir().unwrap();

    let ended = fails_to_start(folder.path(), &["--listen", "0.0.0.0:0"]).await.unwrap();

    assert_eq!(ended.code, Some(1));
    says(&ended.errors, &["0.0.0.0", "--trust-actor-header"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_commands_keeps_what_was_answered_and_recovers_by_itself() {
    if !can_mount().await {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_on_small_disk(folder.path(), 12 << 20).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    life::project(&client, PROJECT).await.unwrap();

    // Given a disk that fills up with filings of 60 KiB each.
    let (mut answered, refused) = (Vec::new(), loop_until_refused(&client).await);
    answered.extend(refused.0);

    // Then the refusal says what is wrong, and that it may pass.
    let status = refused.1;
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    assert_eq!(reason(&status), "LOG_UNAVAILABLE", "{status:?}");
    for key in &answered {
        let request = api::history::v1::ListEventsRequest { key: key.clone(), ..Default::default() };
        let events = client.histories(DEVELOPER).list_events(request).await.unwrap().into_inner().events;
        assert_eq!(events.len(), 1, "{key} is still there");
    }

    // And when there is room again, the next command is accepted.
    std::fs::remove_file(server.inside(&folder.path().join("ballast"))).unwrap();
    let recovered = tokio::time::timeout(Duration::from_secs(180), async {
        loop {
            if let Ok(answer) = life::step(&client, PROJECT, 1, "", Step::File).await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let recovered = recovered.await.expect("it recovers by itself");
    assert_eq!(recovered.key, format!("{PROJECT}-{}", answered.len() + 1), "no key was given to what was refused");
}

/// Files large issues until one is refused; the keys of those answered, and the refusal.
async fn loop_until_refused(client: &Client) -> (Vec<String>, tonic::Status) {
    let mut keys = Vec::new();
    loop {
        let mut filing = life::filing(PROJECT, keys.len() as u64);
        filing.report.get_or_insert_default().details = "x".repeat(60_000);
        match client.issues(CUSTOMER).file_issue(filing).await {
            Ok(answer) => keys.push(answer.into_inner().issue.unwrap().key),
            Err(status) => return (keys, status),
        }
    }
}
