//! Commits: all or nothing, onto the checkpoint they expect.

use std::sync::Arc;
use std::task::Poll;

use views::row::Change;
use views::table::Table;

use super::given::{
    BOARD, BOARD_2, CARDS, COUNTS, NOTES, SEEN, at, card, commit, count, dump, key, moved, seen, store,
};
use super::{Broken, Factory, Outcome, promise, promise_eq};
use crate::commit::CommitError;
use crate::store::{StoreError, ViewStore};

/// The same commit again is too late, and changes nothing.
pub(super) async fn delivered_twice_applies_once<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let view = BOARD.id();
    for from in 0..3 {
        let changes = vec![Change::Upsert(card(1, "new")?), count("new", 1, 2)];
        let commit = commit(view, from, from + 1, changes);
        store.commit(0, vec![commit.clone()]).await?;
        let after = dump(&*store, &BOARD).await?;
        let again = store.commit(0, vec![commit]).await;
        promise_eq!(moved(&again), Some((view, 0, Some(at(from + 1)))), "the second delivery");
        promise_eq!(dump(&*store, &BOARD).await?, after, "after the second delivery");
    }
    Ok(())
}

/// Of many runners that fold from one checkpoint, one commits and the others are told.
pub(super) async fn one_wins_each_checkpoint<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    for from in 0..10 {
        let mut runners = Vec::new();
        for runner in 0..8 {
            let store = Arc::clone(&store);
            let commit =
                commit(BOARD.id(), from, from + 1, vec![Change::Upsert(seen(runner, "new")?), count("new", 1, 0)]);
            runners.push(tokio::spawn(async move { store.commit(3, vec![commit]).await }));
        }
        let mut won = 0;
        for runner in runners {
            let result = runner.await?;
            won += i64::from(result.is_ok());
            promise!(result.is_ok() || moved(&result).is_some(), "a runner too late heard {result:?}");
        }
        promise_eq!(won, 1, "winners from checkpoint {from}");
    }
    let rows = store.load(BOARD.id(), &COUNTS, vec![count("new", 0, 0).key()]).await?;
    let open: i64 = rows.into_iter().flatten().next().ok_or_else(|| Broken::new("nothing was counted"))?.get("open")?;
    promise_eq!(open, 10, "what ten winners counted");
    Ok(())
}

/// If one view of a commit is too late, none moves.
pub(super) async fn several_views_move_together<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let both = |from: u64, notes_from: u64| -> Result<_, Broken> {
        Ok(vec![
            commit(BOARD.id(), from, from + 5, vec![Change::Upsert(card(1, "new")?)]),
            commit(NOTES.id(), notes_from, from + 5, vec![Change::Upsert(seen(from.cast_signed(), "new")?)]),
        ])
    };
    store.commit(0, both(0, 0)?).await?;
    let before = (dump(&*store, &BOARD).await?, dump(&*store, &NOTES).await?);
    let result = store.commit(0, both(5, 4)?).await;
    promise_eq!(moved(&result), Some((NOTES.id(), 0, Some(at(5)))), "one of two was too late");
    promise_eq!((dump(&*store, &BOARD).await?, dump(&*store, &NOTES).await?), before, "after half a commit");
    store.commit(0, both(5, 5)?).await?;
    promise_eq!(store.checkpoint(BOARD.id(), 0).await?, Some(at(10)), "the first view");
    promise_eq!(store.checkpoint(NOTES.id(), 0).await?, Some(at(10)), "the second view");
    Ok(())
}

/// A checkpoint is its partition's own, and compared with its leaf.
pub(super) async fn partitions_move_apart<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    promise!(store.checkpoints(BOARD.id()).await?.is_empty(), "a new view has checkpoints");
    store.commit(0, vec![commit(BOARD.id(), 0, 5, Vec::new())]).await?;
    store.commit(7, vec![commit(BOARD.id(), 0, 9, Vec::new())]).await?;
    let found = store.checkpoints(BOARD.id()).await?;
    promise_eq!(found.into_iter().collect::<Vec<_>>(), [(0, at(5)), (7, at(9))], "checkpoints");
    promise_eq!(store.checkpoint(BOARD.id(), 1).await?, None, "of a partition not begun");
    let mut other_log = commit(BOARD.id(), 5, 6, Vec::new());
    other_log.expected = other_log.expected.map(|mut expected| {
        expected.leaf[31] ^= 1;
        expected
    });
    let result = store.commit(0, vec![other_log]).await;
    promise_eq!(moved(&result), Some((BOARD.id(), 0, Some(at(5)))), "a commit with another log's leaf");
    Ok(())
}

