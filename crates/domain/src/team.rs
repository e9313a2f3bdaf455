//! The team: who is in it, and who is away. What it may take is in its project.

use jiff::Timestamp;

use crate::ids::{PersonId, TeamId};
use crate::{Context, Decision, Recorded, Rejection};

/// A team keeps at most this many absences that are not over.
pub const ABSENCES_MAX: usize = 100;

/// A team, folded from its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// How many events it has.
    pub revision: u64,
    /// Who is in it, each once, in the order in which they joined: the order in which shifts go round.
    pub members: Vec<PersonId>,
    /// Who is away when, by beginning. Of one person none overlap. Those that were over when another was recorded are left out.
    pub away: Vec<Absence>,
}

/// A time in which a member can't be asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Absence {
    /// Who.
    pub person: PersonId,
    /// The first instant of it.
    pub from: Timestamp,
    /// The first instant at which they are there again.
    pub until: Timestamp,
}

impl Absence {
    /// Whether the person is away at some instant of `from..until`.
    pub fn overlaps(&self, from: Timestamp, until: Timestamp) -> bool {
        self.from < until && from < self.until
    }
}

impl Team {
    /// The person's absences that touch `from..until`, by beginning.
    pub fn absences<'a>(
        &'a self,
        person: &'a PersonId,
        from: Timestamp,
        until: Timestamp,
    ) -> impl Iterator<Item = &'a Absence> {
        self.away.iter().filter(move |absence| absence.person == *person && absence.overlaps(from, until))
    }
}

/// Something that happened to a team.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum TeamEvent {
    /// Somebody joined.
    MemberAdded { person: PersonId },
    /// Somebody left.
    MemberRemoved { person: PersonId },
    /// Somebody can't be asked from then until then.
    MemberAway { person: PersonId, from: Timestamp, until: Timestamp },
    /// The absence that begins, or began, at `from` is over now, or will not be.
    MemberBack { person: PersonId, from: Timestamp },
}

/// A command to a team.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Command {
    AddMember {
        team: TeamId,
        person: PersonId,
    },
    RemoveMember {
        team: TeamId,
        person: PersonId,
    },
    /// `from` absent: from now on.
    MemberAway {
        team: TeamId,
        person: PersonId,
        from: Option<Timestamp>,
        until: Timestamp,
    },
    /// `from` absent: the absence that runs now; else the one that begins then.
    MemberBack {
        team: TeamId,
        person: PersonId,
        from: Option<Timestamp>,
    },
}

impl Command {
    /// The team that it is for.
    pub fn team(&self) -> &TeamId {
        match self {
            Self::AddMember { team, .. }
            | Self::RemoveMember { team, .. }
            | Self::MemberAway { team, .. }
            | Self::MemberBack { team, .. } => team,
        }
    }
}

/// What the command leads to, or the rule that it breaks. `team` is `None` while nobody was ever in it; the context's project knows whether it exists.
pub fn decide(team: Option<&Team>, command: Command, context: &Context<'_>) -> Result<Decision<TeamEvent>, Rejection> {
    let project = context.project()?;
    if !project.teams.contains_key(command.team()) {
        return Err(Rejection::UnknownTeam { team: command.team().clone() });
    }
    let occurred_at = context.settle(None)?;
    let member = team.filter(|team| {
        let (Command::AddMember { person, .. }
        | Command::RemoveMember { person, .. }
        | Command::MemberAway { person, .. }
        | Command::MemberBack { person, .. }) = &command;
        team.members.contains(person)
    });
    let event = match (member, command) {
        (None, Command::AddMember { person, .. }) => TeamEvent::MemberAdded { person },
        (Some(_), Command::AddMember { person, .. }) => return Err(Rejection::AlreadyMember { person }),
        (Some(_), Command::RemoveMember { person, .. }) => TeamEvent::MemberRemoved { person },
        (Some(team), Command::MemberAway { person, from, until, .. }) => {
            away(team, person, (from.unwrap_or(occurred_at), until), context.now)?
        }
        (Some(team), Command::MemberBack { person, from, .. }) => back(team, person, from, occurred_at)?,
        (
            None,
            Command::RemoveMember { team, person }
            | Command::MemberAway { team, person, .. }
            | Command::MemberBack { team, person, .. },
        ) => return Err(Rejection::NotAMember { person, team }),
    };
    Ok(Decision { events: vec![event], occurred_at })
}

fn away(
    team: &Team,
    person: PersonId,
    (from, until): (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<TeamEvent, Rejection> {
    if until <= from.max(now) {
        return Err(Rejection::AbsenceOver { from, until, now });
    }
    if let Some(known) = team.absences(&person, from, until).next().cloned() {
        return Err(Rejection::AlreadyAway { person: known.person, from: known.from, until: known.until });
    }
    if team.away.iter().filter(|absence| absence.until > now).count() >= ABSENCES_MAX {
        return Err(Rejection::TooManyAbsences { limit: ABSENCES_MAX });
    }
    Ok(TeamEvent::MemberAway { person, from, until })
}

fn back(team: &Team, person: PersonId, from: Option<Timestamp>, at: Timestamp) -> Result<TeamEvent, Rejection> {
    let named = team.away.iter().find(|absence| {
        absence.person == person
            && absence.until > at
            && from.map_or(absence.from <= at, |beginning| absence.from == beginning)
    });
    match named {
        Some(absence) => Ok(TeamEvent::MemberBack { person, from: absence.from }),
        None => Err(Rejection::NotAway { person }),
    }
}

/// The team after one event more. Its first member makes it; an event that can't follow changes nothing but the revision.
pub fn evolve(team: Option<Team>, recorded: &Recorded<TeamEvent>) -> Option<Team> {
    let mut team = match (team, &recorded.event) {
        (Some(team), _) => team,
        (None, TeamEvent::MemberAdded { .. }) => {
            // A stream that another program named badly makes no team, rather than a panic.
            Team { id: TeamId::parse(&recorded.stream.id).ok()?, revision: 0, members: Vec::new(), away: Vec::new() }
        }
        (None, _) => return None,
    };
    team.revision = recorded.revision;
    match &recorded.event {
        TeamEvent::MemberAdded { person } => {
            if !team.members.contains(person) {
                team.members.push(person.clone());
            }
        }
        TeamEvent::MemberRemoved { person } => {
            team.members.retain(|member| member != person);
            team.away.retain(|absence| absence.person != *person);
        }
        TeamEvent::MemberAway { person, from, until } => {
            team.away.retain(|absence| absence.until > recorded.recorded_at);
            if team.members.contains(person) {
                team.away.push(Absence { person: person.clone(), from: *from, until: *until });
                team.away.sort_by_key(|absence| absence.from);
            }
        }
        TeamEvent::MemberBack { person, from } => {
            let ends = |absence: &Absence| absence.person == *person && absence.from == *from;
            for absence in team.away.iter_mut().filter(|absence| ends(absence)) {
                absence.until = absence.until.min(recorded.occurred_at);
            }
            team.away.retain(|absence| absence.from < absence.until);
        }
    }
    Some(team)
}

/// The team that these events make.
pub fn fold<'a>(events: impl IntoIterator<Item = &'a Recorded<TeamEvent>>) -> Option<Team> {
    events.into_iter().fold(None, evolve)
}
