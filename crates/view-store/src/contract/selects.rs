//! Selects: what they find is what one would find in a list, page by page.

use std::sync::Arc;

use views::row::{Change, Condition, Cursor, Row, Select, Value};
use views::table::{Direction, Kind, TIMESTAMP_MIN};

use super::given::{BOARD, CARDS, Numbers, STATES, card, commit, store};
use super::{Broken, Factory, Outcome, model, promise, promise_eq};
use crate::store::{StoreError, ViewStore};

const ROWS: u64 = 150;
const SELECTS: usize = 250;

/// The odd values of each kind come back as they were written.
pub(super) async fn values_come_back_as_they_were<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let texts = ["", "'", "\"; --", "%_", "naïve ☃ 🐚", "a\0b", "\u{feff}", "1", "1.0", "null"];
    let numbers = [0, 1, -1, i64::MAX, i64::MIN, 1 << 53];
    let mut rows = Vec::new();
    for (ordinal, text) in (0..).zip(texts.iter().cycle().take(20)) {
        let number = numbers[usize::try_from(ordinal).unwrap_or(0) % numbers.len()];
        let row = card(ordinal, text)?.with("severity", number)?.with("changed_at", number)?;
        let row = row.with("assignee", (ordinal % 3 > 0).then_some(*text))?.with("on_top", ordinal % 2 == 0)?;
        let row = row.with("tags", Value::json(&[text]).unwrap_or(Value::Null))?;
        rows.push(row.with("filed_at", Value::Timestamp(number.max(TIMESTAMP_MIN)))?.with("closed_at", Value::Null)?);
    }
    let changes = rows.iter().cloned().map(Change::Upsert).collect();
    store.commit(0, vec![commit(BOARD.id(), 0, 1, changes)]).await?;
    let keys = rows.iter().map(Row::key).collect();
    let loaded = store.load(BOARD.id(), &CARDS, keys).await?;
    promise_eq!(loaded, rows.iter().cloned().map(Some).collect::<Vec<_>>(), "rows by their keys");
    for text in texts {
        let select = Select::from(&CARDS, 100).filter(Condition::Equal("state", Value::from(text)));
        promise_eq!(find(&*store, &select).await?, model::select(&rows, &select)?, "rows in state {text:?}");
    }
    Ok(())
}

/// Conditions, orders, cursors and limits as they come, over columns that are null in a third of the rows.
pub(super) async fn find_what_a_list_would<F: Factory>(factory: &F) -> Outcome {
    let (store, rows) = filled(factory).await?;
    let mut numbers = Numbers(7);
    for _ in 0..SELECTS {
        let mut select = any_select(&mut numbers, &rows);
        let row = &rows[usize::try_from(numbers.below(ROWS)).unwrap_or(0)];
        if numbers.below(2) == 0 {
            select.after = Some(select.cursor(row)?);
        }
        promise_eq!(find(&*store, &select).await?, model::select(&rows, &select)?, "{select:?}");
    }
    Ok(())
}

/// Pages of any size, each begun where the one before ended, are together what is found at once.
pub(super) async fn pages_join<F: Factory>(factory: &F) -> Outcome {
    let (store, rows) = filled(factory).await?;
    let mut numbers = Numbers(11);
    for _ in 0..SELECTS / 5 {
        let mut select = any_select(&mut numbers, &rows);
        select.limit = u32::MAX;
        let whole = find(&*store, &select).await?;
        let size = numbers.one_of(&[1, 2, 5, 40]);
        let mut joined: Vec<Row> = Vec::new();
        loop {
            let cursor = joined.last().map(|last| select.cursor(last)).transpose()?;
            let page = find(&*store, &Select { limit: size, ..select.clone().after(cursor) }).await?;
            let full = page.len() == size as usize;
            joined.extend(page);
            promise!(joined.len() <= whole.len(), "pages of {size} repeat rows of {select:?}");
            if !full {
                break;
            }
        }
        promise_eq!(joined, whole, "pages of {size} of {select:?}");
    }
    Ok(())
}

