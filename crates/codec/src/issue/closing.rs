//! The way into production, out of the workflow, and back.

use domain::issue::{Closing, Dismissal, IssueEvent};
use serde::{Deserialize, Serialize};

use super::misrouted;
use super::parts::IssueRefV1;
use crate::envelope::{Encoded, Put, Restored, Stored};
use crate::error::Fault;
use crate::registry::EventType as T;
use crate::texts::{NoTexts, ReasonV1, texts};
use crate::words::{FactV1, MicrosV1, Str, maybe, maybe_word, value, word};

pub(super) fn encode(event: &IssueEvent, put: &Put<'_>) -> Encoded {
    match event {
        IssueEvent::MarkedInProduction { release } => {
            put.event(T::MarkedInProduction, InProductionV1 { release: word(release) }, NoTexts {})
        }
        IssueEvent::IssueClosed { closing, deployed_at } => {
            let closing = FactV1::of(closing, ClosingV1::of);
            put.event(T::IssueClosed, ClosedV2 { closing, deployed_at: deployed_at.map(MicrosV1::of) }, NoTexts {})
        }
        IssueEvent::WithdrawnFromProduction { reason } => {
            put.event(T::WithdrawnFromProduction, WithdrawnV1 {}, ReasonV1::of(reason.as_ref()))
        }
        IssueEvent::IssueReopened { reason, unassigned } => {
            put.event(T::IssueReopened, ReopenedV1 { unassigned: *unassigned }, ReasonV1::of(reason.as_ref()))
        }
        IssueEvent::IssueDismissed { dismissal, note } => {
            let facts = DismissedV1 { dismissal: FactV1::of(dismissal, DismissalV1::of) };
            put.event(T::IssueDismissed, facts, NoteV1 { note: maybe_word(note.as_ref()) })
        }
        other => misrouted(other),
    }
}

pub(super) fn decode(event_type: T, version: u16, stored: Stored<'_>) -> Option<Result<Restored<IssueEvent>, Fault>> {
    Some(match (event_type, version) {
        (T::MarkedInProduction, 1) => stored.read(|facts: InProductionV1<'_>, _: NoTexts| {
            Ok(IssueEvent::MarkedInProduction { release: value("release", &facts.release)? })
        }),
        (T::IssueClosed, 1) => stored.read(|facts: ClosedV1<'_>, texts: NoTexts| ClosedV2::from(facts).event(texts)),
        (T::IssueClosed, 2) => stored.read(ClosedV2::event),
        (T::WithdrawnFromProduction, 1) => stored.read(|WithdrawnV1 {}, texts: ReasonV1<'_>| {
            Ok(IssueEvent::WithdrawnFromProduction { reason: texts.text()? })
        }),
        (T::IssueReopened, 1) => stored.read(|facts: ReopenedV1, texts: ReasonV1<'_>| {
            Ok(IssueEvent::IssueReopened { reason: texts.text()?, unassigned: facts.unassigned })
        }),
        (T::IssueDismissed, 1) => stored.read(|facts: DismissedV1<'_>, texts: NoteV1<'_>| {
            Ok(IssueEvent::IssueDismissed {
                dismissal: facts.dismissal.fact(|dismissal| dismissal.dismissal())?,
                note: maybe("note", texts.note.as_ref())?,
            })
        }),
        _ => return None,
    })
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InProductionV1<'a> {
    #[serde(borrow)]
    release: Str<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClosedV1<'a> {
    #[serde(borrow)]
    closing: FactV1<ClosingV1<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClosedV2<'a> {
    #[serde(borrow)]
    closing: FactV1<ClosingV1<'a>>,
    /// When the release was deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deployed_at: Option<MicrosV1>,
}

/// Version 1 didn't say when the release was deployed.
impl<'a> From<ClosedV1<'a>> for ClosedV2<'a> {
    fn from(old: ClosedV1<'a>) -> Self {
        Self { closing: old.closing, deployed_at: None }
    }
}

impl ClosedV2<'_> {
    fn event(self, _: NoTexts) -> Result<IssueEvent, Fault> {
        Ok(IssueEvent::IssueClosed {
            closing: self.closing.fact(|closing| closing.closing())?,
            deployed_at: self.deployed_at.map(|at| at.time("deployed_at")).transpose()?,
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum ClosingV1<'a> {
    #[serde(rename = "released")]
    Released {
        #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
        release: Option<Str<'a>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reverified_by: Option<Str<'a>>,
    },
    #[serde(rename = "data_applied")]
    DataApplied {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<MicrosV1>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Str<'a>>,
    },
    #[serde(rename = "confirmed")]
    Confirmed,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WithdrawnV1 {}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReopenedV1 {
    unassigned: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DismissedV1<'a> {
    #[serde(borrow)]
    dismissal: FactV1<DismissalV1<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
enum DismissalV1<'a> {
    #[serde(rename = "duplicate_of", borrow)]
    DuplicateOf(IssueRefV1<'a>),
    #[serde(rename = "cannot_reproduce")]
    CannotReproduce,
    #[serde(rename = "not_a_defect")]
    NotADefect,
    #[serde(rename = "wont_fix")]
    WontFix,
    #[serde(rename = "withdrawn")]
    Withdrawn,
    #[serde(rename = "no_answer")]
    NoAnswer,
}

texts! {
    /// What was said of a dismissal.
    NoteV1 {} optional { note }
}

impl<'a> ClosingV1<'a> {
    fn of(closing: &'a Closing) -> Self {
        match closing {
            Closing::Released { release, reverified_by } => Self::Released {
                release: maybe_word(release.as_ref()),
                reverified_by: maybe_word(reverified_by.as_ref()),
            },
            Closing::DataApplied { at, by } => {
                Self::DataApplied { at: at.map(MicrosV1::of), by: maybe_word(by.as_ref()) }
            }
            Closing::Confirmed => Self::Confirmed,
        }
    }

    fn closing(&self) -> Result<Closing, Fault> {
        Ok(match self {
            Self::Released { release, reverified_by } => Closing::Released {
                release: maybe("closing.release", release.as_ref())?,
                reverified_by: maybe("closing.reverified_by", reverified_by.as_ref())?,
            },
            Self::DataApplied { at, by } => Closing::DataApplied {
                at: at.map(|at| at.time("closing.at")).transpose()?,
                by: maybe("closing.by", by.as_ref())?,
            },
            Self::Confirmed => Closing::Confirmed,
        })
    }
}

impl<'a> DismissalV1<'a> {
    fn of(dismissal: &'a Dismissal) -> Self {
        match dismissal {
            Dismissal::DuplicateOf(other) => Self::DuplicateOf(IssueRefV1::of(other)),
            Dismissal::CannotReproduce => Self::CannotReproduce,
            Dismissal::NotADefect => Self::NotADefect,
            Dismissal::WontFix => Self::WontFix,
            Dismissal::Withdrawn => Self::Withdrawn,
            Dismissal::NoAnswer => Self::NoAnswer,
        }
    }

    fn dismissal(&self) -> Result<Dismissal, Fault> {
        Ok(match self {
            Self::DuplicateOf(other) => Dismissal::DuplicateOf(other.issue_ref()?),
            Self::CannotReproduce => Dismissal::CannotReproduce,
            Self::NotADefect => Dismissal::NotADefect,
            Self::WontFix => Dismissal::WontFix,
            Self::Withdrawn => Dismissal::Withdrawn,
            Self::NoAnswer => Dismissal::NoAnswer,
        })
    }
}
