//! How a page of a select is read: as a few ranges, each of which an index can serve.
//!
//! After a cursor (a, b) in the order a ascending, b descending come first the rows with this a and a smaller b, then the rows
//! with a greater a. As one condition joined by `OR` no database uses an index for it once directions are mixed or nulls
//! occur; as two selects, one after the other until the limit is reached, each is a plain range.

use views::row::{Condition, Cursor, Select, Value};
use views::table::Direction;

/// Rows that fulfil all the conditions, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// All of them hold.
    pub filter: Vec<Condition>,
    /// A total order of the rows that fulfil the filter: columns of which the filter allows one value only are left out.
    pub order: Vec<(&'static str, Direction)>,
}

/// The ranges that together, one after the other, are the select's rows from its cursor on. The select has been checked.
pub fn ranges(select: &Select) -> Vec<Range> {
    let total = select.total_order();
    let Some(Cursor(values)) = &select.after else {
        return vec![range(select.filter.clone(), &total)];
    };
    let mut ranges = Vec::new();
    for shared in (0..total.len()).rev() {
        let (column, direction) = total[shared];
        for later in later(select, column, direction, &values[shared]) {
            let same = total[..shared].iter().zip(values).map(|((column, _), value)| same(column, value));
            let filter = select.filter.iter().cloned().chain(same).chain([later]).collect();
            ranges.push(range(filter, &total));
        }
    }
    ranges
}

fn range(filter: Vec<Condition>, total: &[(&'static str, Direction)]) -> Range {
    let free = total.iter().filter(|(column, _)| !filter.iter().any(|condition| fixes(condition, column)));
    Range { order: free.copied().collect(), filter }
}

fn fixes(condition: &Condition, column: &str) -> bool {
    matches!(condition, Condition::Equal(of, _) | Condition::IsNull(of) if *of == column)
}

fn same(column: &'static str, value: &Value) -> Condition {
    if value.is_null() { Condition::IsNull(column) } else { Condition::Equal(column, value.clone()) }
}

/// What holds of the column's later values, in the order in which they come. Null is before everything.
fn later(select: &Select, column: &'static str, direction: Direction, value: &Value) -> Vec<Condition> {
    if select.filter.contains(&same(column, value)) {
        return Vec::new();
    }
    let nullable = select.table.columns.iter().any(|each| each.name == column && each.nullable);
    match (direction, value.is_null()) {
        (Direction::Asc, true) => vec![Condition::NotNull(column)],
        (Direction::Asc, false) => vec![Condition::Greater(column, value.clone())],
        (Direction::Desc, true) => Vec::new(),
        (Direction::Desc, false) if nullable => {
            vec![Condition::Less(column, value.clone()), Condition::IsNull(column)]
        }
        (Direction::Desc, false) => vec![Condition::Less(column, value.clone())],
    }
}
