//! How watches end, and what a watcher can do then.

use std::sync::atomic::Ordering;

use tokio::time::timeout;
use view_store::StoreError;
use watch::{Bounds, Ended, Start, Watch};

use super::given::{Given, PATIENCE, Reader, card, next, scope};

/// Reads until the watch ends.
async fn end(watch: &mut Watch, reader: &mut Reader) -> Ended {
    let ended = async {
        loop {
            match next(watch).await {
                Ok(step) => reader.take(step),
                Err(ended) => return ended,
            }
        }
    };
    timeout(PATIENCE, ended).await.unwrap()
}

#[tokio::test]
async fn a_view_that_is_rebuilt_ends_its_watches() {
    let given = Given::view().await;
    given.change(&[("PAY", 1, "new")]).await;
    let (mut watch, mut reader) = (given.watch("PAY", Start::Snapshot), Reader::default());
    reader.take(next(&mut watch).await.unwrap());
    given.rebuild().await;
    assert_eq!(end(&mut watch, &mut reader).await, Ended::Anew);
    let to = given.change(&[("PAY", 1, "doing")]).await;
    let (mut again, mut reader) = (given.watch("PAY", Start::Snapshot), Reader::default());
    reader.read_to(&mut again, to).await;
    assert_eq!(reader.states(), [(1, "doing")]);
}

/// Log, positions and parked streams are the same before and after: only the tables are others.
#[tokio::test]
async fn a_row_that_a_rebuild_repairs_is_not_kept_by_any_watcher() {
    let given = Given::view().await;
    given.change(&[("PAY", 1, "new"), ("PAY", 2, "new")]).await;
    let (mut watch, mut reader) = (given.watch("PAY", Start::Snapshot), Reader::default());
    reader.take(next(&mut watch).await.unwrap());
    assert_eq!(reader.states(), [(1, "new"), (2, "new")]);
    given.swap_for(vec![card("PAY", 1, "new", 1), card("PAY", 2, "doing", 2)]).await;
    let before = reader.place.unwrap();
    assert_eq!(end(&mut watch, &mut reader).await, Ended::Anew, "though nothing happens any more");
    let mut resumed = given.watch("PAY", Start::After(before));
    assert_eq!(end(&mut resumed, &mut reader).await, Ended::Anew, "nor from a token of that time");
    let mut again = given.watch("PAY", Start::Snapshot);
    reader.take(next(&mut again).await.unwrap());
    assert_eq!(reader.states(), [(1, "new"), (2, "doing")]);
    assert_ne!(reader.place.unwrap(), before);
    // From here on it goes on as ever.
    let to = given.change(&[("PAY", 1, "doing")]).await;
    reader.read_to(&mut again, to).await;
    assert_eq!(reader.states(), [(1, "doing"), (2, "doing")]);
}

#[tokio::test]
async fn no_snapshot_is_half_of_one_table_and_half_of_another() {
    let given = Given::view().await;
    let cards: Vec<_> = (1..=7).map(|ordinal| ("PAY", ordinal, "new")).collect();
    given.change(&cards).await;
    let (mut watch, mut reader) = (given.watch("PAY", Start::Snapshot), Reader::default());
    reader.take(next(&mut watch).await.unwrap());
    assert_eq!((reader.states().len(), reader.complete), (3, false), "a page of several");
    given.swap_for((1..=7).map(|ordinal| card("PAY", ordinal, "doing", ordinal)).collect()).await;
    assert_eq!(end(&mut watch, &mut reader).await, Ended::Anew);
    assert_eq!(reader.place, None, "nothing of it could be resumed from");
}

#[tokio::test]
async fn a_rebuild_that_nobody_saw_is_noticed_by_the_log_being_another() {
    let given = Given::view().await;
    given.change(&[("PAY", 1, "new"), ("PAY", 2, "new")]).await;
    let (mut watch, mut reader) = (given.watch("PAY", Start::Snapshot), Reader::default());
    reader.take(next(&mut watch).await.unwrap());
    given.log.is_another.store(true, Ordering::Relaxed);
    given.change(&[("PAY", 3, "new")]).await;
    assert_eq!(end(&mut watch, &mut reader).await, Ended::Anew);
    let mut resumed = given.watch("PAY", Start::After(reader.place.unwrap()));
    assert_eq!(end(&mut resumed, &mut reader).await, Ended::Anew, "nor is it resumed");
}

