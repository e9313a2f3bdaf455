//! Exports and imports: the same bytes from every log, and back; what was cut off or changed is noticed.

use std::io::{Cursor, Read};
use std::sync::{Arc, Mutex};

use event_log::{EventLog, Maintain, MemoryLog, Phase};
use transfer::{Import, Imported, TransferError, export};

use crate::given::{Bent, everything, grow, history, memory, sqlite, unwatched};

async fn exported(log: &dyn Maintain) -> Vec<u8> {
    export(log, Vec::new(), &mut unwatched).await.unwrap().1
}

async fn imported(file: &[u8], log: &dyn Maintain) -> Result<Imported, TransferError> {
    Import::open(Cursor::new(file.to_vec()))?.into_log(log, &mut unwatched).await
}

fn lines(file: &[u8]) -> Vec<u8> {
    zstd::decode_all(file).unwrap()
}

async fn with_history(appends: u64) -> MemoryLog {
    let log = memory(false);
    history(&log, appends).await;
    log
}

#[tokio::test]
async fn the_same_history_gives_the_same_bytes_from_every_log_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let (in_memory, in_file) = (memory(false), sqlite(&folder.path().join("log.db"), false));
    history(&in_memory, 1500).await;
    history(&in_file, 1500).await;
    let file = exported(&in_memory).await;
    assert!(file == exported(&in_file).await, "an export tells nothing of its log's storage");

    let (again, in_other_file) = (memory(true), sqlite(&folder.path().join("other.db"), true));
    for log in [&again as &dyn Maintain, &in_other_file] {
        let done = imported(&file, log).await.unwrap();
        assert_eq!((done.records, done.already_there), (everything(&in_memory).await.len() as u64, 0));
        assert_eq!(log.phase(), Phase::Open);
        assert_eq!(everything(log).await, everything(&in_memory).await);
        assert!(exported(log).await == file, "what was imported is exported as it was");
    }
}

#[tokio::test]
async fn an_empty_log_is_a_header_and_an_end() {
    let file = exported(&memory(false)).await;
    let text = String::from_utf8(lines(&file)).unwrap();
    let (header, end) = text.split_once('\n').unwrap();
    assert_eq!(
        header,
        "{\"format\":\"snaglog-log\",\"version\":1,\"log_id\":\"00000000-0000-0000-0000-000000000010\",\"partitions\":4,\
         \"rule_version\":1,\"record_version\":1,\"records\":0}"
    );
    assert!(end.starts_with("{\"end\":true,\"heads\":[0,0,0,0],\"digest\":\""), "{end}");
    let log = memory(true);
    imported(&file, &log).await.unwrap();
    assert_eq!(log.phase(), Phase::Open);
}

#[tokio::test]
async fn a_file_that_was_decompressed_is_imported_too() {
    let log = with_history(100).await;
    let again = memory(true);
    imported(&lines(&exported(&log).await), &again).await.unwrap();
    assert_eq!(everything(&again).await, everything(&log).await);
}

#[tokio::test]
async fn a_file_cut_off_anywhere_is_noticed_and_opens_nothing() {
    let log = with_history(40).await;
    let file = exported(&log).await;
    let plain = lines(&file);
    for length in (0..file.len()).step_by(7) {
        let to = memory(true);
        let error = imported(&file[..length], &to).await.unwrap_err();
        assert!(matches!(error, TransferError::Format { .. } | TransferError::File(_)), "{length}: {error}");
        assert_eq!(to.phase(), Phase::Filling);
    }
    for length in (0..plain.len()).step_by(97).chain([plain.len() - 1]) {
        let to = memory(true);
        let error = imported(&plain[..length], &to).await.unwrap_err();
        assert!(matches!(error, TransferError::Format { .. }), "{length}: {error}");
        assert_eq!(to.phase(), Phase::Filling);
    }
}

