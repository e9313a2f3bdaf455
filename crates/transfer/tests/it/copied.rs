//! Copies: under writers nothing accepted is lost; after a kill at any step a second run completes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use event_log::{Append, AppendError, Appended, EventLog, LogError, Maintain, Phase};
use transfer::{TransferError, copy};

use crate::given::{Bent, append, everything, history, memory, sqlite, stream, unwatched};

#[tokio::test]
async fn a_copy_takes_the_logs_place() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (memory(false), sqlite(&folder.path().join("to.db"), true));
    let answered = history(&from, 2500).await;

    let copied = copy(&from, &to, &mut unwatched).await.unwrap();

    assert_eq!((from.phase(), to.phase()), (Phase::Sealed, Phase::Open));
    assert_eq!((copied.while_sealed, copied.already), (0, false), "nobody wrote meanwhile");
    assert_eq!(everything(&to).await, everything(&from).await);
    for (append, appended) in answered {
        let again = to.append(append).await.unwrap();
        assert_eq!(again, Appended { replayed: true, ..appended }, "a repeated request is answered as before");
    }
    let refused = from.append(append(stream(0), 0, 1_000_000)).await.unwrap_err();
    assert_eq!(refused, AppendError::Failed(LogError::Moved));
}

/// Appends until the log has moved, then goes on in the other one; returns what was accepted.
async fn writer(
    from: Arc<dyn Maintain>,
    to: Arc<dyn Maintain>,
    n: u64,
    stop: Arc<AtomicU64>,
) -> Vec<(Append, Appended)> {
    let mut accepted = Vec::new();
    let mut log = &from;
    for request in 0.. {
        let mut append = append(stream((n + 1) * 100_000 + request % 10), request / 10, 1_000_000 * (n + 1) + request);
        append.events.truncate(1);
        loop {
            match log.append(append.clone()).await {
                Ok(appended) => break accepted.push((append, appended)),
                Err(AppendError::Failed(LogError::Moved)) => log = &to,
                // The same request again settles what is unknown.
                Err(AppendError::Failed(LogError::Unavailable { .. }) | AppendError::Unknown(_)) => {
                    tokio::task::yield_now().await;
                }
                Err(error) => panic!("{error}"),
            }
        }
        if stop.load(Ordering::SeqCst) > 0 && Arc::ptr_eq(log, &to) {
            stop.fetch_sub(1, Ordering::SeqCst);
            return accepted;
        }
        tokio::task::yield_now().await;
    }
    unreachable!("writers are stopped")
}

