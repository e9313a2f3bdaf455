//! What the projector tells reactors: that views have moved here, and what of it is more than that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::ids::{IssueKey, ProjectId, ReleaseId, TeamId};
use domain::issue::IssueEvent;
use domain::project::ProjectEvent;
use domain::release::ReleaseEvent;
use domain::{Event, Recorded};
use event_log::PartitionId;
use jiff::Timestamp;
use tokio::sync::Notify;

use crate::HINTS_MAX;

/// What was heard and nobody has taken up yet.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    heard: Mutex<Heard>,
    /// Views have moved: what is due may be another.
    pub(crate) moved: Notify,
    /// A release was deployed or rolled back, or an issue resolved, verified or closed.
    pub(crate) delivered: Notify,
    /// Somebody joined a team, left it, goes away or comes back.
    pub(crate) teams_moved: Notify,
}

#[derive(Debug, Default)]
struct Heard {
    switched: BTreeSet<ProjectId>,
    /// The issues that something happened to; more than can be told when `all_touched`.
    touched: BTreeSet<IssueKey>,
    all_touched: bool,
    deliveries: BTreeSet<Delivery>,
    /// More was delivered than was noted.
    overflowed: bool,
    /// Since when.
    teams: BTreeMap<Moved, Timestamp>,
    /// More teams moved than were noted.
    more_teams: bool,
}

/// A team that may plan otherwise now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moved {
    pub(crate) project: ProjectId,
    /// `None`: something was switched on or off in the project, for all its teams.
    pub(crate) team: Option<TeamId>,
}

/// Something that may bring a fix to production, or take it away.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Delivery {
    /// A release was deployed or rolled back.
    Release(ProjectId, ReleaseId),
    /// An issue was resolved, verified or closed, or is no longer in production.
    Issue(IssueKey),
    /// Something was switched on or off in a project.
    Project(ProjectId),
}

impl Hints {
    /// The projects in which something was switched on or off, since this was asked last.
    pub(crate) fn take_switched(&self) -> BTreeSet<ProjectId> {
        std::mem::take(&mut self.heard().switched)
    }

    /// The issues that something happened to since this was asked last; `None`: too many to tell, or rows changed in another way.
    pub(crate) fn take_touched(&self) -> Option<BTreeSet<IssueKey>> {
        let mut heard = self.heard();
        let touched = std::mem::take(&mut heard.touched);
        (!std::mem::take(&mut heard.all_touched)).then_some(touched)
    }

    /// What may have been delivered since this was asked last; `None`: too much to tell.
    pub(crate) fn take_deliveries(&self) -> Option<BTreeSet<Delivery>> {
        let mut heard = self.heard();
        let deliveries = std::mem::take(&mut heard.deliveries);
        (!std::mem::take(&mut heard.overflowed)).then_some(deliveries)
    }

    /// The teams that have moved since this was asked last, each with when it first did; `None`: too many to tell.
    pub(crate) fn take_teams(&self) -> Option<BTreeMap<Moved, Timestamp>> {
        let mut heard = self.heard();
        let teams = std::mem::take(&mut heard.teams);
        (!std::mem::take(&mut heard.more_teams)).then_some(teams)
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        // Nobody panics while holding it.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl projector::Listener for Hints {
    fn folded(&self, _partition: PartitionId, events: &mut dyn Iterator<Item = &Recorded>) {
        let (mut delivered, mut moved) = (false, false);
        for recorded in events {
            if matches!(recorded.event, Event::Issue(_)) {
                let mut heard = self.heard();
                heard.all_touched |= heard.touched.len() >= HINTS_MAX;
                if !heard.all_touched {
                    heard.touched.insert(recorded.key());
                }
            }
            if let Event::Project(ProjectEvent::ReactorSwitched { .. }) = &recorded.event {
                self.heard().switched.insert(recorded.stream.project.clone());
            }
            if let Some(delivery) = delivery(recorded) {
                let mut heard = self.heard();
                heard.overflowed |= heard.deliveries.len() >= HINTS_MAX;
                if !heard.overflowed {
                    heard.deliveries.insert(delivery);
                }
                delivered = true;
            }
            if let Some(team) = team(recorded) {
                let mut heard = self.heard();
                heard.more_teams |= heard.teams.len() >= HINTS_MAX;
                if !heard.more_teams {
                    heard.teams.entry(team).or_insert(recorded.recorded_at);
                }
                moved = true;
            }
        }
        if delivered {
            self.delivered.notify_one();
        }
        if moved {
            self.teams_moved.notify_one();
        }
        self.moved.notify_one();
    }

    fn moved(&self, _partition: PartitionId) {
        self.heard().all_touched = true;
        self.moved.notify_one();
    }
}

/// Imported facts move nothing: what was delivered elsewhere long ago is told by those who import it.
fn delivery(recorded: &Recorded) -> Option<Delivery> {
    match &recorded.event {
        _ if recorded.origin.is_some() => None,
        Event::Release(ReleaseEvent::ReleaseDeployed { .. } | ReleaseEvent::ReleaseRolledBack { .. }) => {
            let release = ReleaseId::parse(&recorded.stream.id).ok()?;
            Some(Delivery::Release(recorded.stream.project.clone(), release))
        }
        Event::Issue(
            IssueEvent::IssueResolved { .. }
            | IssueEvent::IssueVerified { .. }
            | IssueEvent::IssueClosed { .. }
            | IssueEvent::WithdrawnFromProduction { .. },
        ) => Some(Delivery::Issue(recorded.key())),
        Event::Project(ProjectEvent::ReactorSwitched { .. }) => {
            Some(Delivery::Project(recorded.stream.project.clone()))
        }
        _ => None,
    }
}

fn team(recorded: &Recorded) -> Option<Moved> {
    let project = recorded.stream.project.clone();
    match &recorded.event {
        Event::Team(_) => Some(Moved { project, team: Some(TeamId::parse(&recorded.stream.id).ok()?) }),
        Event::Project(ProjectEvent::ReactorSwitched { .. }) => Some(Moved { project, team: None }),
        _ => None,
    }
}
