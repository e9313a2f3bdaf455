//! A select answered from a plain list, in the plainest way: what stores are compared with. It knows nothing of ranges.

use std::cmp::Ordering;

use views::row::{BREAK, Condition, Row, Select, Sought, Term, Value};
use views::table::{Column, Direction};

use super::Broken;

/// The rows that the select finds in the list.
pub(super) fn select(rows: &[Row], select: &Select) -> Result<Vec<Row>, Broken> {
    let order = select.total_order();
    let mut found = Vec::new();
    'rows: for row in rows {
        for condition in &select.filter {
            if !holds(condition, row.value(condition.column())?) {
                continue 'rows;
            }
        }
        if select.sought.as_ref().is_some_and(|sought| !has(row, sought)) {
            continue;
        }
        let mut place = Vec::with_capacity(order.len());
        for (column, _) in &order {
            place.push(row.value(column)?.clone());
        }
        found.push((place, row.clone()));
    }
    let later = |one: &[Value], other: &[Value]| {
        let columns = order.iter().zip(one.iter().zip(other));
        let mut each = columns.map(|((_, direction), (one, other))| match direction {
            Direction::Asc => one.cmp(other),
            Direction::Desc => other.cmp(one),
        });
        each.find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
    };
    if let Some(cursor) = &select.after {
        found.retain(|(place, _)| later(place, &cursor.0).is_gt());
    }
    found.sort_by(|(one, _), (other, _)| later(one, other));
    let shown = |row: Row| if select.words { row } else { row.without_words() };
    Ok(found.into_iter().map(|(_, row)| shown(row)).take(select.limit as usize).collect())
}

/// Each phrase is looked for in the text between two breaks, a character after the other.
fn has(row: &Row, sought: &Sought) -> bool {
    let occurs = |term: &Term| {
        let phrase = term.tokens.join(" ");
        let end = if term.prefix { "" } else { " " };
        let phrase = format!(" {phrase}{end}");
        let in_column = |(column, value): (&Column, &Value)| match value {
            Value::Words(words) if term.column.is_none_or(|only| only == column.name) => {
                words.split(BREAK).any(|piece| format!(" {} ", piece.trim()).contains(&phrase))
            }
            _ => false,
        };
        row.table().columns.iter().zip(row.values()).any(in_column)
    };
    sought.all.iter().all(occurs) && !sought.none.iter().any(occurs)
}

fn holds(condition: &Condition, found: &Value) -> bool {
    if let Condition::IsNull(_) = condition {
        return *found == Value::Null;
    }
    *found != Value::Null
        && match condition {
            Condition::Equal(_, value) => found == value,
            Condition::In(_, values) => values.iter().any(|value| value == found),
            Condition::Less(_, value) => found < value,
            Condition::AtMost(_, value) => found <= value,
            Condition::Greater(_, value) => found > value,
            Condition::AtLeast(_, value) => found >= value,
            Condition::IsNull(_) | Condition::NotNull(_) => true,
        }
}
