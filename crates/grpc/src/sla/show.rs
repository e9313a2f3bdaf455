//! What was promised, and how it is kept, as the contract has it.

use std::sync::Arc;

use api::policies::v1::Clock as WireClock;
use api::sla::v1::{
    self as proto, BreachedClock, ClockAtRisk, ClockClass, ClockCycle, ClockPause, ClockState, ComplianceFigures,
    ComplianceLine, LogPosition, OpenClocks, PausingPerson, SuspiciousPause, TrendPoint,
};
use domain::clocks::{Clock, Cycle, Pause, Plan, Standstill, State, Verdict};
use domain::ids::{IssueKey, ProjectId};
use domain::policy::Target;
use jiff::{SignedDuration, Timestamp};
use views::flow::Step;
use views::sla::{
    AtRisk, Breached, Compliance, Counts, Dimension, Figures, Line, Live, Measured, Open, Paused, Suspicion,
};

use super::super::fields::stamp;
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

/// A list's clock; the other measures are never in one.
fn listed(of: Measured) -> WireClock {
    match of {
        Measured::Accept => WireClock::Accept,
        Measured::Mitigate => WireClock::Mitigate,
        Measured::Resolve => WireClock::Resolve,
        Measured::Issue | Measured::Delivery => WireClock::Unspecified,
    }
}

pub(super) fn length(of: SignedDuration) -> prost_types::Duration {
    prost_types::Duration { seconds: of.as_secs(), nanos: of.subsec_nanos() }
}

fn seconds(of: u64) -> prost_types::Duration {
    prost_types::Duration { seconds: i64::try_from(of).unwrap_or(i64::MAX), nanos: 0 }
}

pub(super) fn compliance(project: &ProjectId, told: &Compliance, now: Timestamp, token: &str) -> proto::Compliance {
    proto::Compliance {
        project: project.to_string(),
        since: Some(stamp(told.asked.since.start())),
        until: Some(stamp(told.asked.until.start())),
        by: told.asked.by.map_or(proto::Dimension::Unspecified, dimension).into(),
        step: told.asked.step.map_or(proto::TrendStep::Unspecified, step).into(),
        lines: told.lines.iter().map(line).collect(),
        as_of: Some(stamp(now)),
        position: position(token),
        policy_versions: told.versions.iter().copied().collect(),
        untold_breaches: told.untold,
        more_untold: told.more_untold,
    }
}

fn line(line: &Line) -> ComplianceLine {
    let trend = line.trend.iter();
    let trend = trend.map(|(day, told)| TrendPoint { start: Some(stamp(day.start())), figures: Some(figures(told)) });
    ComplianceLine {
        value: line.value.as_deref().unwrap_or_default().to_owned(),
        rest: line.value.is_none(),
        measure: measure(line.of).into(),
        figures: Some(figures(&line.figures)),
        open: Some(open(&line.open)),
        trend: trend.collect(),
        policy_versions: line.figures.versions.iter().copied().collect(),
    }
}

fn figures(told: &Figures) -> ComplianceFigures {
    let Counts { met, breached, corrected, sent_back, cancelled, untargeted } = told.counts;
    let verdicts = told.counts.verdicts();
    ComplianceFigures {
        met: count(met),
        breached: count(breached),
        compliance: (verdicts > 0).then(|| met as f64 / verdicts as f64),
        verdicts: count(verdicts),
        corrected: count(corrected),
        sent_back: count(sent_back),
        cancelled: count(cancelled),
        without_target: count(untargeted),
    }
}

fn open(told: &Open) -> OpenClocks {
    OpenClocks {
        running: count(told.running),
        paused: count(told.paused),
        at_risk: count(told.at_risk),
        breached: count(told.breached),
    }
}

/// Counters are never below 0.
fn count(of: i64) -> u64 {
    of.max(0).unsigned_abs()
}

fn measure(of: Measured) -> proto::Measure {
    match of {
        Measured::Accept => proto::Measure::Accept,
        Measured::Mitigate => proto::Measure::Mitigate,
        Measured::Resolve => proto::Measure::Resolve,
        Measured::Issue => proto::Measure::Issue,
        Measured::Delivery => proto::Measure::Delivery,
    }
}

fn dimension(by: Dimension) -> proto::Dimension {
    match by {
        Dimension::Severity => proto::Dimension::Severity,
        Dimension::Team => proto::Dimension::Team,
        Dimension::Component => proto::Dimension::Component,
        Dimension::Source => proto::Dimension::Source,
        Dimension::Customer => proto::Dimension::Customer,
    }
}

fn step(step: Step) -> proto::TrendStep {
    match step {
        Step::Day => proto::TrendStep::Day,
        Step::Week => proto::TrendStep::Week,
        Step::Month => proto::TrendStep::Month,
    }
}

fn class([severity, team, component, source, customer]: [Arc<str>; 5]) -> ClockClass {
    ClockClass {
        severity: severity.to_string(),
        team: team.to_string(),
        component: component.to_string(),
        source: source.to_string(),
        customer: customer.to_string(),
    }
}

pub(super) fn breached(told: Breached) -> BreachedClock {
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

pub(super) fn at_risk(told: AtRisk) -> ClockAtRisk {
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

pub(super) fn people(people: &[(Arc<str>, Paused)]) -> Vec<PausingPerson> {
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

pub(super) fn suspicion(told: &Suspicion) -> SuspiciousPause {
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