/// A change that can't be stored is named, and nothing of its commit is kept, in any view.
pub(super) async fn what_cannot_be_stored_stops_all<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let full = vec![count("new", i64::MAX, 0), Change::Upsert(card(1, "new")?)];
    store.commit(0, vec![commit(BOARD.id(), 0, 1, full)]).await?;
    let before = (dump(&*store, &BOARD).await?, dump(&*store, &NOTES).await?);
    let overflow = vec![Change::Upsert(card(1, "closed")?), count("new", 1, 0)];
    let text_as_counter = vec![Change::Add { table: &CARDS, key: key(1), deltas: vec![("severity", 1)] }];
    let half_a_key = vec![Change::Delete { table: &CARDS, key: views::row::Key::new([]) }];
    for (wrong, at) in [(overflow, 1), (text_as_counter, 0), (half_a_key, 0)] {
        let first = commit(NOTES.id(), 0, 1, vec![Change::Upsert(seen(1, "new")?)]);
        let result = store.commit(0, vec![first, commit(BOARD.id(), 1, 2, wrong)]).await;
        let named =
            matches!(&result, Err(CommitError::Rejected { view, change, .. }) if (*view, *change) == (BOARD.id(), at));
        promise!(named, "a change that can't be stored was answered {result:?}");
        promise_eq!((dump(&*store, &BOARD).await?, dump(&*store, &NOTES).await?), before, "after it");
    }
    Ok(())
}

/// Views and tables that aren't there, a view twice in one commit, and a way back are the caller's mistakes.
pub(super) async fn mistakes_are_refused<F: Factory>(factory: &F) -> Outcome {
    static STRANGER: Table = Table { name: "stranger", ..SEEN };
    let store = factory.create().await?;
    let early = store.commit(0, vec![commit(BOARD.id(), 0, 1, Vec::new())]).await;
    promise_eq!(
        early,
        Err(CommitError::Failed(StoreError::NotPrepared { view: BOARD.id() })),
        "before it was prepared"
    );
    let unknown = store.checkpoints(BOARD.id()).await.err();
    promise_eq!(unknown, Some(StoreError::NotPrepared { view: BOARD.id() }), "a view that isn't prepared");
    store.prepare(&[&BOARD, &BOARD_2]).await?;
    store.commit(0, vec![commit(BOARD.id(), 0, 9, Vec::new())]).await?;
    let gone = Change::Delete { table: &STRANGER, key: seen(1, "new")?.key() };
    let twice = commit(BOARD_2.id(), 0, 1, Vec::new());
    for wrong in [
        vec![commit(BOARD.id(), 9, 8, Vec::new())],
        vec![commit(BOARD.id(), 9, 10, vec![gone])],
        vec![twice.clone(), twice],
    ] {
        let result = store.commit(0, wrong).await;
        let refused = matches!(result, Err(CommitError::Failed(StoreError::Invalid { .. })));
        promise!(refused, "a mistake was answered {result:?}");
    }
    let loaded = store.load(BOARD.id(), &STRANGER, Vec::new()).await;
    promise!(matches!(loaded, Err(StoreError::Invalid { .. })), "a strange table was loaded: {loaded:?}");
    promise_eq!(store.checkpoint(BOARD.id(), 0).await?, Some(at(9)), "after all mistakes");
    Ok(())
}

/// A commit whose caller goes away is done or not begun, never half done.
pub(super) async fn a_caller_that_goes_away_changes_nothing<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    for from in 0..10_u64 {
        let changes = vec![Change::Upsert(seen(from.cast_signed(), "new")?), count("new", 1, 0)];
        let next = commit(BOARD.id(), from, from + 1, changes);
        {
            let mut left = Box::pin(store.commit(0, vec![next.clone()]));
            std::future::poll_fn(|context| {
                let _ = left.as_mut().poll(context);
                Poll::Ready(())
            })
            .await;
        }
        let again = store.commit(0, vec![next]).await;
        promise!(again.is_ok() || moved(&again).is_some(), "the commit again was answered {again:?}");
        promise_eq!(store.checkpoint(BOARD.id(), 0).await?, Some(at(from + 1)), "the checkpoint after both");
    }
    let open: i64 = match store.load(BOARD.id(), &COUNTS, vec![count("new", 0, 0).key()]).await?.as_slice() {
        [Some(row)] => row.get("open")?,
        other => return Err(Broken::new(format!("one key was answered {other:?}"))),
    };
    promise_eq!(open, 10, "what was counted by commits given twice");
    Ok(())
}
