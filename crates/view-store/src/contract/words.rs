//! Words: what is sought among them is found as in a list, and what has changed is found as it is now.

use std::sync::Arc;

use views::row::{BREAK, Change, Condition, Key, Row, Select, Sought, Term, Value, WORDS_BYTES_MAX};
use views::table::Direction;

use super::given::{NOTES, NOTES_2, Numbers, STATES, TEXTS, commit, store};
use super::{Broken, Factory, Outcome, model, promise, promise_eq};
use crate::commit::CommitError;
use crate::store::{StoreError, ViewStore};

const PROJECTS: [&str; 3] = ["OPS", "PAY", "WEB"];
/// Some of them begin as others do, and some are in no ASCII.
const TOKENS: [&str; 14] =
    ["pay", "payment", "payments", "twice", "order", "orders", "42", "4", "決", "済", "καφεσ", "và", "oder", "not"];
const ROWS: i64 = 120;
const SELECTS: usize = 300;

/// Words, phrases, beginnings, columns, words that must not occur, filters, cursors and orders as they come.
pub(super) async fn find_what_a_list_would<F: Factory>(factory: &F) -> Outcome {
    let (store, rows) = filled(factory).await?;
    let mut numbers = Numbers(23);
    let mut found = 0;
    for _ in 0..SELECTS {
        let mut select = any_select(&mut numbers);
        if numbers.below(3) == 0 {
            select.after = Some(select.cursor(&text(numbers.one_of(&PROJECTS), below(&mut numbers, ROWS))?)?);
        }
        let whole = find(&*store, &select).await?;
        promise_eq!(whole, model::select(&rows, &select)?, "{select:?}");
        found += whole.len();
    }
    promise!(found > SELECTS, "the seeks were too narrow to show anything");
    Ok(())
}

/// A row written again, over other words or none, is found by the words it has and by no others; a row that is gone by none.
pub(super) async fn what_changed_is_found_as_it_is<F: Factory>(factory: &F) -> Outcome {
    for write in [Change::Upsert as fn(Row) -> Change, Change::Insert] {
        what_is_written_is_found(&*store(factory).await?, write).await?;
    }
    Ok(())
}

async fn what_is_written_is_found(store: &dyn ViewStore, write: fn(Row) -> Change) -> Outcome {
    let written = |title: &str, body: &str| Ok::<_, Broken>(write(worded("PAY", 1, title, body)?));
    let gone = || Change::Delete { table: &TEXTS, key: key("PAY", 1) };
    let steps: [(Vec<Change>, &[&str]); 10] = [
        (vec![written("alpha", "beta")?], &["alpha", "beta"]),
        (vec![written("alpha", "beta")?], &["alpha", "beta"]),
        (vec![written("alpha", "gamma")?], &["alpha", "gamma"]),
        (vec![written("", "")?], &[]),
        (vec![written("beta", "")?, written("gamma", "")?], &["gamma"]),
        (vec![gone()], &[]),
        (vec![gone()], &[]),
        (vec![written("alpha", "")?, gone(), written("beta", "gamma")?], &["beta", "gamma"]),
        (vec![gone(), written("alpha", "")?], &["alpha"]),
        (vec![written("beta", "")?, gone()], &[]),
    ];
    for (from, (changes, has)) in (0..).zip(steps) {
        store.commit(0, vec![commit(NOTES.id(), from, from + 1, changes)]).await?;
        for token in ["alpha", "beta", "gamma"] {
            let found = find(store, &seek("PAY", vec![Term::word(token)])).await?;
            promise_eq!(!found.is_empty(), has.contains(&token), "found by {token} after step {}", from + 1);
        }
    }
    Ok(())
}

