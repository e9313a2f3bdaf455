//! When a fact of an issue happened.

use jiff::Timestamp;

use super::case::Case;
use super::production::deployed_since;
use crate::Rejection;
use crate::issue::IssueEvent;

/// When it happened: a change of state not before the previous one, any other fact not before the present cycle began. A question is asked
/// when it is sent, never earlier; what another system asked may be imported. A mark in production happened when its release was deployed.
pub(super) fn settle(case: &Case<'_>, events: &[IssueEvent], moves: bool, asks: bool) -> Result<Timestamp, Rejection> {
    if asks && case.context.occurred_at.is_some() && !case.imported() {
        return Err(Rejection::AskedInThePast);
    }
    if let ([IssueEvent::MarkedInProduction { .. }], None) = (events, case.context.occurred_at)
        && let Some(deployed_at) = case.context.release.and_then(deployed_since)
    {
        return Ok(deployed_at.max(case.issue.cycle_start));
    }
    let bound = if moves { case.issue.state_since } else { case.issue.cycle_start };
    case.context.settle(Some(bound))
}
