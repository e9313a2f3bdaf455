//! What the clocks of an issue say: cycles, with plans, pauses, verdicts and alarms.

use jiff::{SignedDuration, Timestamp};

use super::Clock;
use super::alarm::Alarm;
use super::terms::Terms;
use crate::ids::{CalendarId, PersonId, SeverityId};
use crate::policy::{Delivery, Ruling, Subject, Target};

/// The clocks of one issue, as they stand at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clocks {
    /// The instant.
    pub now: Timestamp,
    /// True: it was imported and never rebased, so nothing of it has a target.
    pub exempt: bool,
    /// All cycles: accept's, then mitigate's, then resolve's, each clock's in order.
    pub cycles: Vec<Cycle>,
}

/// One run of a clock. It is running, paused, ended or cancelled, and separately met or breached or neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle {
    /// Which clock.
    pub clock: Clock,
    /// From 1 within the clock.
    pub number: u32,
    /// When it began.
    pub start: Timestamp,
    /// The revision of the event that began it.
    pub opened_by: u64,
    /// The policy that rules it: that of its start, unless it was rebased or lacked the severity.
    pub version: u32,
    /// The severity by which its deadline was set.
    pub severity: SeverityId,
    /// What decides which rules hold for it now, the severity in force included: after a breach it may be another one.
    pub subject: Subject,
    /// By what its rules were chosen, when its deadline was last set.
    pub chosen: Chosen,
    /// Its deadline; `None`: there is no target, and so no verdict.
    pub plan: Option<Plan>,
    /// When it stood still. Pauses after its breach are not among them: they move nothing.
    pub pauses: Vec<Pause>,
    /// What it does now.
    pub state: State,
    /// Its breach, where there is one that stands.
    pub breach: Option<Breach>,
    /// When a breach of it was recorded and later taken back, the last such time: reports show it beside met.
    pub corrected_at: Option<Timestamp>,
    /// True: a recorded breach stands that no longer follows from the facts.
    pub doubtful: bool,
    /// True: it ended, and a later cycle began.
    pub sent_back: bool,
    /// What happened to it of which one is told, in the order of time.
    pub alarms: Vec<Alarm>,
}

/// By what a policy's rules were chosen for a cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// When: at the cycle's start, or when a triage, another severity or a rebase set its deadline anew.
    pub at: Timestamp,
    /// At which position of the partition that was recorded.
    pub position: u64,
    /// What was known of the issue then: a component that changed later moved nothing.
    pub subject: Subject,
}

/// How a cycle's deadline comes about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What was promised.
    pub target: Target,
    /// The calendar that it is counted on.
    pub calendar: CalendarId,
    /// In this version.
    pub calendar_version: u32,
    /// When the target is used up if nothing ever pauses: D0.
    pub unpaused: Timestamp,
    /// The working time from the start to there.
    pub length: SignedDuration,
    /// The working time that pauses took, up to now.
    pub paused: SignedDuration,
    /// The working time used, up to now or to the end. More than `length` where it is overdue.
    pub used: SignedDuration,
    /// When a clock that runs on is at risk.
    pub at_risk_at: Timestamp,
    /// When the target is used up. While the cycle is paused it moves on: show [`left`](Self::left) instead.
    pub deadline: Timestamp,
    /// The revision of the event that set this deadline.
    pub set_by: u64,
    /// Whether it is working time now. Outside of it the cycle is not paused, it only uses nothing up.
    pub open: bool,
}

/// What a cycle does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It runs, in working time.
    Running,
    /// It stands still.
    Paused {
        /// Since when.
        since: Timestamp,
    },
    /// It was stopped.
    Ended {
        /// When.
        at: Timestamp,
        /// By which event.
        by: u64,
    },
    /// The issue is dismissed.
    Cancelled {
        /// Since when.
        at: Timestamp,
    },
}

/// Whether a promise was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Stopped in time.
    Met,
    /// Not in time.
    Breached,
}

/// A span of wall time in which a cycle stood still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// From.
    pub from: Timestamp,
    /// Up to; `None`: it lasts.
    pub until: Option<Timestamp>,
    /// Why.
    pub why: Standstill,
    /// The revision of the event that began it.
    pub begun_by: u64,
    /// Who did that.
    pub by: PersonId,
    /// The revision of the event that ended it.
    pub ended_by: Option<u64>,
}

/// Why a cycle stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standstill {
    /// Opener or customer were asked.
    Question,
    /// The issue was dismissed; it was reopened when the pause ended.
    Dismissal,
}

/// A deadline that was passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// When it was breached: the deadline, or when a change put the deadline into the past.
    pub at: Timestamp,
    /// The deadline.
    pub deadline: Timestamp,
    /// The policy it was set by.
    pub version: u32,
    /// How it came to be passed.
    pub cause: Cause,
    /// The revision of the event that set the deadline.
    pub set_by: u64,
    /// The revision of the event that records it; `None`: none does yet.
    pub recorded: Option<u64>,
}

