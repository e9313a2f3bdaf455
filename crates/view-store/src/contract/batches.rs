//! Folds in batches: whatever their sizes, and wherever they were interrupted, they come to the same.

use views::row::{Change, Condition, Key, Row, Select, Value};

use super::given::{
    BOARD, CARDS, COUNTS, LABELS, NOTES, STATES, card, commit, count, count_of, dump, fold, key, moved, seen, store,
    story,
};
use super::{Broken, Factory, Outcome, promise, promise_eq};
use crate::store::ViewStore;

const STORY: usize = 240;

/// One event at a time or all at once, each batch delivered twice: the same rows.
pub(super) async fn any_sizes_come_to_the_same<F: Factory>(factory: &F) -> Outcome {
    let events = story(STORY);
    let mut first = None;
    for size in [1, 2, 3, 7, 64, STORY] {
        let store = store(factory).await?;
        let mut position = 0;
        for batch in events.chunks(size) {
            let commit = fold(&*store, BOARD.id(), position, batch).await?;
            position = commit.new.position;
            store.commit(0, vec![commit.clone()]).await?;
            let again = store.commit(0, vec![commit]).await;
            promise!(moved(&again).is_some(), "the second delivery was answered {again:?}");
        }
        let rows = dump(&*store, &BOARD).await?;
        promise_eq!(&rows, first.get_or_insert_with(|| rows.clone()), "batches of {size}");
    }
    counts_match_cards(factory).await
}

/// What a runner that stopped before its commit had folded is folded again, once.
pub(super) async fn a_crash_before_the_commit_loses_nothing<F: Factory>(factory: &F) -> Outcome {
    let events = story(STORY);
    let straight = store(factory).await?;
    let whole = fold(&*straight, BOARD.id(), 0, &events).await?;
    straight.commit(0, vec![whole]).await?;
    let mut store = store(factory).await?;
    for batch in events.chunks(40) {
        let position = store.checkpoint(BOARD.id(), 0).await?.map_or(0, |found| found.position);
        // Folded, but the process dies.
        fold(&*store, BOARD.id(), position, batch).await?;
        match factory.reopen(store).await? {
            Some(reopened) => store = reopened,
            None => return Ok(()),
        }
        store.prepare(&[&BOARD]).await?;
        let position = store.checkpoint(BOARD.id(), 0).await?.map_or(0, |found| found.position);
        let commit = fold(&*store, BOARD.id(), position, batch).await?;
        store.commit(0, vec![commit]).await?;
    }
    promise_eq!(dump(&*store, &BOARD).await?, dump(&*straight, &BOARD).await?, "after six crashes");
    Ok(())
}

/// A row whose counters are all zero is not kept, whether it came to that in one commit or in several.
pub(super) async fn counters_that_cancel_leave_no_row<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let key = count("new", 0, 0).key();
    let add = |deltas| Change::Add { table: &COUNTS, key: key.clone(), deltas };
    let steps = [
        (vec![count("new", 1, 5), count("new", -1, -5)], None),
        (vec![count("new", 0, 0)], None),
        (vec![count("new", -2, 5)], Some((-2, 5))),
        (vec![count("new", 2, 0)], Some((0, 5))),
        (vec![count("new", 0, -5)], None),
        (vec![count("new", 3, 0)], Some((3, 0))),
        (vec![add(vec![("open", -3)])], None),
        (vec![add(vec![("open", 1), ("open", -1)])], None),
        (vec![add(vec![("open", 2), ("open", -1)])], Some((1, 0))),
    ];
    for (from, (changes, expected)) in (0..).zip(steps) {
        store.commit(0, vec![commit(BOARD.id(), from, from + 1, changes)]).await?;
        let rows = store.load(BOARD.id(), &COUNTS, vec![key.clone()]).await?;
        let found = rows.into_iter().flatten().next();
        let found = found.map(|row| Ok::<_, Broken>((row.get::<i64>("open")?, row.get::<i64>("severity_sum")?)));
        promise_eq!(found.transpose()?, expected, "the counters after step {}", from + 1);
    }
    Ok(())
}