/// What is found in one project is not found in another, nor in another version; nor after a reset.
pub(super) async fn scopes_and_versions_stand_apart<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    store.prepare(&[&NOTES_2]).await?;
    for (partition, (project, token)) in (0..).zip([("PAY", "alpha"), ("PAYX", "beta"), ("OPS", "gamma")]) {
        let row = Change::Upsert(worded(project, 1, token, "")?);
        store.commit(partition, vec![commit(NOTES.id(), 0, 1, vec![row])]).await?;
    }
    let row = Change::Upsert(worded("PAY", 1, "delta", "")?);
    store.commit(0, vec![commit(NOTES_2.id(), 0, 1, vec![row])]).await?;
    for (project, token, expected) in
        [("PAY", "alpha", 1), ("PAY", "beta", 0), ("PAYX", "beta", 1), ("PAY", "delta", 0), ("NONE", "alpha", 0)]
    {
        let found = find(&*store, &seek(project, vec![Term::word(token)])).await?;
        promise_eq!(found.len(), expected, "{token} in {project}");
    }
    store.reset(&NOTES).await?;
    promise_eq!(find(&*store, &seek("PAY", vec![Term::word("alpha")])).await?, Vec::new(), "after a reset");
    let found = store.query(NOTES_2.id(), vec![seek("PAY", vec![Term::word("delta")])]).await?.rows;
    promise_eq!(found[0].len(), 1, "of the version that was not reset");
    Ok(())
}

/// A select gives words only where they are asked for; a load always.
pub(super) async fn come_back_where_they_are_asked_for<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let row = worded("PAY", 7, "alpha", &format!("beta {BREAK} gamma"))?;
    store.commit(0, vec![commit(NOTES.id(), 0, 1, vec![Change::Upsert(row.clone())])]).await?;
    promise_eq!(store.load(NOTES.id(), &TEXTS, vec![row.key()]).await?, vec![Some(row.clone())], "loaded");
    for select in [Select::from(&TEXTS, 10), seek("PAY", vec![Term::word("beta")])] {
        promise_eq!(find(&*store, &select).await?, [row.clone().without_words()], "{select:?}");
        promise_eq!(
            find(&*store, &select.clone().with_words()).await?,
            std::slice::from_ref(&row),
            "{select:?} with words"
        );
    }
    Ok(())
}

/// What can't be sought is an error, not an empty answer; a number that no row can have parks its stream alone.
pub(super) async fn mistakes_are_refused<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let word = || vec![Term::word("pay")];
    let term = |tokens: &[&str], column| Term {
        column,
        tokens: tokens.iter().map(|token| Arc::from(*token)).collect(),
        prefix: false,
    };
    let without_project = Select::from(&TEXTS, 10).seek(Sought { all: word(), none: Vec::new() });
    let nothing = Select::from(&TEXTS, 10)
        .filter(Condition::Equal("project", Value::from("PAY")))
        .seek(Sought { all: Vec::new(), none: word() });
    let wrong = [
        without_project,
        nothing,
        seek("PAY", word()).order("state", Direction::Asc),
        seek("PAY", vec![term(&[], None)]),
        seek("PAY", vec![term(&["a\" OR \"b"], None)]),
        seek("PAY", vec![term(&["two words"], None)]),
        seek("PAY", vec![term(&[BREAK], None)]),
        seek("PAY", vec![term(&["pay"], Some("state"))]),
    ];
    for wrong in wrong {
        let answer = store.query(NOTES.id(), vec![wrong.clone()]).await;
        promise!(matches!(answer, Err(StoreError::Invalid { .. })), "{wrong:?} was answered {answer:?}");
    }
    let no_number = Change::Upsert(worded("PAY", 0, "alpha", "")?);
    let answer = store.commit(0, vec![commit(NOTES.id(), 0, 1, vec![no_number])]).await;
    promise!(matches!(answer, Err(CommitError::Rejected { change: 0, .. })), "number 0 was answered {answer:?}");
    let too_many = Change::Upsert(worded("PAY", 1, "", &"alpha ".repeat(WORDS_BYTES_MAX / 6 + 1))?);
    let answer = store.commit(0, vec![commit(NOTES.id(), 0, 1, vec![too_many])]).await;
    promise!(matches!(answer, Err(CommitError::Rejected { change: 0, .. })), "too many words were answered {answer:?}");
    Ok(())
}

fn key(project: &str, ordinal: i64) -> Key {
    Key::new([Value::from(project), Value::Integer(ordinal)])
}

fn text(project: &str, ordinal: i64) -> Result<Row, Broken> {
    Ok(Row::keyed(&TEXTS, &key(project, ordinal))?)
}

