//! A flipped bit, anywhere in the file or its WAL: what is answered is right, or it is DATA_LOSS and says where.

use std::path::Path;

use event_log::{EventLog, LogError, Recorded};
use event_log_sqlite::{OpenError, SqliteLog, check_integrity};
use fastrand::Rng;

use crate::given::{append, copy_files, event, everything, folder, issue, open, options, sidecar};

const FLIPS: usize = 400;

/// Another one can be asked for.
fn seed(usual: u64) -> u64 {
    std::env::var("SNAGLOG_SEED").map_or(usual, |seed| seed.parse().unwrap())
}

/// What came of a flipped bit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// Everything is answered as it was written: the bit was in no use.
    Right,
    /// The log does not open, and says why.
    Refused,
    /// It opens, and somebody is answered DATA_LOSS; nobody a wrong thing.
    Told,
    /// Somebody is answered something that is not so.
    Wrong(String),
}

/// Streams of one to three appends, each of one to three events.
async fn written(log: &SqliteLog, streams: u128) -> Vec<Recorded> {
    for n in 0..streams {
        let (stream, mut revision) = (issue(if n % 2 == 0 { "PAY" } else { "OPS" }, n), 0);
        for request in 0..=n % 3 {
            let events = (0..=(n + request) % 3).map(|event| format!("{n} {request} {event} {}", "-".repeat(150)));
            let append = append(stream.clone(), revision, request, events.map(event).collect());
            revision = log.append(append).await.unwrap().revision;
        }
    }
    everything(log).await.unwrap()
}

/// Opens the log, asks it everything that can be asked, and compares.
async fn look(path: &Path, truth: &[Recorded]) -> Outcome {
    let log = match SqliteLog::open(path, &options()) {
        Ok(log) => log,
        Err(OpenError::InUse { .. } | OpenError::Partitions { .. } | OpenError::Exists { .. }) => {
            panic!("not of the bit's")
        }
        Err(_) => return Outcome::Refused,
    };
    let outcome = ask(&log, truth).await;
    log.close().await;
    outcome
}

async fn ask(log: &SqliteLog, truth: &[Recorded]) -> Outcome {
    let mut told = false;
    macro_rules! compare {
        ($answer:expr, $right:expr, $($what:tt)+) => {
            match $answer {
                Ok(answer) if answer == $right => {}
                Ok(_) => return Outcome::Wrong(format!($($what)+)),
                Err(LogError::DataLoss { .. }) => told = true,
                Err(other) => return Outcome::Wrong(format!("{other}")),
            }
        };
    }
    for recorded in truth {
        let header = &recorded.record.header;
        let stream = &header.stream;
        let name = event_log::StreamName(stream);
        let of_stream: Vec<_> = truth.iter().filter(|other| other.record.header.stream == *stream).cloned().collect();
        let right = (of_stream, true);
        let page = log.read_stream(stream, 0, 1000).await.map(|page| (page.records, page.end));
        compare!(page, right, "the records of {name}");
        let found = log.find_ordinal(&stream.project, &stream.kind, header.ordinal).await;
        compare!(found, Some(stream.clone()), "the ordinal {} of {name}", header.ordinal);
        let request = header.metadata.request_id;
        let last = truth
            .iter()
            .rfind(|other| other.record.header.stream == *stream && other.record.header.metadata.request_id == request);
        let found = log.find_request(stream, request).await.map(|known| known.map(|known| known.appended.leaf));
        compare!(found, last.map(|last| last.leaf), "the request {request} of {name}");
    }
    compare!(everything(log).await, truth, "the records of the partitions");
    if told { Outcome::Told } else { Outcome::Right }
}

#[tokio::test]
async fn a_bit_of_the_file_is_told_or_harmless() {
    let (folder, path) = folder();
    let log = open(&path);
    let truth = written(&log, 60).await;
    log.close().await;
    let bytes = std::fs::read(&path).unwrap();
    let flipped = folder.path().join("flipped.db");
    let seed = seed(20_231);
    let mut random = Rng::with_seed(seed);
    let mut outcomes = std::collections::BTreeMap::<Outcome, usize>::new();
    for n in 0..FLIPS {
        // The header of the file is more than its share of what matters.
        let (at, bit) = (random.usize(0..if n % 8 == 0 { 128 } else { bytes.len() }), random.u8(0..8));
        let mut changed = bytes.clone();
        changed[at] ^= 1 << bit;
        std::fs::write(&flipped, changed).unwrap();
        let mut outcome = look(&flipped, &truth).await;
        if let Outcome::Wrong(what) = &mut outcome {
            *what =
                format!("byte {at} bit {bit}: {what}; the check of the file: {:?}", check_integrity(&flipped, |_| ()));
        }
        *outcomes.entry(outcome).or_default() += 1;
    }
    println!("seed {seed}: {outcomes:#?}");
    assert!(!outcomes.keys().any(|outcome| matches!(outcome, Outcome::Wrong(_))), "seed {seed}: {outcomes:#?}");
    assert!(outcomes[&Outcome::Told] > FLIPS / 4, "seed {seed}: {outcomes:#?}");
}

