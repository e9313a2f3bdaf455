//! Free texts: bounded, without control characters, kept apart from facts so that they can be erased.

use std::fmt;
use std::sync::Arc;

use crate::ids::Malformed;

/// A title holds at most this many characters.
pub const TITLE_CHARS_MAX: usize = 200;
/// A text holds at most this many bytes of UTF-8.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;

/// One line that names an issue. Not blank, at most 200 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Title(Arc<str>);

impl Title {
    /// Trims white space at both ends.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Malformed::Blank);
        }
        let length = text.chars().count();
        if length > TITLE_CHARS_MAX {
            return Err(Malformed::TooLong { length, max: TITLE_CHARS_MAX, unit: "characters" });
        }
        match text.chars().find(|c| c.is_control()) {
            Some(character) => {
                Err(Malformed::Character { character, allowed: "a title is one line without control characters" })
            }
            None => Ok(Self(text.into())),
        }
    }

    /// The title as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same, shared instead of copied.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

/// Some paragraphs. Not blank, at most 64 KiB, no control characters but newline and tab.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Text(Arc<str>);

impl Text {
    /// Trims white space at both ends; CR LF becomes newline.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(Malformed::TooLong { length: text.len(), max: TEXT_BYTES_MAX, unit: "bytes" });
        }
        let text = text.trim();
        if text.is_empty() {
            return Err(Malformed::Blank);
        }
        let text: Arc<str> = if text.contains('\r') { text.replace("\r\n", "\n").into() } else { text.into() };
        match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            Some(character) => Err(Malformed::Character {
                character,
                allowed: "of control characters only newline and tab are allowed",
            }),
            None => Ok(Self(text)),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same, shared instead of copied.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl fmt::Display for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{TEXT_BYTES_MAX, Text, Title};
    use crate::ids::Malformed;

    #[test]
    fn a_title_is_one_line_and_trimmed() {
        assert_eq!(Title::parse("  Paying fails\t").unwrap().as_str(), "Paying fails");
        assert_eq!(Title::parse(&"\u{e9}".repeat(200)).unwrap().as_str().chars().count(), 200);
        assert_eq!(Title::parse(" \n "), Err(Malformed::Blank));
        let long = Malformed::TooLong { length: 201, max: 200, unit: "characters" };
        assert_eq!(Title::parse(&"x".repeat(201)), Err(long));
        for title in ["two\nlines", "nul\0", "bell\u{7}"] {
            assert!(matches!(Title::parse(title), Err(Malformed::Character { .. })), "{title:?}");
        }
    }

    #[test]
    fn a_text_has_lines_and_tabs_but_no_other_control_characters() {
        assert_eq!(Text::parse("\n one\r\n\ttwo \n").unwrap().as_str(), "one\n\ttwo");
        assert_eq!(Text::parse(" \r\n "), Err(Malformed::Blank));
        for (text, character) in [("a\rb", '\r'), ("nul\0x", '\0'), ("esc\u{1b}[0m", '\u{1b}')] {
            let refused = Text::parse(text).unwrap_err();
            assert!(matches!(refused, Malformed::Character { character: found, .. } if found == character), "{text:?}");
        }
    }

    #[test]
    fn a_text_is_measured_in_bytes() {
        assert!(Text::parse(&"x".repeat(TEXT_BYTES_MAX)).is_ok());
        let length = TEXT_BYTES_MAX + 2;
        let long = Malformed::TooLong { length, max: TEXT_BYTES_MAX, unit: "bytes" };
        assert_eq!(Text::parse(&"\u{e9}".repeat(length / 2)), Err(long));
    }
}
