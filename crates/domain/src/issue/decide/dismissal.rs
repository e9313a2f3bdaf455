//! Dismissing, and reopening what was dismissed or closed.

use super::case::{Case, Outcome};
use super::verification::opener_or_customer;
use crate::issue::{Dismissal, IssueEvent, IssueRef, State};
use crate::text::Text;
use crate::{Fact, Missing, Rejection};

pub(super) fn dismiss(case: &Case<'_>, dismissal: Fact<Dismissal>, note: Option<Text>) -> Outcome {
    if let Fact::Known(Dismissal::DuplicateOf(root)) = &dismissal {
        known_root(case, root)?;
    }
    case.not_resolved()?;
    match &dismissal {
        Fact::Known(Dismissal::DuplicateOf(_)) => not_itself_a_duplicate(case)?,
        Fact::Known(Dismissal::Withdrawn) => opener_or_customer(case, case.context.actor)?,
        _ => {}
    }
    let mut evidence = case.evidence();
    evidence.know(&dismissal, Missing::DismissalMissing);
    evidence.complete()?;
    Ok(vec![IssueEvent::IssueDismissed { dismissal, note }])
}

/// An issue of the project, another than this; imports may name one of the system they come from.
fn known_root(case: &Case<'_>, root: &IssueRef) -> Result<(), Rejection> {
    match root {
        IssueRef::Issue { id, .. } if *id == case.issue.id => Err(Rejection::DuplicateOfItself),
        IssueRef::Issue { key, .. } if case.context.other.is_none() => {
            Err(Rejection::UnknownIssue { issue: key.clone() })
        }
        IssueRef::External(reference) if !case.imported() => {
            Err(Rejection::DuplicateElsewhere { reference: reference.clone() })
        }
        IssueRef::Issue { .. } | IssueRef::External(_) => Ok(()),
    }
}

fn not_itself_a_duplicate(case: &Case<'_>) -> Result<(), Rejection> {
    match case.context.other.map(|other| &other.state) {
        Some(State::Dismissed(dismissed)) if !case.imported() => match &dismissed.dismissal {
            Fact::Known(Dismissal::DuplicateOf(root)) => Err(Rejection::DuplicateOfDuplicate { root: root.clone() }),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

pub(super) fn reopen(case: &Case<'_>, reason: Option<Text>) -> Outcome {
    if !matches!(case.issue.state, State::Closed(_) | State::Dismissed(_)) {
        return Err(Rejection::NotClosed);
    }
    case.reason(reason.as_ref())?;
    Ok(vec![IssueEvent::IssueReopened { reason, unassigned: case.assignee_left() }])
}
