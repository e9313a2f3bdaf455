//! Who is slow is told so, and keeps nobody waiting.

use watch::{Bounds, Ended, Start};

use super::given::{Given, Reader, next};

#[tokio::test]
async fn who_falls_behind_is_told_where_to_go_on_and_slows_nobody() {
    let given = Given::with(Bounds { ring_bytes_max: 64 * 1024, ..Bounds::default() }).await;
    given.change(&[("PAY", 1, "new")]).await;
    let (mut slow, mut slow_reader) = (given.watch("PAY", Start::Snapshot), Reader::default());
    slow_reader.take(next(&mut slow).await.unwrap());
    let held = given.change(&[("PAY", 2, "new")]).await;
    slow_reader.read_to(&mut slow, held).await;

    let (mut quick, mut reader) = (given.watch("PAY", Start::Snapshot), Reader::default());
    let long = "x".repeat(10_000);
    for n in 0..20 {
        let to = given.change_with(&[("PAY", n % 5 + 1, "doing")], &long).await;
        reader.read_to(&mut quick, to).await;
    }
    assert_eq!(reader.board, given.boards("PAY").await.1[0], "a neighbour heard of everything in the meantime");

    let ended = next(&mut slow).await.unwrap_err();
    let Ended::Behind { resume: Some(place) } = ended else { panic!("it fell behind: {ended:?}") };
    assert_eq!(place.checkpoint.position, held, "it goes on from what it was told last");
    let mut resumed = given.watch("PAY", Start::After(place));
    slow_reader.read_to(&mut resumed, 22).await;
    assert_eq!(slow_reader.board, reader.board);
}

#[tokio::test]
async fn who_is_a_little_late_is_told_all_at_once() {
    let given = Given::view().await;
    given.change(&[("PAY", 1, "new")]).await;
    let (mut late, mut reader) = (given.watch("PAY", Start::Snapshot), Reader::default());
    reader.take(next(&mut late).await.unwrap());
    let mut quick = given.watch("PAY", Start::Snapshot);
    let mut other = Reader::default();
    for n in 2..30 {
        let to = given.change(&[("PAY", n, "new"), ("PAY", 1, "doing")]).await;
        other.read_to(&mut quick, to).await;
    }
    let mut steps = 0;
    while reader.position() < other.position() {
        reader.take(next(&mut late).await.unwrap());
        steps += 1;
    }
    assert!(steps <= 2, "{steps} steps, where one or two hold it all");
    assert_eq!(reader.board, other.board);
}

#[tokio::test]
async fn all_watchers_of_a_partition_cost_one_look_an_advance() {
    let given = Given::view().await;
    given.change(&[("PAY", 1, "new")]).await;
    let mut all = Vec::new();
    for _ in 0..50 {
        let (mut watch, mut reader) = (given.watch("PAY", Start::Snapshot), Reader::default());
        reader.take(next(&mut watch).await.unwrap());
        all.push((watch, reader));
    }
    // Changes that all hear of, so that all have joined.
    for _ in 0..3 {
        let to = given.change(&[("PAY", 2, "new")]).await;
        for (watch, reader) in &mut all {
            reader.read_to(watch, to).await;
        }
    }
    let before = given.log.asked.load(std::sync::atomic::Ordering::Relaxed);
    for n in 3..13 {
        let to = given.change(&[("PAY", n, "new")]).await;
        for (watch, reader) in &mut all {
            reader.read_to(watch, to).await;
        }
    }
    let looks = given.log.asked.load(std::sync::atomic::Ordering::Relaxed) - before;
    assert!(looks <= 10, "{looks} looks at the view for 10 advances and 50 watchers");
}
