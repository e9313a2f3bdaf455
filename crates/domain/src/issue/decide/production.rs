//! What is in production: marks, closing, and back.

use jiff::Timestamp;

use super::case::{Case, Outcome};
use super::verification::not_resolver;
use crate::ids::ReleaseId;
use crate::issue::{Closing, Fix, IssueEvent, Level, Resolved, State, Verified};
use crate::release::{Deployment, PRODUCTION, Release};
use crate::text::Text;
use crate::{CLOCK_SKEW_MAX, Fact, Missing, Rejection};

pub(super) fn mark(case: &Case<'_>, release: ReleaseId) -> Outcome {
    let deployed = recorded(case, &release)?;
    case.not_over()?;
    // A fix that is in production mitigates from then on, whoever has verified it in test by then.
    let Some(resolved) = case.issue.resolved() else { return Err(Rejection::NotResolved) };
    if let Some(present) = &resolved.in_production {
        return Err(Rejection::AlreadyInProduction { release: present.clone() });
    }
    in_production(case, resolved, deployed)?;
    Ok(vec![IssueEvent::MarkedInProduction { release }])
}

pub(super) fn close(case: &Case<'_>, closing: Fact<Closing>) -> Outcome {
    let deployed = match &closing {
        Fact::Known(Closing::Released { release: Some(release), .. }) => Some(recorded(case, release)?),
        _ => None,
    };
    let verified = verified(case)?;
    if case.imported() {
        return Ok(vec![IssueEvent::IssueClosed { closing, deployed_at: None }]);
    }
    let fix = verified.resolved.fix.known();
    let closing = match closing {
        Fact::NotKnown => nothing_told(fix, case.level()),
        known @ Fact::Known(_) => known,
    };
    let Fact::Known(closing) = closing else {
        return Ok(vec![IssueEvent::IssueClosed { closing, deployed_at: None }]);
    };
    if !goes_with(&closing, fix, case.level()) {
        return Err(Rejection::WrongClosingForFix);
    }
    let mut evidence = case.evidence();
    match &closing {
        Closing::Released { release, reverified_by } => {
            if let Some(deployed) = deployed {
                in_production(case, &verified.resolved, deployed)?;
            }
            if let Some(person) = reverified_by {
                not_resolver(case, &verified.resolved, person)?;
            }
            evidence.need(release.is_some(), Missing::ReleaseMissing);
            evidence.need(reverified_by.is_some(), Missing::ReverifierMissing);
        }
        Closing::DataApplied { at, by } => evidence.need(at.is_some() && by.is_some(), Missing::AppliedMissing),
        Closing::Confirmed => {}
    }
    evidence.complete()?;
    not_applied_yet(case, &closing)?;
    let deployed_at = deployed.and_then(deployed_since);
    Ok(vec![IssueEvent::IssueClosed { closing: Fact::Known(closing), deployed_at }])
}

/// Since when a release is in production.
pub(super) fn deployed_since(release: &Release) -> Option<Timestamp> {
    match release.environments.get(PRODUCTION) {
        Some(Deployment::Deployed { at }) => Some(*at),
        Some(Deployment::RolledBack { .. }) | None => None,
    }
}

/// The closing that such a fix needs, with nothing of its evidence: levels 1 and 2 need none. Where an import told neither the fix nor the level,
/// it is not known what had to be done.
fn nothing_told(fix: Option<&Fix>, level: Option<Level>) -> Fact<Closing> {
    let released = Closing::Released { release: None, reverified_by: None };
    match (fix, level) {
        (Some(fix), _) if fix.code().is_some() => Fact::Known(released),
        (Some(fix), _) if fix.data().is_some() => Fact::Known(Closing::DataApplied { at: None, by: None }),
        (None, Some(Level::CodeOrData)) => Fact::Known(released),
        (None, None) => Fact::NotKnown,
        _ => Fact::Known(Closing::Confirmed),
    }
}

pub(super) fn withdraw(case: &Case<'_>, reason: Option<Text>) -> Outcome {
    let in_production = match &case.issue.state {
        State::Dismissed(_) => return Err(Rejection::IsDismissed),
        State::New { .. } | State::Accepted => false,
        State::Resolved(resolved) | State::Verified(Verified { resolved, .. }) => resolved.in_production.is_some(),
        // A data fix and what needed no change came to production with no release, so none takes it away.
        State::Closed(closed) => matches!(closed.closing, Fact::NotKnown | Fact::Known(Closing::Released { .. })),
    };
    if !in_production {
        return Err(Rejection::NotInProduction { release: None });
    }
    Ok(vec![IssueEvent::WithdrawnFromProduction { reason }])
}

fn verified<'a>(case: &Case<'a>) -> Result<&'a Verified, Rejection> {
    case.not_over()?;
    match &case.issue.state {
        State::Verified(verified) => Ok(verified),
        _ => Err(Rejection::NotVerified),
    }
}

fn recorded<'a>(case: &Case<'a>, release: &ReleaseId) -> Result<&'a Release, Rejection> {
    case.context.release.ok_or_else(|| Rejection::UnknownRelease { release: release.clone() })
}

/// Whether the release brought this fix to production: it carries the issue or one of its changes, and the last that is known of it in production is a
/// deployment after the present cycle began.
fn in_production(case: &Case<'_>, resolved: &Resolved, release: &Release) -> Result<(), Rejection> {
    let carries = release.cargo.carries(&case.issue.key, resolved.fix.known().and_then(Fix::code));
    let stands = deployed_since(release).is_some_and(|at| at > case.issue.cycle_start);
    if (carries && stands) || case.imported() {
        return Ok(());
    }
    Err(Rejection::NotInProduction { release: Some(release.id.clone()) })
}

/// Whether this is how such a fix comes to production. Of a fix that an import did not tell, the level decides; without that, any will do.
fn goes_with(closing: &Closing, fix: Option<&Fix>, level: Option<Level>) -> bool {
    match (closing, fix) {
        (Closing::Released { .. }, Some(fix)) => fix.code().is_some(),
        (Closing::DataApplied { .. }, Some(fix)) => fix.code().is_none() && fix.data().is_some(),
        (Closing::Confirmed, Some(fix)) => fix.code().is_none() && fix.data().is_none(),
        (Closing::Confirmed, None) => level != Some(Level::CodeOrData),
        (Closing::Released { .. } | Closing::DataApplied { .. }, None) => {
            level.is_none_or(|level| level == Level::CodeOrData)
        }
    }
}

fn not_applied_yet(case: &Case<'_>, closing: &Closing) -> Result<(), Rejection> {
    let now = case.context.now;
    match closing {
        Closing::DataApplied { at: Some(at), .. } if at.duration_since(now) > CLOCK_SKEW_MAX => {
            Err(Rejection::OccurredInFuture { occurred_at: *at, now })
        }
        _ => Ok(()),
    }
}
