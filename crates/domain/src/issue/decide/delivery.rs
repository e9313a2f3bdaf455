//! Whether a fix got to production as its severity asks.
//!
//! Nothing is believed here either. A patch is judged by the issue's own marks; a push by the release that is named, which is guarded. That no other
//! release went out before it is what an index said: no append can guard that something is absent from every release of a project.

use jiff::Timestamp;

use super::case::Case;
use super::sla::{Decided, counted, find};
use crate::agenda::{self, Patched};
use crate::clocks::{Clock, Clocks, Cycle};
use crate::issue::{Closed, Delivered, Fix, IssueEvent, Resolved, State, Verified};
use crate::policy::Delivery;
use crate::{Decision, Rejection};

pub(super) fn record(case: &Case<'_>, number: u32, rule: Delivery, delivered: &Delivered) -> Decided {
    let counted = counted(case);
    let cycle = find(&counted, Clock::Resolve, number)?;
    let asked = cycle.delivery(&case.project.terms());
    if rule == Delivery::Planned || asked != Some(rule) || counted.exempt {
        return Err(Rejection::NoDeliveryRule { cycle: number, asked });
    }
    if agenda::is_delivered(&case.issue.ledger, number) {
        return Err(Rejection::DeliveryAlreadyRecorded { cycle: number });
    }
    let occurred_at = match rule {
        Delivery::PatchNow => patched(case, &counted, cycle, delivered),
        Delivery::NextPush | Delivery::Planned => pushed(case, &counted, cycle, delivered),
    }?;
    let event = match delivered.clone() {
        Delivered::Kept { release } => IssueEvent::DeliveryRuleKept { cycle: number, rule, release },
        Delivered::Broken { due, release } => IssueEvent::DeliveryRuleBroken { cycle: number, rule, due, release },
    };
    Ok(Decision { events: vec![event], occurred_at })
}

/// Patch now, as the clocks have it: when it was in production in time, or when it should have been.
fn patched(case: &Case<'_>, counted: &Clocks, cycle: &Cycle, delivered: &Delivered) -> Result<Timestamp, Rejection> {
    let refused = refused(cycle, delivered);
    let found = agenda::patched(&case.issue.ledger, &case.project.terms(), counted, cycle);
    let Some(Patched { due, at, delivered: became }) = found else { return Err(refused(None)) };
    let now = case.context.now;
    let is_over = if matches!(became, Delivered::Kept { .. }) { at <= now } else { at < now };
    if became == *delivered && is_over { Ok(at) } else { Err(refused(Some(due))) }
}

/// Next push: the release that is named was the first of its deployments after the verification, with the fix or without. A fix that stood in production
/// when it was verified missed nothing.
fn pushed(case: &Case<'_>, counted: &Clocks, cycle: &Cycle, delivered: &Delivered) -> Result<Timestamp, Rejection> {
    let (verified_at, resolved) = verified(case, counted, cycle)?;
    let Some(fix) = resolved.fix.known().and_then(Fix::code) else {
        // No push brings what no change of code mended.
        return Err(Rejection::NoDeliveryRule { cycle: cycle.number, asked: None });
    };
    let refused = refused(cycle, delivered);
    let stood = agenda::in_production_at(&case.issue.ledger, verified_at);
    match delivered {
        Delivered::Kept { release } if stood && *release == resolved.in_production => return Ok(verified_at),
        Delivered::Broken { .. } if stood => return Err(refused(Some(verified_at))),
        Delivered::Kept { release: Some(named) } | Delivered::Broken { release: Some(named), .. }
            if case.context.release.is_none() =>
        {
            return Err(Rejection::UnknownRelease { release: named.clone() });
        }
        _ => {}
    }
    let pushes = case.context.release.map_or(&[][..], |release| &release.pushes);
    let Some(first) = pushes.iter().find(|push| push.at > verified_at) else { return Err(refused(None)) };
    let carried = first.cargo.carries(&case.issue.key, Some(fix));
    let holds = match delivered {
        Delivered::Kept { .. } => carried,
        Delivered::Broken { due, .. } => !carried && first.at == *due,
    };
    if holds { Ok(first.at) } else { Err(refused(Some(first.at))) }
}

/// When the cycle's fix was verified, and that fix, while it stands.
fn verified<'a>(case: &Case<'a>, counted: &Clocks, cycle: &Cycle) -> Result<(Timestamp, &'a Resolved), Rejection> {
    let current = counted.current(Clock::Resolve).is_some_and(|current| current.number == cycle.number);
    match &case.issue.state {
        State::Verified(Verified { resolved, at, .. })
        | State::Closed(Closed { verified: Verified { resolved, at, .. }, .. })
            if current =>
        {
            Ok((*at, resolved))
        }
        _ => Err(Rejection::NotVerified),
    }
}

/// What is claimed does not hold.
fn refused(cycle: &Cycle, delivered: &Delivered) -> impl Fn(Option<Timestamp>) -> Rejection {
    let (cycle, kept) = (cycle.number, matches!(delivered, Delivered::Kept { .. }));
    move |due| {
        if kept { Rejection::DeliveryNotKept { cycle, due } } else { Rejection::DeliveryNotBroken { cycle, due } }
    }
}
