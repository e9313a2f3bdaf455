//! Who takes which shift.

use jiff::{SignedDuration, Timestamp};

use super::{Hours, Obstacle, PLAN, Plan, SHIFTS, Shift};
use crate::ids::{PersonId, TeamId};
use crate::team::Team;

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
    let mut round = Round::after(team, before.and_then(|plan| plan.shifts.last()), from);
    for hours in thirds(from, until) {
        round.take(hours, &mut plan);
    }
    plan.obstacle = obstacle(team, &plan);
    plan
}

/// A plan as it should be at `now`, from its owner team as it is: the same, or made anew from the first instant at which it no longer holds, because
/// whoever is on then has left or is away, or that nobody had. What was planned before that instant stays. Another team's is planned anew for 24 hours.
pub fn revised(standing: &Plan, owner: Option<(&TeamId, Option<&Team>)>, now: Timestamp) -> Plan {
    let Some((_, Some(team))) = owner.filter(|(id, _)| standing.team.as_ref() == Some(id)) else {
        let same = standing.team.as_ref() == owner.map(|(id, _)| id);
        return if same { standing.clone() } else { plan(owner, now, None) };
    };
    let mut kept = Plan { shifts: Vec::new(), uncovered: Vec::new(), obstacle: None, ..standing.clone() };
    let mut round: Option<Round<'_>> = None;
    for hours in thirds(standing.from, standing.until) {
        if let Some(round) = &mut round {
            round.take(hours, &mut kept);
            continue;
        }
        let rest = Hours { from: hours.from.max(now), until: hours.until };
        let Some(from) = fails(standing, team, rest) else {
            copy(standing, hours, &mut kept);
            continue;
        };
        let mut from_here = Round::after(team, kept.shifts.last(), hours.from);
        from_here.had = kept.shifts.iter().map(|shift| shift.person.clone()).collect();
        // It goes on after whoever was to be on; who had the shift before rests all the same.
        let was_to = taken(standing, Hours { from, ..hours }).next();
        if let Some(shift) = was_to.filter(|shift| team.members.contains(&shift.person)) {
            from_here.next = after(team, &shift.person);
        }
        copy(standing, Hours { until: from, ..hours }, &mut kept);
        from_here.take(Hours { from, ..hours }, &mut kept);
        round = Some(from_here);
    }
    // Hours that are over were left for the reason of then.
    kept.obstacle = if kept.uncovered_from(now).is_zero() && !kept.uncovered.is_empty() {
        standing.obstacle
    } else {
        obstacle(team, &kept)
    };
    let ahead = Hours { from: now, until: standing.until.max(now) };
    let broken = taken(standing, ahead).any(|shift| leaves(team, &shift).is_some());
    let better = kept.uncovered_from(now) < standing.uncovered_from(now);
    if broken || better { kept } else { standing.clone() }
}

/// Why it has uncovered hours, if it has.
fn obstacle(team: &Team, plan: &Plan) -> Option<Obstacle> {
    match (plan.uncovered.is_empty(), team.members.len()) {
        (true, _) => None,
        (false, 0) => Some(Obstacle::NoMembers),
        (false, 1) => Some(Obstacle::TeamOfOne),
        (false, _) => Some(Obstacle::MembersAway),
    }
}

/// The first of these hours' instants at which nobody is on who can be, if there is one.
fn fails(plan: &Plan, team: &Team, hours: Hours) -> Option<Timestamp> {
    let uncovered = plan.uncovered.iter().map(|span| span.within(hours)).filter(|span| !span.is_empty());
    let left = taken(plan, hours).filter_map(|shift| leaves(team, &shift));
    uncovered.map(|span| span.from).chain(left).min()
}

/// What of a plan's shifts falls into these hours.
fn taken(plan: &Plan, hours: Hours) -> impl Iterator<Item = Shift> + '_ {
    let within = move |shift: &Shift| Shift { hours: shift.hours.within(hours), ..shift.clone() };
    plan.shifts.iter().map(within).filter(|shift| !shift.hours.is_empty())
}

/// The first instant of a shift at which its person is away, or no member any more.
fn leaves(team: &Team, Shift { person, hours }: &Shift) -> Option<Timestamp> {
    if !team.members.contains(person) {
        return Some(hours.from);
    }
    team.absences(person, hours.from, hours.until).next().map(|absence| absence.from.max(hours.from))
}

/// What was planned for these hours.
fn copy(standing: &Plan, hours: Hours, plan: &mut Plan) {
    plan.shifts.extend(taken(standing, hours));
    for span in &standing.uncovered {
        uncover(plan, span.within(hours));
    }
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
    /// Who has had a shift of this plan.
    had: Vec<PersonId>,
}

impl<'a> Round<'a> {
    /// Goes on after whoever had the shift before.
    fn after(team: &'a Team, last: Option<&Shift>, from: Timestamp) -> Self {
        Self {
            team,
            next: last.map_or(0, |shift| after(team, &shift.person)),
            rests: last.filter(|shift| shift.hours.until == from).map(|shift| shift.person.clone()),
            had: Vec::new(),
        }
    }

    /// Gives the shift to the first whose turn it is and who is there all the time; else to whoever is there longest. What is left is uncovered.
    fn take(&mut self, hours: Hours, plan: &mut Plan) {
        let members = self.team.members.iter().cycle().skip(self.next).take(self.team.members.len());
        let may = members.filter(|member| match &self.rests {
            Some(tired) => tired != *member,
            None => !self.had.contains(member),
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
        self.had.push(person.clone());
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
