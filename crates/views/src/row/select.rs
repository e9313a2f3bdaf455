//! What a query reads.

use serde::{Deserialize, Serialize};

use super::{Row, RowError, Sought, Value, at, check_kind, check_width, misfit};
use crate::table::{Column, Direction, Kind, Table};

/// Rows of one table, filtered, in a total order, a page at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select {
    /// Of which table.
    pub table: &'static Table,
    /// All of them hold.
    pub filter: Vec<Condition>,
    /// The order asked for; see [`Select::total_order`].
    pub order: Vec<(&'static str, Direction)>,
    /// Only rows that come later in the order than this one did.
    pub after: Option<Cursor>,
    /// At most so many rows.
    pub limit: u32,
    /// Only rows that have these words. The filter then names one value of the key's first column, and the order is that of
    /// the key, in either direction: a store reads them from its index in that order, and no further than it must.
    pub sought: Option<Sought>,
    /// True: columns of words come with the rows; else they are empty, which spares reading them.
    pub words: bool,
}

/// What must hold of a column. Null is unequal to everything and neither less nor greater: only [`Condition::IsNull`] finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The value is this one.
    Equal(&'static str, Value),
    /// The value is one of these; of none, nothing is found.
    In(&'static str, Vec<Value>),
    /// It comes before this one.
    Less(&'static str, Value),
    /// It comes before this one, or is it.
    AtMost(&'static str, Value),
    /// It comes after this one.
    Greater(&'static str, Value),
    /// It comes after this one, or is it.
    AtLeast(&'static str, Value),
    /// There is none.
    IsNull(&'static str),
    /// There is one.
    NotNull(&'static str),
}

/// Where a page ended: the last row's values of the total order's columns. Serialisable, for page tokens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cursor(pub Vec<Value>);

impl Select {
    /// All rows, by key, at most `limit`.
    pub fn from(table: &'static Table, limit: u32) -> Self {
        Self { table, filter: Vec::new(), order: Vec::new(), after: None, limit, sought: None, words: false }
    }

    /// With one more condition.
    #[must_use]
    pub fn filter(mut self, condition: Condition) -> Self {
        self.filter.push(condition);
        self
    }

    /// Ordered by one more column.
    #[must_use]
    pub fn order(mut self, column: &'static str, direction: Direction) -> Self {
        self.order.push((column, direction));
        self
    }

    /// From where a page ended; `None`: from the start.
    #[must_use]
    pub fn after(mut self, cursor: Option<Cursor>) -> Self {
        self.after = cursor;
        self
    }

    /// Only rows with these words.
    #[must_use]
    pub fn seek(mut self, sought: Sought) -> Self {
        self.sought = Some(sought);
        self
    }

    /// With what is in columns of words.
    #[must_use]
    pub fn with_words(mut self) -> Self {
        self.words = true;
        self
    }

    /// The order asked for, completed by the key's columns in the direction of its last column (ascending if there is none),
    /// so that no two rows are equal in it.
    pub fn total_order(&self) -> Vec<(&'static str, Direction)> {
        let last = self.order.last().map_or(Direction::Asc, |(_, direction)| *direction);
        let mut order: Vec<(&'static str, Direction)> = Vec::with_capacity(self.order.len() + self.table.key.len());
        let keys = self.table.key.iter().map(|column| (*column, last));
        for (column, direction) in self.order.iter().copied().chain(keys) {
            if order.iter().all(|(before, _)| *before != column) {
                order.push((column, direction));
            }
        }
        order
    }

    /// Where a page ends that ends with this row.
    pub fn cursor(&self, row: &Row) -> Result<Cursor, RowError> {
        let order = self.total_order();
        order.iter().map(|(column, _)| row.value(column).cloned()).collect::<Result<_, _>>().map(Cursor)
    }

    /// Does it fit its table? A cursor comes from outside, so a store checks this of every select.
    pub fn check(&self) -> Result<(), RowError> {
        for condition in &self.filter {
            condition.check(self.table)?;
        }
        for (column, _) in &self.order {
            comparable(self.table, column)?;
        }
        if let Some(sought) = &self.sought {
            sought.check(self.table)?;
            self.check_seeking()?;
        }
        if let Some(Cursor(values)) = &self.after {
            let order = self.total_order();
            check_width(self.table, order.len(), values.len())?;
            for ((column, _), value) in order.iter().zip(values) {
                check_kind(self.table, comparable(self.table, column)?, value)?;
            }
        }
        Ok(())
    }

    fn check_seeking(&self) -> Result<(), RowError> {
        let wrong = |reason: &str| RowError::Sought { table: self.table.name, reason: reason.to_owned() };
        let key = self.table.key;
        let within =
            |condition: &Condition| matches!(condition, Condition::Equal(column, _) if Some(column) == key.first());
        if !self.filter.iter().any(within) {
            return Err(wrong("words are sought within one value of the key's first column"));
        }
        let number = |(column, _): &(&'static str, Direction)| Some(column) == key.last();
        if !(self.order.is_empty() || self.order.len() == 1 && self.order.iter().all(number)) {
            return Err(wrong("what is found by words comes in the order of the key"));
        }
        Ok(())
    }
}

impl Condition {
    /// The column it is about.
    pub fn column(&self) -> &'static str {
        match self {
            Self::Equal(column, _)
            | Self::In(column, _)
            | Self::Less(column, _)
            | Self::AtMost(column, _)
            | Self::Greater(column, _)
            | Self::AtLeast(column, _)
            | Self::IsNull(column)
            | Self::NotNull(column) => column,
        }
    }

    /// The values it compares with.
    pub fn values(&self) -> &[Value] {
        match self {
            Self::Equal(_, value)
            | Self::Less(_, value)
            | Self::AtMost(_, value)
            | Self::Greater(_, value)
            | Self::AtLeast(_, value) => std::slice::from_ref(value),
            Self::In(_, values) => values,
            Self::IsNull(_) | Self::NotNull(_) => &[],
        }
    }

    /// Does it hold of this value of its column?
    pub fn holds(&self, found: &Value) -> bool {
        match self {
            Self::IsNull(_) => found.is_null(),
            _ if found.is_null() => false,
            Self::NotNull(_) => true,
            Self::Equal(_, value) => found == value,
            Self::In(_, values) => values.contains(found),
            Self::Less(_, value) => found < value,
            Self::AtMost(_, value) => found <= value,
            Self::Greater(_, value) => found > value,
            Self::AtLeast(_, value) => found >= value,
        }
    }

    fn check(&self, table: &'static Table) -> Result<(), RowError> {
        if matches!(self, Self::IsNull(_) | Self::NotNull(_)) {
            return at(table, self.column()).map(drop);
        }
        let column = comparable(table, self.column())?;
        // To compare with null finds nothing in SQL and is a mistake of the caller's: there is a condition for it.
        let misfits = self.values().iter().find(|value| value.kind() != Some(column.kind));
        misfits.map_or(Ok(()), |value| Err(misfit(table, column, &column.kind.to_string(), value)))
    }
}

fn comparable(table: &'static Table, column: &str) -> Result<&'static Column, RowError> {
    let column = &table.columns[at(table, column)?];
    if matches!(column.kind, Kind::Json | Kind::Words) {
        return Err(RowError::Kind {
            table: table.name,
            column: column.name,
            wanted: "a column that can be compared".to_owned(),
            found: column.kind.to_string(),
        });
    }
    Ok(column)
}