pub(crate) async fn copied_under_writers(from: Arc<dyn Maintain>, to: Arc<dyn Maintain>) {
    const WRITERS: u64 = 6;
    history(&*from, 1000).await;
    let stop = Arc::new(AtomicU64::new(0));
    let writers: Vec<_> =
        (0..WRITERS).map(|n| tokio::spawn(writer(Arc::clone(&from), Arc::clone(&to), n, Arc::clone(&stop)))).collect();

    let copied = copy(&*from, &*to, &mut unwatched).await.unwrap();
    // Each writer's last accepted append is in the new log.
    stop.store(WRITERS, Ordering::SeqCst);
    let mut accepted = Vec::new();
    for writer in writers {
        accepted.extend(writer.await.unwrap());
    }

    let (old, new) = (everything(&*from).await, everything(&*to).await);
    assert_eq!(old.len() as u64, copied.records);
    assert!(new.len() > old.len(), "the writers went on in the new log");
    for (append, appended) in &accepted {
        let again = to.append(append.clone()).await.unwrap();
        assert_eq!(again, Appended { replayed: true, ..appended.clone() });
    }
    for recorded in &old {
        assert!(new.contains(recorded), "partition {} position {}", recorded.partition, recorded.position);
    }
    transfer::verify(&*to, &transfer::VerifyOptions::default(), &mut |_| (), &mut unwatched).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_writers_nothing_accepted_is_lost_from_memory_to_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    copied_under_writers(Arc::new(memory(false)), Arc::new(sqlite(&folder.path().join("to.db"), true))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_writers_nothing_accepted_is_lost_from_sqlite_to_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let from = sqlite(&folder.path().join("from.db"), false);
    copied_under_writers(Arc::new(from), Arc::new(sqlite(&folder.path().join("to.db"), true))).await;
}

#[tokio::test]
async fn killed_at_any_step_and_run_again_it_is_done() {
    let mut steps = 0;
    for calls in 0.. {
        let (from, to) = (Arc::new(memory(false)), Arc::new(memory(true)));
        history(&*from, 150).await;
        // One of both is killed; the calls of each are the steps.
        let dying_from = Bent::dying_after(from.clone(), calls);
        let dying_to = Bent::dying_after(to.clone(), calls);
        let first = copy(&dying_from, &*to, &mut unwatched).await;
        assert!(to.phase() == Phase::Filling || from.phase() == Phase::Sealed, "both took appends at {calls}");
        let second = copy(&*from, &dying_to, &mut unwatched).await;
        assert!(to.phase() == Phase::Filling || from.phase() == Phase::Sealed, "both took appends at {calls}");

        let last = copy(&*from, &*to, &mut unwatched).await.unwrap();

        assert_eq!((from.phase(), to.phase()), (Phase::Sealed, Phase::Open), "{calls}");
        assert_eq!(everything(&*to).await, everything(&*from).await, "{calls}");
        assert_eq!(last.heads.iter().sum::<u64>(), last.records);
        if first.is_ok() {
            assert!(last.already && second.is_ok(), "{calls}: done is done");
            break;
        }
        steps += 1;
    }
    assert!(steps > 20, "{steps} steps were tried");
}

#[tokio::test]
async fn what_does_not_belong_together_is_refused_before_anything_is_sealed() {
    let from = memory(false);
    history(&from, 50).await;
    let refused = async |to: &dyn Maintain| match copy(&from, to, &mut unwatched).await {
        Err(TransferError::Refused { reason }) => reason,
        other => panic!("{other:?}"),
    };

    let other = event_log::MemoryLog::founded(event_log::Founding {
        identity: event_log::Identity::new(uuid::Uuid::from_u128(0x11), 4),
        filling: true,
    });
    assert!(refused(&other).await.starts_with("the one is the log 00000000-0000-0000-0000-000000000010"));
    assert!(refused(&memory(false)).await.starts_with("both logs take appends"));
    let sealed = memory(false);
    sealed.seal().await.unwrap();
    assert!(refused(&sealed).await.starts_with("another log has taken the place"));
    // Filled from another history of the same id.
    let longer = memory(false);
    history(&longer, 80).await;
    let to = Arc::new(memory(true));
    copy(&longer, &Bent::dying_after(to.clone(), 30), &mut unwatched).await.unwrap_err();
    if !everything(&*to).await.is_empty() {
        copy(&from, &*to, &mut unwatched).await.unwrap_err();
    }
    assert_eq!(from.phase(), Phase::Open, "nothing was sealed");
    assert!(
        from.append(append(stream(0), 0, 1_000_000))
            .await
            .is_err_and(|error| matches!(error, AppendError::Conflict { .. }))
    );
}

#[tokio::test]
async fn a_copy_that_differs_is_found_before_the_log_is_sealed() {
    let (from, to) = (memory(false), Arc::new(memory(true)));
    history(&from, 50).await;
    let mut bent = Bent::new(to.clone());
    bent.partition = Some(Box::new(|page| {
        for recorded in page.records.iter_mut().filter(|recorded| recorded.position == 7) {
            recorded.record.header.metadata.actor = "eve".into();
            recorded.leaf = recorded.record.leaf();
        }
    }));
    let error = copy(&from, &bent, &mut unwatched).await.unwrap_err();
    assert!(error.to_string().contains("position 7: the leaf"), "{error}");
    assert_eq!((from.phase(), to.phase()), (Phase::Open, Phase::Filling));
}
