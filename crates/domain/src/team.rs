//! The team: who is in it. What it may take is in its project.

use std::collections::BTreeSet;

use crate::ids::{PersonId, TeamId};
use crate::{Context, Decision, Recorded, Rejection};

/// A team, folded from its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// How many events it has.
    pub revision: u64,
    /// Who is in it.
    pub members: BTreeSet<PersonId>,
}

/// Something that happened to a team.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum TeamEvent {
    /// Somebody joined.
    MemberAdded { person: PersonId },
    /// Somebody left.
    MemberRemoved { person: PersonId },
}

/// A command to a team.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Command {
    AddMember { team: TeamId, person: PersonId },
    RemoveMember { team: TeamId, person: PersonId },
}

/// What the command leads to, or the rule that it breaks. `team` is `None` while nobody was ever in it; the context's project knows whether it exists.
pub fn decide(team: Option<&Team>, command: Command, context: &Context<'_>) -> Result<Decision<TeamEvent>, Rejection> {
    let project = context.project()?;
    let (Command::AddMember { team: id, .. } | Command::RemoveMember { team: id, .. }) = &command;
    if !project.teams.contains_key(id) {
        return Err(Rejection::UnknownTeam { team: id.clone() });
    }
    let is_member = |person: &PersonId| team.is_some_and(|team| team.members.contains(person));
    let event = match command {
        Command::AddMember { person, .. } if is_member(&person) => return Err(Rejection::AlreadyMember { person }),
        Command::AddMember { person, .. } => TeamEvent::MemberAdded { person },
        Command::RemoveMember { team, person } if !is_member(&person) => {
            return Err(Rejection::NotAMember { person, team });
        }
        Command::RemoveMember { person, .. } => TeamEvent::MemberRemoved { person },
    };
    Ok(Decision { events: vec![event], occurred_at: context.settle(None)? })
}

/// The team after one event more. Its first member makes it; an event that can't follow changes nothing but the revision.
pub fn evolve(team: Option<Team>, recorded: &Recorded<TeamEvent>) -> Option<Team> {
    let mut team = match (team, &recorded.event) {
        (Some(team), _) => team,
        (None, TeamEvent::MemberAdded { .. }) => {
            // A stream that another program named badly makes no team, rather than a panic.
            Team { id: TeamId::parse(&recorded.stream.id).ok()?, revision: 0, members: BTreeSet::new() }
        }
        (None, TeamEvent::MemberRemoved { .. }) => return None,
    };
    team.revision = recorded.revision;
    match &recorded.event {
        TeamEvent::MemberAdded { person } => team.members.insert(person.clone()),
        TeamEvent::MemberRemoved { person } => team.members.remove(person),
    };
    Some(team)
}

/// The team that these events make.
pub fn fold<'a>(events: impl IntoIterator<Item = &'a Recorded<TeamEvent>>) -> Option<Team> {
    events.into_iter().fold(None, evolve)
}
