//! Ways around an issue, its fix, and a fix that did not hold.

mod fix;

use std::sync::Arc;

use domain::issue::IssueEvent;
use domain::{Fact, issue::Fix};
use serde::{Deserialize, Serialize};

use self::fix::{FixTextsV1, FixV1};
use super::misrouted;
use crate::envelope::{Encoded, Put, Restored, Stored};
use crate::error::Fault;
use crate::registry::EventType as T;
use crate::texts::{NoTexts, ReasonV1, TextV1};
use crate::words::{FactV1, Str, every, words};

pub(super) fn encode(event: &IssueEvent, put: &Put<'_>) -> Encoded {
    match event {
        IssueEvent::WorkaroundRecorded { text } => put.event(T::WorkaroundRecorded, WorkaroundV1 {}, TextV1::of(text)),
        IssueEvent::WorkaroundWithdrawn { reason } => {
            put.event(T::WorkaroundWithdrawn, WorkaroundV1 {}, ReasonV1::of(reason.as_ref()))
        }
        IssueEvent::IssueResolved { fix } => {
            let facts = ResolvedV1 { fix: FactV1::of(fix, FixV1::of) };
            put.event(T::IssueResolved, facts, FixTextsV1::of(fix))
        }
        IssueEvent::RegressionTestsAdded { tests } => {
            put.event(T::RegressionTestsAdded, TestsV1 { tests: words(tests) }, NoTexts {})
        }
        IssueEvent::ResolutionRejected { reason, unassigned } => {
            let facts = RejectedV1 { unassigned: *unassigned };
            put.event(T::ResolutionRejected, facts, ReasonV1::of(reason.as_ref()))
        }
        other => misrouted(other),
    }
}

pub(super) fn decode(event_type: T, version: u16, stored: Stored<'_>) -> Option<Result<Restored<IssueEvent>, Fault>> {
    Some(match (event_type, version) {
        (T::WorkaroundRecorded, 1) => {
            stored.read(|WorkaroundV1 {}, texts: TextV1<'_>| Ok(IssueEvent::WorkaroundRecorded { text: texts.text()? }))
        }
        (T::WorkaroundWithdrawn, 1) => stored
            .read(|WorkaroundV1 {}, texts: ReasonV1<'_>| Ok(IssueEvent::WorkaroundWithdrawn { reason: texts.text()? })),
        (T::IssueResolved, 1) => stored.read(ResolvedV1::event),
        (T::RegressionTestsAdded, 1) => stored.read(|facts: TestsV1<'_>, _: NoTexts| {
            Ok(IssueEvent::RegressionTestsAdded { tests: every::<Arc<str>, _>("tests", &facts.tests)? })
        }),
        (T::ResolutionRejected, 1) => stored.read(|facts: RejectedV1, texts: ReasonV1<'_>| {
            Ok(IssueEvent::ResolutionRejected { reason: texts.text()?, unassigned: facts.unassigned })
        }),
        _ => return None,
    })
}

/// A way around it, recorded or withdrawn: all that is said of it is text.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WorkaroundV1 {}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResolvedV1<'a> {
    #[serde(borrow)]
    fix: FactV1<FixV1<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TestsV1<'a> {
    #[serde(borrow)]
    tests: Vec<Str<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RejectedV1 {
    unassigned: bool,
}

impl ResolvedV1<'_> {
    fn event(self, texts: FixTextsV1<'_>) -> Result<IssueEvent, Fault> {
        let fix: Fact<Fix> = self.fix.fact(|fix| fix.fix(texts))?;
        Ok(IssueEvent::IssueResolved { fix })
    }
}
