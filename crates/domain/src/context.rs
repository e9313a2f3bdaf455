//! What a decision rests on beside its own stream.

use jiff::{SignedDuration, Timestamp};

use crate::ids::ProjectId;
use crate::issue::Issue;
use crate::project::Project;
use crate::release::Release;
use crate::team::Team;
use crate::text::Text;
use crate::{Actor, Origin, Rejection};

/// Clocks may differ by so much: a time that lies no further in the future is taken for now.
pub const CLOCK_SKEW_MAX: SignedDuration = SignedDuration::from_secs(30);

/// What else a decision rests on.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// Who acts.
    pub actor: &'a Actor,
    /// The moment of deciding.
    pub now: Timestamp,
    /// When it happened, where it is recorded late.
    pub occurred_at: Option<Timestamp>,
    /// Why it is recorded late: what takes back a recorded breach needs a reason.
    pub late_reason: Option<&'a Text>,
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

impl<'a> Context<'a> {
    /// The project, or the refusal that there is none.
    pub(crate) fn project(&self) -> Result<&'a Project, Rejection> {
        self.project.ok_or_else(|| Rejection::UnknownProject { project: self.project_id.clone() })
    }

    /// When a fact happened that may not have happened before `bound`. Where the command doesn't say: now, or at the bound, if a clock elsewhere
    /// runs ahead of ours.
    pub(crate) fn settle(&self, bound: Option<Timestamp>) -> Result<Timestamp, Rejection> {
        let latest = bound.map_or(self.now, |bound| bound.max(self.now));
        let Some(occurred_at) = self.occurred_at else {
            return Ok(latest);
        };
        if occurred_at.duration_since(self.now) > CLOCK_SKEW_MAX {
            return Err(Rejection::OccurredInFuture { occurred_at, now: self.now });
        }
        match bound {
            Some(bound) if occurred_at < bound => Err(Rejection::OccurredOutOfOrder { occurred_at, bound }),
            _ => Ok(occurred_at.min(latest)),
        }
    }
}
