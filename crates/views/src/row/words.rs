//! Full text: what is sought in a table's columns of words.
//!
//! A column of words holds tokens: lower-case letters and digits, separated by a space, with [`BREAK`] between those that are no
//! neighbours. A store indexes them as they are; making tokens of texts is not its business.

use std::sync::Arc;

use super::{Row, RowError, Value};
use crate::table::{Kind, Table};

/// Stands between two tokens that are no neighbours, so that no phrase reaches across. A character that is in no text's tokens.
pub const BREAK: &str = "\u{E000}";

/// Most bytes of a row's words, of all its columns together: what PostgreSQL's `tsvector` can hold, with room to spare.
pub const WORDS_BYTES_MAX: usize = 512 * 1024;

/// The largest number in the key of a row with words.
pub const NUMBER_MAX: i64 = (1 << 40) - 1;

/// Words that a row must have, and words that it must not have.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sought {
    /// All of them occur. At least one.
    pub all: Vec<Term>,
    /// None of them occurs.
    pub none: Vec<Term>,
}

/// A word, or words that follow one another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Term {
    /// In which column of words; `None`: in any of them.
    pub column: Option<&'static str>,
    /// Neighbours in this order. At least one.
    pub tokens: Vec<Arc<str>>,
    /// True: the last one only has to begin so.
    pub prefix: bool,
}

/// Can the row's words be indexed?
pub(super) fn check_row(row: &Row) -> Result<(), RowError> {
    let table = row.table();
    if table.words().next().is_none() {
        return Ok(());
    }
    let wrong = |reason: String| Err(RowError::Sought { table: table.name, reason });
    let bytes = |value: &Value| if let Value::Words(words) = value { words.len() } else { 0 };
    let bytes: usize = row.values().iter().map(bytes).sum();
    if bytes > WORDS_BYTES_MAX {
        return wrong(format!("{bytes} bytes of words are more than {WORDS_BYTES_MAX}"));
    }
    match row.key().values() {
        [_, Value::Integer(1..=NUMBER_MAX)] => Ok(()),
        _ => wrong(format!("a row with words has a number from 1 to {NUMBER_MAX}")),
    }
}

impl Sought {
    /// Does the row have all of these words, and none of those?
    pub fn holds(&self, row: &Row) -> bool {
        self.all.iter().all(|term| term.occurs(row)) && !self.none.iter().any(|term| term.occurs(row))
    }

    /// Does it fit the table? Tokens come from outside.
    pub(super) fn check(&self, table: &'static Table) -> Result<(), RowError> {
        let wrong = |reason: &str| RowError::Sought { table: table.name, reason: reason.to_owned() };
        if table.words().next().is_none() {
            return Err(wrong("it has no words"));
        }
        if self.all.is_empty() {
            return Err(wrong("at least one word must occur"));
        }
        for term in self.all.iter().chain(&self.none) {
            if term.tokens.is_empty() {
                return Err(wrong("a term has no token"));
            }
            let token = |token: &Arc<str>| !token.is_empty() && token.chars().all(char::is_alphanumeric);
            if let Some(other) = term.tokens.iter().find(|each| !token(each)) {
                return Err(wrong(&format!("{other:?} is no token")));
            }
            if let Some(column) = term.column.filter(|name| table.words().all(|column| column.name != *name)) {
                return Err(wrong(&format!("{column} is no column of words")));
            }
        }
        Ok(())
    }
}

impl Term {
    /// The word itself, anywhere.
    pub fn word(token: impl Into<Arc<str>>) -> Self {
        Self { column: None, tokens: vec![token.into()], prefix: false }
    }

    fn occurs(&self, row: &Row) -> bool {
        let columns = row.table().columns.iter().zip(row.values());
        let sought = |name: &str| self.column.is_none_or(|column| column == name);
        columns.filter(|(column, _)| column.kind == Kind::Words && sought(column.name)).any(|(_, value)| match value {
            Value::Words(words) => self.occurs_in(words),
            _ => false,
        })
    }

    fn occurs_in(&self, words: &str) -> bool {
        let tokens: Vec<_> = words.split_whitespace().collect();
        let last = self.tokens.len().saturating_sub(1);
        let is = |(at, sought): (usize, &Arc<str>), found: &str| {
            if self.prefix && at == last { found.starts_with(&**sought) } else { **sought == *found }
        };
        let matches =
            |found: &[&str]| self.tokens.iter().enumerate().zip(found).all(|(sought, found)| is(sought, found));
        tokens.windows(self.tokens.len()).any(matches)
    }
}
