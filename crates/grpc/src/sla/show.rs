//! What was promised, and how it is kept, as the contract has it: an issue's clocks.

mod lists;
mod report;

use api::policies::v1::Clock as WireClock;
use api::sla::v1::{self as proto, ClockCycle, ClockPause, ClockState, LogPosition};
use domain::clocks::{Clock, Cycle, Pause, Plan, Standstill, State, Verdict};
use domain::ids::IssueKey;
use domain::policy::Target;
use jiff::{SignedDuration, Timestamp};
use views::sla::Live;

pub(super) use lists::{at_risk, breached, people, suspicion};
pub(super) use report::compliance;

use crate::fields::stamp;
use crate::token::Token;

/// Where in the log an answer stands, out of its token.
pub(super) fn position(token: &str) -> Option<LogPosition> {
    let token = Token::decode(token)?;
    token.places.first().map(|place| LogPosition { partition: place.partition, position: place.position })
}

pub(super) fn sla(key: &IssueKey, live: &Live, now: Timestamp, token: &str) -> proto::Sla {
    let clocks = live.clocks(now);
    let mut versions: Vec<u32> = clocks.cycles.iter().map(|cycle| cycle.version).collect();
    versions.sort_unstable();
    versions.dedup();
    proto::Sla {
        key: key.to_string(),
        as_of: Some(stamp(now)),
        cycles: clocks.cycles.iter().map(|cycle| self::cycle(cycle, clocks.exempt)).collect(),
        exempt: clocks.exempt,
        verdict: verdict(clocks.verdict().map(|fallen| fallen.verdict)).into(),
        position: position(token),
        policy_versions: if clocks.exempt { Vec::new() } else { versions },
    }
}

fn cycle(cycle: &Cycle, exempt: bool) -> ClockCycle {
    let (state, since) = match &cycle.state {
        State::Running => (ClockState::Running, None),
        State::Paused { since } => (ClockState::Paused, Some(*since)),
        State::Ended { at, .. } => (ClockState::Ended, Some(*at)),
        State::Cancelled { at } => (ClockState::Cancelled, Some(*at)),
    };
    let told = ClockCycle {
        clock: wire_clock(cycle.clock).into(),
        cycle: cycle.number,
        state: state.into(),
        verdict: verdict(cycle.verdict()).into(),
        verdict_at: cycle.verdict_at().map(stamp),
        started_at: Some(stamp(cycle.start)),
        since: since.map(stamp),
        policy_version: cycle.version,
        severity: cycle.severity.to_string(),
        breach_recorded: cycle.breach.as_ref().is_some_and(|breach| breach.recorded.is_some()),
        corrected: cycle.corrected_at.is_some(),
        sent_back: cycle.sent_back,
        pauses: cycle.pauses.iter().map(pause).collect(),
        why: why(cycle, exempt),
        ..ClockCycle::default()
    };
    match &cycle.plan {
        Some(plan) => planned(told, cycle, plan),
        None => told,
    }
}

fn planned(told: ClockCycle, cycle: &Cycle, plan: &Plan) -> ClockCycle {
    ClockCycle {
        has_target: true,
        target: target(plan.target),
        calendar: plan.calendar.to_string(),
        calendar_version: plan.calendar_version,
        length: Some(length(plan.length)),
        used: Some(length(plan.used)),
        left: Some(length(plan.left())),
        paused: Some(length(plan.paused)),
        deadline: cycle.deadline().map(stamp),
        at_risk_at: cycle.deadline().map(|_| stamp(plan.at_risk_at)),
        at_risk: cycle.at_risk(),
        working_time: plan.open,
        ..told
    }
}

fn pause(pause: &Pause) -> ClockPause {
    ClockPause {
        from: Some(stamp(pause.from)),
        until: pause.until.map(stamp),
        dismissal: pause.why == Standstill::Dismissal,
        by: pause.by.to_string(),
        begun_by_revision: pause.begun_by,
    }
}

/// In one sentence.
fn why(cycle: &Cycle, exempt: bool) -> String {
    use domain::clocks::Cause;
    if exempt {
        return "imported: it has no targets until its clocks are rebased".to_owned();
    }
    let Some(plan) = &cycle.plan else {
        return format!("policy {} has no target for {} of {}", cycle.version, cycle.clock, cycle.severity);
    };
    let promised = format!("policy {} promises {} on {}", cycle.version, target(plan.target), plan.calendar);
    let beside = match (&cycle.breach, &cycle.state) {
        (Some(breach), _) => match breach.cause {
            Cause::Deadline => "the deadline passed".to_owned(),
            Cause::FirstTriage => "the first triage put the deadline into the past".to_owned(),
            Cause::SeverityChange => "a change of severity put the deadline into the past".to_owned(),
            Cause::Rebase => "a rebase put the deadline into the past".to_owned(),
        },
        (None, State::Paused { .. }) => match cycle.pauses.last() {
            Some(pause) => format!("paused by {} with event {}", pause.by, pause.begun_by),
            None => "paused".to_owned(),
        },
        (None, State::Cancelled { .. }) => "the issue is dismissed".to_owned(),
        (None, State::Ended { by, .. }) => format!("stopped in time by event {by}"),
        (None, State::Running) if !plan.open => "outside of working time, nothing is used up".to_owned(),
        (None, State::Running) => "it runs".to_owned(),
    };
    format!("{promised} for {}; {beside}", cycle.severity)
}

/// As a policy's file has it.
pub(super) fn target(target: Target) -> String {
    match target {
        Target::Working(working) => format!("{working:#}"),
        Target::WorkingDays(1) => "1 working day".to_owned(),
        Target::WorkingDays(days) => format!("{days} working days"),
    }
}

fn verdict(verdict: Option<Verdict>) -> proto::Verdict {
    match verdict {
        None => proto::Verdict::Unspecified,
        Some(Verdict::Met) => proto::Verdict::Met,
        Some(Verdict::Breached) => proto::Verdict::Breached,
    }
}

pub(super) fn wire_clock(clock: Clock) -> WireClock {
    match clock {
        Clock::Accept => WireClock::Accept,
        Clock::Mitigate => WireClock::Mitigate,
        Clock::Resolve => WireClock::Resolve,
    }
}

pub(super) fn length(of: SignedDuration) -> prost_types::Duration {
    prost_types::Duration { seconds: of.as_secs(), nanos: of.subsec_nanos() }
}
