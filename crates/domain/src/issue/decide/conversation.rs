//! Questions, answers, comments.

use super::case::{Case, Outcome};
use crate::issue::{Asked, IssueEvent};
use crate::text::Text;
use crate::{Missing, Rejection};

pub(super) fn request(case: &Case<'_>, of: Asked, text: Text) -> Outcome {
    case.not_resolved()?;
    if let Some(open) = case.issue.questions.iter().find(|open| open.of == of && open.text == text) {
        return Err(Rejection::AlreadyAsked { question: open.number });
    }
    let question = case.issue.questions_asked.saturating_add(1);
    Ok(vec![IssueEvent::InformationRequested { question, of, text }])
}

pub(super) fn provide(case: &Case<'_>, questions: Vec<u32>, text: Option<Text>) -> Outcome {
    let questions = open_of(case, questions)?;
    let mut evidence = case.evidence();
    evidence.need(text.is_some(), Missing::AnswerMissing);
    evidence.complete()?;
    Ok(vec![IssueEvent::InformationProvided { questions, text }])
}

pub(super) fn withdraw(case: &Case<'_>, questions: Vec<u32>) -> Outcome {
    let questions = open_of(case, questions)?;
    Ok(vec![IssueEvent::RequestWithdrawn { questions }])
}

/// The questions meant: those named, all of which must be open; none named: all that are. Leaving New and Accepted has closed every one.
fn open_of(case: &Case<'_>, mut named: Vec<u32>) -> Result<Vec<u32>, Rejection> {
    let open: Vec<u32> = case.issue.questions.iter().map(|open| open.number).collect();
    named.sort_unstable();
    named.dedup();
    if open.is_empty() || !named.iter().all(|number| open.contains(number)) {
        return Err(Rejection::NothingWasAsked);
    }
    Ok(if named.is_empty() { open } else { named })
}

/// Always taken, and as often as it is said.
pub(super) fn comment(text: Text) -> Outcome {
    Ok(vec![IssueEvent::IssueCommented { text }])
}
