//! A disk on which the Nth kibibyte can't be written, for many N: whatever write of whatever commit fails, what was answered is
//! there, what was refused is not, and what was in doubt is settled by a retry. Reading goes on meanwhile.
//!
//! Without a harness, because it starts itself under a limit on the size of files (`ulimit -f`), which fails a write in the middle
//! and lets no later one pass: `limits append FILE` appends to FILE until it is refused a few times, and prints what it is answered.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use event_log::{Append, AppendError, EventLog, Founding, Identity, NewEvent, StreamId};
use event_log_sqlite::{Options, SqliteLog};
use uuid::Uuid;

/// The signal of a file that is too large is ignored, so that the write fails instead.
const LIMITED: &str = r#"trap '' XFSZ; ulimit -f "$1"; exec "$0" append "$2""#;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    match &arguments[1..] {
        [command, path] if command == "append" => runtime.block_on(append_until_refused(Path::new(path))),
        // What the test command passes on is for harnesses: this one has no list, and one test.
        _ => runtime.block_on(limit_again_and_again()),
    }
}

async fn limit_again_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let (mut appended, mut doubtful, mut never_opened) = (0, 0, 0);
    // In blocks of the shell's, of 512 bytes or 1 KiB: around every page of the first commits, then further apart.
    for limit in (1..420_u32).step_by(3).chain((420..4000).step_by(97)) {
        let path = folder.path().join(format!("log-{limit}.db"));
        let answers = answers_under(limit, &path);
        if answers.is_empty() {
            never_opened += 1;
        }
        doubtful += answers.values().filter(|answer| *answer == "unknown").count();
        appended += answers.values().filter(|answer| answer.starts_with("at ")).count();
        check(&path, &answers, limit).await;
    }
    assert!(appended > 500 && doubtful > 50 && never_opened > 5, "{appended} {doubtful} {never_opened}");
    println!("{appended} answered, {doubtful} in doubt, {never_opened} times not even opened");
}

/// What a process under this limit was answered, by request.
fn answers_under(limit: u32, path: &Path) -> BTreeMap<u32, String> {
    let mut child = Command::new("sh");
    child.args(["-c", LIMITED]).arg(std::env::current_exe().unwrap()).arg(limit.to_string()).arg(path);
    let output = child.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "limit {limit}: {}", output.status);
    let lines = String::from_utf8(output.stdout).unwrap();
    let answer = |line: &str| {
        let (n, answer) = line.split_once(' ').unwrap();
        (n.parse().unwrap(), answer.to_owned())
    };
    lines.lines().map(answer).collect()
}

/// With room again, the log holds what was answered, once and where it was answered to be, and a retry settles the rest.
async fn check(path: &Path, answers: &BTreeMap<u32, String>, limit: u32) {
    let log = SqliteLog::open(path, &options()).unwrap_or_else(|error| panic!("limit {limit}: {error}"));
    let page = log.read_partition(0, 0, 10_000).await.unwrap();
    let found: Vec<String> = page.records.iter().map(|recorded| recorded.record.header.stream.id.to_string()).collect();
    for (n, answer) in answers {
        let here = found.iter().position(|id| *id == n.to_string()).map(|index| index + 1);
        match (answer.as_str(), here) {
            ("failed", None) | ("unknown", _) => {}
            (at, Some(position)) if at == format!("at {position}") => {}
            (answer, here) => panic!("limit {limit}: request {n} was answered {answer:?} and is at {here:?}"),
        }
        let settled = log.append(append(*n)).await.unwrap();
        assert_eq!(settled.replayed, here.is_some(), "limit {limit}: request {n}, {answer}");
    }
    log.close().await;
}

async fn append_until_refused(path: &Path) {
    let Ok(log) = SqliteLog::open(path, &options()) else { return };
    let mut appended = 0;
    let mut refused = 0;
    for n in 0.. {
        match log.append(append(n)).await {
            Ok(answer) => {
                println!("{n} at {}", answer.position);
                appended = answer.position;
            }
            Err(AppendError::Unknown(_)) => {
                println!("{n} unknown");
                refused += 1;
            }
            Err(AppendError::Failed(_)) => {
                println!("{n} failed");
                refused += 1;
            }
            Err(other) => panic!("{other}"),
        }
        // What was answered is read, whatever can't be written.
        let read = log.read_partition(0, 0, 10_000).await.unwrap().records.len();
        assert!(u64::try_from(read).unwrap() >= appended, "{read} of {appended}");
        if refused == 5 {
            // Nothing is closed: what a crash would leave is left.
            std::process::exit(0);
        }
    }
}

fn options() -> Options {
    Options::new(Founding { identity: Identity::new(Uuid::from_u128(7), 1), filling: false })
}

fn append(n: u32) -> Append {
    Append {
        stream: StreamId { project: "PAY".into(), kind: "issue".into(), id: n.to_string().into() },
        expected: 0,
        unchanged: Vec::new(),
        events: vec![NewEvent {
            event_id: Uuid::from_u128(1),
            event_type: "IssueFiled".into(),
            schema_version: 1,
            occurred_at: 1,
            facts: vec![b' '; 5000],
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
