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
pub fn decide(_team: Option<&Team>, command: Command, _context: &Context<'_>) -> Result<Decision<TeamEvent>, Rejection> {
    let (Command::AddMember { team, .. } | Command::RemoveMember { team, .. }) = command;
    Err(Rejection::UnknownTeam { team })
}

/// The team after one event more.
pub fn evolve(team: Option<Team>, _recorded: &Recorded<TeamEvent>) -> Option<Team> {
    team
}

/// The team that these events make.
pub fn fold<'a>(events: impl IntoIterator<Item = &'a Recorded<TeamEvent>>) -> Option<Team> {
    events.into_iter().fold(None, evolve)
}
