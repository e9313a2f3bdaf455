//! Members who join, leave, go away or come back: plans of shifts that no longer hold are mended, from that moment on.
//!
//! When it begins, and when a partition becomes its own, it looks at every plan that stands there: what happened while nobody looked is found so.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::ids::{IssueKey, ProjectId, TeamId};
use domain::issue::Command;
use domain::project::Reactor;
use domain::shifts::{Standing, revised};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use views::shifts::{AllPlans, ListPlans, PLANS_MAX, SCHEMA};

use crate::act::Act;
use crate::asked::Asked;
use crate::doer::Doer;
use crate::hints::{Hints, Moved};

/// Mends plans in the partitions that are led here.
pub(crate) struct Absences {
    pub(crate) asked: Asked,
    pub(crate) doer: Arc<Doer>,
    pub(crate) hints: Arc<Hints>,
}

impl Absences {
    /// Until told to stop. What it leaves, the next start finds.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let _stopped = stop.run_until_cancelled(self.follow()).await;
    }

    async fn follow(mut self) {
        let mut mine = BTreeSet::new();
        loop {
            let gained = self.asked.take_up(SCHEMA.id(), &mut mine);
            if !gained.is_empty() {
                self.all(|project| gained.contains(&self.asked.partition_of(project))).await;
            }
            match self.hints.take_teams() {
                None => self.all(|project| mine.contains(&self.asked.partition_of(project))).await,
                Some(moved) => {
                    for (Moved { project, team }, since) in moved {
                        if mine.contains(&self.asked.partition_of(&project)) {
                            self.plans_of(&project, team.as_ref(), since).await;
                        }
                    }
                }
            }
            tokio::select! {
                () = self.hints.teams_moved.notified() => {}
                Ok(()) = self.asked.led.changed() => {}
            }
        }
    }

    /// Looks at all plans that stand in these projects.
    async fn all(&self, is_mine: impl Fn(&ProjectId) -> bool) {
        let mut after = None;
        loop {
            let (issues, next) = self.asked.ask(|| AllPlans { limit: PLANS_MAX, after: after.clone() }).await;
            for key in issues.iter().filter(|key| is_mine(&key.project)) {
                self.mend(key, self.doer.time.now()).await;
            }
            after = next;
            if after.is_none() {
                return;
            }
        }
    }

    /// Those of a team; of a whole project where none is named.
    async fn plans_of(&self, project: &ProjectId, team: Option<&TeamId>, since: Timestamp) {
        let mut after = None;
        loop {
            let question =
                || ListPlans { project: project.clone(), team: team.cloned(), after: after.clone(), limit: PLANS_MAX };
            let found = self.asked.ask(question).await;
            for plan in found.plans {
                self.mend(&plan.issue, since).await;
            }
            after = found.next;
            if after.is_none() {
                return;
            }
        }
    }

    /// Has the plan made anew from where it no longer holds, if there is such a moment.
    async fn mend(&self, key: &IssueKey, since: Timestamp) {
        let Ok(Some((issue, project))) = self.doer.find(key).await else { return };
        let Some(Standing { plan, planned_by }) = &issue.state.shifts else { return };
        // Where another team owns it by now, and where the plan is over, another one is planned in any case.
        let owner = issue.state.triage.as_ref().and_then(|triage| triage.team.known());
        let Some(id) = plan.team.as_ref().filter(|team| owner == Some(*team)) else { return };
        if project.state.switched_off.contains(&Reactor::Shifts) || plan.until <= self.doer.time.now() {
            return;
        }
        let Some(team) = self.doer.team(&key.project, id).await else { return };
        if revised(plan, Some((id, Some(&team.state))), self.doer.time.now()) == *plan {
            return;
        }
        let act = Act {
            reactor: Reactor::Shifts,
            name: format!("shifts/mend/{planned_by}/{}", team.revision),
            due: since,
            occurred_at: None,
            command: Command::PlanShifts,
            tell: None,
        };
        let (outcome, _) = self.doer.act(key, &issue.state, &act).await;
        self.doer.tell(&act, outcome);
    }
}
