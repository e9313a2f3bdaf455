//! Resolutions with their evidence, rejected resolutions, and ways around.

use std::sync::Arc;

use super::case::{Case, Evidence, Outcome};
use super::filing::report_evidence;
use crate::issue::{CodeFix, DataFix, Fix, IssueEvent, Level, State};
use crate::text::Text;
use crate::{Fact, Missing, Rejection};

pub(super) fn resolve(case: &Case<'_>, fix: Fact<Fix>) -> Outcome {
    case.not_resolved()?;
    if case.issue.state != State::Accepted {
        return Err(Rejection::NotAccepted);
    }
    if !case.imported() && case.issue.assignee.as_ref() != Some(case.context.actor) {
        return Err(Rejection::NotAssignee { assignee: case.issue.assignee.clone() });
    }
    if let (Some(level), Fact::Known(fix), false) = (case.level(), &fix, case.imported())
        && level_of(fix) != level
    {
        return Err(Rejection::WrongFixForLevel { level });
    }
    let mut evidence = case.evidence();
    if case.issue.report_owed {
        report_evidence(&case.issue.report, &mut evidence);
    }
    evidence.need(case.level().is_some(), Missing::LevelMissing);
    if let Some(fix) = evidence.know(&fix, Missing::FixMissing) {
        fix_evidence(fix, &mut evidence);
    }
    evidence.complete()?;
    Ok(vec![IssueEvent::IssueResolved { fix }])
}

fn level_of(fix: &Fix) -> Level {
    match fix {
        Fix::Code(_) | Fix::Data(_) | Fix::CodeAndData(..) => Level::CodeOrData,
        Fix::Operation { .. } => Level::System,
        Fix::Explanation { .. } => Level::UserError,
    }
}

fn fix_evidence(fix: &Fix, evidence: &mut Evidence) {
    if let Some(CodeFix { changes, tests, environment }) = fix.code() {
        evidence.need(!changes.is_empty(), Missing::ChangeMissing);
        evidence.need(tests.iter().any(|test| !test.trim().is_empty()), Missing::RegressionTestMissing);
        evidence.need(said(environment.as_ref()), Missing::TestEnvironmentMissing);
    }
    if let Some(DataFix { correction, tried_in }) = fix.data() {
        evidence.need(said(correction.as_ref()) && said(tried_in.as_ref()), Missing::CorrectionMissing);
    }
    match fix {
        Fix::Operation { action } => evidence.need(action.is_some(), Missing::ActionMissing),
        Fix::Explanation { explanation, topic } => {
            evidence.need(explanation.is_some(), Missing::ExplanationMissing);
            evidence.need(said(topic.as_ref()), Missing::TopicMissing);
        }
        Fix::Code(_) | Fix::Data(_) | Fix::CodeAndData(..) => {}
    }
}

fn said(text: Option<&Arc<str>>) -> bool {
    text.is_some_and(|text| !text.trim().is_empty())
}

/// Evidence that comes after the resolution. Anybody may bring it.
pub(super) fn add_tests(case: &Case<'_>, tests: Vec<Arc<str>>) -> Outcome {
    let resolved = match &case.issue.state {
        State::New { .. } | State::Accepted => return Err(Rejection::NotResolved),
        State::Dismissed(_) => return Err(Rejection::IsDismissed),
        State::Resolved(resolved) => resolved,
        State::Verified(verified) => &verified.resolved,
        State::Closed(closed) => &closed.verified.resolved,
    };
    if let (Fact::Known(fix @ (Fix::Operation { .. } | Fix::Explanation { .. })), false) =
        (&resolved.fix, case.imported())
    {
        return Err(Rejection::WrongFixForLevel { level: level_of(fix) });
    }
    let mut evidence = case.evidence();
    evidence.need(!tests.is_empty(), Missing::RegressionTestMissing);
    evidence.complete()?;
    let there = resolved.fix.known().and_then(Fix::code).map_or(&[][..], |code| &code.tests);
    let mut new: Vec<Arc<str>> = Vec::new();
    for test in tests {
        if !there.contains(&test) && !resolved.tests_added.contains(&test) && !new.contains(&test) {
            new.push(test);
        }
    }
    if new.is_empty() { Err(Rejection::SameTests) } else { Ok(vec![IssueEvent::RegressionTestsAdded { tests: new }]) }
}

pub(super) fn reject(case: &Case<'_>, reason: Option<Text>) -> Outcome {
    case.not_over()?;
    if !matches!(case.issue.state, State::Resolved(_) | State::Verified(_)) {
        return Err(Rejection::NotResolved);
    }
    case.reason(reason.as_ref())?;
    Ok(vec![IssueEvent::ResolutionRejected { reason, unassigned: case.assignee_left() }])
}

pub(super) fn record_workaround(case: &Case<'_>, text: Text) -> Outcome {
    case.not_over()?;
    if case.issue.workaround.as_ref().is_some_and(|workaround| workaround.text == text) {
        return Err(Rejection::SameWorkaround);
    }
    Ok(vec![IssueEvent::WorkaroundRecorded { text }])
}

pub(super) fn withdraw_workaround(case: &Case<'_>, reason: Option<Text>) -> Outcome {
    case.not_over()?;
    if case.issue.workaround.is_none() {
        return Err(Rejection::NoWorkaround);
    }
    Ok(vec![IssueEvent::WorkaroundWithdrawn { reason }])
}
