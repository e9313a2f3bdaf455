//! Shifts around the clock, for what stays unmitigated too long: who is on when, planned from a team and who is away of it.
//!
//! A plan covers the next 24 hours in three shifts of 8. The team's members take them in the order in which they joined, going on after whoever had
//! the last one. Nobody has two shifts in a row, and nobody has a second one in a plan unless somebody else had the one between: so a team of one
//! covers 8 hours of 24, and the plan says that it can't cover the rest. Hours that nobody can take stand in the plan by name.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::ids::{PersonId, TeamId};
use crate::team::Team;

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

/// The plan for the 24 hours after `from`. `owner` is the owner team: its id, and the team unless it never had a member. `before` is the plan that
/// this one follows.
pub fn plan(owner: Option<(&TeamId, Option<&Team>)>, from: Timestamp, before: Option<&Plan>) -> Plan {
    let until = from.saturating_add(PLAN).unwrap_or(Timestamp::MAX);
    let mut plan = Plan {
        team: owner.map(|(id, _)| id.clone()),
        from,
        until,
        shifts: Vec::new(),
        uncovered: Vec::new(),
        obstacle: None,
    };
    let nobody =
        |plan: Plan, obstacle| Plan { uncovered: vec![Hours { from, until }], obstacle: Some(obstacle), ..plan };
    let team = match owner {
        None => return nobody(plan, Obstacle::NoOwnerTeam),
        Some((_, None)) => return nobody(plan, Obstacle::NoMembers),
        Some((_, Some(team))) if team.members.is_empty() => return nobody(plan, Obstacle::NoMembers),
        Some((_, Some(team))) => team,
    };
    let last = before.and_then(|plan| plan.shifts.last());
    let mut round = Round {
        team,
        next: last.map_or(0, |shift| after(team, &shift.person)),
        rests: last.filter(|shift| shift.hours.until == from).map(|shift| shift.person.clone()),
    };
    for hours in thirds(from, until) {
        round.take(hours, &mut plan);
    }
    let alone = team.members.len() == 1;
    plan.obstacle = match (plan.uncovered.is_empty(), alone) {
        (true, _) => None,
        (false, true) => Some(Obstacle::TeamOfOne),
        (false, false) => Some(Obstacle::MembersAway),
    };
    plan
}

fn thirds(from: Timestamp, until: Timestamp) -> impl Iterator<Item = Hours> {
    let length = until.duration_since(from) / SHIFTS;
    let edge = move |n: i32| from.saturating_add(length * n).unwrap_or(Timestamp::MAX);
    (0..SHIFTS).map(move |n| Hours { from: edge(n), until: if n + 1 == SHIFTS { until } else { edge(n + 1) } })
}

/// Where in the team's order the one after this person stands; the first, where they are no member any more.
fn after(team: &Team, person: &PersonId) -> usize {
    team.members.iter().position(|member| member == person).map_or(0, |at| (at + 1) % team.members.len())
}

/// The team going round.
struct Round<'a> {
    team: &'a Team,
    /// Whose turn it is.
    next: usize,
    /// Who had the shift just before.
    rests: Option<PersonId>,
}

impl Round<'_> {
    /// Gives the shift to the first whose turn it is and who is there all the time; else to whoever is there longest. What is left is uncovered.
    fn take(&mut self, hours: Hours, plan: &mut Plan) {
        let members = self.team.members.iter().cycle().skip(self.next).take(self.team.members.len());
        let may = members.filter(|member| match &self.rests {
            Some(tired) => tired != *member,
            None => plan.shifts.iter().all(|shift| shift.person != **member),
        });
        let there = may.map(|member| (member, self.there(member, hours)));
        let length = |spans: &[Hours]| spans.iter().map(|span| span.length()).sum::<SignedDuration>();
        // Of those who are there equally long, the first whose turn it is.
        let longest = there.reduce(|best, one| if length(&one.1) > length(&best.1) { one } else { best });
        let Some((person, spans)) = longest.filter(|(_, spans)| !spans.is_empty()) else {
            self.rests = None;
            return uncover(plan, hours);
        };
        let mut edge = hours.from;
        for span in &spans {
            uncover(plan, Hours { from: edge, until: span.from });
            plan.shifts.push(Shift { person: person.clone(), hours: *span });
            edge = span.until;
        }
        uncover(plan, Hours { from: edge, until: hours.until });
        self.next = after(self.team, person);
        self.rests = Some(person.clone());
    }

    /// The parts of these hours in which the member is not away.
    fn there(&self, member: &PersonId, hours: Hours) -> Vec<Hours> {
        let mut spans = Vec::new();
        let mut edge = hours.from;
        for absence in self.team.absences(member, hours.from, hours.until) {
            if edge < absence.from {
                spans.push(Hours { from: edge, until: absence.from });
            }
            edge = edge.max(absence.until);
        }
        if edge < hours.until {
            spans.push(Hours { from: edge, until: hours.until });
        }
        spans
    }
}

/// Notes that nobody is on; hours that touch are one span.
fn uncover(plan: &mut Plan, hours: Hours) {
    match plan.uncovered.last_mut() {
        _ if hours.from >= hours.until => {}
        Some(last) if last.until == hours.from => last.until = hours.until,
        _ => plan.uncovered.push(hours),
    }
}
