//! What cases begin with: a view of cards and counts, a fold that is too simple to be wrong, and numbers from a seed.

use std::collections::BTreeMap;
use std::sync::Arc;

use views::row::{Change, Key, Row, Select, Value};
use views::table::{Column, Direction::Asc, Direction::Desc, Index, Schema, Table, ViewId};

use super::{Broken, Factory};
use crate::commit::{CommitError, ViewCommit};
use crate::store::{Checkpoint, PartitionId, ViewStore};

/// Every kind of column, null or not, and an index that is passed in both directions.
pub(super) static CARDS: Table = Table {
    name: "cards",
    comment: "One row an issue.",
    columns: &[
        Column::text("project", "Its project."),
        Column::integer("ordinal", "Its number in the project."),
        Column::text("state", "Where it stands."),
        Column::integer("severity", "1 is the worst.").nullable(),
        Column::timestamp("filed_at", "When it was filed."),
        Column::timestamp("closed_at", "When it was closed, if it was.").nullable(),
        Column::text("assignee", "Who works on it.").nullable(),
        Column::bool("on_top", "Before all others."),
        Column::json("tags", "A list of texts.").nullable(),
        Column::integer("changed_at", "Position of the last event."),
    ],
    key: &["project", "ordinal"],
    indexes: &[
        Index { columns: &[("project", Asc), ("state", Asc), ("filed_at", Desc)] },
        Index { columns: &[("severity", Asc), ("on_top", Desc)] },
        Index { columns: &[("closed_at", Desc)] },
    ],
};

/// Counters: cards by state.
pub(super) static COUNTS: Table = Table {
    name: "counts",
    comment: "Issues by state.",
    columns: &[
        Column::text("project", "Their project."),
        Column::text("state", "Where they stand."),
        Column::integer("open", "How many are there."),
        Column::integer("severity_sum", "Their severities, added up; unlike a count it can pass zero."),
    ],
    key: &["project", "state"],
    indexes: &[],
};

/// Nothing but a key.
pub(super) static SEEN: Table = Table {
    name: "seen",
    comment: "Which states an issue has been in.",
    columns: &[Column::integer("ordinal", "Its number."), Column::text("state", "A state.")],
    key: &["ordinal", "state"],
    indexes: &[],
};

/// No column outside the key and the index.
pub(super) static LABELS: Table = Table {
    name: "labels",
    comment: "One row an issue.",
    columns: &[Column::integer("ordinal", "Its number."), Column::text("label", "What it is called.").nullable()],
    key: &["ordinal"],
    indexes: &[Index { columns: &[("label", Asc)] }],
};

/// Words, of several columns.
pub(super) static TEXTS: Table = Table {
    name: "texts",
    comment: "One row an issue.",
    columns: &[
        Column::text("project", "Its project."),
        Column::words("title", "Of one line."),
        Column::integer("ordinal", "Its number in the project."),
        Column::text("state", "Where it stands."),
        Column::words("body", "Of all else."),
    ],
    key: &["project", "ordinal"],
    indexes: &[],
};

pub(super) static BOARD: Schema = Schema { name: "board", version: 1, tables: &[&CARDS, &COUNTS, &SEEN] };
pub(super) static BOARD_2: Schema = Schema { version: 2, ..BOARD };
pub(super) static NOTES: Schema = Schema { name: "notes", version: 1, tables: &[&SEEN, &LABELS, &TEXTS] };
pub(super) static NOTES_2: Schema = Schema { version: 2, ..NOTES };

pub(super) const STATES: [&str; 4] = ["accepted", "closed", "new", "resolved"];

/// A new store in which all the views are prepared.
pub(super) async fn store<F: Factory>(factory: &F) -> Result<Arc<F::Store>, Broken> {
    let store = factory.create().await?;
    store.prepare(&[&BOARD, &BOARD_2, &NOTES]).await?;
    Ok(store)
}

/// A checkpoint; its leaf is made of the position.
pub(super) fn at(position: u64) -> Checkpoint {
    let mut leaf = [0xA5; 32];
    leaf[..8].copy_from_slice(&position.to_be_bytes());
    Checkpoint { position, leaf }
}

