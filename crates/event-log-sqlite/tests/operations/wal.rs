//! The WAL is bounded, whoever reads.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_log::EventLog;
use event_log_sqlite::SqliteLog;

use crate::given::{append, event, folder, issue, open, sidecar};

/// What the log promises of its WAL, and what one batch adds before it is looked at again.
const BOUND: u64 = (64 + 16) * 1024 * 1024;
/// And where two tries to begin it anew came to nothing, because a reader was kept from going on for longer than the writer waits.
const BOUND_AFTER_TRIES: u64 = BOUND + 2 * 32 * 1024 * 1024 + 16 * 1024 * 1024;

fn wal_bytes(path: &Path) -> u64 {
    std::fs::metadata(sidecar(path, "-wal")).map_or(0, |wal| wal.len())
}

/// Appends so many megabytes, and answers the largest size that the WAL had.
async fn write_megabytes(log: &SqliteLog, first: u128, megabytes: u128) -> u64 {
    let mut most = 0;
    for n in first..first + megabytes {
        log.append(append(issue("PAY", n), 0, n, vec![event(vec![b' '; 1_000_000])])).await.unwrap();
        most = most.max(wal_bytes(log.path()));
    }
    most
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn it_is_bounded_beside_readers_that_never_rest() {
    // Given readers that go through the log again and again, so that at any time one of them reads.
    let (_folder, path) = folder();
    let log = Arc::new(open(&path));
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let (log, done) = (Arc::clone(&log), Arc::clone(&done));
            tokio::spawn(async move {
                let partition = log.identity().partition_of("PAY");
                let mut after = 0;
                while !done.load(Ordering::Relaxed) {
                    let page = log.read_partition(partition, after, 3).await.unwrap();
                    after = if page.end { 0 } else { after + page.records.len() as u64 };
                }
            })
        })
        .collect();

    // When much more than the bound is written, then the WAL never grows beyond it.
    let most = write_megabytes(&log, 0, 220).await;
    done.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
    assert!(most < BOUND_AFTER_TRIES, "{most} bytes");
}

#[tokio::test]
async fn it_is_begun_anew_once_who_kept_it_from_that_is_gone() {
    // Given a transaction of somebody else's that reads, and stays open.
    let (_folder, path) = folder();
    let log = open(&path);
    let console = rusqlite::Connection::open(&path).unwrap();
    console.execute_batch("BEGIN; SELECT one FROM log").unwrap();

    // When more than the bound is written, then all of it is taken, and the WAL keeps it.
    let most = write_megabytes(&log, 0, 90).await;
    assert!(most > BOUND, "{most} bytes: nothing was kept from being begun anew");

    // And once it ends, the WAL is soon small again.
    console.execute_batch("COMMIT").unwrap();
    write_megabytes(&log, 1000, 70).await;
    let left = wal_bytes(&path);
    assert!(left < BOUND, "{left} bytes");
}
