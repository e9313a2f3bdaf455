//! What the clocks of an issue read at an instant, as the tables show it. All of it follows from the one function that everybody uses,
//! `domain::clocks::clocks`; here is only what is told beside: under what it counts, and what happened on the way to a breach.

mod stop;
mod way;

use std::sync::Arc;

use domain::Recorded;
use domain::agenda;
use domain::clocks::{AlarmKind, Clock, Clocks, Cycle, Ledger, State, Terms, Verdict, clocks};
use domain::issue::IssueEvent;
use domain::shifts::Standing;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use stop::{SUSPICIOUS_PERCENT, Stop};
pub use way::{Told, Way};

use super::class::{Class, Dimension};
use super::figure::Measured;

/// What the clocks of an issue read at an instant. Times are microseconds since 1970, durations whole seconds. It is stored with each issue, so its
/// names there are short.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Its cycles that have a target, and those that ended without one; of an imported issue that was never rebased, none.
    #[serde(rename = "c", default, skip_serializing_if = "Vec::is_empty")]
    pub cycles: Vec<Run>,
    /// The issue's own verdict.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<Fallen>,
    /// Who let its clocks stand still.
    #[serde(rename = "p", default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Stop>,
    /// Delivery rules that were kept (met) or broken.
    #[serde(rename = "d", default, skip_serializing_if = "Vec::is_empty")]
    pub deliveries: Vec<Fallen>,
    /// When the system has something to do for it next: an alarm to record, somebody to tell, shifts to plan.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<i64>,
}

/// A cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Which clock.
    #[serde(rename = "k")]
    pub clock: Measured,
    /// From 1 within the clock.
    #[serde(rename = "n")]
    pub cycle: u32,
    /// When it began.
    #[serde(rename = "s")]
    pub start: i64,
    /// The policy's version that rules it.
    #[serde(rename = "v")]
    pub version: u32,
    /// What it does.
    #[serde(rename = "t")]
    pub state: Stands,
    /// Since when it is paused or cancelled, or when it ended.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// When its target is used up, as long as it runs: what is breached next. None while it stands still, once it is breached, or without a target.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub breaches_at: Option<i64>,
    /// When it is at risk, likewise.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub at_risk_at: Option<i64>,
    /// True: that it is at risk is recorded.
    #[serde(rename = "w", default, skip_serializing_if = "std::ops::Not::not")]
    pub at_risk: bool,
    /// How much working time it has, and how much of it was used then; `None`: there is no target.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub length_and_used: Option<(i64, i64)>,
    /// Under what it counts now; of a cycle that ended with a verdict, nothing: the verdict says it.
    #[serde(rename = "c", default, skip_serializing_if = "Class::is_empty")]
    pub class: Class,
    /// Its verdict.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Fallen>,
    /// Where it was breached: how that came to be.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub breach: Option<Told>,
    /// True: a breach of it was recorded and taken back.
    #[serde(rename = "o", default, skip_serializing_if = "std::ops::Not::not")]
    pub corrected: bool,
    /// True: it ended, and another began.
    #[serde(rename = "z", default, skip_serializing_if = "std::ops::Not::not")]
    pub sent_back: bool,
    /// Where it is open and not breached: what happened to it so far.
    #[serde(rename = "y", default, skip_serializing_if = "Option::is_none")]
    pub way: Option<Way>,
}

/// What a cycle does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Stands {
    Running,
    Paused,
    Ended,
    Cancelled,
}

/// A verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fallen {
    /// Met, or breached.
    #[serde(rename = "m")]
    pub met: bool,
    /// When: a breach at its time, met at the end.
    #[serde(rename = "a")]
    pub at: i64,
    /// By which version of the policy.
    #[serde(rename = "v")]
    pub version: u32,
    /// Under what it counts: as it was in force then.
    #[serde(rename = "c")]
    pub class: Class,
}

impl Reading {
    /// What the clocks read at an instant, with which the terms agree on everything before it.
    pub fn of(ledger: &Ledger, shifts: Option<&Standing>, terms: &Terms<'_>, now: Timestamp) -> Self {
        let told = clocks(ledger, terms, now);
        if told.exempt {
            return Self::default();
        }
        let here = Class::at(ledger, now);
        let counts = |cycle: &&Cycle| cycle.plan.is_some() || cycle.ended_at().is_some();
        let runs = told.cycles.iter().filter(counts).map(|cycle| Run::of(cycle, ledger, &here, now));
        Self {
            cycles: runs.collect(),
            issue: issue_verdict(&told, ledger),
            pauses: stop::of(&told, terms),
            deliveries: Vec::new(),
            due_at: agenda::next(ledger, terms, &told, shifts).map(Timestamp::as_microsecond),
        }
    }
}

/// What an event tells of a delivery rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// Of which cycle of resolve.
    pub cycle: u32,
    /// Kept, or broken.
    pub kept: bool,
    /// When.
    pub at: Timestamp,
}

impl Delivered {
    /// `None`: it tells of none.
    pub fn of(recorded: &Recorded<IssueEvent>) -> Option<Self> {
        let (cycle, kept) = match &recorded.event {
            IssueEvent::DeliveryRuleKept { cycle, .. } => (*cycle, true),
            IssueEvent::DeliveryRuleBroken { cycle, .. } => (*cycle, false),
            _ => return None,
        };
        Some(Self { cycle, kept, at: recorded.occurred_at })
    }
}

