//! When a fact of an issue happened.

use jiff::Timestamp;

use super::case::Case;
use crate::Rejection;

/// When it happened: a change of state not before the previous one, any other fact not before the present cycle began. A question is asked
/// when it is sent, never earlier; what another system asked may be imported.
pub(super) fn settle(case: &Case<'_>, moves: bool, asks: bool) -> Result<Timestamp, Rejection> {
    if asks && case.context.occurred_at.is_some() && !case.imported() {
        return Err(Rejection::AskedInThePast);
    }
    let bound = if moves { case.issue.state_since } else { case.issue.cycle_start };
    case.context.settle(Some(bound))
}
