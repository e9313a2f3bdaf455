//! A log opened beside the process that serves it.

use event_log::{AppendError, EventLog, FillError, LogError, Maintain, Phase, Versions};
use event_log_sqlite::{OpenError, Options, SqliteLog};

use crate::given::{append, event, everything, file_issues, folder, issue, open, options};

#[tokio::test]
async fn it_reads_what_the_other_writes_and_is_told_of_it() {
    let (_folder, path) = folder();
    let log = open(&path);
    file_issues(&log, 0, 4).await;
    let beside = SqliteLog::open_beside(&path, &options()).unwrap();
    assert_eq!(everything(&beside).await, everything(&log).await);
    let pay = log.identity().partition_of("PAY");
    let mut head = beside.head(pay);
    assert_eq!(*head.borrow_and_update(), 2);

    file_issues(&log, 4, 2).await;
    assert_eq!(beside.barrier(pay).await, Ok(3), "at once");
    head.changed().await.unwrap();
    assert_eq!(*head.borrow_and_update(), 3, "a moment later");
    assert_eq!(everything(&beside).await, everything(&log).await);
}

#[tokio::test]
async fn it_seals_the_log_that_the_other_serves() {
    let (_folder, path) = folder();
    let log = open(&path);
    file_issues(&log, 0, 4).await;
    let beside = SqliteLog::open_beside(&path, &options()).unwrap();
    let mut trouble = log.trouble();
    assert_eq!(*trouble.borrow_and_update(), None);

    // When it is sealed beside, then the serving one takes nothing more, and says why even if nobody appends.
    beside.seal().await.unwrap();
    assert_eq!((beside.phase(), beside.trouble().borrow().clone()), (Phase::Sealed, Some(LogError::Moved)));
    trouble.changed().await.unwrap();
    assert_eq!((trouble.borrow().clone(), log.phase()), (Some(LogError::Moved), Phase::Sealed));
    let refused = log.append(append(issue("PAY", 9), 0, 9, vec![event("{}")])).await;
    assert_eq!(refused, Err(AppendError::Failed(LogError::Moved)));
    assert_eq!(everything(&log).await.unwrap().len(), 4, "it is read as before");
    log.close().await;
    assert_eq!(open(&path).phase(), Phase::Sealed, "for ever");
}

#[tokio::test]
async fn it_raises_the_versions_beside_a_process_that_does_not_know_them() {
    let (_folder, path) = folder();
    let log = open(&path);
    file_issues(&log, 0, 2).await;
    let newer = Versions { rule: 2, ..Versions::KNOWN };
    let beside = SqliteLog::open_beside(&path, &Options { known: newer, ..options() }).unwrap();
    beside.activate(newer).await.unwrap();
    assert_eq!(beside.versions(), newer);

    // The older one appends nothing more, and from then on serves nobody.
    let refused = log.append(append(issue("PAY", 9), 0, 9, vec![event("{}")])).await;
    assert!(matches!(refused, Err(AppendError::Failed(LogError::UpgradeNeeded { .. }))), "{refused:?}");
    assert!(matches!(*log.trouble().borrow(), Some(LogError::UpgradeNeeded { .. })));
    let read = log.read_partition(0, 0, 1).await;
    assert!(matches!(read, Err(LogError::UpgradeNeeded { .. })), "{read:?}");
    log.close().await;
    let refused = SqliteLog::open(&path, &options()).map(drop);
    assert_eq!(refused, Err(OpenError::UpgradeNeeded { path, what: "rule", found: 2, known: 1 }));
}

#[tokio::test]
async fn it_appends_nothing() {
    let (_folder, path) = folder();
    let log = open(&path);
    let beside = SqliteLog::open_beside(&path, &options()).unwrap();
    let reason = "it is open beside the process that serves it, to be read".to_owned();
    let refused = LogError::Unavailable { reason };
    let append = append(issue("PAY", 9), 0, 9, vec![event("{}")]);
    assert_eq!(beside.append(append.clone()).await, Err(AppendError::Failed(refused.clone())));
    assert_eq!(beside.fill(Vec::new()).await, Err(FillError::Failed(refused.clone())));
    assert_eq!(beside.open().await, Err(refused));
    assert_eq!(log.append(append).await.unwrap().position, 1);
    beside.close().await;
    log.close().await;
}

#[test]
fn what_is_not_there_is_not_made() {
    let (_folder, path) = folder();
    let missing = SqliteLog::open_beside(&path, &options()).map(drop);
    assert!(matches!(missing, Err(OpenError::Unavailable { .. })), "{missing:?}");
    assert!(!path.exists());
}