fn worded(project: &str, ordinal: i64, title: &str, body: &str) -> Result<Row, Broken> {
    let row = text(project, ordinal)?.with("title", Value::Words(title.into()))?;
    Ok(row.with("body", Value::Words(body.into()))?)
}

fn seek(project: &str, all: Vec<Term>) -> Select {
    let select = Select::from(&TEXTS, 1000).filter(Condition::Equal("project", Value::from(project)));
    select.seek(Sought { all, none: Vec::new() })
}

async fn find(store: &dyn ViewStore, select: &Select) -> Result<Vec<Row>, Broken> {
    let mut answer = store.query(NOTES.id(), vec![select.clone()]).await?;
    answer.rows.pop().ok_or_else(|| Broken::new("a select was answered by no list"))
}

fn below(numbers: &mut Numbers, bound: i64) -> i64 {
    numbers.below(bound.cast_unsigned()).cast_signed()
}

/// Rows of all projects, written in no order, each of them twice, the second time with other words.
async fn filled<F: Factory>(factory: &F) -> Result<(Arc<F::Store>, Vec<Row>), Broken> {
    let store = store(factory).await?;
    let mut numbers = Numbers(5);
    let mut rows = Vec::new();
    for round in 0..2 {
        rows.clear();
        for project in PROJECTS {
            for ordinal in 1..=ROWS {
                let (title, body) = (any_words(&mut numbers, 3), any_words(&mut numbers, 9));
                rows.push(worded(project, ordinal, &title, &body)?.with("state", numbers.one_of(&STATES))?);
            }
        }
        let mut changes: Vec<_> = rows.iter().cloned().map(Change::Upsert).collect();
        changes.sort_by_cached_key(|_| numbers.below(1 << 40));
        for (at, batch) in (0..).zip(changes.chunks(50)) {
            let from = round * 100 + at;
            store.commit(0, vec![commit(NOTES.id(), from, from + 1, batch.to_vec())]).await?;
        }
        let last = u64::try_from(changes.len().div_ceil(50)).unwrap_or_default() + round * 100;
        store.commit(0, vec![commit(NOTES.id(), last, (round + 1) * 100, Vec::new())]).await?;
    }
    Ok((store, rows))
}

fn any_words(numbers: &mut Numbers, most: u64) -> String {
    let mut words = Vec::new();
    for _ in 0..numbers.below(most + 1) {
        words.push(if numbers.below(6) == 0 { BREAK } else { numbers.one_of(&TOKENS) });
    }
    words.join(" ")
}

fn any_select(numbers: &mut Numbers) -> Select {
    let project = Condition::Equal("project", Value::from(numbers.one_of(&PROJECTS)));
    let mut select = Select::from(&TEXTS, numbers.one_of(&[0, 1, 3, 50, 1000])).filter(project);
    match numbers.below(4) {
        0 => select = select.filter(Condition::Equal("state", Value::from(numbers.one_of(&STATES)))),
        1 => select = select.filter(Condition::AtLeast("ordinal", Value::Integer(below(numbers, ROWS)))),
        2 => select = select.filter(Condition::AtMost("ordinal", Value::Integer(below(numbers, ROWS)))),
        _ => {}
    }
    match numbers.below(3) {
        0 => select = select.order("ordinal", Direction::Asc),
        1 => select = select.order("ordinal", Direction::Desc),
        _ => {}
    }
    if numbers.below(5) == 0 {
        select = select.with_words();
    }
    let all = (0..=numbers.below(2)).map(|_| any_term(numbers)).collect();
    let none = (0..numbers.below(3).saturating_sub(1)).map(|_| any_term(numbers)).collect();
    select.seek(Sought { all, none })
}

fn any_term(numbers: &mut Numbers) -> Term {
    let length = 1 + numbers.below(3).saturating_sub(1);
    let mut tokens: Vec<Arc<str>> = (0..length).map(|_| numbers.one_of(&TOKENS).into()).collect();
    let prefix = numbers.below(3) == 0;
    if let (true, Some(last)) = (prefix, tokens.last_mut()) {
        let end = last.char_indices().nth(3).map_or(last.len(), |(end, _)| end);
        *last = last[..end].into();
    }
    Term { column: numbers.one_of(&[None, None, Some("title"), Some("body")]), tokens, prefix }
}
