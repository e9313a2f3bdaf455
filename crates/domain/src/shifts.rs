//! Shifts around the clock, for what stays unmitigated too long: who is on when, planned from a team and who is away of it.
//!
//! A plan covers the next 24 hours in three shifts of 8. The team's members take them in the order in which they joined, going on after whoever had
//! the last one. Nobody has two shifts in a row, and nobody has a second one in a plan unless somebody else had the one between: so a team of one
//! covers 8 hours of 24, and the plan says that it can't cover the rest. Hours that nobody can take stand in the plan by name.
//!
//! [`plan`] makes a plan, [`revised`] mends one that no longer holds, and [`agenda`] says when which is to be done.

mod agenda;
mod round;

pub use agenda::{Agenda, Need, agenda, need};
pub use round::{plan, revised};

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::Recorded;
use crate::ids::{PersonId, TeamId};
use crate::issue::IssueEvent;

/// A plan covers so much time.
pub const PLAN: SignedDuration = SignedDuration::from_secs(24 * 60 * 60);
/// A plan has so many shifts.
pub const SHIFTS: i32 = 3;

/// Who is on when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Whose members take the shifts; `None`: the issue has no owner team yet.
    pub team: Option<TeamId>,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant that it does not cover.
    pub until: Timestamp,
    /// In order; none overlap. Two of one person may touch, where they are away in between.
    pub shifts: Vec<Shift>,
    /// In order: the hours in which nobody is on.
    pub uncovered: Vec<Hours>,
    /// Why there are uncovered hours.
    pub obstacle: Option<Obstacle>,
}

/// The plan that stands for an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Who is on when.
    pub plan: Plan,
    /// The revision of the event that planned it.
    pub planned_by: u64,
}

/// One person's time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shift {
    /// Who is on.
    pub person: PersonId,
    /// When.
    pub hours: Hours,
}

/// A span of wall time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hours {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub until: Timestamp,
}

/// Why a plan does not cover all hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Obstacle {
    /// Nobody owns the issue yet.
    NoOwnerTeam,
    /// Its owner team has no members.
    NoMembers,
    /// One person can't be on around the clock.
    TeamOfOne,
    /// Too many are away.
    MembersAway,
}

/// Why shifts were ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Users can work again.
    Mitigated,
    /// No developer will work on it.
    Dismissed,
    /// Its severity asks for no shifts.
    Downgraded,
}

impl Hours {
    /// Whether the instant is one of them.
    pub fn contain(self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    /// The part of them that is within others; empty where they don't touch.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        let from = self.from.max(other.from);
        Self { from, until: self.until.min(other.until).max(from) }
    }

    /// True: not an instant is in them.
    pub fn is_empty(self) -> bool {
        self.until <= self.from
    }

    fn length(self) -> SignedDuration {
        self.until.duration_since(self.from)
    }
}

impl Obstacle {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::NoOwnerTeam, Self::NoMembers, Self::TeamOfOne, Self::MembersAway];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoOwnerTeam => "no_owner_team",
            Self::NoMembers => "no_members",
            Self::TeamOfOne => "team_of_one",
            Self::MembersAway => "members_away",
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoOwnerTeam => "no team owns the issue yet",
            Self::NoMembers => "its owner team has no members",
            Self::TeamOfOne => "a team of one can't cover the clock",
            Self::MembersAway => "too many members are away",
        })
    }
}

impl Ending {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Mitigated, Self::Dismissed, Self::Downgraded];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mitigated => "mitigated",
            Self::Dismissed => "dismissed",
            Self::Downgraded => "downgraded",
        }
    }
}

impl Plan {
    /// Who is on at that instant.
    pub fn on(&self, at: Timestamp) -> Option<&Shift> {
        self.shifts.iter().find(|shift| shift.hours.contain(at))
    }

    /// How much wall time nobody covers from an instant on.
    pub fn uncovered_from(&self, at: Timestamp) -> SignedDuration {
        let rest = Hours { from: at, until: self.until.max(at) };
        self.uncovered.iter().map(|span| span.within(rest).length()).sum()
    }

    /// The same plan, with somebody else taking what is left, at that instant, of the shift that begins at `shift`; `None`: no such shift, or it is over.
    #[must_use]
    pub fn handed_over(mut self, shift: Timestamp, to: &PersonId, at: Timestamp) -> Option<Self> {
        let index = self.shifts.iter().position(|one| one.hours.from == shift && at < one.hours.until)?;
        let Shift { person, hours } = &mut self.shifts[index];
        if at <= hours.from {
            *person = to.clone();
            return Some(self);
        }
        let rest = Shift { person: to.clone(), hours: Hours { from: at, until: hours.until } };
        hours.until = at;
        self.shifts.insert(index + 1, rest);
        Some(self)
    }
}

impl Standing {
    /// What stands after one event more. What can't follow, and what says nothing of shifts, changes nothing.
    #[must_use]
    pub fn evolve(standing: Option<Self>, recorded: &Recorded<IssueEvent>) -> Option<Self> {
        match (&recorded.event, standing) {
            (IssueEvent::ShiftsPlanned { plan }, _) => Some(Self { plan: plan.clone(), planned_by: recorded.revision }),
            (IssueEvent::ShiftsEnded { .. }, _) => None,
            (IssueEvent::ShiftHandedOver { shift, to, .. }, Some(standing)) => {
                let plan = standing.plan.clone().handed_over(*shift, to, recorded.occurred_at);
                Some(Self { plan: plan.unwrap_or(standing.plan), ..standing })
            }
            (_, standing) => standing,
        }
    }
}
