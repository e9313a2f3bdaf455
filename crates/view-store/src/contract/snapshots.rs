//! What is read at one time is true of one time.

use std::sync::Arc;

use views::row::{Change, Select};

use super::given::{BOARD, CARDS, SEEN, card, commit, seen, store};
use super::{Broken, Factory, Outcome, promise, promise_eq};
use crate::store::ViewStore;

const COMMITS: u64 = 200;

/// Beside a writer that gives all cards the position it commits, every answer has one position, its checkpoint's.
pub(super) async fn an_answer_is_of_one_moment<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let writer = tokio::spawn(write(Arc::clone(&store)));
    loop {
        let mut selects = vec![Select::from(&CARDS, 3)];
        selects.push(Select::from(&SEEN, u32::MAX));
        selects.push(Select::from(&CARDS, 100).order("changed_at", views::table::Direction::Desc));
        let answer = store.query(BOARD.id(), selects).await?;
        let position = answer.checkpoints.get(&0).map_or(0, |found| found.position);
        for row in answer.rows[0].iter().chain(&answer.rows[2]) {
            promise_eq!(row.get::<u64>("changed_at")?, position, "a card beside checkpoint {position}");
        }
        promise_eq!(answer.rows[1].len() as u64, position, "rows added by {position} commits");
        if position == COMMITS {
            break;
        }
        tokio::task::yield_now().await;
    }
    writer.await?
}

/// Who waits until the watch shows a position finds it committed.
pub(super) async fn the_watch_never_runs_ahead<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let mut watch = store.advanced(BOARD.id(), 0);
    promise_eq!(*watch.borrow_and_update(), 0, "the watch of a new view");
    let writer = tokio::spawn(write(Arc::clone(&store)));
    let mut shown = 0;
    while shown < COMMITS {
        watch.changed().await.map_err(|_| Broken::new("the watch ended"))?;
        let now = *watch.borrow_and_update();
        promise!(now > shown, "the watch went from {shown} to {now}");
        shown = now;
        let found = store.checkpoint(BOARD.id(), 0).await?.map_or(0, |found| found.position);
        promise!(found >= shown, "the watch shows {shown}, the checkpoint is {found}");
        let rows = store.load(BOARD.id(), &CARDS, vec![super::given::key(1)]).await?;
        let changed_at = rows.iter().flatten().next().map_or(Ok(0), |row| row.get::<u64>("changed_at"))?;
        promise!(changed_at >= shown, "the watch shows {shown}, a row is of {changed_at}");
    }
    promise_eq!(*store.advanced(BOARD.id(), 1).borrow(), 0, "the watch of another partition");
    writer.await?
}

/// A view is awaited in a partition as long as somebody holds its watch there.
pub(super) async fn who_waits_is_known<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    promise!(!store.is_awaited(BOARD.id(), 0), "nobody waits yet");
    let watch = store.advanced(BOARD.id(), 0);
    promise!(store.is_awaited(BOARD.id(), 0), "somebody waits");
    promise!(!store.is_awaited(BOARD.id(), 1), "nobody waits for the other partition");
    drop(watch);
    promise!(!store.is_awaited(BOARD.id(), 0), "nobody waits any more");
    Ok(())
}

async fn write<S: ViewStore>(store: Arc<S>) -> Outcome {
    for from in 0..COMMITS {
        let mut changes = Vec::new();
        for ordinal in 0..5 {
            changes.push(Change::Upsert(card(ordinal, "new")?.with("changed_at", from + 1)?));
        }
        changes.push(Change::Upsert(seen(from.cast_signed(), "new")?));
        store.commit(0, vec![commit(BOARD.id(), from, from + 1, changes)]).await?;
        tokio::task::yield_now().await;
    }
    Ok(())
}
