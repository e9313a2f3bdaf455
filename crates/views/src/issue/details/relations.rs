//! Whom an issue asks, and what it belongs together with.

use std::sync::Arc;

use domain::ids::{IssueId, IssueKey, Malformed};
use domain::issue;
use domain::text::Text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An open question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Question {
    number: u32,
    of: Asked,
    text: Arc<str>,
    by: Arc<str>,
    #[serde(with = "super::micros")]
    at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Asked {
    Opener,
    Customer,
    ProductOwner,
    Person(Arc<str>),
}

/// Somebody who may confirm a fix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Delegate {
    person: Arc<str>,
    named_by: Arc<str>,
}

/// A link to another issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Link {
    kind: LinkKind,
    other: Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LinkKind {
    RelatesTo,
    CausedBy,
    Causes,
    BlockedBy,
    Blocks,
    DuplicateOf,
    DuplicatedBy,
}

/// Another issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Other {
    Issue { id: Arc<str>, key: Arc<str> },
    External(Arc<str>),
}

impl Question {
    pub(super) fn of(question: &issue::Question) -> Self {
        let issue::Question { number, of, text, by, at } = question;
        let of = match of {
            issue::Asked::Opener => Asked::Opener,
            issue::Asked::Customer => Asked::Customer,
            issue::Asked::ProductOwner => Asked::ProductOwner,
            issue::Asked::Person(person) => Asked::Person(person.as_str().into()),
        };
        Self { number: *number, of, text: text.as_str().into(), by: by.as_str().into(), at: *at }
    }

    pub(crate) fn question(self) -> Result<issue::Question, Malformed> {
        let Self { number, of, text, by, at } = self;
        let of = match of {
            Asked::Opener => issue::Asked::Opener,
            Asked::Customer => issue::Asked::Customer,
            Asked::ProductOwner => issue::Asked::ProductOwner,
            Asked::Person(person) => issue::Asked::Person(person.parse()?),
        };
        Ok(issue::Question { number, of, text: Text::parse(&text)?, by: by.parse()?, at })
    }
}

impl Delegate {
    pub(super) fn of(delegate: &issue::Delegate) -> Self {
        Self { person: delegate.person.as_str().into(), named_by: delegate.named_by.as_str().into() }
    }

    pub(crate) fn delegate(self) -> Result<issue::Delegate, Malformed> {
        Ok(issue::Delegate { person: self.person.parse()?, named_by: self.named_by.parse()? })
    }
}

impl Link {
    pub(super) fn of(link: &issue::Link) -> Self {
        let kind = match link.kind {
            issue::LinkKind::RelatesTo => LinkKind::RelatesTo,
            issue::LinkKind::CausedBy => LinkKind::CausedBy,
            issue::LinkKind::Causes => LinkKind::Causes,
            issue::LinkKind::BlockedBy => LinkKind::BlockedBy,
            issue::LinkKind::Blocks => LinkKind::Blocks,
            issue::LinkKind::DuplicateOf => LinkKind::DuplicateOf,
            issue::LinkKind::DuplicatedBy => LinkKind::DuplicatedBy,
        };
        Self { kind, other: Other::of(&link.other) }
    }

    pub(crate) fn link(self) -> Result<issue::Link, Malformed> {
        let kind = match self.kind {
            LinkKind::RelatesTo => issue::LinkKind::RelatesTo,
            LinkKind::CausedBy => issue::LinkKind::CausedBy,
            LinkKind::Causes => issue::LinkKind::Causes,
            LinkKind::BlockedBy => issue::LinkKind::BlockedBy,
            LinkKind::Blocks => issue::LinkKind::Blocks,
            LinkKind::DuplicateOf => issue::LinkKind::DuplicateOf,
            LinkKind::DuplicatedBy => issue::LinkKind::DuplicatedBy,
        };
        Ok(issue::Link { kind, other: self.other.other()? })
    }
}

impl Other {
    pub(super) fn of(other: &issue::IssueRef) -> Self {
        match other {
            issue::IssueRef::Issue { id, key } => {
                Self::Issue { id: id.to_string().into(), key: key.to_string().into() }
            }
            issue::IssueRef::External(reference) => Self::External(reference.clone()),
        }
    }

    pub(crate) fn other(self) -> Result<issue::IssueRef, Malformed> {
        Ok(match self {
            Self::Issue { id, key } => issue::IssueRef::Issue { id: issue_id(&id)?, key: IssueKey::parse(&key)? },
            Self::External(reference) => issue::IssueRef::External(reference),
        })
    }
}

/// An issue's stream id by its text.
pub(crate) fn issue_id(text: &str) -> Result<IssueId, Malformed> {
    text.parse().map(IssueId).map_err(|_| Malformed::Form { expected: "must be a UUID" })
}
