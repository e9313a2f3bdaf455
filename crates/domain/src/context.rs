//! What a decision rests on beside its own stream.

use jiff::Timestamp;

use crate::ids::ProjectId;
use crate::issue::Issue;
use crate::project::Project;
use crate::release::Release;
use crate::team::Team;
use crate::{Actor, Origin};

/// What else a decision rests on.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// Who acts.
    pub actor: &'a Actor,
    /// The moment of deciding.
    pub now: Timestamp,
    /// When it happened, where it is recorded late.
    pub occurred_at: Option<Timestamp>,
    /// Set where the fact is imported: then only states, times and ids are checked.
    pub origin: Option<&'a Origin>,
    /// The project whose stream it is, whether there is one or not.
    pub project_id: &'a ProjectId,
    /// That project; `None`: there is none of that id.
    pub project: Option<&'a Project>,
    /// The team that [`needs`](crate::issue::needs) named; `None`: it has no members.
    pub team: Option<&'a Team>,
    /// The release that [`needs`](crate::issue::needs) named; `None`: nothing was ever said of it.
    pub release: Option<&'a Release>,
    /// The issue that [`needs`](crate::issue::needs) named; `None`: there is none.
    pub other: Option<&'a Issue>,
}
