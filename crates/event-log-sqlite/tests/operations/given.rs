//! What these tests begin with: logs in folders of their own, and what is in them.

use std::path::{Path, PathBuf};

use event_log::{Append, EventLog, Founding, Identity, LogError, NewEvent, Recorded, StreamId};
use event_log_sqlite::{Options, SqliteLog};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    (folder, path)
}

pub(crate) fn founding() -> Founding {
    Founding { identity: Identity::new(Uuid::from_u128(7), 2), filling: false }
}

pub(crate) fn options() -> Options {
    Options::new(founding())
}

pub(crate) fn open(path: &Path) -> SqliteLog {
    SqliteLog::open(path, &options()).unwrap()
}

pub(crate) fn issue(project: &str, id: u128) -> StreamId {
    StreamId { project: project.into(), kind: "issue".into(), id: Uuid::from_u128(id).to_string().into() }
}

pub(crate) fn event(facts: impl Into<Vec<u8>>) -> NewEvent {
    NewEvent {
        event_id: Uuid::from_u128(1),
        event_type: "IssueFiled".into(),
        schema_version: 1,
        occurred_at: 1,
        facts: facts.into(),
        texts: Vec::new(),
        salt: Vec::new(),
    }
}

pub(crate) fn append(stream: StreamId, expected: u64, request: u128, events: Vec<NewEvent>) -> Append {
    Append {
        stream,
        expected,
        unchanged: Vec::new(),
        events,
        actor: "ada".into(),
        request_id: Uuid::from_u128(request),
        fingerprint: [7; 32],
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        recorded_at: 1,
    }
}

/// Appends `count` issues of one event each, of two projects, whose ids go on from `first`.
pub(crate) async fn file_issues(log: &SqliteLog, first: u128, count: u128) {
    for n in first..first + count {
        let project = if n % 2 == 0 { "PAY" } else { "OPS" };
        log.append(append(issue(project, n), 0, n, vec![event(format!("{{\"n\":{n}}}"))])).await.unwrap();
    }
}

/// Every record of the log, by partition.
pub(crate) async fn everything(log: &SqliteLog) -> Result<Vec<Recorded>, LogError> {
    let mut records: Vec<Recorded> = Vec::new();
    for partition in 0..log.identity().partitions {
        let mut after = 0;
        loop {
            let page = log.read_partition(partition, after, 500).await?;
            after += page.records.len() as u64;
            records.extend(page.records);
            if page.end {
                break;
            }
        }
        assert_eq!(log.barrier(partition).await?, after, "the head of partition {partition}");
    }
    Ok(records)
}

/// The file beside the log whose name goes on with this.
pub(crate) fn sidecar(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Copies the log's files as they are, while nobody writes to it.
pub(crate) fn copy_files(from: &Path, to: &Path) {
    for ending in ["", "-wal", "-shm"] {
        if sidecar(from, ending).exists() {
            std::fs::copy(sidecar(from, ending), sidecar(to, ending)).unwrap();
        }
    }
}