#[tokio::test]
async fn lines_left_out_changed_moved_or_added_are_noticed() {
    let text = String::from_utf8(lines(&exported(&with_history(40).await).await)).unwrap();
    let all: Vec<&str> = text.lines().collect();
    let joined = |lines: &[&str]| lines.join("\n") + "\n";
    let middle = all.len() / 2;
    let without = [&all[..middle], &all[middle + 1..]].concat();
    let moved = [&all[..middle], &[all[middle + 1], all[middle]], &all[middle + 2..]].concat();
    let shorter = [&all[..all.len() - 2], &all[all.len() - 1..]].concat();
    let longer = [&all[..], &all[middle..=middle]].concat();
    let digest = text.replace("\"digest\":\"", "\"digest\":\"00");
    let reordered = text.replacen("\"facts\":\"{\\\"n\\\":1}\"", "\"facts\":\"{\\\"n\\\":9}\"", 1);
    for (file, words) in [
        (joined(&without), "does not follow on the line before"),
        (joined(&moved), "does not follow on the line before"),
        (joined(&shorter), "they have another digest"),
        (joined(&longer), "something follows on the end"),
        (digest, "this is no end"),
        (reordered, "is not what its leaf says"),
    ] {
        let to = memory(true);
        let error = imported(file.as_bytes(), &to).await.unwrap_err().to_string();
        assert!(error.starts_with("line ") && error.contains(words), "{words}: {error}");
        assert_eq!(to.phase(), Phase::Filling);
    }
}

/// A reader that breaks off after so many bytes, as a pipe whose writer was killed does.
struct BreaksOff(Cursor<Vec<u8>>, u64);

impl Read for BreaksOff {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let room = usize::try_from(self.1 - self.0.position()).unwrap().min(buffer.len());
        if room == 0 {
            return Err(std::io::Error::other("the pipe is gone"));
        }
        self.0.read(&mut buffer[..room])
    }
}

#[tokio::test]
async fn an_import_that_was_stopped_goes_on() {
    let log = with_history(6000).await;
    let plain = lines(&exported(&log).await);
    let to = memory(true);
    let stopped = BreaksOff(Cursor::new(plain.clone()), plain.len() as u64 * 2 / 3);
    let error = Import::open(stopped).unwrap().into_log(&to, &mut unwatched).await.unwrap_err();
    assert!(matches!(error, TransferError::File(_)), "{error}");
    let there = everything(&to).await.len() as u64;
    assert!(there > 1000, "{there} records came in");

    let done = imported(&plain, &to).await.unwrap();

    assert_eq!(done.already_there, there);
    assert_eq!((to.phase(), everything(&to).await), (Phase::Open, everything(&log).await));
}

#[tokio::test]
async fn what_was_filled_from_another_file_is_not_taken_for_this_one() {
    let one = exported(&with_history(60).await).await;
    let other = {
        let log = memory(false);
        history(&log, 61).await;
        exported(&log).await
    };
    // Filled with all of the longer history, but not opened: as an import leaves it that was killed at its end.
    let to = Arc::new(memory(true));
    let dying = Bent::dying_after(to.clone(), 17);
    imported(&other, &dying).await.unwrap_err();
    assert_eq!(to.phase(), Phase::Filling);
    let error = imported(&one, &*to).await.unwrap_err();
    assert!(matches!(error, TransferError::Refused { .. } | TransferError::Differs { .. }), "{error}");
    assert_eq!(to.phase(), Phase::Filling);

    let open = imported(&one, &memory(false)).await.unwrap_err();
    assert_eq!(open.to_string(), "the log takes appends already: import into a new log");
}

#[tokio::test]
async fn damage_is_not_exported() {
    let log = Arc::new(with_history(60).await);
    let mut bent = Bent::new(log);
    bent.partition = Some(Box::new(|page| {
        page.records.iter_mut().filter(|recorded| recorded.position == 5).for_each(|recorded| recorded.leaf[3] ^= 1);
    }));
    let written = Written::default();
    let error = export(&bent, written.clone(), &mut unwatched).await.unwrap_err();
    assert!(error.to_string().contains("is damaged at partition"), "{error}");
    assert!(error.to_string().contains("position 5"), "{error}");
    let file = written.0.lock().unwrap().clone();
    let cut = imported(&file, &memory(true)).await.unwrap_err();
    assert!(matches!(cut, TransferError::Format { .. } | TransferError::File(_)), "{cut}");
}

/// What was written, also by an export that failed.
#[derive(Debug, Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn an_export_beside_writers_is_a_prefix() {
    let log = Arc::new(memory(false));
    history(&*log, 200).await;
    let before = everything(&*log).await;
    let growing = Arc::clone(&log);
    let mut grown = false;
    let mut meanwhile = |_| {
        if !std::mem::replace(&mut grown, true) {
            grow(growing.clone(), 300);
        }
    };
    let (told, file) = export(&*log, Vec::new(), &mut meanwhile).await.unwrap();
    assert_eq!(told.header.records, before.len() as u64);
    let again = memory(true);
    imported(&file, &again).await.unwrap();
    assert_eq!(everything(&again).await, before);
    assert!(everything(&*log as &dyn EventLog).await.len() > before.len());
}
