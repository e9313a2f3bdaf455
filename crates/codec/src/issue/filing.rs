//! Filing, and what is added to the report.

mod source;

use domain::ids::IssueId;
use domain::issue::{IssueEvent, Report};
use serde::{Deserialize, Serialize};

use self::source::SourceV1;
use super::misrouted;
use crate::envelope::{Encoded, Put, Restored, Stored};
use crate::error::Fault;
use crate::registry::EventType as T;
use crate::texts::texts;
use crate::words::{Str, UuidV1, maybe, maybe_word, value, word};

pub(super) fn encode(event: &IssueEvent, put: &Put<'_>) -> Encoded {
    match event {
        IssueEvent::IssueFiled { id, title, source, report, reported_severity, component } => {
            let facts = IssueFiledV1 {
                id: UuidV1(id.0),
                source: SourceV1::of(source),
                reported_severity: maybe_word(reported_severity.as_ref()),
                component: maybe_word(component.as_ref()),
            };
            let Report { steps, actual, expected, details } = report;
            let texts = FilingTextsV1 {
                title: word(title),
                steps: maybe_word(steps.as_ref()),
                actual: maybe_word(actual.as_ref()),
                expected: maybe_word(expected.as_ref()),
                details: maybe_word(details.as_ref()),
            };
            put.event(T::IssueFiled, facts, texts)
        }
        IssueEvent::ReportAmended { report } => {
            let Report { steps, actual, expected, details } = report;
            let texts = ReportTextsV1 {
                steps: maybe_word(steps.as_ref()),
                actual: maybe_word(actual.as_ref()),
                expected: maybe_word(expected.as_ref()),
                details: maybe_word(details.as_ref()),
            };
            put.event(T::ReportAmended, ReportAmendedV1 {}, texts)
        }
        other => misrouted(other),
    }
}

pub(super) fn decode(event_type: T, version: u16, stored: Stored<'_>) -> Option<Result<Restored<IssueEvent>, Fault>> {
    Some(match (event_type, version) {
        (T::IssueFiled, 1) => stored.read(IssueFiledV1::event),
        (T::ReportAmended, 1) => stored.read(ReportAmendedV1::event),
        _ => return None,
    })
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IssueFiledV1<'a> {
    id: UuidV1,
    #[serde(borrow)]
    source: SourceV1<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reported_severity: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<Str<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportAmendedV1 {}

texts! {
    /// A filing's texts.
    FilingTextsV1 { title } optional { steps, actual, expected, details }
    /// Parts of a report.
    ReportTextsV1 {} optional { steps, actual, expected, details }
}

impl IssueFiledV1<'_> {
    fn event(self, texts: FilingTextsV1<'_>) -> Result<IssueEvent, Fault> {
        let FilingTextsV1 { title, steps, actual, expected, details } = texts;
        Ok(IssueEvent::IssueFiled {
            id: IssueId(self.id.0),
            title: value("title", &title)?,
            source: self.source.source()?,
            report: ReportTextsV1 { steps, actual, expected, details }.report()?,
            reported_severity: maybe("reported_severity", self.reported_severity.as_ref())?,
            component: maybe("component", self.component.as_ref())?,
        })
    }
}

impl ReportAmendedV1 {
    fn event(self, texts: ReportTextsV1<'_>) -> Result<IssueEvent, Fault> {
        let Self {} = self;
        Ok(IssueEvent::ReportAmended { report: texts.report()? })
    }
}

impl ReportTextsV1<'_> {
    fn report(self) -> Result<Report, Fault> {
        Ok(Report {
            steps: maybe("steps", self.steps.as_ref())?,
            actual: maybe("actual", self.actual.as_ref())?,
            expected: maybe("expected", self.expected.as_ref())?,
            details: maybe("details", self.details.as_ref())?,
        })
    }
}
