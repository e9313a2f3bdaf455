//! Words: ids, names and texts as stored, and back.

use std::borrow::Cow;
use std::sync::Arc;

use domain::Fact;
use domain::ids::{
    CalendarId, ChangeId, ComponentId, CustomerId, IssueKey, Malformed, PersonId, ProjectId, ReleaseId, SelectorId,
    SeverityId, TeamId,
};
use domain::project::Reactor;
use domain::text::{Text, Title};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::error::Fault;

/// A word as stored, borrowed from the JSON where nothing in it is escaped.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Str<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

impl<'a> From<&'a str> for Str<'a> {
    fn from(word: &'a str) -> Self {
        Self(Cow::Borrowed(word))
    }
}

/// What is stored as one word. Parsing what was written gives what it was.
pub(crate) trait Word: Sized {
    fn as_word(&self) -> &str;
    fn parse_word(word: &str) -> Result<Self, Malformed>;
}

macro_rules! words {
    ($($word:ty)*) => {$(
        impl Word for $word {
            fn as_word(&self) -> &str {
                self.as_str()
            }
            fn parse_word(word: &str) -> Result<Self, Malformed> {
                Self::parse(word)
            }
        }
    )*};
}
words! { CalendarId SelectorId PersonId TeamId ComponentId CustomerId SeverityId ReleaseId ChangeId ProjectId Title Text }

impl Word for Reactor {
    fn as_word(&self) -> &str {
        self.as_str()
    }
    fn parse_word(word: &str) -> Result<Self, Malformed> {
        word.parse()
    }
}

impl Word for Arc<str> {
    fn as_word(&self) -> &str {
        self
    }
    fn parse_word(word: &str) -> Result<Self, Malformed> {
        Ok(word.into())
    }
}

/// The word to store.
pub(crate) fn word<T: Word>(value: &T) -> Str<'_> {
    Str::from(value.as_word())
}

/// The word to store, if there is one.
pub(crate) fn maybe_word<T: Word>(value: Option<&T>) -> Option<Str<'_>> {
    value.map(word)
}

/// The words to store.
pub(crate) fn words<'a, T: Word + 'a>(values: impl IntoIterator<Item = &'a T>) -> Vec<Str<'a>> {
    values.into_iter().map(word).collect()
}

/// The value that was stored.
pub(crate) fn value<T: Word>(field: &'static str, stored: &Str<'_>) -> Result<T, Fault> {
    T::parse_word(&stored.0).map_err(|source| Fault::Word { field, source })
}

/// The value that was stored, if one was.
pub(crate) fn maybe<T: Word>(field: &'static str, stored: Option<&Str<'_>>) -> Result<Option<T>, Fault> {
    stored.map(|stored| value(field, stored)).transpose()
}

/// The values that were stored, as a list or a set.
pub(crate) fn every<T: Word, C: FromIterator<T>>(field: &'static str, stored: &[Str<'_>]) -> Result<C, Fault> {
    stored.iter().map(|stored| value(field, stored)).collect()
}

/// An issue's key, stored as `PAY-42`.
pub(crate) fn key(field: &'static str, stored: &Str<'_>) -> Result<IssueKey, Fault> {
    IssueKey::parse(&stored.0).map_err(|source| Fault::Word { field, source })
}

/// A fact as stored: `{"known": …}`, or `"not_known"`, which no id can be mistaken for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FactV1<T> {
    #[serde(rename = "known")]
    Known(T),
    #[serde(rename = "not_known")]
    NotKnown,
}

impl<T> FactV1<T> {
    /// What to store of a fact.
    pub(crate) fn of<'a, D>(fact: &'a Fact<D>, stored: impl FnOnce(&'a D) -> T) -> Self {
        match fact {
            Fact::Known(known) => Self::Known(stored(known)),
            Fact::NotKnown => Self::NotKnown,
        }
    }

    /// The fact that was stored.
    pub(crate) fn fact<D>(self, value: impl FnOnce(T) -> Result<D, Fault>) -> Result<Fact<D>, Fault> {
        match self {
            Self::Known(stored) => value(stored).map(Fact::Known),
            Self::NotKnown => Ok(Fact::NotKnown),
        }
    }
}

impl<'a> FactV1<Str<'a>> {
    /// What to store of a fact that is a word.
    pub(crate) fn word<T: Word>(fact: &'a Fact<T>) -> Self {
        Self::of(fact, word)
    }

    /// The fact that was stored as a word.
    pub(crate) fn value<T: Word>(self, field: &'static str) -> Result<Fact<T>, Fault> {
        self.fact(|stored| value(field, &stored))
    }
}

/// A UUID as stored: hyphenated, lower case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UuidV1(pub(crate) Uuid);

impl Serialize for UuidV1 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut buffer = Uuid::encode_buffer();
        serializer.serialize_str(self.0.hyphenated().encode_lower(&mut buffer))
    }
}

impl<'de> Deserialize<'de> for UuidV1 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Str::deserialize(deserializer)?;
        Uuid::try_parse(&stored.0).map(Self).map_err(serde::de::Error::custom)
    }
}

/// A time as stored: microseconds since 1970, as in the log's own headers. What is finer is cut off.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct MicrosV1(i64);

impl MicrosV1 {
    /// What to store of a time.
    pub(crate) fn of(time: Timestamp) -> Self {
        Self(time.as_microsecond())
    }

    /// The time that was stored.
    pub(crate) fn time(self, field: &'static str) -> Result<Timestamp, Fault> {
        time(field, self.0)
    }
}

/// The time that many microseconds after 1970.
pub(crate) fn time(field: &'static str, micros: i64) -> Result<Timestamp, Fault> {
    Timestamp::from_microsecond(micros).map_err(|_| Fault::Number { field, number: micros })
}
