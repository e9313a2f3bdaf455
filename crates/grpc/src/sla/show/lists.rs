//! What was breached, what is breached next, and who pauses, as the contract has it.

use std::sync::Arc;

use api::policies::v1::Clock as WireClock;
use api::sla::v1::{BreachedClock, ClockAtRisk, ClockClass, PausingPerson, SuspiciousPause};
use views::sla::{AtRisk, Breached, Measured, Paused, Suspicion};

use crate::fields::stamp;

fn class([severity, team, component, source, customer]: [Arc<str>; 5]) -> ClockClass {
    ClockClass {
        severity: severity.to_string(),
        team: team.to_string(),
        component: component.to_string(),
        source: source.to_string(),
        customer: customer.to_string(),
    }
}

pub(crate) fn breached(told: Breached) -> BreachedClock {
    BreachedClock {
        key: told.key.to_string(),
        clock: listed(told.clock).into(),
        cycle: told.cycle,
        breached_at: Some(stamp(told.at)),
        deadline: Some(stamp(told.deadline)),
        policy_version: told.version,
        cause: told.why.cause.to_string(),
        recorded: told.recorded,
        ended_at: told.ended_at.map(stamp),
        handovers: told.why.handovers,
        waited: Some(seconds(told.why.waited)),
        pauses: told.why.pauses,
        paused: Some(seconds(told.why.paused)),
        class: Some(class(told.class)),
    }
}

pub(crate) fn at_risk(told: AtRisk) -> ClockAtRisk {
    ClockAtRisk {
        key: told.key.to_string(),
        clock: listed(told.clock).into(),
        cycle: told.cycle,
        deadline: Some(stamp(told.breaches_at)),
        policy_version: told.version,
        recorded: told.recorded,
        class: Some(class(told.class)),
    }
}

/// So many people are told of at most.
const PEOPLE_MAX: usize = 1000;

pub(crate) fn people(people: &[(Arc<str>, Paused)]) -> Vec<PausingPerson> {
    let all: u64 = people.iter().map(|(_, paused)| paused.pauses).sum();
    let told = people.iter().take(PEOPLE_MAX).map(|(person, paused)| PausingPerson {
        person: person.to_string(),
        pauses: paused.pauses,
        share: if all == 0 { 0.0 } else { paused.pauses as f64 / all as f64 },
        suspicious: paused.suspicious,
        lasting: paused.lasting,
        paused: Some(seconds(paused.seconds)),
    });
    told.collect()
}

pub(crate) fn suspicion(told: &Suspicion) -> SuspiciousPause {
    SuspiciousPause {
        key: told.key.to_string(),
        revision: told.revision,
        begun_at: Some(stamp(told.begun_at)),
        ended_at: told.ended_at.map(stamp),
        person: told.person.to_string(),
        left_percent: told.left_percent,
        team: told.team.to_string(),
    }
}

/// A list's clock; the other measures are never in one.
fn listed(of: Measured) -> WireClock {
    match of {
        Measured::Accept => WireClock::Accept,
        Measured::Mitigate => WireClock::Mitigate,
        Measured::Resolve => WireClock::Resolve,
        Measured::Issue | Measured::Delivery => WireClock::Unspecified,
    }
}

fn seconds(of: u64) -> prost_types::Duration {
    prost_types::Duration { seconds: i64::try_from(of).unwrap_or(i64::MAX), nanos: 0 }
}
