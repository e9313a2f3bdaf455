//! Backups while the log is written to, and logs restored from them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_log::{EventLog, LogError, Maintain, Phase};
use event_log_sqlite::{Branch, OpenError, SqliteLog, backup, restore};
use uuid::Uuid;

use crate::given::{append, copy_files, event, everything, file_issues, folder, issue, open, options};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_beside_writers_is_the_log_as_it_was_at_one_moment() {
    // Given a log that is written to all the time.
    let (folder, path) = folder();
    let log = Arc::new(open(&path));
    file_issues(&log, 0, 500).await;
    let done = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (log, done) = (Arc::clone(&log), Arc::clone(&done));
        async move {
            let mut n = 1000;
            while !done.load(Ordering::Relaxed) {
                let two = vec![event("{}"), event(vec![b' '; 2000])];
                log.append(append(issue("PAY", n), 0, n, two)).await.unwrap();
                n += 1;
            }
        }
    });

    // When it is backed up, as another process would: by its path alone.
    let (from, to) = (path.clone(), folder.path().join("backup.db"));
    let backup_to = to.clone();
    let told = tokio::task::spawn_blocking(move || {
        let mut told = Vec::new();
        backup(&from, &backup_to, false, |progress| told.push(progress)).unwrap();
        told
    });
    let told = told.await.unwrap();
    done.store(true, Ordering::Relaxed);
    writer.await.unwrap();

    // Then progress ends at the end, and what is restored is a prefix of the log in each partition, with whole appends.
    let last = told.last().unwrap();
    assert!(last.done == last.of && last.of > 10, "{told:?}");
    let restored = folder.path().join("restored.db");
    restore(&to, &restored, Uuid::from_u128(8), |_| ()).unwrap();
    let copy = open(&restored);
    let (all, copied) = (everything(&log).await.unwrap(), everything(&copy).await.unwrap());
    assert!(copied.len() >= 500, "{} of {}", copied.len(), all.len());
    for partition in 0..2 {
        let of = |records: &[event_log::Recorded]| {
            records.iter().filter(|record| record.partition == partition).cloned().collect::<Vec<_>>()
        };
        let (all, copied) = (of(&all), of(&copied));
        assert_eq!(copied, all[..copied.len()], "partition {partition}");
    }
}

#[tokio::test]
async fn a_restored_log_has_an_id_of_its_own_and_says_where_it_branched() {
    // Given a backup of a log, which goes on.
    let (folder, path) = folder();
    let log = open(&path);
    file_issues(&log, 0, 5).await;
    let to = folder.path().join("backup.db");
    log.backup(&to, false, |_| ()).unwrap();
    file_issues(&log, 5, 1).await;

    // When it is restored, then the copy is another log, which branched where the backup was made, and takes appends.
    let restored = folder.path().join("restored.db");
    restore(&to, &restored, Uuid::from_u128(8), |_| ()).unwrap();
    let copy = open(&restored);
    assert_eq!((copy.identity().log_id, copy.phase()), (Uuid::from_u128(8), Phase::Open));
    let pay = log.identity().partition_of("PAY");
    let ops = log.identity().partition_of("OPS");
    assert_ne!(pay, ops, "the two projects are in two partitions");
    let mut positions = vec![0; 2];
    (positions[pay as usize], positions[ops as usize]) = (3, 2);
    let branch = Branch { log_id: Uuid::from_u128(7), positions: positions.clone() };
    assert_eq!(copy.branches().await, Ok(vec![branch.clone()]));
    assert_eq!(log.branches().await, Ok(vec![]));
    let other = copy.append(append(issue("OPS", 90), 0, 90, vec![event("{}")])).await.unwrap();
    assert_eq!(other.position, 3, "the same position as in the log that went on, and another record");
    copy.close().await;

    // And a restore of its backup says both.
    let (again, third) = (folder.path().join("again.db"), folder.path().join("third.db"));
    backup(&restored, &again, false, |_| ()).unwrap();
    restore(&again, &third, Uuid::from_u128(9), |_| ()).unwrap();
    let third = open(&third);
    positions[ops as usize] = 3;
    assert_eq!(third.branches().await, Ok(vec![branch, Branch { log_id: Uuid::from_u128(8), positions }]));
}

#[tokio::test]
async fn a_backup_is_not_served_and_no_file_is_overwritten() {
    let (folder, path) = folder();
    let log = open(&path);
    file_issues(&log, 0, 5).await;
    let to = folder.path().join("backup.db");
    log.backup(&to, false, |_| ()).unwrap();

    // It is no log to be served; beside a serving process, it is read like any.
    assert_eq!(SqliteLog::open(&to, &options()).map(drop), Err(OpenError::Backup { path: to.clone() }));
    let beside = SqliteLog::open_beside(&to, &options()).unwrap();
    assert_eq!(everything(&beside).await, everything(&log).await);
    beside.close().await;

    // Another backup takes its place only when told, and only a backup's.
    file_issues(&log, 5, 5).await;
    let exists = |path: &std::path::Path| Err(OpenError::Exists { path: path.to_owned() });
    assert_eq!(log.backup(&to, false, |_| ()), exists(&to));
    log.backup(&to, true, |_| ()).unwrap();
    assert_eq!(log.backup(&path, true, |_| ()), exists(&path), "the log itself");
    let diary = folder.path().join("diary.txt");
    std::fs::write(&diary, "Dear diary").unwrap();
    assert_eq!(log.backup(&diary, true, |_| ()), exists(&diary));
    assert_eq!(restore(&to, &path, Uuid::from_u128(8), |_| ()), exists(&path));
    let beside = SqliteLog::open_beside(&to, &options()).unwrap();
    assert_eq!(everything(&beside).await.unwrap().len(), 10);
    beside.close().await;

    // Nor is a log made where it would find another one's WAL, and nothing is left of what failed.
    let left = folder.path().join("gone.db-wal");
    std::fs::write(&left, "").unwrap();
    assert_eq!(restore(&to, &folder.path().join("gone.db"), Uuid::from_u128(8), |_| ()), exists(&left));
    let missing = backup(&folder.path().join("none.db"), &folder.path().join("b.db"), false, |_| ());
    assert!(matches!(missing, Err(OpenError::NotALog { .. })), "{missing:?}");
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().ends_with(".partial")), "{names:?}");
}

#[tokio::test]
async fn a_damaged_log_is_not_backed_up_as_if_it_were_sound() {
    // Given a log whose last record is damaged.
    let (folder, path) = folder();
    let log = open(&path);
    file_issues(&log, 0, 5).await;
    log.append(append(issue("PAY", 9), 0, 9, vec![event("the kettle whistles")])).await.unwrap();
    log.close().await;
    let damaged = folder.path().join("damaged.db");
    copy_files(&path, &damaged);
    let mut bytes = std::fs::read(&damaged).unwrap();
    let at = bytes.windows(6).position(|window| window == b"kettle").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&damaged, bytes).unwrap();

    // Then its backup fails with the place, and so does opening it.
    let refused = backup(&damaged, &folder.path().join("backup.db"), false, |_| ()).unwrap_err();
    let position = "position 4: the record is not the one that was written";
    assert!(refused.to_string().contains(position), "{refused}");
    assert!(matches!(LogError::from(refused), LogError::DataLoss { .. }));
    let refused = SqliteLog::open(&damaged, &options()).map(drop).unwrap_err();
    assert!(refused.to_string().contains(position), "{refused}");
}
