//! What holds for a severity.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::calendar::{Calendar, Unreachable};
use crate::ids::{CalendarId, PersonId, TeamId};

/// What an SLA counts of an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Clock {
    /// From filing to the first acceptance.
    Accept,
    /// From filing until users can work again.
    Mitigate,
    /// From filing to the resolution.
    Resolve,
}

impl Clock {
    /// All three, in the order in which an issue meets them.
    pub const ALL: [Self; 3] = [Self::Accept, Self::Mitigate, Self::Resolve];

    /// `accept`, `mitigate` or `resolve`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Mitigate => "mitigate",
            Self::Resolve => "resolve",
        }
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What holds for the issues of a severity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// How much time each clock has.
    pub targets: Targets,
    /// The calendar on which it is counted; the policy pins its version.
    pub calendar: CalendarId,
    /// Which clocks stand still while a question to the opener or the customer is open.
    pub pauses: Pauses,
    /// At which part of a deadline's length a clock is at risk, in percent: 1 to 99.
    pub at_risk_percent: u8,
    /// Whether such issues stand above every ranking and sprint.
    pub on_top: bool,
    /// Unmitigated for so long, in wall time, an issue gets shifts around the clock.
    pub shifts_after: Option<SignedDuration>,
    /// Where such an issue enters the ranking.
    pub entry: Entry,
    /// How its fix gets to production.
    pub delivery: Delivery,
    /// Who is told when a clock is at risk or breached, and how long after.
    pub escalations: Vec<Escalation>,
}

/// How much time each clock has; `None`: there is no target, and so no verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Targets {
    /// Until it is first accepted.
    pub accept: Option<Target>,
    /// Until it is mitigated.
    pub mitigate: Option<Target>,
    /// Until it is resolved.
    pub resolve: Option<Target>,
}

impl Targets {
    /// The target of a clock.
    pub fn of(&self, clock: Clock) -> Option<Target> {
        match clock {
            Clock::Accept => self.accept,
            Clock::Mitigate => self.mitigate,
            Clock::Resolve => self.resolve,
        }
    }
}

/// How much time a clock has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// So much working time of the calendar. More than zero.
    Working(SignedDuration),
    /// So many working days of the calendar, until the start's time of day. At least one.
    WorkingDays(u32),
}

impl Target {
    /// When it is used up, counted from `from`, without any pause.
    pub fn due(self, calendar: &Calendar, from: Timestamp) -> Result<Timestamp, Unreachable> {
        match self {
            Self::Working(time) => calendar.add(from, time),
            Self::WorkingDays(days) => calendar.add_days(from, days),
        }
    }
}

/// Which clocks a question to the opener or the customer pauses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Pauses {
    /// Whether accept stands still.
    pub accept: bool,
    /// Whether mitigate does.
    pub mitigate: bool,
    /// Whether resolve does.
    pub resolve: bool,
}

impl Pauses {
    /// No question pauses anything.
    pub const NONE: Self = Self { accept: false, mitigate: false, resolve: false };

    /// Whether that clock stands still.
    pub fn of(self, clock: Clock) -> bool {
        match clock {
            Clock::Accept => self.accept,
            Clock::Mitigate => self.mitigate,
            Clock::Resolve => self.resolve,
        }
    }
}

/// Where an issue enters the ranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Entry {
    /// At the top.
    Top,
    /// Below the issues that stand on top.
    BelowOnTop,
    /// At the bottom.
    Bottom,
}

/// How a fix gets to production.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// In production within the resolve target, counted from the cycle's start.
    PatchNow,
    /// With the project's first production deployment after it was verified.
    NextPush,
    /// Whenever it is planned: there is no rule.
    Planned,
}

/// Somebody is told of a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    /// Of which clock; `None`: of each.
    pub clock: Option<Clock>,
    /// Of what.
    pub when: Moment,
    /// How long after, in working time of the rules' calendar; zero: at once.
    pub after: SignedDuration,
    /// Who.
    pub to: Recipient,
}

/// What an escalation counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Moment {
    /// The instant at which the clock is at risk.
    AtRisk,
    /// The breach.
    Breach,
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// Whose issue it is; where it is nobody's, its owner team.
    Assignee,
    /// The team that owns the issue.
    OwnerTeam,
    /// Who is on shift; where there are no shifts, the owner team.
    OnShift,
    /// The project's product owners.
    ProductOwners,
    /// That team.
    Team(TeamId),
    /// That person.
    Person(PersonId),
}
