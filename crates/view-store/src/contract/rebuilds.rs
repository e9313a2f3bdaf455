//! Views are made, found again, and made anew.

use views::row::Change;
use views::table::{Column, Schema, Table};

use super::given::{BOARD, BOARD_2, NOTES, SEEN, at, card, commit, count, dump, fold, seen, store, story};
use super::{Factory, Outcome, promise_eq};
use crate::commit::{Park, ViewCommit};
use crate::store::{Prepared, StoreError, ViewStore};

/// Tables that are there are found, and say so.
pub(super) async fn prepared_again_nothing_is_lost<F: Factory>(factory: &F) -> Outcome {
    let store = factory.create().await?;
    let answer = |view: &Schema, created| Prepared { view: view.id(), created };
    promise_eq!(store.prepare(&[&BOARD]).await?, [answer(&BOARD, true)], "at first");
    store.commit(0, vec![commit(BOARD.id(), 0, 1, vec![Change::Upsert(card(1, "new")?)])]).await?;
    let before = dump(&*store, &BOARD).await?;
    let found = store.prepare(&[&NOTES, &BOARD]).await?;
    promise_eq!(found, [answer(&NOTES, true), answer(&BOARD, false)], "with another one");
    promise_eq!(dump(&*store, &BOARD).await?, before, "after it was prepared again");
    Ok(())
}

/// Rows, checkpoints and parked streams outlive the process, and the watch begins where they are.
pub(super) async fn opened_again_everything_is_there<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let mut all = fold(&*store, BOARD.id(), 0, &story(50)).await?;
    all.park.push(Park { stream: "PAY/issue/1".into(), position: 7, reason: "why".into() });
    store.commit(2, vec![all]).await?;
    let before = dump(&*store, &BOARD).await?;
    let Some(store) = factory.reopen(store).await? else {
        return Ok(());
    };
    let mut watch = store.advanced(BOARD.id(), 2);
    promise_eq!(store.prepare(&[&BOARD]).await?, [Prepared { view: BOARD.id(), created: false }], "what is found");
    promise_eq!(dump(&*store, &BOARD).await?, before, "what it holds");
    promise_eq!(*watch.borrow_and_update(), 50, "the watch of a view that was there");
    Ok(())
}

/// Nothing is left of a view that is reset, and nothing else is touched.
pub(super) async fn a_reset_starts_anew<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let empty = dump(&*store, &BOARD).await?;
    let commit = fold(&*store, BOARD.id(), 0, &story(50)).await?;
    let notes = super::given::commit(NOTES.id(), 0, 50, vec![Change::Upsert(seen(1, "new")?)]);
    let park = vec![Park { stream: "PAY/issue/1".into(), position: 7, reason: "why".into() }];
    store.commit(0, vec![ViewCommit { park, ..commit.clone() }, notes]).await?;
    let (full, notes) = (dump(&*store, &BOARD).await?, dump(&*store, &NOTES).await?);
    store.reset(&BOARD).await?;
    promise_eq!(dump(&*store, &BOARD).await?, empty, "after a reset");
    promise_eq!(*store.advanced(BOARD.id(), 0).borrow(), 0, "the watch after a reset");
    promise_eq!(dump(&*store, &NOTES).await?, notes, "another view after a reset");
    store.commit(0, vec![commit]).await?;
    let rebuilt = dump(&*store, &BOARD).await?;
    let parked_apart = |dump: &str| dump.rsplit_once(" [").map(|(rows, _)| rows.to_owned());
    promise_eq!(parked_apart(&rebuilt), parked_apart(&full), "after a rebuild");
    Ok(())
}

/// Two versions of a view stand side by side.
pub(super) async fn versions_do_not_see_each_other<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let empty = dump(&*store, &BOARD_2).await?;
    store.commit(0, vec![commit(BOARD.id(), 0, 3, vec![Change::Upsert(card(1, "new")?), count("new", 1, 1)])]).await?;
    promise_eq!(dump(&*store, &BOARD_2).await?, empty, "the other version");
    promise_eq!(*store.advanced(BOARD_2.id(), 0).borrow(), 0, "the other version's watch");
    store.commit(0, vec![commit(BOARD_2.id(), 0, 8, vec![Change::Upsert(card(1, "closed")?)])]).await?;
    promise_eq!(store.checkpoint(BOARD.id(), 0).await?, Some(at(3)), "the first version");
    store.reset(&BOARD).await?;
    promise_eq!(store.checkpoint(BOARD_2.id(), 0).await?, Some(at(8)), "the second, after the first was reset");
    Ok(())
}

/// A description that changed without its version is noticed, and a reset makes the tables it describes.
pub(super) async fn another_shape_is_refused_until_reset<F: Factory>(factory: &F) -> Outcome {
    static SEEN_NULLABLE: Table = Table {
        columns: &[Column::integer("ordinal", ""), Column::text("state", ""), Column::text("note", "").nullable()],
        ..SEEN
    };
    static CHANGED: Schema = Schema { tables: &[&SEEN_NULLABLE], ..NOTES };
    static RENAMED: Schema = Schema { name: "no name", version: 1, tables: &[&SEEN] };
    let store = store(factory).await?;
    store.commit(0, vec![commit(NOTES.id(), 0, 1, vec![Change::Upsert(seen(1, "new")?)])]).await?;
    let error = store.prepare(&[&CHANGED]).await.err();
    promise_eq!(error, Some(StoreError::Changed { view: NOTES.id() }), "another shape");
    promise_eq!(store.checkpoint(NOTES.id(), 0).await?, Some(at(1)), "the old one, meanwhile");
    store.reset(&CHANGED).await?;
    let row = views::row::Row::empty(&SEEN_NULLABLE).with("ordinal", 1_i64)?.with("note", "x")?;
    store.commit(0, vec![commit(NOTES.id(), 0, 1, vec![Change::Upsert(row.clone())])]).await?;
    promise_eq!(store.load(NOTES.id(), &SEEN_NULLABLE, vec![row.key()]).await?, [Some(row)], "a row of the new shape");
    let refused = matches!(store.prepare(&[&RENAMED]).await, Err(StoreError::Invalid { .. }));
    promise_eq!(refused, true, "a view whose description is wrong is refused");
    Ok(())
}