#[tokio::test]
async fn a_bit_of_the_wal_of_a_killed_process_is_told() {
    // Given the files of a process that was killed: nothing of them has been checkpointed.
    let (folder, path) = folder();
    let log = open(&path);
    let truth = written(&log, 20).await;
    let killed = folder.path().join("killed.db");
    copy_files(&path, &killed);
    log.close().await;
    let wal = std::fs::read(sidecar(&killed, "-wal")).unwrap();
    assert_eq!(look_at_copy(&killed, &folder.path().join("sound.db"), |_| (), &truth).await, Outcome::Right);

    // When a bit of the WAL flips, then no answer is wrong, and all that is not answered is refused.
    let seed = seed(20_232);
    let mut random = Rng::with_seed(seed);
    for n in 0..FLIPS / 4 {
        let (at, bit) = (random.usize(0..if n % 8 == 0 { 64 } else { wal.len() }), random.u8(0..8));
        let copy = folder.path().join(format!("copy-{n}.db"));
        let flip = |wal: &mut Vec<u8>| wal[at] ^= 1 << bit;
        let outcome = look_at_copy(&killed, &copy, flip, &truth).await;
        assert_eq!(outcome, Outcome::Refused, "seed {seed}: byte {at} bit {bit} of {}", wal.len());
    }

    // When it is cut, likewise.
    for n in 0..20 {
        let length = random.usize(0..wal.len());
        let copy = folder.path().join(format!("cut-{n}.db"));
        let outcome = look_at_copy(&killed, &copy, |wal| wal.truncate(length), &truth).await;
        assert_eq!(outcome, Outcome::Refused, "seed {seed}: cut at {length} of {}", wal.len());
    }
}

/// Without its index, a damaged WAL's last commit is not told from one that was never finished.
#[tokio::test]
async fn a_bit_of_a_wal_without_its_index_is_told_unless_it_may_be_an_unfinished_commit() {
    let (folder, path) = folder();
    let log = open(&path);
    let truth = written(&log, 20).await;
    let lost = folder.path().join("lost.db");
    copy_files(&path, &lost);
    log.close().await;
    std::fs::remove_file(sidecar(&lost, "-shm")).unwrap();
    let wal = std::fs::read(sidecar(&lost, "-wal")).unwrap();
    let seed = seed(20_233);
    let mut random = Rng::with_seed(seed);
    let (mut refused, mut shorter) = (0, 0);
    for n in 0..FLIPS / 4 {
        let (at, bit) = (random.usize(0..wal.len()), random.u8(0..8));
        let copy = folder.path().join(format!("copy-{n}.db"));
        copy_files(&lost, &copy);
        let mut changed = wal.clone();
        changed[at] ^= 1 << bit;
        std::fs::write(sidecar(&copy, "-wal"), changed).unwrap();
        let log = match SqliteLog::open(&copy, &options()) {
            Ok(log) => log,
            Err(error) => {
                assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
                refused += 1;
                continue;
            }
        };
        let records = everything(&log).await.unwrap();
        log.close().await;
        // The last two appends have one to three events each.
        assert!(
            records.len() + 6 >= truth.len(),
            "seed {seed}: byte {at} bit {bit}: {} of {}",
            records.len(),
            truth.len()
        );
        assert!(records.iter().all(|recorded| truth.contains(recorded)), "seed {seed}: byte {at} bit {bit}");
        shorter += 1;
    }
    println!("seed {seed}: {refused} refused, {shorter} without their last commit");
    assert!(refused > shorter * 4, "{refused} refused, {shorter} without their last commit");
}

async fn look_at_copy(from: &Path, to: &Path, change: impl FnOnce(&mut Vec<u8>), truth: &[Recorded]) -> Outcome {
    copy_files(from, to);
    let mut wal = std::fs::read(sidecar(from, "-wal")).unwrap();
    change(&mut wal);
    std::fs::write(sidecar(to, "-wal"), wal).unwrap();
    look(to, truth).await
}