/// How a deadline came to be passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Time passed it.
    Deadline,
    /// The first triage gave a severity whose deadline lay in the past.
    FirstTriage,
    /// So did a change of severity.
    SeverityChange,
    /// So did a rebase.
    Rebase,
}

/// The verdict of an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssueVerdict<'a> {
    /// Met: all its cycles were. Breached: one was.
    pub verdict: Verdict,
    /// When it fell: at its first breach, or when the last of its cycles ended.
    pub at: Timestamp,
    /// The cycle that it fell with.
    pub with: &'a Cycle,
}

impl Chosen {
    /// When it happened and where it was recorded, as [`Policies::rules_at`](crate::policy::Policies::rules_at) takes it.
    pub fn place(&self) -> (Timestamp, u64) {
        (self.at, self.position)
    }
}

impl Clocks {
    /// The cycles of a clock, in order.
    pub fn of(&self, clock: Clock) -> impl DoubleEndedIterator<Item = &Cycle> {
        self.cycles.iter().filter(move |cycle| cycle.clock == clock)
    }

    /// A cycle.
    pub fn cycle(&self, clock: Clock, number: u32) -> Option<&Cycle> {
        self.of(clock).find(|cycle| cycle.number == number)
    }

    /// The latest cycle of a clock: the one that a live bar shows.
    pub fn current(&self, clock: Clock) -> Option<&Cycle> {
        self.of(clock).next_back()
    }

    /// The issue's verdict: breached at the first breach of any of its cycles, met when the last of them has ended. `None`: one that has a target runs or
    /// was cancelled, and none is breached.
    pub fn verdict(&self) -> Option<IssueVerdict<'_>> {
        let planned = || self.cycles.iter().filter(|cycle| cycle.plan.is_some());
        let breaches = planned().filter_map(|cycle| Some((cycle.breach.as_ref()?.at, cycle)));
        if let Some((at, with)) = breaches.min_by_key(|(at, _)| *at) {
            return Some(IssueVerdict { verdict: Verdict::Breached, at, with });
        }
        let ends = planned().map(|cycle| Some((cycle.ended_at()?, cycle))).collect::<Option<Vec<_>>>()?;
        let (at, with) = ends.into_iter().max_by_key(|(at, _)| *at)?;
        Some(IssueVerdict { verdict: Verdict::Met, at, with })
    }
}

impl Cycle {
    /// Met: stopped in time. Breached: not, also where it still runs. `None`: it runs in time, was cancelled, or has no target.
    pub fn verdict(&self) -> Option<Verdict> {
        if self.breach.is_some() {
            return Some(Verdict::Breached);
        }
        (self.plan.is_some() && matches!(self.state, State::Ended { .. })).then_some(Verdict::Met)
    }

    /// When the verdict fell: a breach at its time, met at the end.
    pub fn verdict_at(&self) -> Option<Timestamp> {
        match (&self.breach, &self.state) {
            (Some(breach), _) => Some(breach.at),
            (None, State::Ended { at, .. }) if self.plan.is_some() => Some(*at),
            _ => None,
        }
    }

    /// When it ended.
    pub fn ended_at(&self) -> Option<Timestamp> {
        match self.state {
            State::Ended { at, .. } => Some(at),
            State::Running | State::Paused { .. } | State::Cancelled { .. } => None,
        }
    }

    /// The deadline as it may be shown: not while the cycle is paused or cancelled, unless it was breached.
    pub fn deadline(&self) -> Option<Timestamp> {
        match (&self.breach, &self.state) {
            (Some(breach), _) => Some(breach.deadline),
            (None, State::Paused { .. } | State::Cancelled { .. }) => None,
            (None, State::Running | State::Ended { .. }) => self.plan.as_ref().map(|plan| plan.deadline),
        }
    }

    /// What holds for it now, and why.
    pub fn ruling<'a>(&self, terms: &Terms<'a>) -> Option<Ruling<'a>> {
        terms.policies.rules_at(self.version, self.chosen.place(), &self.subject)
    }

    /// How its fix is to come to production, by the rules that set its deadline; `None`: no rules hold.
    pub fn delivery(&self, terms: &Terms<'_>) -> Option<Delivery> {
        let ruling = terms.policies.rules_at(self.version, self.chosen.place(), &self.chosen.subject)?;
        Some(ruling.rules.delivery)
    }

    /// How much of its target was left when a pause of it began, counted in the calendar of its deadline; `None`: there is no target.
    pub fn left_at(&self, pause: &Pause, terms: &Terms<'_>) -> Option<SignedDuration> {
        let plan = self.plan.as_ref()?;
        let calendar = terms.calendars.version(&plan.calendar, plan.calendar_version)?;
        let earlier = self.pauses.iter().filter(|earlier| earlier.from < pause.from);
        let paused = earlier.filter_map(|earlier| Some(calendar.between(earlier.from, earlier.until?)));
        Some(plan.length + paused.sum::<SignedDuration>() - calendar.between(self.start, pause.from))
    }
}

impl Plan {
    /// The working time that is left; negative where it is overdue.
    pub fn left(&self) -> SignedDuration {
        self.length - self.used
    }
}
