//! Whose an issue is. Here is the first upcaster: [`AcceptedV1`] into [`AcceptedV2`].

use domain::issue::IssueEvent;
use serde::{Deserialize, Serialize};

use super::misrouted;
use crate::envelope::{Encoded, Put, Restored, Stored};
use crate::error::Fault;
use crate::registry::EventType as T;
use crate::texts::{NoTexts, ReasonV1};
use crate::words::{FactV1, Str, maybe, maybe_word, value, word};

pub(super) fn encode(event: &IssueEvent, put: &Put<'_>) -> Encoded {
    match event {
        IssueEvent::IssueAssigned { assignee } => {
            put.event(T::IssueAssigned, AssignedV1 { assignee: maybe_word(assignee.as_ref()) }, NoTexts {})
        }
        IssueEvent::IssueHandedOver { from, to, reason } => {
            let facts = HandedOverV1 { from: FactV1::word(from), to: word(to) };
            put.event(T::IssueHandedOver, facts, ReasonV1::of(reason.as_ref()))
        }
        IssueEvent::IssueAccepted { assignee, report_owed } => {
            let facts = AcceptedV2 { assignee: FactV1::word(assignee), report_owed: *report_owed };
            put.event(T::IssueAccepted, facts, NoTexts {})
        }
        other => misrouted(other),
    }
}

pub(super) fn decode(event_type: T, version: u16, stored: Stored<'_>) -> Option<Result<Restored<IssueEvent>, Fault>> {
    Some(match (event_type, version) {
        (T::IssueAssigned, 1) => stored.read(|facts: AssignedV1<'_>, _: NoTexts| {
            Ok(IssueEvent::IssueAssigned { assignee: maybe("assignee", facts.assignee.as_ref())? })
        }),
        (T::IssueHandedOver, 1) => stored.read(|facts: HandedOverV1<'_>, texts: ReasonV1<'_>| {
            let (from, to) = (facts.from.value("from")?, value("to", &facts.to)?);
            Ok(IssueEvent::IssueHandedOver { from, to, reason: texts.text()? })
        }),
        (T::IssueAccepted, 1) => stored.read(|facts: AcceptedV1<'_>, texts| AcceptedV2::from(facts).event(texts)),
        (T::IssueAccepted, 2) => stored.read(AcceptedV2::event),
        _ => return None,
    })
}

/// An absent assignee is nobody.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AssignedV1<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    assignee: Option<Str<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HandedOverV1<'a> {
    #[serde(borrow)]
    from: FactV1<Str<'a>>,
    to: Str<'a>,
}

/// Written before an issue could be accepted with its report still owed.
///
/// No release ever wrote it: it is the first version that was followed by another, kept so that the way from an old shape to
/// today's event is walked by a test from the first release on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceptedV1<'a> {
    #[serde(borrow)]
    assignee: FactV1<Str<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceptedV2<'a> {
    #[serde(borrow)]
    assignee: FactV1<Str<'a>>,
    report_owed: bool,
}

impl<'a> From<AcceptedV1<'a>> for AcceptedV2<'a> {
    /// Without a complete report nothing was accepted then, so none is owed.
    fn from(AcceptedV1 { assignee }: AcceptedV1<'a>) -> Self {
        Self { assignee, report_owed: false }
    }
}

impl AcceptedV2<'_> {
    fn event(self, _: NoTexts) -> Result<IssueEvent, Fault> {
        Ok(IssueEvent::IssueAccepted { assignee: self.assignee.value("assignee")?, report_owed: self.report_owed })
    }
}
