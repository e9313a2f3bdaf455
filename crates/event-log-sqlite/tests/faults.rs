//! What goes wrong with files and disks: each a clear error, and nothing lost.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails by panicking, in its helpers too")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use event_log::{Append, AppendError, EventLog, Founding, Identity, LogError, NewEvent, StreamId};
use event_log_sqlite::{OpenError, Options, SqliteLog};
use tempfile::TempDir;
use uuid::Uuid;

fn options() -> Options {
    of_partitions(8)
}

fn of_partitions(partitions: u32) -> Options {
    Options::new(Founding { identity: Identity::new(Uuid::from_u128(7), partitions), filling: false })
}

/// Who holds the file up is waited for, however slow the machine.
fn patient() -> Options {
    Options { busy_timeout: Duration::from_secs(600), ..options() }
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    (folder, path)
}

fn issue(id: impl std::fmt::Display) -> StreamId {
    StreamId { project: "PAY".into(), kind: "issue".into(), id: format!("{id}").into() }
}

fn append(id: impl std::fmt::Display, facts: impl Into<Vec<u8>>) -> Append {
    Append {
        stream: issue(id),
        expected: 0,
        unchanged: Vec::new(),
        events: vec![NewEvent {
            event_id: Uuid::from_u128(1),
            event_type: "IssueFiled".into(),
            schema_version: 1,
            occurred_at: 1,
            facts: facts.into(),
            texts: Vec::new(),
            salt: Vec::new(),
        }],
        actor: "ada".into(),
        request_id: Uuid::from_u128(1),
        fingerprint: [7; 32],
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        recorded_at: 1,
    }
}

async fn positions(log: &SqliteLog) -> Vec<u64> {
    let partition = log.identity().partition_of("PAY");
    let mut positions: Vec<u64> = Vec::new();
    loop {
        let page = log.read_partition(partition, positions.len() as u64, 1000).await.unwrap();
        positions.extend(page.records.iter().map(|recorded| recorded.position));
        if page.end {
            return positions;
        }
    }
}

/// A closed log with one record of these facts.
async fn closed_log_with(path: &Path, facts: &[u8]) {
    let log = SqliteLog::open(path, &options()).unwrap();
    log.append(append(1, facts)).await.unwrap();
    log.append(append(2, "{}")).await.unwrap();
    log.close().await;
}

#[track_caller]
fn refused(path: &Path) -> OpenError {
    let before = std::fs::read(path).ok();
    let error = SqliteLog::open(path, &options()).map(|_| ()).unwrap_err();
    assert!(std::fs::read(path).ok() == before, "a file that was refused was changed");
    error
}

#[tokio::test]
async fn a_second_log_on_the_same_file_is_refused_until_the_first_is_closed() {
    let (_folder, path) = folder();
    let first = SqliteLog::open(&path, &options()).unwrap();
    assert_eq!(refused(&path), OpenError::InUse { path: path.clone() });
    first.append(append(1, "{}")).await.unwrap();
    first.close().await;
    let second = SqliteLog::open(&path, &options()).unwrap();
    assert_eq!(positions(&second).await, [1]);
    drop(second);
    SqliteLog::open(&path, &options()).unwrap();
}

#[test]
fn a_file_that_is_no_log_is_refused_and_left_as_it_is() {
    let (folder, path) = folder();
    std::fs::write(&path, "Dear diary, ".repeat(1000)).unwrap();
    let error = refused(&path);
    assert!(matches!(error, OpenError::NotALog { .. }), "{error}");
    assert!(error.to_string().contains("is not an event log: file is not a database"), "{error}");

    let other = folder.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE accounts (id INTEGER)").unwrap();
    let error = refused(&other);
    assert!(error.to_string().contains("a SQLite database of another application"), "{error}");
}

#[tokio::test]
async fn a_log_of_a_newer_format_is_refused_and_left_as_it_is() {
    let (_folder, path) = folder();
    closed_log_with(&path, b"{}").await;
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 3).unwrap();
    assert_eq!(refused(&path), OpenError::OtherFormat { path: path.clone(), found: 3, known: 2 });
}

#[tokio::test]
async fn a_log_whose_rule_was_raised_by_a_newer_version_is_refused_and_left_as_it_is() {
    let (_folder, path) = folder();
    closed_log_with(&path, b"{}").await;
    rusqlite::Connection::open(&path).unwrap().execute("UPDATE log SET rule_version = 2", []).unwrap();
    assert_eq!(refused(&path), OpenError::UpgradeNeeded { path: path.clone(), what: "rule", found: 2, known: 1 });
}

