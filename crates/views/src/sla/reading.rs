//! What the clocks of an issue read at an instant, as the tables show it. All of it follows from the one function that everybody uses,
//! `domain::clocks::clocks`; here is only what is told beside: under what it counts, and what happened on the way to a breach.

use std::sync::Arc;

use domain::Recorded;
use domain::agenda;
use domain::clocks::{AlarmKind, Clock, Clocks, Cycle, Ledger, Noted, Pause, Standstill, State, Terms, clocks};
use domain::issue::IssueEvent;
use domain::shifts::Standing;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::class::{Class, Dimension};
use super::figure::Measured;

/// A pause is suspicious that began when less than so much of its clock's target was left, in percent.
pub const SUSPICIOUS_PERCENT: i64 = 10;

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

/// How a breach came to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// deadline, `first_triage`, `severity_change`, rebase.
    #[serde(rename = "c")]
    pub cause: Arc<str>,
    /// The deadline that was passed.
    #[serde(rename = "d")]
    pub deadline: i64,
    /// The revision of the event that tells it; `None`: none does yet.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<u64>,
    /// What happened on the way there.
    #[serde(rename = "y")]
    pub way: Way,
}

/// What happened to a cycle up to an instant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// How often the issue was handed to another team.
    #[serde(rename = "h")]
    pub handovers: u64,
    /// For how long nobody had accepted it, in wall time.
    #[serde(rename = "w")]
    pub waited: u64,
    /// Since when nobody has, as it is now.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub waits_since: Option<i64>,
    /// How often the cycle was paused.
    #[serde(rename = "p")]
    pub pauses: u64,
    /// How long, in wall time.
    #[serde(rename = "d")]
    pub paused: u64,
}

/// Somebody's question, or a dismissal, that let clocks stand still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// The revision of the event that began it.
    #[serde(rename = "n")]
    pub revision: u64,
    /// Who did that.
    #[serde(rename = "b")]
    pub by: Arc<str>,
    /// True: the issue was dismissed meanwhile; else something was asked.
    #[serde(rename = "d", default, skip_serializing_if = "std::ops::Not::not")]
    pub dismissal: bool,
    /// From.
    #[serde(rename = "f")]
    pub from: i64,
    /// Up to; `None`: it lasts.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// Which clocks stood still.
    #[serde(rename = "k")]
    pub clocks: Vec<Measured>,
    /// Of these the least that was left, in percent of its target.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub left_percent: Option<i64>,
}

impl Stop {
    /// It began just before a deadline, and moved it.
    pub fn is_suspicious(&self) -> bool {
        !self.dismissal && self.left_percent.is_some_and(|left| left < SUSPICIOUS_PERCENT)
    }

