//! One value of a row, and the ways into and out of it.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table::Kind;

/// One value. The order is the store's: null first, texts by their bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// Nothing.
    Null,
    /// Of a [`Kind::Bool`] column.
    Bool(bool),
    /// Of a [`Kind::Integer`] column.
    Integer(i64),
    /// Of a [`Kind::Timestamp`] column: microseconds since 1970, UTC.
    Timestamp(i64),
    /// Of a [`Kind::Text`] column.
    Text(Arc<str>),
    /// Of a [`Kind::Json`] column: a document's text.
    Json(Arc<str>),
    /// Of a [`Kind::Words`] column: tokens, see [`BREAK`](super::BREAK).
    Words(Arc<str>),
}

impl Value {
    /// The document as JSON; `None` where it can't be (a map with keys that aren't texts).
    pub fn json<T: Serialize + ?Sized>(document: &T) -> Option<Self> {
        serde_json::to_string(document).ok().map(|text| Self::Json(text.into()))
    }

    /// What a column of this kind holds before anything is written to it: false, 0, 1970, an empty text, JSON's `null`, no words.
    pub fn empty(kind: Kind) -> Self {
        match kind {
            Kind::Bool => Self::Bool(false),
            Kind::Integer => Self::Integer(0),
            Kind::Timestamp => Self::Timestamp(0),
            Kind::Text => Self::Text(Arc::default()),
            Kind::Json => Self::Json("null".into()),
            Kind::Words => Self::Words(Arc::default()),
        }
    }

    /// The kind of column it belongs in; `None` for null, which belongs in any.
    pub const fn kind(&self) -> Option<Kind> {
        Some(match self {
            Self::Null => return None,
            Self::Bool(_) => Kind::Bool,
            Self::Integer(_) => Kind::Integer,
            Self::Timestamp(_) => Kind::Timestamp,
            Self::Text(_) => Kind::Text,
            Self::Json(_) => Kind::Json,
            Self::Words(_) => Kind::Words,
        })
    }

    /// True of [`Value::Null`].
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// What can be read out of a [`Value`]: `bool`, `i64`, `u64`, `u32`, [`Timestamp`], `&str`, `String`, `Arc<str>`, and an `Option` of each.
pub trait FromValue<'a>: Sized {
    /// Says in an error what was wanted: `text`, `integer from 0`.
    const WANTED: &'static str;

    /// `None` where the value is something else.
    fn from_value(value: &'a Value) -> Option<Self>;
}

macro_rules! from_value {
    ($($type:ty, $wanted:literal, $pattern:pat => $out:expr;)*) => {$(
        impl<'a> FromValue<'a> for $type {
            const WANTED: &'static str = $wanted;

            fn from_value(value: &'a Value) -> Option<Self> {
                match value {
                    $pattern => $out,
                    _ => None,
                }
            }
        }
    )*};
}

from_value! {
    bool, "bool", Value::Bool(it) => Some(*it);
    i64, "integer", Value::Integer(it) => Some(*it);
    u64, "integer from 0", Value::Integer(it) => (*it).try_into().ok();
    u32, "integer from 0 to 2^32 - 1", Value::Integer(it) => (*it).try_into().ok();
    Timestamp, "timestamp", Value::Timestamp(it) => Timestamp::from_microsecond(*it).ok();
    &'a str, "text", Value::Text(it) => Some(it);
    String, "text", Value::Text(it) => Some((**it).to_owned());
    Arc<str>, "text", Value::Text(it) => Some(Arc::clone(it));
}

impl<'a, T: FromValue<'a>> FromValue<'a> for Option<T> {
    const WANTED: &'static str = T::WANTED;

    fn from_value(value: &'a Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::from_value(value).map(Some) }
    }
}

macro_rules! into_value {
    ($($type:ty, $it:ident => $out:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($it: $type) -> Self {
                $out
            }
        }
    )*};
}

into_value! {
    bool, it => Self::Bool(it);
    i64, it => Self::Integer(it);
    u32, it => Self::Integer(it.into());
    // Positions and revisions are far below 2^63.
    u64, it => Self::Integer(it.try_into().unwrap_or(i64::MAX));
    Timestamp, it => Self::Timestamp(it.as_microsecond());
    &str, it => Self::Text(it.into());
    &String, it => Self::Text(it.as_str().into());
    String, it => Self::Text(it.into());
    Arc<str>, it => Self::Text(it);
    &Arc<str>, it => Self::Text(Arc::clone(it));
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(it: Option<T>) -> Self {
        it.map_or(Self::Null, Into::into)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(it) => it.fmt(f),
            Self::Integer(it) => it.fmt(f),
            Self::Timestamp(it) => match Timestamp::from_microsecond(*it) {
                Ok(instant) => instant.fmt(f),
                Err(_) => write!(f, "{it} µs"),
            },
            Self::Text(it) | Self::Words(it) => write!(f, "{it:?}"),
            Self::Json(it) => f.write_str(it),
        }
    }
}