/// A commit from one position to another; 0: from nothing.
pub(super) fn commit(view: ViewId, from: u64, to: u64, changes: Vec<Change>) -> ViewCommit {
    ViewCommit { changes, ..ViewCommit::new(view, (from > 0).then(|| at(from)), at(to)) }
}

/// Whose commit was too late?
pub(super) fn moved(result: &Result<(), CommitError>) -> Option<(ViewId, PartitionId, Option<Checkpoint>)> {
    match result {
        Err(CommitError::Moved { view, partition, actual }) => Some((*view, *partition, *actual)),
        _ => None,
    }
}

pub(super) fn key(ordinal: i64) -> Key {
    Key::new([Value::from("PAY"), Value::Integer(ordinal)])
}

pub(super) fn card(ordinal: i64, state: &str) -> Result<Row, Broken> {
    Ok(Row::keyed(&CARDS, &key(ordinal))?.with("state", state)?)
}

pub(super) fn seen(ordinal: i64, state: &str) -> Result<Row, Broken> {
    Ok(Row::new(&SEEN, vec![Value::Integer(ordinal), Value::from(state)])?)
}

pub(super) fn count(state: &str, open: i64, severity_sum: i64) -> Change {
    count_of("PAY", state, open, severity_sum)
}

pub(super) fn count_of(project: &str, state: &str, open: i64, severity_sum: i64) -> Change {
    let key = Key::new([Value::from(project), Value::from(state)]);
    Change::Add { table: &COUNTS, key, deltas: vec![("open", open), ("severity_sum", severity_sum)] }
}

/// An event: the issue is in this state, with this severity.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moved {
    pub(super) ordinal: i64,
    pub(super) state: &'static str,
    pub(super) severity: i64,
}

/// Events of many issues, some of which come back to where they were.
pub(super) fn story(length: usize) -> Vec<Moved> {
    let mut numbers = Numbers(length as u64);
    let each = |_| Moved {
        ordinal: numbers.below(12).cast_signed(),
        state: numbers.one_of(&STATES),
        severity: numbers.below(3).cast_signed() - 1,
    };
    (0..length).map(each).collect()
}

/// Folds the events that follow the position as a runner does: load, fold in memory, all changes in one commit.
pub(super) async fn fold(
    store: &dyn ViewStore,
    view: ViewId,
    from: u64,
    events: &[Moved],
) -> Result<ViewCommit, Broken> {
    let mut keys: Vec<_> = events.iter().map(|event| key(event.ordinal)).collect();
    keys.sort_unstable();
    keys.dedup();
    let loaded = store.load(view, &CARDS, keys.clone()).await?;
    let mut cards: BTreeMap<Key, Option<Row>> = keys.into_iter().zip(loaded).collect();
    let mut changes = Vec::new();
    let mut position = from;
    for event in events {
        position += 1;
        let before = cards.get(&key(event.ordinal)).cloned().flatten();
        if let Some(before) = &before {
            changes.push(count(before.get("state")?, -1, -before.get::<Option<i64>>("severity")?.unwrap_or(0)));
        }
        changes.push(count(event.state, 1, event.severity));
        changes.push(Change::Upsert(seen(event.ordinal, event.state)?));
        let card = before.map_or_else(|| Row::keyed(&CARDS, &key(event.ordinal)), Ok)?;
        let card = card.with("state", event.state)?.with("severity", event.severity)?.with("changed_at", position)?;
        cards.insert(key(event.ordinal), Some(card));
    }
    changes.extend(cards.into_values().flatten().map(Change::Upsert));
    Ok(commit(view, from, position, changes))
}

/// All that the view holds: the rows of each table by key, and its checkpoints.
pub(super) async fn dump(store: &dyn ViewStore, schema: &Schema) -> Result<String, Broken> {
    let everything = schema.tables.iter().map(|table| Select::from(table, u32::MAX).with_words()).collect();
    let answer = store.query(schema.id(), everything).await?;
    Ok(format!("{:?} {:?} {:?}", answer.rows, answer.checkpoints, answer.parked))
}

/// Numbers that look random and are the same every time (splitmix64).
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub(super) fn one_of<T: Copy>(&mut self, some: &[T]) -> T {
        let at = self.below(some.len() as u64);
        some[usize::try_from(at).unwrap_or(0)]
    }
}
