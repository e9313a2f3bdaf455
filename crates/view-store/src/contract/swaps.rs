//! A view rebuilt beside itself takes its own place; and what nobody uses goes.

use std::sync::Arc;
use std::time::Duration;

use views::row::{Change, Select};
use views::table::Schema;

use super::given::{BOARD, BOARD_2, CARDS, COUNTS, NOTES, SEEN, card, commit, count, dump, seen, store};
use super::leases::{claim, only, refused, under};
use super::{Broken, Factory, Outcome, promise, promise_eq};
use crate::commit::{Park, ViewCommit};
use crate::store::{Prepared, StoreError, Stored, SwapError, ViewStore};

/// The board, built beside itself.
static BESIDE: Schema = Schema { name: "board__beside", ..BOARD };

const CARDS_THERE: i64 = 50;

/// Every answer is of before or of after, rows, counts and checkpoint together; then all is where the other was.
pub(super) async fn old_and_new_never_mix<F: Factory>(factory: &F) -> Outcome {
    let store = both(factory, 10, 12).await?;
    let one = store.join().await?;
    let term = only(&claim(&*store, one, &[(BOARD.id(), 0)], Duration::from_secs(3600)).await?)?;
    let (old, new) = (dump(&*store, &BOARD).await?, dump(&*store, &BESIDE).await?);
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..4 {
        asked.spawn(ask_until_new(Arc::clone(&store)));
    }
    tokio::task::yield_now().await;
    store.swap(&BOARD, &BESIDE).await.map_err(|error| not_swapped(&error))?;
    while let Some(each) = asked.join_next().await {
        each??;
    }
    promise_eq!(dump(&*store, &BOARD).await?, new, "the view, after the swap");
    promise_eq!(dump(&*store, &BESIDE).await?, old, "what it was, after the swap");
    promise_eq!(*store.advanced(BOARD.id(), 0).borrow(), 12, "the watch after the swap");
    refused(&store.commit(0, vec![under(term, 12, 13, Vec::new())]).await, "of one who folded the old tables")?;
    Ok(())
}

/// Tables that would take a partition back are refused, and nothing changes.
pub(super) async fn what_is_behind_is_refused<F: Factory>(factory: &F) -> Outcome {
    let store = both(factory, 10, 10).await?;
    store.commit(5, vec![commit(BOARD.id(), 0, 3, Vec::new())]).await?;
    for reached in [0, 2] {
        if reached > 0 {
            store.commit(5, vec![commit(BESIDE.id(), 0, reached, Vec::new())]).await?;
        }
        let before = (dump(&*store, &BOARD).await?, dump(&*store, &BESIDE).await?);
        let result = store.swap(&BOARD, &BESIDE).await;
        promise_eq!(result, Err(SwapError::Behind { partition: 5 }), "a swap for tables that are behind");
        let after = (dump(&*store, &BOARD).await?, dump(&*store, &BESIDE).await?);
        promise_eq!(after, before, "after a swap that was refused");
    }
    store.commit(5, vec![commit(BESIDE.id(), 2, 3, Vec::new())]).await?;
    store.swap(&BOARD, &BESIDE).await.map_err(|error| not_swapped(&error))?;
    let other_tables = store.swap(&BOARD, &NOTES).await;
    let invalid = matches!(other_tables, Err(SwapError::Failed(StoreError::Invalid { .. })));
    promise!(invalid, "a swap with other tables was answered {other_tables:?}");
    Ok(())
}

/// Whatever puts other tables in a view's place shows in the next answer's generation, and nothing else does.
pub(super) async fn other_tables_are_another_generation<F: Factory>(factory: &F) -> Outcome {
    let store = both(factory, 10, 10).await?;
    let (here, beside) = (generation(&*store, &BOARD).await?, generation(&*store, &BESIDE).await?);
    promise!(here != beside, "two views have one generation");
    store.commit(0, vec![commit(BOARD.id(), 10, 11, vec![count("new", 1, 1)])]).await?;
    store.commit(0, vec![commit(BESIDE.id(), 10, 11, Vec::new())]).await?;
    store.prepare(&[&BOARD, &BESIDE]).await?;
    promise_eq!(generation(&*store, &BOARD).await?, here, "after a commit, and prepared once more");
    store.swap(&BOARD, &BESIDE).await.map_err(|error| not_swapped(&error))?;
    promise_eq!(generation(&*store, &BOARD).await?, beside, "swapped");
    promise_eq!(generation(&*store, &BESIDE).await?, here, "what it was swapped with");
    let mut seen = vec![here, beside];
    for round in 0..4 {
        if round % 2 == 0 {
            store.reset(&BOARD).await?;
        } else {
            store.remove(BOARD.id()).await?;
            store.prepare(&[&BOARD]).await?;
        }
        let made = generation(&*store, &BOARD).await?;
        promise!(!seen.contains(&made), "tables that were made anew have the generation {made} of others before them");
        seen.push(made);
    }
    let Some(store) = factory.reopen(store).await? else {
        return Ok(());
    };
    store.prepare(&[&BOARD]).await?;
    promise_eq!(Some(generation(&*store, &BOARD).await?), seen.pop(), "opened again");
    Ok(())
}