/// A cursor comes from outside: one that doesn't fit its select is an error, not an empty page.
pub(super) async fn a_wrong_cursor_is_refused<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let by_state = Select::from(&CARDS, 10).order("state", Direction::Asc);
    let too_short = by_state.clone().after(Some(Cursor(vec![Value::from("new")])));
    let wrong_kind = by_state.after(Some(Cursor(vec![Value::Integer(1), Value::from("PAY"), Value::Integer(1)])));
    let no_column = Select::from(&CARDS, 10).order("nobody", Direction::Asc);
    let with_null = Select::from(&CARDS, 10).filter(Condition::Equal("assignee", Value::Null));
    for wrong in [too_short, wrong_kind, no_column, with_null] {
        let answer = store.query(BOARD.id(), vec![wrong]).await;
        promise!(matches!(answer, Err(StoreError::Invalid { .. })), "a wrong select was answered {answer:?}");
    }
    Ok(())
}

async fn find(store: &dyn ViewStore, select: &Select) -> Result<Vec<Row>, Broken> {
    let mut answer = store.query(BOARD.id(), vec![select.clone()]).await?;
    answer.rows.pop().ok_or_else(|| Broken::new("a select was answered by no list"))
}

async fn filled<F: Factory>(factory: &F) -> Result<(Arc<F::Store>, Vec<Row>), Broken> {
    let store = store(factory).await?;
    let mut numbers = Numbers(3);
    let mut rows = Vec::new();
    for ordinal in 0..ROWS {
        let mut row = card(ordinal.cast_signed(), numbers.one_of(&STATES))?.with("on_top", numbers.below(4) == 0)?;
        row.set("severity", (numbers.below(3) > 0).then(|| numbers.below(3).cast_signed()))?;
        row.set("assignee", (numbers.below(3) > 0).then(|| numbers.one_of(&["ada", "grace"])))?;
        row.set("filed_at", Value::Timestamp(numbers.below(20).cast_signed()))?;
        if numbers.below(3) > 0 {
            row.set("closed_at", Value::Timestamp(numbers.below(9).cast_signed()))?;
        }
        rows.push(row);
    }
    // Written twice, so that indexes have been changed as well as filled.
    for (from, shift) in [(0, 1), (1, 0)] {
        let mut changes = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let other = rows[(at + shift * 7) % rows.len()].clone();
            let key = row.with_key_of(other)?;
            changes.push(Change::Upsert(key));
        }
        store.commit(0, vec![commit(BOARD.id(), from, from + 1, changes)]).await?;
    }
    Ok((store, rows))
}

/// A row that takes another's values under its own key.
trait WithKeyOf {
    fn with_key_of(&self, other: Row) -> Result<Row, Broken>;
}

impl WithKeyOf for Row {
    fn with_key_of(&self, other: Row) -> Result<Row, Broken> {
        let project = self.value("project")?.clone();
        let ordinal = self.value("ordinal")?.clone();
        Ok(other.with("project", project)?.with("ordinal", ordinal)?)
    }
}

fn any_select(numbers: &mut Numbers, rows: &[Row]) -> Select {
    let columns: Vec<_> = CARDS.columns.iter().filter(|column| column.kind != Kind::Json).collect();
    let limit = numbers.one_of(&[0, 1, 3, 50, 1000]);
    let mut select = Select::from(&CARDS, limit);
    for _ in 0..numbers.below(3) {
        let column = numbers.one_of(&columns).name;
        let mut value = || -> Option<Value> {
            let row = &rows[usize::try_from(numbers.below(ROWS)).unwrap_or(0)];
            row.value(column).ok().filter(|value| !value.is_null()).cloned()
        };
        let some: Vec<Value> = (0..3).filter_map(|_| value()).collect();
        let none = Condition::IsNull(column);
        let one = |make: fn(&'static str, Value) -> Condition| {
            some.first().map_or(none.clone(), |it| make(column, it.clone()))
        };
        let condition = match numbers.below(8) {
            0 => one(Condition::Equal),
            1 => one(Condition::Less),
            2 => one(Condition::AtMost),
            3 => one(Condition::Greater),
            4 => one(Condition::AtLeast),
            5 => Condition::In(column, some),
            6 => Condition::NotNull(column),
            _ => none,
        };
        select = select.filter(condition);
    }
    for _ in 0..numbers.below(4) {
        let direction = numbers.one_of(&[Direction::Asc, Direction::Desc]);
        select = select.order(numbers.one_of(&columns).name, direction);
    }
    select
}
