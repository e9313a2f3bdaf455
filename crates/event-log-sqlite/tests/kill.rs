//! A process that is killed while it appends: what was answered is there, once, and a retry settles the rest.
//!
//! Without a harness, because it starts itself: `kill append FILE` appends to FILE until it is killed and prints what it is answered.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails by panicking")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use event_log::{Append, EventLog, Founding, Identity, NewEvent, StreamId};
use event_log_sqlite::{Options, SqliteLog};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use uuid::Uuid;

const KILLS: u64 = 12;
const IN_FLIGHT: usize = 16;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    match &arguments[1..] {
        [command, path, cycle] if command == "append" => runtime.block_on(append_until_killed(Path::new(path), cycle)),
        // What the test command passes on is for harnesses: this one has no list, and one test.
        _ => runtime.block_on(kill_again_and_again()),
    }
}

async fn kill_again_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let mut answered = HashMap::new();
    for cycle in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["append", path.to_str().unwrap(), &cycle.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Killed at another point each time, in the middle of what is in flight.
        for line in lines.by_ref().take(20 + 37 * usize::try_from(cycle).unwrap()) {
            note(&line.unwrap(), &mut answered);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines {
            note(&line.unwrap(), &mut answered);
        }
        check(&path, &answered, cycle).await;
    }
    println!("{} answered appends survived {KILLS} kills", answered.len());
}

/// Everything answered is there, where it was answered to be; nothing is there twice; and the log goes on.
async fn check(path: &Path, answered: &HashMap<String, u64>, cycle: u64) {
    let log = SqliteLog::open(path, &options()).unwrap();
    let mut found: HashMap<String, u64> = HashMap::new();
    let mut after = 0;
    loop {
        let page = log.read_partition(0, after, 1000).await.unwrap();
        for recorded in page.records {
            assert_eq!(recorded.position, after + 1, "a gap after {after} in cycle {cycle}");
            after = recorded.position;
            let twice = found.insert(recorded.record.header.stream.id.to_string(), after);
            assert_eq!(twice, None, "{} is there twice in cycle {cycle}", recorded.record.header.stream.id);
        }
        if page.end {
            break;
        }
    }
    for (id, position) in answered {
        assert_eq!(found.get(id), Some(position), "{id} was answered in cycle {cycle} or before");
    }
    // One that was there but not answered is answered as it would have been; one that never was is admitted.
    for (id, position) in found.iter().filter(|(id, _)| !answered.contains_key(*id)) {
        let settled = log.append(append(id)).await.unwrap();
        assert_eq!((settled.position, settled.replayed), (*position, true), "{id} in cycle {cycle}");
    }
    let next = log.append(append(&format!("after-{cycle}"))).await.unwrap();
    assert_eq!((next.position, next.replayed), (after + 1, false), "the next position in cycle {cycle}");
    log.close().await;
}

async fn append_until_killed(path: &Path, cycle: &str) {
    let log = SqliteLog::open(path, &options()).unwrap();
    let mut calls = FuturesUnordered::new();
    let mut n = 0;
    loop {
        while calls.len() < IN_FLIGHT {
            let id = format!("{cycle}-{n}");
            let call = log.append(append(&id));
            calls.push(async move { (id, call.await) });
            n += 1;
        }
        if let Some((id, answer)) = calls.next().await {
            // A parent that has gone away ends this too.
            println!("{id} {}", answer.unwrap().position);
        }
    }
}

/// A line that was cut by the kill says nothing.
fn note(line: &str, answered: &mut HashMap<String, u64>) {
    if let Some((id, position)) = line.split_once(' ')
        && let Ok(position) = position.parse()
    {
        answered.insert(id.to_owned(), position);
    }
}

fn options() -> Options {
    Options::new(Founding { identity: Identity::new(Uuid::from_u128(7), 1), filling: false })
}

fn append(id: &str) -> Append {
    Append {
        stream: StreamId { project: "PAY".into(), kind: "issue".into(), id: id.into() },
        expected: 0,
        unchanged: Vec::new(),
        events: vec![NewEvent {
            event_id: Uuid::from_u128(1),
            event_type: "IssueFiled".into(),
            schema_version: 1,
            occurred_at: 1,
            facts: vec![b' '; 300],
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
