//! When which shifts are to be planned, and when they end.

use jiff::Timestamp;

use super::{Ending, Standing};
use crate::clocks::{Clock, Ledger, Noted, State, Terms, clocks};
use crate::ids::{SeverityId, TeamId};
use crate::policy::Subject;

/// Whether an issue needs shifts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// From then on, while it stays as it is.
    From(Timestamp),
    /// It does not; since when, and why.
    None(Ending, Timestamp),
}

/// What is to be done about an issue's shifts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agenda {
    /// Nothing, unless something else happens first.
    Nothing,
    /// They are to be planned, or renewed.
    Plan {
        /// When.
        due: Timestamp,
    },
    /// They are to be ended.
    End {
        /// Since when.
        due: Timestamp,
        /// Why.
        because: Ending,
    },
}

/// Whether an issue needs shifts, by its history and by what was promised: unmitigated for as long as its severity's rules say (`shifts_after`, wall
/// time), from the mitigate cycle's start or from when it got that severity, whichever is later. What was imported needs none until it is rebased.
pub fn need(ledger: &Ledger, terms: &Terms<'_>, now: Timestamp) -> Need {
    let clocks = clocks(ledger, terms, now);
    let Some(cycle) = clocks.current(Clock::Mitigate).filter(|_| !clocks.exempt) else {
        return Need::None(Ending::Downgraded, now);
    };
    match cycle.state {
        State::Ended { at, .. } => return Need::None(Ending::Mitigated, at),
        State::Cancelled { at } => return Need::None(Ending::Dismissed, at),
        State::Running | State::Paused { .. } => {}
    }
    let Some((subject, since)) = in_force(ledger, terms) else {
        return Need::None(Ending::Downgraded, now);
    };
    let ruling = terms.policies.rules_at(cycle.version, (clocks.now, u64::MAX), &subject);
    match ruling.and_then(|ruling| ruling.rules.shifts_after) {
        Some(after) => Need::From(since.max(cycle.start).saturating_add(after).unwrap_or(Timestamp::MAX)),
        None => Need::None(Ending::Downgraded, since),
    }
}

/// What is to be done about them, and when.
pub fn agenda(ledger: &Ledger, terms: &Terms<'_>, standing: Option<&Standing>, now: Timestamp) -> Agenda {
    match (need(ledger, terms, now), standing) {
        (Need::None(..), None) => Agenda::Nothing,
        (Need::None(because, since), Some(_)) => Agenda::End { due: since, because },
        (Need::From(at), None) => Agenda::Plan { due: at },
        (Need::From(at), Some(Standing { plan, .. })) => match owner(ledger) {
            Some((team, since)) if plan.team.as_ref() != Some(team) => Agenda::Plan { due: since.max(at) },
            _ => Agenda::Plan { due: plan.until.max(at) },
        },
    }
}

/// The owner team, and since when.
fn owner(ledger: &Ledger) -> Option<(&TeamId, Timestamp)> {
    ledger.notes().iter().rev().find_map(|note| match &note.what {
        Noted::Triaged { team: Some(team), .. } | Noted::LevelChanged { team: Some(team), .. } => Some((team, note.at)),
        Noted::HandedOver { to } => Some((to, note.at)),
        _ => None,
    })
}

/// What rules the issue, and since when it has its severity: the first triage's from filing on.
fn in_force(ledger: &Ledger, terms: &Terms<'_>) -> Option<(Subject, Timestamp)> {
    let (filed, rest) = ledger.notes().split_first()?;
    let Noted::Filed { severity, component, source, customer, .. } = &filed.what else { return None };
    let mut subject = Subject {
        severity: severity.as_ref().or_else(|| terms.default_severity(filed.place()))?.clone(),
        component: component.clone(),
        source: *source,
        tier: customer.as_ref().and_then(|customer| terms.tier(customer)).cloned(),
    };
    let mut since = filed.at;
    let mut triaged = false;
    for note in rest {
        let mut becomes = |severity: &SeverityId, at: Timestamp| {
            if subject.severity != *severity {
                subject.severity = severity.clone();
                since = at;
            }
        };
        match &note.what {
            Noted::Triaged { severity, component, .. } => {
                let at = if triaged { note.at } else { filed.at };
                if let Some(severity) = severity {
                    becomes(severity, at);
                }
                triaged = true;
                if component.is_some() {
                    subject.component.clone_from(component);
                }
            }
            Noted::SeverityChanged { to } => becomes(to, note.at),
            Noted::ComponentChanged { to } => subject.component = Some(to.clone()),
            _ => {}
        }
    }
    Some((subject, since))
}
