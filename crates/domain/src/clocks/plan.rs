//! From a target to a deadline.

use jiff::{SignedDuration, Timestamp};

use super::Clock;
use super::cycle::{Cause, Pause, Plan};
use super::terms::Terms;
use crate::calendar::Calendar;
use crate::policy::{Ruling, Subject, Target};

/// A deadline under way: the target, the calendar it is counted on, and what pauses took so far.
#[derive(Debug, Clone)]
pub(super) struct Due {
    pub(super) target: Target,
    pub(super) calendar: Calendar,
    /// The policy that says so.
    pub(super) version: u32,
    /// D0: when the target is used up if nothing pauses.
    pub(super) unpaused: Timestamp,
    pub(super) length: SignedDuration,
    /// When a clock that nothing pauses is at risk.
    pub(super) risk: Timestamp,
    /// What pauses took, those that lasted when this was set included.
    pub(super) paused: SignedDuration,
    /// The revision of the event that set the deadline.
    pub(super) set_by: u64,
    /// Since when the clock has run towards it: before, nobody is told that it is at risk.
    pub(super) since: Timestamp,
    /// No breach before. Later than `since` only where a target that was used up goes on outside of working time.
    pub(super) earliest: Timestamp,
    /// Set where it lay in the past when it was set.
    pub(super) late: Option<Cause>,
}

impl Due {
    /// What a ruling promises of a clock that began at `start`, with these pauses; `None`: nothing, or nothing that the calendar ever reaches.
    pub(super) fn promised(
        terms: &Terms<'_>,
        ruling: &Ruling<'_>,
        clock: Clock,
        start: Timestamp,
        pauses: &[Pause],
    ) -> Option<Self> {
        let target = ruling.rules.targets.of(clock)?;
        let (id, version) = ruling.calendar();
        let calendar = terms.calendars.version(id, version)?;
        let unpaused = target.due(&calendar, start).ok()?;
        let length = match target {
            Target::Working(length) => length,
            Target::WorkingDays(_) => calendar.between(start, unpaused),
        };
        let risk = calendar.add(start, part(length, ruling.rules.at_risk_percent)).ok()?;
        let over = |pause: &Pause| Some(calendar.between(pause.from, pause.until?));
        let took = pauses.iter().filter_map(over).sum();
        Some(Self {
            target,
            calendar,
            version: ruling.policy.version,
            unpaused,
            length,
            risk,
            paused: took,
            set_by: 0,
            since: start,
            earliest: start,
            late: None,
        })
    }

    /// When it is used up, by the pauses so far.
    pub(super) fn deadline(&self) -> Timestamp {
        self.after_pauses(self.unpaused)
    }

    /// The deadline as it is shown: where nothing was left when the clock went on, that is when work went on.
    pub(super) fn shown(&self) -> Timestamp {
        if self.late.is_some() { self.deadline() } else { self.breach() }
    }

    /// When it is breached, should the clock run on.
    pub(super) fn breach(&self) -> Timestamp {
        self.deadline().max(self.earliest)
    }

    /// When it is at risk, should the clock run on.
    pub(super) fn at_risk(&self) -> Timestamp {
        self.after_pauses(self.risk).max(self.since)
    }

    /// The calendar's end, in the year 2199, is the end of every deadline.
    fn after_pauses(&self, unpaused: Timestamp) -> Timestamp {
        self.calendar.add(unpaused, self.paused).unwrap_or(Timestamp::MAX)
    }

    /// Whether another one promises the same: then nothing is set anew.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        (self.target, self.unpaused, self.risk) == (other.target, other.unpaused, other.risk)
            && self.calendar == other.calendar
    }

    /// What it says up to `until`: now, or the end. `lasting`: since when a pause lasts.
    pub(super) fn plan(&self, start: Timestamp, until: Timestamp, now: Timestamp, lasting: Option<Timestamp>) -> Plan {
        let calendar = &self.calendar;
        let lasting = lasting.map_or(SignedDuration::ZERO, |since| calendar.between(since, until));
        let paused = self.paused + lasting;
        let moved = Self { paused, ..self.clone() };
        Plan {
            target: self.target,
            calendar: calendar.id().clone(),
            calendar_version: calendar.version(),
            unpaused: self.unpaused,
            length: self.length,
            paused,
            used: (calendar.between(start, until) - paused).max(SignedDuration::ZERO),
            at_risk_at: moved.at_risk(),
            deadline: moved.shown(),
            set_by: self.set_by,
            open: calendar.next_open(now) == Some(now),
        }
    }
}

/// So many percent of a length, in whole microseconds: what is finer is cut off, as of every time.
fn part(length: SignedDuration, percent: u8) -> SignedDuration {
    let micros = length.as_micros() * i128::from(percent) / 100;
    SignedDuration::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

/// What rules a cycle.
pub(super) fn ruling<'a>(
    terms: &Terms<'a>,
    version: u32,
    place: (Timestamp, u64),
    subject: &Subject,
) -> Option<Ruling<'a>> {
    terms.policies.rules_at(version, place, subject)
}
