//! Shapes that several groups of events share.

use domain::Fact;
use domain::ids::IssueId;
use domain::issue::{IssueRef, Level, Nature};
use domain::text::Text;
use serde::{Deserialize, Serialize};

use crate::error::Fault;
use crate::texts::{OptionalTextV1, ReasonV1, TextV1};
use crate::words::{FactV1, Str, UuidV1, key, maybe, maybe_word, value, word};

/// Triage level: 1, 2 or 3.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct LevelV1(u8);

impl LevelV1 {
    pub(super) fn of(level: Level) -> Self {
        Self(level.number())
    }

    pub(super) fn of_fact(level: Fact<Level>) -> FactV1<Self> {
        FactV1::of(&level, |level| Self::of(*level))
    }

    pub(super) fn level(self) -> Result<Level, Fault> {
        Level::from_number(self.0.into()).ok_or(Fault::Number { field: "level", number: self.0.into() })
    }
}

/// Nature of an issue of level 2 or 3.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum NatureV1 {
    #[serde(rename = "incident")]
    Incident,
    #[serde(rename = "bug")]
    Bug,
}

impl From<Nature> for NatureV1 {
    fn from(nature: Nature) -> Self {
        match nature {
            Nature::Incident => Self::Incident,
            Nature::Bug => Self::Bug,
        }
    }
}

impl From<NatureV1> for Nature {
    fn from(nature: NatureV1) -> Self {
        match nature {
            NatureV1::Incident => Self::Incident,
            NatureV1::Bug => Self::Bug,
        }
    }
}

/// Another issue.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum IssueRefV1<'a> {
    #[serde(rename = "issue")]
    Issue {
        id: UuidV1,
        /// Made for the shape, so it can't be borrowed from the key.
        key: Str<'a>,
    },
    #[serde(rename = "external")]
    External(#[serde(borrow)] Str<'a>),
}

impl<'a> IssueRefV1<'a> {
    pub(super) fn of(other: &'a IssueRef) -> Self {
        match other {
            IssueRef::Issue { id, key } => Self::Issue { id: UuidV1(id.0), key: Str(key.to_string().into()) },
            IssueRef::External(reference) => Self::External(word(reference)),
        }
    }

    pub(super) fn issue_ref(&self) -> Result<IssueRef, Fault> {
        Ok(match self {
            Self::Issue { id, key: stored } => IssueRef::Issue { id: IssueId(id.0), key: key("issue.key", stored)? },
            Self::External(reference) => IssueRef::External(value("external", reference)?),
        })
    }
}

impl<'a> ReasonV1<'a> {
    pub(super) fn of(reason: Option<&'a Text>) -> Self {
        Self { reason: maybe_word(reason) }
    }

    pub(super) fn text(self) -> Result<Option<Text>, Fault> {
        maybe("reason", self.reason.as_ref())
    }
}

impl<'a> TextV1<'a> {
    pub(super) fn of(text: &'a Text) -> Self {
        Self { text: word(text) }
    }

    pub(super) fn text(self) -> Result<Text, Fault> {
        value("text", &self.text)
    }
}

impl<'a> OptionalTextV1<'a> {
    pub(super) fn of(text: Option<&'a Text>) -> Self {
        Self { text: maybe_word(text) }
    }

    pub(super) fn text(self) -> Result<Option<Text>, Fault> {
        maybe("text", self.text.as_ref())
    }
}