/// However often it is rebuilt, it can be written, read, found again and rebuilt once more.
pub(super) async fn swapped_again_and_again<F: Factory>(factory: &F) -> Outcome {
    let store = both(factory, 10, 10).await?;
    for from in 10..14 {
        store.swap(&BOARD, &BESIDE).await.map_err(|error| not_swapped(&error))?;
        store.remove(BESIDE.id()).await?;
        let gone = store.checkpoint(BESIDE.id(), 0).await;
        promise_eq!(gone, Err(StoreError::NotPrepared { view: BESIDE.id() }), "a view that was removed");
        let prepared = store.prepare(&[&BESIDE]).await?;
        promise_eq!(prepared, [Prepared { view: BESIDE.id(), created: true }], "made after it was removed");
        let next = vec![Change::Upsert(card(1, "closed")?), count("closed", 1, 1)];
        store.commit(0, vec![commit(BOARD.id(), from, from + 1, next)]).await?;
        let counted = store.load(BOARD.id(), &COUNTS, vec![count("closed", 0, 0).key()]).await?;
        let counted = counted.iter().flatten().next().map(|row| row.get::<u64>("open"));
        promise_eq!(counted, Some(Ok(from - 9)), "what was counted before and after {} swaps", from - 9);
        fill(&*store, &BESIDE, 0, from + 1).await?;
        let again: Vec<_> = (10..=from).map(|_| count("closed", 1, 1)).collect();
        store.commit(0, vec![commit(BESIDE.id(), from + 1, from + 1, again)]).await?;
    }
    let before = (dump(&*store, &BOARD).await?, dump(&*store, &BESIDE).await?);
    let Some(store) = factory.reopen(store).await? else {
        return Ok(());
    };
    let found = store.prepare(&[&BOARD, &BESIDE]).await?;
    promise!(found.iter().all(|found| !found.created), "after swaps and a restart: {found:?}");
    promise_eq!((dump(&*store, &BOARD).await?, dump(&*store, &BESIDE).await?), before, "after swaps and a restart");
    Ok(())
}

/// What nobody says that it is in use goes, and nothing else.
pub(super) async fn what_nobody_uses_goes<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    for view in [&BOARD, &BOARD_2] {
        store.commit(0, vec![commit(view.id(), 0, 1, vec![Change::Upsert(card(1, "new")?)])]).await?;
    }
    let before = dump(&*store, &BOARD_2).await?;
    let there = |name: &str, version, in_use| Stored { name: name.to_owned(), version, in_use };
    let all = [there("board", 1, true), there("board", 2, true), there("notes", 1, true)];
    promise_eq!(store.stored().await?, all, "what was just prepared");
    promise_eq!(store.sweep().await?, [], "what goes of it");
    store.announce(&[BOARD.id(), BOARD_2.id()], Duration::ZERO).await?;
    store.announce(&[BOARD_2.id()], Duration::from_secs(3600)).await?;
    promise_eq!(store.stored().await?[0], there("board", 1, false), "what is in use no longer");
    promise_eq!(store.sweep().await?, [there("board", 1, false)], "what goes");
    promise_eq!(store.stored().await?, all[1..], "what stays");
    promise_eq!(dump(&*store, &BOARD_2).await?, before, "a version that is in use");
    let gone = Err(StoreError::NotPrepared { view: BOARD.id() });
    promise_eq!(store.announce(&[BOARD.id()], Duration::from_secs(3600)).await, gone, "to use what is gone");
    promise_eq!(store.prepare(&[&BOARD]).await?[0].created, true, "to prepare what is gone");
    promise_eq!(store.checkpoint(BOARD.id(), 0).await?, None, "what was gone and is there again");
    Ok(())
}

/// A store in which the board stands at one position and the one beside it at another, with other cards.
async fn both<F: Factory>(factory: &F, here: u64, beside: u64) -> Result<Arc<F::Store>, Broken> {
    let store = store(factory).await?;
    store.prepare(&[&BESIDE]).await?;
    fill(&*store, &BOARD, 0, here).await?;
    fill(&*store, &BESIDE, 0, beside).await?;
    Ok(store)
}

/// Cards that all show the position, and a stream that is parked there.
async fn fill(store: &dyn ViewStore, view: &Schema, from: u64, to: u64) -> Outcome {
    let mut changes = Vec::new();
    for ordinal in 0..CARDS_THERE {
        changes.push(Change::Upsert(card(ordinal, "new")?.with("changed_at", to)?));
    }
    for ordinal in 0..to.cast_signed() {
        changes.push(Change::Upsert(seen(ordinal, "new")?));
    }
    let park = vec![Park { stream: "PAY/issue/1".into(), position: to, reason: "why".into() }];
    store.commit(0, vec![ViewCommit { park, ..commit(view.id(), from, to, changes) }]).await?;
    Ok(())
}

async fn ask_until_new<S: ViewStore>(store: Arc<S>) -> Outcome {
    loop {
        let selects = vec![Select::from(&CARDS, 100), Select::from(&SEEN, 100)];
        let answer = store.query(BOARD.id(), selects).await?;
        let Some(reached) = answer.checkpoints.get(&0).map(|reached| reached.position) else {
            return Err(Broken::new("an answer came without a checkpoint"));
        };
        promise_eq!(answer.rows[0].len() as u64, CARDS_THERE.unsigned_abs(), "cards");
        promise_eq!(answer.rows[1].len() as u64, reached, "rows beside checkpoint {reached}");
        for row in &answer.rows[0] {
            promise_eq!(row.get::<u64>("changed_at")?, reached, "a card beside checkpoint {reached}");
        }
        promise_eq!(answer.parked[0].position, reached, "what is parked beside checkpoint {reached}");
        if reached == 12 {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
}

async fn generation(store: &dyn ViewStore, view: &Schema) -> Result<u64, Broken> {
    Ok(store.query(view.id(), Vec::new()).await?.generation)
}

fn not_swapped(error: &SwapError) -> Broken {
    Broken::new(format!("not swapped: {error:?}"))
}