    /// How long it took, in wall time; of one that lasts, nothing yet.
    pub fn seconds(&self) -> i64 {
        self.until.map_or(0, |until| (until - self.from) / 1_000_000)
    }
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
            pauses: pauses(&told, terms),
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
        let late = |run: &&Run| run.breaches_at.is_some_and(|at| at <= micros(now));
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
            Fallen { met: told.kept, at: micros(told.at), version: run.map_or(0, |run| run.version), class }
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
        let met = cycle.verdict() == Some(domain::clocks::Verdict::Met);
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

impl Told {
    fn of(cycle: &Cycle, breach: &domain::clocks::Breach, ledger: &Ledger) -> Self {
        Self {
            cause: cause(breach.cause).into(),
            deadline: breach.deadline.as_microsecond(),
            recorded: breach.recorded,
            way: Way::of(cycle, ledger, breach.at),
        }
    }
}

impl Way {
    fn of(cycle: &Cycle, ledger: &Ledger, until: Timestamp) -> Self {
        let handed = |note: &&domain::clocks::Note| {
            matches!(note.what, Noted::HandedOver { .. }) && note.at >= cycle.start && note.at <= until
        };
        let paused = || cycle.pauses.iter().filter(|pause| pause.from < until);
        let seconds = paused().map(|pause| seconds(pause.from, pause.until.unwrap_or(until).min(until)));
        let (waited, waits_since) = waited(ledger, cycle.start, until);
        Self {
            handovers: ledger.notes().iter().filter(handed).count() as u64,
            waited,
            waits_since: waits_since.map(micros),
            pauses: paused().count() as u64,
            paused: seconds.sum(),
        }
    }
}

fn cause(cause: domain::clocks::Cause) -> &'static str {
    use domain::clocks::Cause;
    match cause {
        Cause::Deadline => "deadline",
        Cause::FirstTriage => "first_triage",
        Cause::SeverityChange => "severity_change",
        Cause::Rebase => "rebase",
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

/// An issue is breached at its first breach, and met when the last of its cycles was. While a cycle with a target runs, or was cancelled, and none is
/// breached, there is no verdict.
fn issue_verdict(told: &Clocks, ledger: &Ledger) -> Option<Fallen> {
    let planned = || told.cycles.iter().filter(|cycle| cycle.plan.is_some());
    let first = planned().filter_map(|cycle| Some((cycle.breach.as_ref()?, cycle)));
    if let Some((breach, cycle)) = first.min_by_key(|(breach, _)| breach.at) {
        let (at, version) = (breach.at, breach.version);
        return Some(Fallen { met: false, at: at.as_microsecond(), version, class: class_then(cycle, ledger, at) });
    }
    let ended = planned().map(|cycle| Some((cycle.ended_at()?, cycle))).collect::<Option<Vec<_>>>()?;
    let (at, last) = ended.into_iter().max_by_key(|(at, _)| *at)?;
    Some(Fallen { met: true, at: at.as_microsecond(), version: last.version, class: class_then(last, ledger, at) })
}

/// Wall time within a span in which nobody had accepted the issue, in seconds; and since when nobody has at its end.
fn waited(ledger: &Ledger, from: Timestamp, until: Timestamp) -> (u64, Option<Timestamp>) {
    let (mut since, mut waited) = (None, 0);
    for note in ledger.notes().iter().filter(|note| note.at <= until) {
        let waits = match &note.what {
            Noted::Filed { .. } | Noted::HandedOver { .. } | Noted::LevelChanged { .. } | Noted::ReturnedToTriage => {
                true
            }
            Noted::Accepted | Noted::Rejected | Noted::Dismissed { .. } | Noted::Resolved => false,
            _ => continue,
        };
        match (since, waits) {
            (None, true) => since = Some(note.at.max(from)),
            (Some(begun), false) => {
                waited += seconds(begun, note.at);
                since = None;
            }
            _ => {}
        }
    }
    (waited + since.map_or(0, |begun| seconds(begun, until)), since)
}

/// The pauses of all cycles, each told once.
fn pauses(told: &Clocks, terms: &Terms<'_>) -> Vec<Stop> {
    let mut stops: Vec<Stop> = Vec::new();
    for cycle in &told.cycles {
        for (at, pause) in cycle.pauses.iter().enumerate() {
            let left = left_percent(cycle, at, terms);
            let clock = Measured::from(cycle.clock);
            match stops.iter_mut().find(|stop| (stop.revision, stop.from) == (pause.begun_by, micros(pause.from))) {
                Some(stop) => {
                    stop.clocks.push(clock);
                    stop.left_percent = [stop.left_percent, left].into_iter().flatten().min();
                    stop.until = stop.until.max(pause.until.map(micros)).filter(|_| pause.until.is_some());
                }
                None => stops.push(Stop::of(pause, clock, left)),
            }
        }
    }
    stops.sort_by_key(|stop| (stop.from, stop.revision));
    stops
}

impl Stop {
    fn of(pause: &Pause, clock: Measured, left_percent: Option<i64>) -> Self {
        Self {
            revision: pause.begun_by,
            by: pause.by.shared(),
            dismissal: pause.why == Standstill::Dismissal,
            from: micros(pause.from),
            until: pause.until.map(micros),
            clocks: vec![clock],
            left_percent,
        }
    }
}

/// How much of its target a cycle had left when a pause of it began.
fn left_percent(cycle: &Cycle, pause: usize, terms: &Terms<'_>) -> Option<i64> {
    let plan = cycle.plan.as_ref()?;
    let calendar = terms.calendars.version(&plan.calendar, plan.calendar_version)?;
    let from = cycle.pauses.get(pause)?.from;
    let before = cycle.pauses[..pause].iter().filter_map(|pause| Some(calendar.between(pause.from, pause.until?)));
    let used = calendar.between(cycle.start, from) - before.sum::<SignedDuration>();
    let length = plan.length.as_micros();
    (length > 0).then(|| i64::try_from((plan.length - used).as_micros() * 100 / length).unwrap_or_default())
}

fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

fn seconds(from: Timestamp, until: Timestamp) -> u64 {
    u64::try_from(until.duration_since(from).as_secs()).unwrap_or_default()
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
