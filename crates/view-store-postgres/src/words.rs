//! Words: what is sought among them, as SQL.
//!
//! A generated column holds a row's tokens as a `tsvector` without places, each behind a mark of the row's scope (the key's first column);
//! a GIN index of it finds the rows of a scope that have all of some tokens, whatever there is outside of it. That tokens follow one
//! another, or stand in the column asked for, is compared in the words themselves: `tsvector` keeps no more than 256 places of a token, and
//! counts to 16,383. Tokens come as they are, nothing is stemmed or left out: so the answers are those of the other stores.
//!
//! Whether the newest rows are read one by one until there are enough that have the words, or all that the index has of them, is left to
//! PostgreSQL: it knows how common a token is in the scope.

use views::row::{BREAK, Condition, Sought, Term, Value, WORDS_BYTES_MAX};
use views::table::{Kind, Table};

use crate::ddl::{literal, quoted};
use crate::select::Parameter;
use crate::value::One;

/// The generated column.
const TOKENS: &str = "snaglog_tokens";
/// So many bytes mark a scope. Two scopes may have one mark: rows are compared with their scope as well.
const MARK_BYTES: usize = 4;
/// What stands for the mark in a query's text. No token has it.
const MARK: &str = "@";
/// A `tsvector` holds less than a mebibyte. The worst words, tokens of three bytes and a blank each, are so much with their marks.
const _: () = assert!(WORDS_BYTES_MAX / 4 * (3 + MARK_BYTES) < 1 << 20);

fn mark(scope: &str) -> String {
    format!("left(md5({scope}), {MARK_BYTES})")
}

/// What stands after the columns of a table with words.
pub(crate) fn column(table: &Table) -> Option<String> {
    let words: Vec<_> = table.words().map(|column| quoted(column.name)).collect();
    let all = (!words.is_empty()).then(|| words.join(" || ' ' || "))?;
    let mark = mark(&quoted(table.key[0]));
    let marked = format!("string_to_array({mark} || replace({all}, ' ', ' ' || {mark}), ' ')");
    let tokens = format!("array_remove(array_remove({marked}, {mark}), {mark} || '{BREAK}')");
    Some(format!("{TOKENS} tsvector GENERATED ALWAYS AS (array_to_tsvector({tokens})) STORED"))
}

/// The index of the tokens.
pub(crate) fn index(table: &Table, name: &str) -> Option<String> {
    table.words().next().map(|_| format!("CREATE INDEX ON {name} USING gin ({TOKENS});\n"))
}

/// What describes the column to who reads it directly.
pub(crate) fn comment(table: &Table, name: &str) -> Option<String> {
    let what = literal("The row's tokens, each behind a mark of what it is sought within: what searches go by.");
    table.words().next().map(|_| format!("COMMENT ON COLUMN {name}.{TOKENS} IS {what};\n"))
}

/// All of these hold of a row that has what is sought. A select that seeks names its scope, which the store has checked.
pub(crate) fn conditions<'s>(
    table: &Table,
    sought: &Sought,
    filter: &'s [Condition],
    parameters: &mut Vec<Parameter<'s>>,
) -> Vec<String> {
    let mut conditions = Vec::new();
    let scope = filter.iter().find_map(|condition| match condition {
        Condition::Equal(column, value @ Value::Text(_)) if *column == table.key[0] => Some(value),
        _ => None,
    });
    if let Some(value) = scope {
        parameters.push(Parameter::One(One { kind: Kind::Text, value }));
        let mark = mark(&format!("${}", parameters.len()));
        parameters.push(Parameter::Text(query(sought)));
        conditions.push(format!("{TOKENS} @@ CAST(replace(${}, '{MARK}', {mark}) AS tsquery)", parameters.len()));
    }
    for term in sought.all.iter().filter(|term| scope.is_none() || !is_word(term)) {
        conditions.push(occurs(table, term, parameters));
    }
    for term in sought.none.iter().filter(|term| scope.is_none() || !is_word(term)) {
        conditions.push(format!("NOT {}", occurs(table, term, parameters)));
    }
    conditions
}

/// The tokens that a row must have, and those that it must not have, as the index is asked.
fn query(sought: &Sought) -> String {
    let all = sought.all.iter().flat_map(|term| {
        let last = term.tokens.len() - 1;
        term.tokens.iter().enumerate().map(move |(at, token)| lexeme(token, term.prefix && at == last))
    });
    let none = sought.none.iter().filter(|term| is_word(term));
    let none = none.flat_map(|term| term.tokens.iter().map(|token| format!("!{}", lexeme(token, term.prefix))));
    all.chain(none).collect::<Vec<_>>().join(" & ")
}

/// Is it found by its token alone?
fn is_word(term: &Term) -> bool {
    term.column.is_none() && term.tokens.len() == 1
}

/// Tokens are letters and digits: nothing in them is a sign of `tsquery`, or of `LIKE`.
fn lexeme(token: &str, prefix: bool) -> String {
    format!("'{MARK}{token}'{}", if prefix { ":*" } else { "" })
}

/// Looks for the tokens where they stand, between blanks.
fn occurs(table: &Table, term: &Term, parameters: &mut Vec<Parameter<'_>>) -> String {
    let end = if term.prefix { "" } else { " " };
    parameters.push(Parameter::Text(format!("% {}{end}%", term.tokens.join(" "))));
    let columns = table.words().filter(|column| term.column.is_none_or(|only| only == column.name));
    let each = columns.map(|column| format!("' ' || {} || ' ' LIKE ${}", quoted(column.name), parameters.len()));
    format!("({})", each.collect::<Vec<_>>().join(" OR "))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::plans::TEXTS;

    fn term(column: Option<&'static str>, tokens: &[&str], prefix: bool) -> Term {
        Term { column, tokens: tokens.iter().map(|token| Arc::from(*token)).collect(), prefix }
    }

    #[test]
    fn the_index_finds_tokens_and_words_are_compared_where_order_or_column_matter() {
        let sought = Sought {
            all: vec![term(None, &["and"], false), term(Some("title"), &["press", "pa"], true)],
            none: vec![term(None, &["near"], true), term(Some("body"), &["not"], false)],
        };
        assert_eq!(query(&sought), "'@and' & '@press' & '@pa':* & !'@near':*");
        let filter = [Condition::Equal("project", Value::from("PAY"))];
        let mut parameters = Vec::new();
        let conditions = conditions(&TEXTS, &sought, &filter, &mut parameters);
        let expected = [
            "snaglog_tokens @@ CAST(replace($2, '@', left(md5($1), 4)) AS tsquery)",
            r#"(' ' || "title" || ' ' LIKE $3)"#,
            r#"NOT (' ' || "body" || ' ' LIKE $4)"#,
        ];
        assert_eq!(conditions, expected);
        let texts: Vec<_> = parameters.iter().map(|parameter| format!("{parameter:?}")).collect();
        assert_eq!(texts[2..], [r#"Text("% press pa%")"#, r#"Text("% not %")"#]);
    }
}