impl Reading {
    /// Out of an issue's events: how whoever goes back to the log counts it. `ledger`: theirs, or what of it is looked at.
    pub fn recounted(events: &[Recorded<IssueEvent>], ledger: &Ledger, terms: &Terms<'_>, now: Timestamp) -> Self {
        let deliveries = events.iter().filter(|recorded| recorded.occurred_at <= now).filter_map(Delivered::of);
        Self::of(ledger, None, terms, now).with(&deliveries.collect::<Vec<_>>(), ledger)
    }

    /// How many of its clocks ran past their deadline by `now` since this was read.
    pub fn late(&self, now: Timestamp) -> u64 {
        let late = |run: &&Run| run.breaches_at.is_some_and(|at| at <= now.as_microsecond());
        self.cycles.iter().filter(late).count() as u64
    }

    /// And what the log tells of the issue's delivery rules.
    #[must_use]
    pub fn with(mut self, deliveries: &[Delivered], ledger: &Ledger) -> Self {
        let told = deliveries.iter().map(|told| {
            let run = self.cycles.iter().find(|run| (run.clock, run.cycle) == (Measured::Resolve, told.cycle));
            let mut class = Class::at(ledger, told.at);
            if class.get(Dimension::Severity).is_empty() {
                class.set(Dimension::Severity, run.map(|run| Arc::clone(run.counted().get(Dimension::Severity))));
            }
            Fallen { met: told.kept, at: told.at.as_microsecond(), version: run.map_or(0, |run| run.version), class }
        });
        self.deliveries = told.collect();
        self
    }
}

impl Run {
    fn of(cycle: &Cycle, ledger: &Ledger, here: &Class, now: Timestamp) -> Self {
        let (state, since) = match &cycle.state {
            State::Running => (Stands::Running, None),
            State::Paused { since } => (Stands::Paused, Some(*since)),
            State::Ended { at, .. } => (Stands::Ended, Some(*at)),
            State::Cancelled { at } => (Stands::Cancelled, Some(*at)),
        };
        let running = cycle.plan.as_ref().filter(|_| state == Stands::Running && cycle.breach.is_none());
        let met = cycle.verdict() == Some(Verdict::Met);
        let verdict = cycle.verdict_at().map(|at| Fallen {
            met,
            at: at.as_microsecond(),
            version: cycle.breach.as_ref().map_or(cycle.version, |breach| breach.version),
            class: class_then(cycle, ledger, at),
        });
        let is_over = verdict.is_some() && state == Stands::Ended;
        Self {
            clock: cycle.clock.into(),
            cycle: cycle.number,
            start: cycle.start.as_microsecond(),
            version: cycle.version,
            state,
            since: since.map(Timestamp::as_microsecond),
            breaches_at: running.map(|plan| plan.deadline.as_microsecond()),
            at_risk_at: running.map(|plan| plan.at_risk_at.as_microsecond()),
            at_risk: cycle.alarms.iter().any(|alarm| {
                let of_this = running.is_some_and(|plan| plan.set_by == alarm.set_by);
                alarm.kind == AlarmKind::AtRisk && alarm.recorded && of_this
            }),
            length_and_used: cycle.plan.as_ref().map(|plan| (plan.length.as_secs(), plan.used.as_secs())),
            class: if is_over { Class::default() } else { with_severity(here.clone(), cycle) },
            verdict,
            breach: cycle.breach.as_ref().map(|breach| Told::of(cycle, breach, ledger)),
            corrected: cycle.corrected_at.is_some(),
            sent_back: cycle.sent_back,
            way: running.map(|_| Way::of(cycle, ledger, now)),
        }
    }
}

impl Run {
    /// Under what it counts: as it is now, or was at the verdict it ended with.
    pub fn counted(&self) -> &Class {
        self.verdict.as_ref().filter(|_| self.class.is_empty()).map_or(&self.class, |verdict| &verdict.class)
    }
}

/// Under what a cycle's verdict counts.
fn class_then(cycle: &Cycle, ledger: &Ledger, at: Timestamp) -> Class {
    with_severity(Class::at(ledger, at), cycle)
}

/// Where nobody has said how severe the issue is, the severity that rules the cycle.
fn with_severity(mut class: Class, cycle: &Cycle) -> Class {
    if class.get(Dimension::Severity).is_empty() {
        class.set(Dimension::Severity, Some(cycle.severity.shared()));
    }
    class
}

/// The issue's own verdict.
fn issue_verdict(told: &Clocks, ledger: &Ledger) -> Option<Fallen> {
    let fallen = told.verdict()?;
    let met = fallen.verdict == Verdict::Met;
    let version = fallen.with.breach.as_ref().map_or(fallen.with.version, |breach| breach.version);
    Some(Fallen { met, at: fallen.at.as_microsecond(), version, class: class_then(fallen.with, ledger, fallen.at) })
}

impl From<Clock> for Measured {
    fn from(clock: Clock) -> Self {
        match clock {
            Clock::Accept => Self::Accept,
            Clock::Mitigate => Self::Mitigate,
            Clock::Resolve => Self::Resolve,
        }
    }
}