#[tokio::test]
async fn a_log_that_says_it_has_no_partitions_is_damaged() {
    let (_folder, path) = folder();
    closed_log_with(&path, b"{}").await;
    rusqlite::Connection::open(&path).unwrap().execute("UPDATE log SET partitions = 0", []).unwrap();
    let error = refused(&path);
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn an_empty_file_left_by_a_crash_becomes_a_log() {
    let (_folder, path) = folder();
    std::fs::write(&path, "").unwrap();
    let log = SqliteLog::open(&path, &options()).unwrap();
    log.append(append(1, "{}")).await.unwrap();
    assert_eq!(positions(&log).await, [1]);
}

#[test]
fn a_folder_that_cannot_be_written_to_is_a_clear_error() {
    let (folder, path) = folder();
    let missing = SqliteLog::open(folder.path().join("none/log.db"), &options()).map(|_| ()).unwrap_err();
    assert!(matches!(missing, OpenError::Unavailable { .. }), "{missing}");
    let mut permissions = folder.path().metadata().unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(folder.path(), permissions).unwrap();
    // Root may write everywhere but to what the kernel itself forbids.
    let path = if std::fs::write(&path, "").is_ok() { PathBuf::from("/sys/kernel/log.db") } else { path };
    let forbidden = SqliteLog::open(path, &options()).map(|_| ()).unwrap_err();
    assert!(matches!(forbidden, OpenError::Unavailable { .. }), "{forbidden}");
    assert!(forbidden.to_string().contains("can't be opened for writing: Permission denied"), "{forbidden}");
}

#[test]
fn a_number_of_partitions_that_cannot_be_is_refused() {
    let (_folder, path) = folder();
    let partitions = |partitions| SqliteLog::open(&path, &of_partitions(partitions)).map(|_| ());
    assert_eq!(partitions(0), Err(OpenError::Partitions { asked: 0, max: 1024 }));
    assert_eq!(partitions(1025), Err(OpenError::Partitions { asked: 1025, max: 1024 }));
    assert_eq!(partitions(1024), Ok(()));
}

#[tokio::test]
async fn a_full_disk_refuses_appends_loses_nothing_serves_readers_and_ends_when_there_is_room() {
    let (_folder, path) = folder();
    let log = SqliteLog::open(&path, &Options { pages_max: Some(60), ..options() }).unwrap();
    let mut appended = 0;
    let failed = loop {
        match log.append(append(appended, vec![b' '; 20_000])).await {
            Ok(answer) => appended = answer.position,
            Err(error) => break error,
        }
    };
    assert!(appended > 5, "full after {appended}");
    let AppendError::Failed(LogError::Unavailable { reason }) = &failed else { panic!("{failed:?}") };
    assert!(reason.contains("database or disk is full"), "{reason}");
    // Again, and beside another that is refused for its own sake: the log goes on answering, and readers go on reading.
    let again = log.append(append(appended, vec![b' '; 20_000])).await;
    assert_eq!(again, Err(failed));
    assert_eq!(positions(&log).await, (1..=appended).collect::<Vec<_>>());
    assert_eq!(log.barrier(log.identity().partition_of("PAY")).await, Ok(appended));
    assert!(log.append(append(0, vec![b' '; 20_000])).await.unwrap().replayed, "what is known needs no room");
    // Room again: the same request is admitted once, with the next position.
    log.limit_pages(1_000_000).unwrap();
    let answer = log.append(append(appended, vec![b' '; 20_000])).await.unwrap();
    assert_eq!((answer.position, answer.replayed), (appended + 1, false));
    log.close().await;
    let log = SqliteLog::open(&path, &options()).unwrap();
    assert_eq!(positions(&log).await, (1..=appended + 1).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_flipped_byte_is_named_and_nothing_more_is_served() {
    let (_folder, path) = folder();
    closed_log_with(&path, br#"{"steps":"turn it off and on again"}"#).await;
    flip(&path, b"off and on");
    let log = SqliteLog::open(&path, &options()).unwrap();
    let partition = log.identity().partition_of("PAY");
    let told = log.trouble();
    assert_eq!(*told.borrow(), None, "nobody has looked yet");
    let Err(LogError::DataLoss { reason }) = log.read_partition(partition, 0, 10).await else {
        panic!("a wrong answer")
    };
    assert_eq!(reason, format!("partition {partition} position 1: the record is not the one that was written"));
    let damaged = LogError::DataLoss { reason };
    assert_eq!(told.borrow().as_ref(), Some(&damaged));
    assert_eq!(log.append(append(3, "{}")).await, Err(AppendError::Failed(damaged.clone())));
    assert_eq!(log.read_stream(&issue(2), 0, 10).await, Err(damaged.clone()));
    assert_eq!(log.barrier(partition).await, Err(damaged));
    log.close().await;
}

#[tokio::test]
async fn a_header_overwritten_is_refused() {
    let (_folder, path) = folder();
    closed_log_with(&path, b"{}").await;
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[..16].fill(0);
    std::fs::write(&path, bytes).unwrap();
    let error = refused(&path);
    assert!(matches!(error, OpenError::NotALog { .. }), "{error}");
}

#[tokio::test]
async fn a_page_of_garbage_is_data_loss() {
    let (_folder, path) = folder();
    closed_log_with(&path, b"marked").await;
    let mut bytes = std::fs::read(&path).unwrap();
    let page = find(&bytes, b"marked") / 4096 * 4096;
    bytes[page..page + 4096].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    match SqliteLog::open(&path, &options()) {
        Err(error) => assert!(matches!(error, OpenError::Damaged { .. }), "{error}"),
        Ok(log) => {
            let partition = log.identity().partition_of("PAY");
            let read = log.read_partition(partition, 0, 10).await;
            assert!(matches!(read, Err(LogError::DataLoss { .. })), "{read:?}");
        }
    }
}

#[tokio::test]
async fn a_file_cut_short_is_damaged() {
    let (_folder, path) = folder();
    closed_log_with(&path, &vec![b' '; 100_000]).await;
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    match SqliteLog::open(&path, &options()) {
        Err(error) => assert!(matches!(error, OpenError::Damaged { .. }), "{error}"),
        Ok(log) => {
            let read = log.read_partition(log.identity().partition_of("PAY"), 0, 10).await;
            assert!(matches!(read, Err(LogError::DataLoss { .. })), "{read:?}");
        }
    }
}

#[tokio::test]
async fn over_the_queues_bound_the_answer_is_overloaded_at_once() {
    let (_folder, path) = folder();
    let log = Arc::new(SqliteLog::open(&path, &Options { queue_max: 2, ..patient() }).unwrap());
    // Another connection holds the file: the writer waits with what it has taken.
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let spawn = |n: u32| {
        let log = Arc::clone(&log);
        tokio::spawn(async move { log.append(append(n, "{}")).await })
    };
    let taken = spawn(0);
    tokio::task::yield_now().await;
    while log.queued() > 0 {
        tokio::task::yield_now().await;
    }
    let waiting = [spawn(1), spawn(2)];
    while log.queued() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(log.append(append(3, "{}")).await, Err(AppendError::Failed(LogError::Overloaded)));
    other.execute_batch("ROLLBACK").unwrap();
    taken.await.unwrap().unwrap();
    for waiting in waiting {
        waiting.await.unwrap().unwrap();
    }
    assert_eq!(log.append(append(3, "{}")).await.unwrap().position, 4);
}

#[tokio::test]
async fn the_queue_is_bounded_in_bytes_too() {
    let (_folder, path) = folder();
    let log = Arc::new(SqliteLog::open(&path, &Options { queue_bytes_max: 100_000, ..patient() }).unwrap());
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let spawn = |n: u32| {
        let log = Arc::clone(&log);
        tokio::spawn(async move { log.append(append(n, vec![b' '; 60_000])).await })
    };
    let taken = spawn(0);
    tokio::task::yield_now().await;
    while log.queued() > 0 {
        tokio::task::yield_now().await;
    }
    let waiting = spawn(1);
    while log.queued() < 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(log.append(append(2, vec![b' '; 60_000])).await, Err(AppendError::Failed(LogError::Overloaded)));
    other.execute_batch("ROLLBACK").unwrap();
    taken.await.unwrap().unwrap();
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_is_queued_is_finished_when_the_log_is_dropped_and_later_calls_say_closed() {
    let (_folder, path) = folder();
    let log = SqliteLog::open(&path, &options()).unwrap();
    let mut calls: Vec<_> = (0..100).map(|n| log.append(append(n, "{}"))).collect();
    for call in &mut calls {
        assert!(futures::poll!(call).is_pending());
    }
    drop(calls);
    drop(log);
    let log = SqliteLog::open(&path, &options()).unwrap();
    assert_eq!(positions(&log).await.len(), 100);
    log.close().await;
    log.close().await;
    let closed = LogError::Unavailable { reason: "the log is closed".to_owned() };
    assert_eq!(log.append(append(200, "{}")).await, Err(AppendError::Failed(closed.clone())));
    assert_eq!(log.read_stream(&issue(1), 0, 1).await, Err(closed.clone()));
    assert_eq!(log.find_request(&issue(1), Uuid::from_u128(1)).await, Err(closed.clone()));
    assert_eq!(log.barrier(0).await, Err(closed));
}

fn flip(path: &Path, marker: &[u8]) {
    let mut bytes = std::fs::read(path).unwrap();
    let at = find(&bytes, marker);
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

fn find(bytes: &[u8], marker: &[u8]) -> usize {
    bytes.windows(marker.len()).position(|window| window == marker).unwrap()
}
