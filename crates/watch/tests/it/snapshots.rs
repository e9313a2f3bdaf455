//! What is there, then what changes.

use watch::Start;

use super::given::{Given, Reader, next};

#[tokio::test]
async fn a_watch_tells_what_is_there_and_then_what_changes() {
    let given = Given::view().await;
    given.change(&[("PAY", 1, "new"), ("OPS", 1, "new"), ("PAY", 2, "doing"), ("PAY", 3, "done")]).await;
    let (mut watch, mut reader) = (given.watch("PAY", Start::Snapshot), Reader::default());
    let first = next(&mut watch).await.unwrap();
    assert!(first.fresh, "it begins anew");
    reader.take(first);
    assert_eq!(reader.states(), [(1, "new"), (2, "doing")], "what is done, or of others, is not told");

    let to = given.change(&[("PAY", 1, "doing"), ("OPS", 2, "new"), ("PAY", 4, "new")]).await;
    reader.read_to(&mut watch, to).await;
    assert_eq!(reader.states(), [(1, "doing"), (2, "doing"), (4, "new")]);
    let to = given.change(&[("PAY", 2, "done"), ("PAY", 3, "done")]).await;
    reader.read_to(&mut watch, to).await;
    assert_eq!(reader.states(), [(1, "doing"), (4, "new")], "what is done is removed");
}

#[tokio::test]
async fn what_changed_several_times_is_told_once() {
    let given = Given::view().await;
    given.change(&[("PAY", 1, "new")]).await;
    let mut watch = given.watch("PAY", Start::Snapshot);
    next(&mut watch).await.unwrap();
    let mut to = 0;
    for _ in 0..5 {
        to = given.change(&[("PAY", 1, "doing"), ("PAY", 1, "new"), ("PAY", 1, "doing")]).await;
    }
    let (mut told, mut reader) = (0, Reader::default());
    while reader.position() < to {
        let step = next(&mut watch).await.unwrap();
        told += usize::from(!step.changes.is_empty());
        reader.take(step);
    }
    assert_eq!(reader.states(), [(1, "doing")]);
    assert!(told <= 5, "told {told} times what changed in 5 commits");
}

#[tokio::test]
async fn a_long_snapshot_comes_in_pages_and_is_complete_at_its_place_only() {
    let given = Given::view().await;
    let cards: Vec<_> =
        (1..=20).map(|ordinal| ("PAY", ordinal, if ordinal % 2 == 0 { "new" } else { "doing" })).collect();
    given.change(&cards).await;
    let (mut watch, mut reader) = (given.watch("PAY", Start::Snapshot), Reader::default());
    reader.take(next(&mut watch).await.unwrap());
    assert_eq!((reader.board.len(), reader.complete), (6, false), "three of each column");
    // While the pages are read, cards move from a column that was not read yet to one that was, out of the board, and back.
    let to = given.change(&[("PAY", 19, "new"), ("PAY", 20, "done"), ("PAY", 1, "done"), ("PAY", 2, "doing")]).await;
    while !reader.complete {
        reader.take(next(&mut watch).await.unwrap());
    }
    assert_eq!((reader.position(), [reader.board.clone(), reader.done.clone()]), given.boards("PAY").await);
    assert_eq!(reader.position(), to);
}

#[tokio::test]
async fn a_watch_goes_on_where_another_ended() {
    let given = Given::view().await;
    given.change(&[("PAY", 1, "new"), ("PAY", 2, "new")]).await;
    let (mut watch, mut reader) = (given.watch("PAY", Start::Snapshot), Reader::default());
    reader.take(next(&mut watch).await.unwrap());
    drop(watch);
    let to = given.change(&[("PAY", 1, "done"), ("OPS", 1, "new"), ("PAY", 3, "new")]).await;
    let mut watch = given.watch("PAY", Start::After(reader.place.unwrap()));
    let step = next(&mut watch).await.unwrap();
    assert!(!step.fresh, "nothing is to be forgotten");
    let told = step.changes.clone().into_rows().count();
    assert_eq!(told, 2, "what changed, and nothing else");
    reader.take(step);
    assert_eq!((reader.position(), reader.states()), (to, vec![(2, "new"), (3, "new")]));
}

#[tokio::test]
async fn an_idle_watch_is_told_how_far_the_view_is() {
    let given = Given::view().await;
    given.change(&[("PAY", 1, "new")]).await;
    let (mut watch, mut reader) = (given.watch("PAY", Start::Snapshot), Reader::default());
    reader.take(next(&mut watch).await.unwrap());
    for _ in 0..3 {
        given.advance().await;
    }
    reader.read_to(&mut watch, 4).await;
    assert_eq!(reader.states(), [(1, "new")], "nothing happened to it");
    assert!(reader.complete);
}

#[tokio::test]
async fn an_empty_view_can_be_watched() {
    let given = Given::view().await;
    let (mut watch, mut reader) = (given.watch("PAY", Start::Snapshot), Reader::default());
    let first = next(&mut watch).await.unwrap();
    assert!(first.fresh && first.changes.is_empty() && first.place.is_none());
    let to = given.change(&[("PAY", 1, "new")]).await;
    reader.read_to(&mut watch, to).await;
    assert_eq!(reader.states(), [(1, "new")]);
}
