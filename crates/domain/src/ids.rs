//! Identifiers, parsed at the door: inside there are no raw strings.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use uuid::Uuid;

/// What is wrong with a text that should be an identifier, a title or a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Nothing but white space.
    #[error("must not be blank")]
    Blank,
    /// Too long.
    #[error("is {length} {unit} long, at most {max} are allowed")]
    TooLong {
        /// How long it is.
        length: usize,
        /// How long it may be.
        max: usize,
        /// What is counted: "characters" or "bytes".
        unit: &'static str,
    },
    /// A character that may not stand there.
    #[error("may not contain {character:?}; {allowed}")]
    Character {
        /// The first such character.
        character: char,
        /// What is allowed instead.
        allowed: &'static str,
    },
    /// Of another form.
    #[error("{expected}")]
    Form {
        /// The form it should have.
        expected: &'static str,
    },
}

/// Well below what a log takes for an actor or a stream's id.
const ID_BYTES_MAX: usize = 100;
const ID_ALLOWED: &str = "letters, digits and . _ - : + @ / # are allowed";

fn check_id(text: &str) -> Result<(), Malformed> {
    if text.is_empty() {
        return Err(Malformed::Blank);
    }
    if text.len() > ID_BYTES_MAX {
        return Err(Malformed::TooLong { length: text.len(), max: ID_BYTES_MAX, unit: "bytes" });
    }
    match text.chars().find(|c| !(c.is_alphanumeric() || "._-:+@/#".contains(*c))) {
        Some(character) => Err(Malformed::Character { character, allowed: ID_ALLOWED }),
        None => Ok(()),
    }
}

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Accepts letters, digits and `. _ - : + @ / #`, 1 to 100 bytes of UTF-8.
            pub fn parse(text: &str) -> Result<Self, Malformed> {
                check_id(text).map(|()| Self(text.into()))
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The same, shared instead of copied.
            pub fn shared(&self) -> Arc<str> {
                Arc::clone(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = Malformed;
            fn from_str(text: &str) -> Result<Self, Malformed> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    )*};
}

text_ids! {
    /// A person, by the id that the directory of people gives: never a name or an address.
    PersonId
    /// A team of a project.
    TeamId
    /// A part of the product.
    ComponentId
    /// A customer of the project.
    CustomerId
    /// A severity of the project's scheme, such as `sev1`.
    SeverityId
    /// A case that a policy has rules of its own for, such as `gold-customers`.
    SelectorId
    /// A release of the project's product.
    ReleaseId
    /// A calendar of the project, such as `business`.
    CalendarId
    /// A change of code or configuration, as its tool names it: a commit, a merge request.
    ChangeId
}

/// A project's id is its key: 2 to 10 capital letters and digits, a letter first, such as `PAY`. It never changes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProjectId(Arc<str>);

impl ProjectId {
    /// Accepts either case: `pay` is `PAY`.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let key = text.to_ascii_uppercase();
        let formed = (2..=10).contains(&key.len())
            && key.starts_with(|c: char| c.is_ascii_uppercase())
            && key.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        if formed {
            Ok(Self(key.into()))
        } else {
            Err(Malformed::Form { expected: "must be 2 to 10 letters and digits, a letter first, such as PAY" })
        }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same, shared instead of copied.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl fmt::Display for ProjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ProjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProjectId({})", self.0)
    }
}

/// An issue's stream id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IssueId(pub Uuid);

impl fmt::Display for IssueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An issue's key: its project and the ordinal that the log gave its stream, `PAY-42`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IssueKey {
    /// The project.
    pub project: ProjectId,
    /// Dense from 1 within the project.
    pub ordinal: u64,
}

impl IssueKey {
    /// Accepts `PAY-42` in either case.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        const FORM: Malformed = Malformed::Form { expected: "must be a project and a number, such as PAY-42" };
        let (project, ordinal) = text.rsplit_once('-').ok_or(FORM)?;
        let project = ProjectId::parse(project).map_err(|_| FORM)?;
        if !ordinal.bytes().all(|digit| digit.is_ascii_digit()) {
            // A sign would be a number to the standard library.
            return Err(FORM);
        }
        let ordinal = ordinal.parse().map_err(|_| FORM)?;
        if ordinal == 0 { Err(FORM) } else { Ok(Self { project, ordinal }) }
    }
}

impl fmt::Display for IssueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.project, self.ordinal)
    }
}

#[cfg(test)]
mod tests {
    use super::{IssueKey, Malformed, PersonId, ProjectId};

    #[track_caller]
    fn check_id(text: &str, expected: Result<&str, Malformed>) {
        let parsed = PersonId::parse(text);
        let expected = expected.map(str::to_owned);
        assert_eq!(parsed.map(|id| id.to_string()), expected, "{text:?}");
    }

    #[test]
    fn an_id_is_one_word() {
        for id in ["a", "user-182", "system:deadlines", "jos\u{e9}", "a.b_c-d:e+f@g/h#i", &"x".repeat(100)] {
            check_id(id, Ok(id));
        }
        let forbidden = |character| Malformed::Character { character, allowed: super::ID_ALLOWED };
        check_id("", Err(Malformed::Blank));
        check_id("two words", Err(forbidden(' ')));
        check_id("a\nb", Err(forbidden('\n')));
        check_id("a,b", Err(forbidden(',')));
        check_id(&"x".repeat(101), Err(Malformed::TooLong { length: 101, max: 100, unit: "bytes" }));
    }

    #[test]
    fn bytes_are_counted_as_the_log_counts_them() {
        let id = "\u{e9}".repeat(50);
        check_id(&id, Ok(&id));
        let id = "\u{e9}".repeat(51);
        check_id(&id, Err(Malformed::TooLong { length: 102, max: 100, unit: "bytes" }));
    }

    #[track_caller]
    fn check_project(text: &str, expected: Option<&str>) {
        assert_eq!(ProjectId::parse(text).ok().as_ref().map(ProjectId::as_str), expected, "{text:?}");
    }

    #[test]
    fn a_project_is_a_short_key_in_capitals() {
        for (text, key) in [("PAY", "PAY"), ("pay", "PAY"), ("P2", "P2"), ("ABCDEFGHIJ", "ABCDEFGHIJ")] {
            check_project(text, Some(key));
        }
        for text in ["", "P", "2P", "PA-Y", "ABCDEFGHIJK", "P\u{c4}Y", " PAY"] {
            check_project(text, None);
        }
    }

    #[test]
    fn a_key_is_read_as_it_is_shown() {
        for (text, key) in
            [("PAY-42", "PAY-42"), ("pay-42", "PAY-42"), ("PAY-18446744073709551615", "PAY-18446744073709551615")]
        {
            assert_eq!(IssueKey::parse(text).unwrap().to_string(), key);
        }
        for text in
            ["", "PAY", "PAY-", "-42", "PAY-0", "PAY--1", "PAY-+1", "PAY-4x", "PAY 42", "PAY-18446744073709551616"]
        {
            assert!(IssueKey::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(
            PersonId::parse("a b").unwrap_err().to_string(),
            format!("may not contain ' '; {}", super::ID_ALLOWED)
        );
        assert_eq!(PersonId::parse("").unwrap_err().to_string(), "must not be blank");
        let long = PersonId::parse(&"x".repeat(101)).unwrap_err();
        assert_eq!(long.to_string(), "is 101 bytes long, at most 100 are allowed");
    }
}