/// Counters of several rows, whose keys have more or less in common, each move by what is theirs: also where one of them comes to zero and back.
pub(super) async fn counters_of_other_rows_stay<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let moves = [("PAY", "new", 1), ("WEB", "new", 2), ("WEB", "closed", 3), ("PAY", "closed", 4), ("PAY", "new", -1)];
    let again = [("WEB", "new", 8), ("PAY", "new", 16), ("WEB", "closed", -3), ("OPS", "closed", 32)];
    let changes = moves.iter().chain(&again).map(|(project, state, open)| count_of(project, state, *open, 0));
    store.commit(0, vec![commit(BOARD.id(), 0, 1, changes.collect())]).await?;
    for (project, state, open) in [
        ("PAY", "new", Some(16)),
        ("PAY", "closed", Some(4)),
        ("WEB", "new", Some(10)),
        ("WEB", "closed", None),
        ("OPS", "closed", Some(32)),
    ] {
        let rows = store.load(BOARD.id(), &COUNTS, vec![count_of(project, state, 0, 0).key()]).await?;
        let found = rows.into_iter().flatten().next().map(|row| row.get::<i64>("open")).transpose()?;
        promise_eq!(found, open, "{state} of {project}");
    }
    Ok(())
}

/// A row written over itself, or with one column changed, null or not, is the row that was written; also where it was said to be new.
pub(super) async fn a_row_written_again_is_that_row<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let label = |label: Option<&str>| Row::new(&LABELS, vec![Value::Integer(1), Value::from(label)]);
    let labels = [None, None, Some("a"), Some("a"), Some("b"), None, Some("b")];
    let ways = [Change::Upsert as fn(Row) -> Change, Change::Insert];
    for (from, (write, each)) in (0..).zip(ways.iter().flat_map(|write| labels.map(|each| (write, each)))) {
        let row = label(each)?;
        let changes = vec![write(row.clone())];
        store.commit(0, vec![commit(NOTES.id(), from, from + 1, changes)]).await?;
        promise_eq!(store.load(NOTES.id(), &LABELS, vec![row.key()]).await?, [Some(row)], "row {from}");
        for sought in [None, Some("a"), Some("b")] {
            let is = sought.map_or(Condition::IsNull("label"), |sought| Condition::Equal("label", sought.into()));
            let found = store.query(NOTES.id(), vec![Select::from(&LABELS, 10).filter(is)]).await?;
            promise_eq!(found.rows[0].len(), usize::from(sought == each), "found by {sought:?} after row {from}");
        }
    }
    Ok(())
}

/// Of several changes of one row the last one stands; counters start again after their row was deleted.
pub(super) async fn changes_apply_in_their_order<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let delete = |key: Key| Change::Delete { table: &CARDS, key };
    let changes = vec![
        Change::Upsert(card(1, "new")?),
        Change::Upsert(card(1, "closed")?),
        Change::Upsert(card(2, "new")?),
        delete(key(2)),
        delete(key(3)),
        Change::Upsert(card(3, "new")?),
        Change::Upsert(seen(1, "new")?),
        Change::Upsert(seen(1, "new")?),
        count("new", 4, 0),
        Change::Delete { table: &COUNTS, key: count("new", 0, 0).key() },
        count("new", 1, 0),
        count("closed", 7, 0),
        Change::Delete { table: &COUNTS, key: count("closed", 0, 0).key() },
    ];
    store.commit(0, vec![commit(BOARD.id(), 0, 1, changes)]).await?;
    let found = store.load(BOARD.id(), &CARDS, vec![key(1), key(2), key(3), key(1)]).await?;
    let states: Vec<_> = found.iter().map(|row| row.as_ref().map(|row| row.get::<&str>("state"))).collect();
    promise_eq!(
        states,
        [Some(Ok("closed")), None, Some(Ok("new")), Some(Ok("closed"))],
        "cards, in the order of the keys"
    );
    let counts = store.query(BOARD.id(), vec![Select::from(&COUNTS, 10)]).await?.rows;
    let counts: Vec<_> = counts.iter().flatten().map(|row| row.values().to_vec()).collect();
    let one_new = vec![Value::from("PAY"), Value::from("new"), Value::Integer(1), Value::Integer(0)];
    promise_eq!(counts, [one_new], "counts");
    Ok(())
}

async fn counts_match_cards<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let mut position = 0;
    for batch in story(STORY).chunks(17) {
        let commit = fold(&*store, BOARD.id(), position, batch).await?;
        position = commit.new.position;
        store.commit(0, vec![commit]).await?;
    }
    let everything = vec![Select::from(&CARDS, u32::MAX), Select::from(&COUNTS, u32::MAX)];
    let answer = store.query(BOARD.id(), everything).await?;
    let [cards, counts] = answer.rows.as_slice() else {
        return Err(Broken::new("two selects were not answered by two lists"));
    };
    for state in STATES {
        let in_state = cards.iter().filter(|row| row.get::<&str>("state") == Ok(state)).count();
        let counted = counts.iter().find(|row| row.get::<&str>("state") == Ok(state));
        let counted = counted.map_or(Ok(0), |row| row.get::<u64>("open"))?;
        promise_eq!(counted, in_state as u64, "cards counted as {state}");
    }
    Ok(())
}
