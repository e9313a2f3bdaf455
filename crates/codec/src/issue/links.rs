//! What and who an issue is connected with.

use domain::issue::{IssueEvent, LinkKind};
use serde::{Deserialize, Serialize};

use super::misrouted;
use super::parts::IssueRefV1;
use crate::envelope::{Encoded, Put, Restored, Stored};
use crate::error::Fault;
use crate::registry::EventType as T;
use crate::texts::{NoTexts, TextV1};
use crate::words::{Str, value, word};

pub(super) fn encode(event: &IssueEvent, put: &Put<'_>) -> Encoded {
    match event {
        IssueEvent::CauseNamed { release } => put.event(T::CauseNamed, CauseV1 { release: word(release) }, NoTexts {}),
        IssueEvent::IssuesLinked { kind, other } => {
            let facts = LinkedV1 { kind: (*kind).into(), other: IssueRefV1::of(other) };
            put.event(T::IssuesLinked, facts, NoTexts {})
        }
        IssueEvent::IssueCommented { text } => put.event(T::IssueCommented, CommentedV1 {}, TextV1::of(text)),
        IssueEvent::WatchStarted { person } => put.event(T::WatchStarted, WatchV1 { person: word(person) }, NoTexts {}),
        other => misrouted(other),
    }
}

pub(super) fn decode(event_type: T, version: u16, stored: Stored<'_>) -> Option<Result<Restored<IssueEvent>, Fault>> {
    Some(match (event_type, version) {
        (T::CauseNamed, 1) => stored.read(|facts: CauseV1<'_>, _: NoTexts| {
            Ok(IssueEvent::CauseNamed { release: value("release", &facts.release)? })
        }),
        (T::IssuesLinked, 1) => stored.read(|facts: LinkedV1<'_>, _: NoTexts| {
            Ok(IssueEvent::IssuesLinked { kind: facts.kind.into(), other: facts.other.issue_ref()? })
        }),
        (T::IssueCommented, 1) => {
            stored.read(|CommentedV1 {}, texts: TextV1<'_>| Ok(IssueEvent::IssueCommented { text: texts.text()? }))
        }
        (T::WatchStarted, 1) => stored.read(|facts: WatchV1<'_>, _: NoTexts| {
            Ok(IssueEvent::WatchStarted { person: value("person", &facts.person)? })
        }),
        _ => return None,
    })
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CauseV1<'a> {
    #[serde(borrow)]
    release: Str<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkedV1<'a> {
    kind: LinkKindV1,
    #[serde(borrow)]
    other: IssueRefV1<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CommentedV1 {}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WatchV1<'a> {
    #[serde(borrow)]
    person: Str<'a>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum LinkKindV1 {
    #[serde(rename = "relates_to")]
    RelatesTo,
    #[serde(rename = "caused_by")]
    CausedBy,
    #[serde(rename = "causes")]
    Causes,
    #[serde(rename = "blocked_by")]
    BlockedBy,
    #[serde(rename = "blocks")]
    Blocks,
    #[serde(rename = "duplicate_of")]
    DuplicateOf,
    #[serde(rename = "duplicated_by")]
    DuplicatedBy,
}

impl From<LinkKind> for LinkKindV1 {
    fn from(kind: LinkKind) -> Self {
        match kind {
            LinkKind::RelatesTo => Self::RelatesTo,
            LinkKind::CausedBy => Self::CausedBy,
            LinkKind::Causes => Self::Causes,
            LinkKind::BlockedBy => Self::BlockedBy,
            LinkKind::Blocks => Self::Blocks,
            LinkKind::DuplicateOf => Self::DuplicateOf,
            LinkKind::DuplicatedBy => Self::DuplicatedBy,
        }
    }
}

impl From<LinkKindV1> for LinkKind {
    fn from(kind: LinkKindV1) -> Self {
        match kind {
            LinkKindV1::RelatesTo => Self::RelatesTo,
            LinkKindV1::CausedBy => Self::CausedBy,
            LinkKindV1::Causes => Self::Causes,
            LinkKindV1::BlockedBy => Self::BlockedBy,
            LinkKindV1::Blocks => Self::Blocks,
            LinkKindV1::DuplicateOf => Self::DuplicateOf,
            LinkKindV1::DuplicatedBy => Self::DuplicatedBy,
        }
    }
}
