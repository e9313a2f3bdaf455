//! Ids, names, texts and times.

use std::str::FromStr;
use std::sync::Arc;

use domain::Fact;
use domain::ids::{IssueId, IssueKey, Malformed, ProjectId};
use domain::text::{Text, Title};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

use super::MARK;

/// An id: among them those that read like something else in JSON.
pub(super) fn id<T: FromStr<Err = Malformed> + std::fmt::Debug>() -> impl Strategy<Value = T> {
    let word = prop_oneof![
        "[a-z0-9._:+@/#-]{1,12}",
        "[äßЖ語a-z]{1,6}",
        Just("not_known".to_owned()),
        Just("null".to_owned()),
        Just("a".repeat(100)),
    ];
    word.prop_map(|word| word.parse().unwrap())
}

/// A short string of any characters that is a fact.
pub(super) fn name() -> impl Strategy<Value = Arc<str>> {
    prop_oneof!["[ -~]{0,12}", "[\"\\\\\n\t äЖ語😀]{0,8}"].prop_map(Into::into)
}

pub(super) fn names() -> impl Strategy<Value = Vec<Arc<str>>> {
    vec(name(), 0..4)
}

pub(super) fn text() -> impl Strategy<Value = Text> {
    "[ -~\n\t\"\\\\äЖ語😀]{0,60}".prop_map(|text| Text::parse(&format!("{text}{MARK}")).unwrap())
}

pub(super) fn maybe_text() -> impl Strategy<Value = Option<Text>> {
    proptest::option::of(text())
}

pub(super) fn title() -> impl Strategy<Value = Title> {
    "[ -~\"\\\\äЖ語😀]{0,100}".prop_map(|title| Title::parse(&format!("{title}{MARK}")).unwrap())
}

/// A name that is a text.
pub(super) fn marked() -> impl Strategy<Value = Arc<str>> {
    name().prop_map(|name| format!("{name}{MARK}").into())
}

pub(super) fn fact<T: std::fmt::Debug + Clone>(known: impl Strategy<Value = T>) -> impl Strategy<Value = Fact<T>> {
    known.prop_flat_map(|known| prop_oneof![3 => Just(Fact::Known(known)), 1 => Just(Fact::NotKnown)])
}

pub(super) fn issue_id() -> impl Strategy<Value = IssueId> {
    any::<u128>().prop_map(|id| IssueId(Uuid::from_u128(id)))
}

pub(super) fn project_id() -> impl Strategy<Value = ProjectId> {
    "[A-Z][A-Z0-9]{1,9}".prop_map(|id| ProjectId::parse(&id).unwrap())
}

pub(super) fn issue_key() -> impl Strategy<Value = IssueKey> {
    (project_id(), 1..=u64::MAX).prop_map(|(project, ordinal)| IssueKey { project, ordinal })
}

/// Any time that the domain has, in microseconds.
pub(super) fn time() -> impl Strategy<Value = Timestamp> {
    let micros = Timestamp::MIN.as_microsecond()..=Timestamp::MAX.as_microsecond();
    micros.prop_map(|micros| Timestamp::from_microsecond(micros).unwrap())
}
