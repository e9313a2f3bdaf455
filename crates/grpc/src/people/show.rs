//! Workloads as the contract has them.

use api::boards::v1::SeverityCount;
use api::people::v1::{Amount, Duty, DutyKind, TeamWorkload};
use domain::ids::TeamId;
use domain::project::Scheme;
use jiff::Timestamp;
use views::people::{self, DutyFound, Kind, Load, TeamLoad, TeamState};

use crate::boards::show::{age, text};
use crate::fields::stamp;

/// In the order of the contract's kinds.
const KINDS: [Kind; 4] = [Kind::Accepted, Kind::Assigned, Kind::Asked, Kind::Verify];

/// One amount for each kind.
pub(super) fn load(mut load: Load, scheme: &Scheme, now: Timestamp) -> Vec<Amount> {
    let amount =
        |each: Kind| Amount { kind: kind(each).into(), ..amount(load.remove(&each).unwrap_or_default(), scheme, now) };
    KINDS.map(amount).into()
}

/// A team's; of its members nothing is told yet.
pub(super) fn team(team: &TeamId, mut load: TeamLoad, scheme: &Scheme, now: Timestamp) -> TeamWorkload {
    let mut of = |state| Some(amount(load.remove(&state).unwrap_or_default(), scheme, now));
    TeamWorkload {
        team: team.to_string(),
        to_accept: of(TeamState::ToAccept),
        accepted: of(TeamState::Accepted),
        resolved: of(TeamState::Resolved),
        members: 0,
        accepted_median: None,
    }
}

/// Something to do.
pub(super) fn duty(duty: DutyFound, now: Timestamp) -> Duty {
    Duty {
        kind: kind(duty.kind).into(),
        key: duty.key.to_string(),
        title: duty.title.to_string(),
        severity: text(duty.severity),
        since: Some(stamp(duty.since)),
        age: Some(age(duty.since, now)),
    }
}

fn amount(amount: people::Amount, scheme: &Scheme, now: Timestamp) -> Amount {
    let severity = |(severity, count)| SeverityCount { severity: text(severity), count };
    let mut severities: Vec<_> = amount.severities.into_iter().map(severity).collect();
    let rank = |one: &SeverityCount| scheme.severities.iter().position(|each| each.id.as_str() == one.severity);
    severities.sort_by_key(|one| rank(one).unwrap_or(scheme.severities.len()));
    let since = amount.oldest.as_ref().map(|(_, since)| *since);
    Amount {
        kind: DutyKind::Unspecified.into(),
        count: amount.issues,
        severities,
        oldest: amount.oldest.map(|(key, _)| key.to_string()).unwrap_or_default(),
        since: since.map(stamp),
        age: since.map(|since| age(since, now)),
    }
}

fn kind(kind: Kind) -> DutyKind {
    match kind {
        Kind::Accepted => DutyKind::Accepted,
        Kind::Assigned => DutyKind::Assigned,
        Kind::Asked => DutyKind::Asked,
        Kind::Verify => DutyKind::Verify,
    }
}
