//! What of an issue has parts of its own, as the JSON in its row: `{"questions": […], "fix": {"code": {…}}, …}`. What there is
//! not is left out; times are microseconds since 1970.

mod evidence;
mod relations;
mod source;

use std::sync::Arc;

use domain::ids::Malformed;
use domain::issue::{Dismissal, Issue, State, Verified};
use domain::{Fact, issue};
use serde::{Deserialize, Serialize};

pub(crate) use evidence::{Capacity, Closing, Fix};
pub(crate) use relations::{Delegate, Link, Other, Question, issue_id};
pub(crate) use source::{Origin, Source};

/// The document in the column `details`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<Source>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<Origin>,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) questions_asked: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) questions: Vec<Question>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fix: Option<Fix>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tests_added: Vec<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) capacity: Option<Capacity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) closing: Option<Closing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) duplicate_of: Option<Other>,
    /// Of a dismissed issue: it was triaged.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) was_triaged: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) delegates: Vec<Delegate>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) causes: Vec<Arc<str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) links: Vec<Link>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) watchers: Vec<Arc<str>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Details {
    /// Of an issue as it stands.
    pub(crate) fn of(issue: &Issue) -> Self {
        let mut details = Self {
            source: issue.source.kind.known().map(Source::of),
            origin: issue.origin.as_ref().map(Origin::of),
            questions_asked: issue.questions_asked,
            questions: issue.questions.iter().map(Question::of).collect(),
            delegates: issue.delegates.iter().map(Delegate::of).collect(),
            causes: issue.causes.iter().map(|release| release.as_str().into()).collect(),
            links: issue.links.iter().map(Link::of).collect(),
            watchers: issue.watchers.iter().map(|person| person.as_str().into()).collect(),
            ..Self::default()
        };
        details.set_state(&issue.state);
        details
    }

    fn set_state(&mut self, state: &State) {
        match state {
            State::New { .. } | State::Accepted => {}
            State::Resolved(resolved) => self.set_resolved(resolved),
            State::Verified(verified) => self.set_verified(verified),
            State::Closed(closed) => {
                self.set_verified(&closed.verified);
                self.closing = closed.closing.known().map(Closing::of);
            }
            State::Dismissed(dismissed) => {
                self.was_triaged = dismissed.triaged;
                if let Fact::Known(Dismissal::DuplicateOf(other)) = &dismissed.dismissal {
                    self.duplicate_of = Some(Other::of(other));
                }
            }
        }
    }

    fn set_verified(&mut self, verified: &Verified) {
        self.set_resolved(&verified.resolved);
        self.capacity = verified.capacity.known().map(Capacity::of);
    }

    fn set_resolved(&mut self, resolved: &issue::Resolved) {
        self.fix = resolved.fix.known().map(Fix::of);
        self.tests_added.clone_from(&resolved.tests_added);
    }
}

/// Each of these, parsed by the domain.
pub(crate) fn all<T, U>(stored: Vec<T>, parse: impl Fn(T) -> Result<U, Malformed>) -> Result<Vec<U>, Malformed> {
    stored.into_iter().map(parse).collect()
}

/// Microseconds since 1970.
mod micros {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(at.as_microsecond())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        Timestamp::from_microsecond(i64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