#[tokio::test]
async fn what_was_parked_and_is_taken_up_again_is_told_anew() {
    let given = Given::view().await;
    given.change(&[("PAY", 1, "new"), ("PAY", 2, "new")]).await;
    let (mut watch, mut reader) = (given.watch("PAY", Start::Snapshot), Reader::default());
    given.park("issue/PAY/1").await;
    let to = given.change(&[("PAY", 2, "doing")]).await;
    reader.read_to(&mut watch, to).await;
    assert_eq!(reader.states(), [(1, "new"), (2, "doing")], "the parked one stands still, the others go on");
    // Its change lies behind what was told: nobody would hear of it.
    given.take_up("issue/PAY/1", card("PAY", 1, "doing", 3)).await;
    let before = reader.place.unwrap();
    assert_eq!(end(&mut watch, &mut reader).await, Ended::Anew);
    let mut resumed = given.watch("PAY", Start::After(before));
    assert_eq!(end(&mut resumed, &mut reader).await, Ended::Anew, "nor from a token of that time");
    let mut again = given.watch("PAY", Start::Snapshot);
    reader.take(next(&mut again).await.unwrap());
    assert_eq!(reader.states(), [(1, "doing"), (2, "doing")]);
}

/// Who watches must not take an outage for silence.
#[tokio::test(start_paused = true)]
async fn a_watch_that_can_t_see_what_changes_ends_and_is_resumed_from_its_token() {
    let given = Given::view().await;
    given.change(&[("PAY", 1, "new")]).await;
    let (mut watch, mut reader) = (given.watch("PAY", Start::Snapshot), Reader::default());
    reader.read_to(&mut watch, 1).await;
    reader.take(next(&mut watch).await.unwrap());
    given.log.is_gone.store(true, Ordering::Relaxed);
    given.change(&[("PAY", 1, "doing")]).await;
    let ended = end(&mut watch, &mut reader).await;
    assert!(matches!(ended, Ended::Store(StoreError::Unavailable { .. })), "{ended:?}");
    assert_eq!(reader.states(), [(1, "new")]);
    given.log.is_gone.store(false, Ordering::Relaxed);
    let mut resumed = given.watch("PAY", Start::After(reader.place.unwrap()));
    reader.read_to(&mut resumed, 2).await;
    assert_eq!(reader.states(), [(1, "doing")]);
}

/// After the watcher has read all there was, before the tail that it shares with others has begun.
#[tokio::test]
async fn what_is_taken_up_before_the_tail_begins_is_told_anew() {
    let given = Given::view().await;
    given.change(&[("PAY", 1, "new")]).await;
    given.park("issue/PAY/1").await;
    let (mut watch, mut reader) = (given.watch("PAY", Start::Snapshot), Reader::default());
    reader.take(next(&mut watch).await.unwrap());
    tokio::select! {
        biased;
        step = watch.next() => panic!("nothing has changed: {step:?}"),
        () = std::future::ready(()) => {}
    }
    given.take_up("issue/PAY/1", card("PAY", 1, "doing", 2)).await;
    assert_eq!(end(&mut watch, &mut reader).await, Ended::Anew);
}

#[tokio::test]
async fn what_was_parked_and_taken_up_after_a_token_is_told_from_it() {
    let given = Given::view().await;
    given.change(&[("PAY", 1, "new")]).await;
    let (mut watch, mut reader) = (given.watch("PAY", Start::Snapshot), Reader::default());
    reader.take(next(&mut watch).await.unwrap());
    drop(watch);
    given.park("issue/PAY/1").await;
    given.advance().await;
    given.take_up("issue/PAY/1", card("PAY", 1, "doing", 2)).await;
    let mut resumed = given.watch("PAY", Start::After(reader.place.unwrap()));
    reader.read_to(&mut resumed, 3).await;
    assert_eq!(reader.states(), [(1, "doing")]);
}

#[tokio::test]
async fn so_many_may_watch_and_no_more() {
    let given = Given::with(Bounds { watchers_max: 2, ..Bounds::default() }).await;
    given.change(&[("PAY", 1, "new")]).await;
    let one = given.watch("PAY", Start::Snapshot);
    let _other = given.watch("OPS", Start::Snapshot);
    let refused = given.watches.open(scope("PAY", 3), Start::Snapshot);
    assert_eq!(refused.map(drop).unwrap_err().max, 2);
    drop(one);
    assert_eq!(given.watches.watchers(), 1);
    let mut again = given.watch("PAY", Start::Snapshot);
    next(&mut again).await.unwrap();
}

#[tokio::test]
async fn who_has_missed_too_much_begins_anew() {
    let given = Given::view().await;
    given.change(&[("PAY", 1, "new")]).await;
    let (mut watch, mut reader) = (given.watch("PAY", Start::Snapshot), Reader::default());
    reader.take(next(&mut watch).await.unwrap());
    drop(watch);
    for tens in 0..11 {
        let cards: Vec<_> = (1..=1000).map(|ordinal| ("PAY", tens * 1000 + ordinal, "new")).collect();
        given.change(&cards).await;
    }
    let mut resumed = given.watch("PAY", Start::After(reader.place.unwrap()));
    assert_eq!(end(&mut resumed, &mut reader).await, Ended::TooFar);
}
