//! What a person types to search, as what is sought.
//!
//! Words separated by white space must all occur, in any order, whatever their case and marks. `"a phrase"`: these words one
//! after the other. `-word`, `-"a phrase"`: must not occur. `pay*`: words that begin so, with at least
//! [`PREFIX_CHARS_MIN`] characters before the star. `title:word`, `report:word`, `workaround:word`, `comments:word`: there only. A
//! word with signs in it is the phrase of its parts: `can't`, `example.com`. What has neither letter nor digit says nothing.

use std::sync::Arc;

use super::tokens::tokens;
use crate::row::{Sought, Term};

/// Most characters of what is typed.
pub const TYPED_CHARS_MAX: usize = 1000;
/// Most words and phrases.
pub const TERMS_MAX: usize = 32;
/// Fewest characters before a star: the shorter, the more words begin so, and all they are in is read.
pub const PREFIX_CHARS_MIN: usize = 3;

/// Why nothing can be sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    /// There is no word in it.
    #[error("must have a word: letters or digits")]
    NoWord,
    /// There are only words that must not occur.
    #[error("must have a word that occurs, beside those that must not")]
    OnlyWithout,
    /// A star after too few characters.
    #[error("must have at least {PREFIX_CHARS_MIN} characters before a *")]
    PrefixTooShort,
    /// Too long.
    #[error("must have at most {TYPED_CHARS_MAX} characters")]
    TooLong,
    /// Too many words and phrases.
    #[error("must have at most {TERMS_MAX} words and phrases")]
    TooManyTerms,
}

/// The columns by the names that are typed.
const COLUMNS: [(&str, &str); 4] = [
    ("title:", "title_words"),
    ("report:", "report_words"),
    ("workaround:", "workaround_words"),
    ("comments:", "comments_words"),
];

/// Reads what was typed.
pub fn parse(typed: &str) -> Result<Sought, SyntaxError> {
    if typed.chars().count() > TYPED_CHARS_MAX {
        return Err(SyntaxError::TooLong);
    }
    let mut sought = Sought { all: Vec::new(), none: Vec::new() };
    let mut rest = typed.trim_start();
    while !rest.is_empty() {
        let (without, after) = strip(rest, "-");
        let named = COLUMNS.iter().find(|(name, _)| starts_with(after, name));
        let (column, after) = named.map_or((None, after), |(name, column)| (Some(*column), &after[name.len()..]));
        let (text, prefix, after) = operand(after);
        rest = after.trim_start();
        let tokens: Vec<Arc<str>> = tokens(text).into_iter().map(Into::into).collect();
        let Some(last) = tokens.last() else { continue };
        if prefix && str::chars(last).count() < PREFIX_CHARS_MIN {
            return Err(SyntaxError::PrefixTooShort);
        }
        let terms = if without { &mut sought.none } else { &mut sought.all };
        let term = Term { column, tokens, prefix };
        if !terms.contains(&term) {
            terms.push(term);
        }
    }
    match (sought.all.len(), sought.none.len()) {
        (0, 0) => Err(SyntaxError::NoWord),
        (0, _) => Err(SyntaxError::OnlyWithout),
        (all, none) if all + none > TERMS_MAX => Err(SyntaxError::TooManyTerms),
        _ => Ok(sought),
    }
}

/// A phrase in quotes, or all up to white space; whether a star ends it; and what comes after.
fn operand(text: &str) -> (&str, bool, &str) {
    let (quoted, text) = strip(text, "\"");
    // A quote that is not closed reaches to the end.
    let end = if quoted { text.find('"') } else { text.find(char::is_whitespace) }.unwrap_or(text.len());
    let (operand, after) = text.split_at(end);
    let after = if quoted { strip(after, "\"").1 } else { after };
    if quoted {
        let (star, after) = strip(after, "*");
        return (operand, star, after);
    }
    match operand.strip_suffix('*') {
        // `pay,*` is no beginning of a word.
        Some(begun) if begun.ends_with(char::is_alphanumeric) => (begun, true, after),
        _ => (operand, false, after),
    }
}

fn strip<'t>(text: &'t str, sign: &str) -> (bool, &'t str) {
    text.strip_prefix(sign).map_or((false, text), |rest| (true, rest))
}

fn starts_with(text: &str, name: &str) -> bool {
    text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As it was understood: `+word`, `-"a phrase"`, `+title_words:pay*`.
    fn understood(typed: &str) -> Result<String, SyntaxError> {
        let sought = parse(typed)?;
        let say = |sign: &'static str| {
            move |term: &Term| {
                let column = term.column.map(|column| format!("{column}:")).unwrap_or_default();
                let star = if term.prefix { "*" } else { "" };
                let words = term.tokens.join(" ");
                let quote = if term.tokens.len() > 1 { "\"" } else { "" };
                format!("{sign}{column}{quote}{words}{quote}{star}")
            }
        };
        let said: Vec<_> = sought.all.iter().map(say("+")).chain(sought.none.iter().map(say("-"))).collect();
        Ok(said.join(" "))
    }

    #[track_caller]
    fn check(typed: &str, expected: &str) {
        assert_eq!(understood(typed).as_deref(), Ok(expected), "{typed:?}");
    }

    #[test]
    fn what_is_typed_is_understood_as_documented() {
        check("Pay twice", "+pay +twice");
        check("  \"Press  pay\"  twice ", "+\"press pay\" +twice");
        check("pay -refund -\"test order\"", "+pay -refund -\"test order\"");
        check("pay* \"press pay\"*", "+pay* +\"press pay\"*");
    }

    #[test]
    fn signs_within_a_word_make_a_phrase_of_it() {
        check("can't example.com", "+\"can t\" +\"example com\"");
        check("e-mail com.acme.Pay*", "+\"e mail\" +\"com acme pay\"*");
        check("決済", "+\"決 済\"");
    }

    #[test]
    fn places_are_named() {
        check(
            "title:pay Comments:\"not here\" -report:log*",
            "+title_words:pay +comments_words:\"not here\" -report_words:log*",
        );
        check("error:timeout", "+\"error timeout\"");
        check("title: pay", "+pay");
    }

    #[test]
    fn what_says_nothing_is_passed_over() {
        check("pay !!! - \"\" ** 💳 pay", "+pay");
        check("\"never closed", "+\"never closed\"");
        check("pay,*", "+pay");
    }

    #[test]
    fn what_cannot_be_sought_says_why() {
        assert_eq!(understood(" !!! "), Err(SyntaxError::NoWord));
        assert_eq!(understood("-pay"), Err(SyntaxError::OnlyWithout));
        assert_eq!(understood("pa*"), Err(SyntaxError::PrefixTooShort));
        assert_eq!(understood("com.pa*"), Err(SyntaxError::PrefixTooShort));
        assert_eq!(understood(&"a".repeat(1001)), Err(SyntaxError::TooLong));
        let many = (0..33).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ");
        assert_eq!(understood(&many), Err(SyntaxError::TooManyTerms));
    }
}
