//! Deployments and rollbacks: which issues they bring to production, and which they take away.
//!
//! A release that is deployed marks every resolved issue whose fix it carries; so does the resolution of an issue whose fix is there already. A
//! rollback takes the mark off, and a closed issue is to be verified again. When it begins, and when a partition becomes its own, it looks at all that
//! waits: what happened while nobody looked is found so.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::agenda;
use domain::clocks::{Clock, Noted, clocks};
use domain::ids::{IssueKey, ProjectId, ReleaseId};
use domain::issue::{self, Closed, Delivered, Fix, Issue, State, Verified};
use domain::policy::Delivery as Rule;
use domain::project::{Project, Reactor};
use domain::release::{Deployment, PRODUCTION};
use domain::text::Text;
use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use views::production::{
    AllRolledBack, AllWaiting, Carriers, FirstPush, InProduction, Pushed, SCHEMA, TOKENS_MAX, WaitingIn,
};
use views::row::Cursor;

use crate::act::Act;
use crate::asked::Asked;
use crate::doer::Doer;
use crate::duties;
use crate::hints::{Delivery, Hints};
use crate::observe::Outcome;
use crate::{DELIVERIES_AT_ONCE_MAX, DELIVERY_PACE_MS, PAGE};

const DELIVERY_PACE: Duration = Duration::from_millis(DELIVERY_PACE_MS);

/// Reacts to deployments in the partitions that are led here.
pub(crate) struct Production {
    pub(crate) asked: Asked,
    pub(crate) doer: Arc<Doer>,
    pub(crate) hints: Arc<Hints>,
}

/// A rollback, and the event of the release that says so.
struct Rollback {
    release: Arc<str>,
    at: Timestamp,
    fact: u64,
}

impl Production {
    /// Until told to stop. What it leaves, the next start finds.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let _stopped = stop.run_until_cancelled(self.follow()).await;
    }

    async fn follow(mut self) {
        let mut mine = BTreeSet::new();
        loop {
            let gained = self.asked.take_up(SCHEMA.id(), &mut mine);
            if !gained.is_empty() {
                self.all(|project| gained.contains(&self.asked.identity.partition_of(project))).await;
            }
            match self.hints.take_deliveries() {
                None => self.all(|project| mine.contains(&self.asked.identity.partition_of(project))).await,
                Some(mut deliveries) => {
                    deliveries.retain(|delivery| mine.contains(&self.asked.partition_of(delivery.project())));
                    self.react(deliveries).await;
                }
            }
            tokio::time::sleep(DELIVERY_PACE).await;
            tokio::select! {
                () = self.hints.delivered.notified() => {}
                Ok(()) = self.asked.led.changed() => {}
            }
        }
    }

    /// Looks at all that waits in these projects, and at all rollbacks.
    async fn all(&self, is_mine: impl Fn(&str) -> bool) {
        let mut after = None;
        loop {
            let (issues, next) = self.asked.ask(|| AllWaiting { limit: PAGE, after: after.clone() }).await;
            self.deliver_all(issues.into_iter().filter(|(project, _)| is_mine(project)).filter_map(key)).await;
            after = next;
            if after.is_none() {
                break;
            }
        }
        loop {
            let (gone, next): (_, Option<Cursor>) =
                self.asked.ask(|| AllRolledBack { limit: PAGE, after: after.clone() }).await;
            for Pushed { project, release, at, fact } in gone.into_iter().filter(|one| is_mine(&one.project)) {
                self.take_away(&project, &Rollback { release, at, fact }).await;
            }
            after = next;
            if after.is_none() {
                return;
            }
        }
    }

    /// One look at all that waits in a project serves everything that was deployed there meanwhile.
    async fn react(&self, deliveries: BTreeSet<Delivery>) {
        let (mut projects, mut issues) = (BTreeSet::new(), BTreeSet::new());
        for delivery in deliveries {
            match delivery {
                Delivery::Release(project, release) => {
                    if self.released(&project, &release).await {
                        projects.insert(project);
                    }
                }
                Delivery::Issue(key) => {
                    issues.insert(key);
                }
                Delivery::Project(project) => {
                    projects.insert(project);
                }
            }
        }
        for project in projects {
            let looked_at = |key: &IssueKey| {
                issues.remove(key);
            };
            self.waiting_in(&project, looked_at).await;
        }
        self.deliver_all(issues).await;
    }

    /// Takes what was rolled back out of production. `true`: what waits may be in production now.
    async fn released(&self, project: &ProjectId, id: &ReleaseId) -> bool {
        let Some(release) = self.doer.release(project, id).await else { return false };
        let stands = release.state.environments.get(PRODUCTION);
        if let Some(Deployment::RolledBack { at }) = stands {
            // What it carried may be in another release that stands.
            let rollback = Rollback { release: id.as_str().into(), at: *at, fact: release.revision };
            self.take_away(&project.shared(), &rollback).await;
        }
        stands.is_some()
    }

    /// Looks at all that waits in the project, and tells of each.
    async fn waiting_in(&self, project: &ProjectId, mut tell: impl FnMut(&IssueKey)) {
        let mut after = None;
        loop {
            let (issues, next) =
                self.asked.ask(|| WaitingIn { project: project.shared(), limit: PAGE, after: after.clone() }).await;
            let issues: Vec<_> = issues.into_iter().filter_map(key).collect();
            issues.iter().for_each(&mut tell);
            self.deliver_all(issues).await;
            after = next;
            if after.is_none() {
                return;
            }
        }
    }

    async fn deliver_all(&self, issues: impl IntoIterator<Item = IssueKey>) {
        stream::iter(issues)
            .for_each_concurrent(DELIVERIES_AT_ONCE_MAX, |key| async move { self.deliver(&key).await })
            .await;
    }

    /// Marks the issue, if a release that stands in production brought its fix there in this cycle; and records whether that was the next push.
    async fn deliver(&self, key: &IssueKey) {
        let Ok(Some((issue, project))) = self.doer.find(key).await else { return };
        let is_on = |reactor| !project.state.switched_off.contains(&reactor);
        let mut issue = issue;
        if is_on(Reactor::Production) && self.mark(key, &issue.state).await {
            let Ok(Some((marked, _))) = self.doer.find(key).await else { return };
            issue = marked;
        }
        if is_on(Reactor::Delivery)
            && let Some(asked) = NextPush::asked(&issue.state, &project.state, self.doer.time.now())
        {
            self.next_push(key, &issue.state, &asked).await;
        }
    }

    /// `true`: it is marked now.
    async fn mark(&self, key: &IssueKey, issue: &Issue) -> bool {
        let Some((tokens, since)) = waits(issue) else { return false };
        let carriers =
            self.asked.ask(|| Carriers { project: key.project.shared(), tokens: tokens.clone(), limit: PAGE }).await;
        let since_then = issue.cycle_start.max(taken_out(issue));
        let Some(first) = carriers.into_iter().find(|release| release.at > since_then) else { return false };
        let Ok(release) = ReleaseId::parse(&first.release) else { return false };
        let act = Act {
            reactor: Reactor::Production,
            name: format!("in-production/{release}/{}", first.fact),
            due: first.at.max(since),
            occurred_at: Some(first.at),
            command: issue::Command::MarkInProduction { release },
            tell: None,
        };
        let (outcome, _) = self.doer.act(key, issue, &act).await;
        self.doer.tell(&act, outcome);
        outcome == Outcome::Recorded
    }

    /// Records whether the first deployment after the verification carried the fix, or it stood in production by then.
    async fn next_push(&self, key: &IssueKey, issue: &Issue, asked: &NextPush) {
        let (at, delivered) = if agenda::in_production_at(&issue.ledger, asked.verified_at) {
            (asked.verified_at, Delivered::Kept { release: duties::release(issue) })
        } else {
            let first = self.asked.ask(|| FirstPush { project: key.project.shared(), after: asked.verified_at }).await;
            let Some(push) = first else { return };
            let Ok(id) = ReleaseId::parse(&push.release) else { return };
            let Some(release) = self.doer.release(&key.project, &id).await else { return };
            let fix = issue.resolved().and_then(|resolved| resolved.fix.known()).and_then(Fix::code);
            let first = release.state.pushes.iter().find(|push| push.at > asked.verified_at);
            let release = Some(id);
            let delivered = if first.is_some_and(|push| push.cargo.carries(key, fix)) {
                Delivered::Kept { release }
            } else {
                Delivered::Broken { due: push.at, release }
            };
            (push.at, delivered)
        };
        let act = Act {
            reactor: Reactor::Delivery,
            name: duties::delivery_name(asked.cycle),
            due: at,
            occurred_at: None,
            command: issue::Command::RecordDelivery { cycle: asked.cycle, rule: Rule::NextPush, delivered },
            tell: None,
        };
        let (outcome, _) = self.doer.act(key, issue, &act).await;
        self.doer.tell(&act, outcome);
    }

    async fn take_away(&self, project: &Arc<str>, rollback: &Rollback) {
        let mut after = None;
        loop {
            let question = || InProduction {
                project: Arc::clone(project),
                release: Arc::clone(&rollback.release),
                limit: PAGE,
                after: after.clone(),
            };
            let (issues, next) = self.asked.ask(question).await;
            let keys = issues.into_iter().filter_map(key);
            let withdraw = |key: IssueKey| async move { self.withdraw(&key, rollback).await };
            stream::iter(keys).for_each_concurrent(DELIVERIES_AT_ONCE_MAX, withdraw).await;
            after = next;
            if after.is_none() {
                return;
            }
        }
    }

    async fn withdraw(&self, key: &IssueKey, rollback: &Rollback) {
        let Ok(Some((issue, project))) = self.doer.find(key).await else { return };
        if !is_with(&issue.state, &rollback.release) || project.state.switched_off.contains(&Reactor::Production) {
            return;
        }
        // A release that was closed upon after its rollback was recorded late: nothing happens before what it follows.
        let bound = match &issue.state.state {
            State::Closed(_) => issue.state.state_since,
            _ => issue.state.cycle_start,
        };
        let act = Act {
            reactor: Reactor::Production,
            name: format!("rolled-back/{}/{}", rollback.release, rollback.fact),
            due: rollback.at,
            occurred_at: Some(rollback.at.max(bound)),
            command: issue::Command::WithdrawFromProduction {
                reason: Text::parse(&format!("release {} was rolled back", rollback.release)).ok(),
            },
            tell: None,
        };
        let (outcome, _) = self.doer.act(key, &issue.state, &act).await;
        self.doer.tell(&act, outcome);
    }
}

impl Delivery {
    fn project(&self) -> &ProjectId {
        match self {
            Self::Release(project, _) | Self::Project(project) => project,
            Self::Issue(key) => &key.project,
        }
    }
}

/// A fix that is to come to production with the next push, and of which is not recorded yet whether it did.
struct NextPush {
    cycle: u32,
    verified_at: Timestamp,
}

impl NextPush {
    fn asked(issue: &Issue, project: &Project, now: Timestamp) -> Option<Self> {
        let (State::Verified(verified) | State::Closed(Closed { verified, .. })) = &issue.state else { return None };
        verified.resolved.fix.known().and_then(Fix::code)?;
        let terms = project.terms();
        let clocks = clocks(&issue.ledger, &terms, now);
        let cycle = clocks.current(Clock::Resolve).filter(|_| !clocks.exempt)?;
        let asked =
            cycle.delivery(&terms) == Some(Rule::NextPush) && !agenda::is_delivered(&issue.ledger, cycle.number);
        asked.then_some(Self { cycle: cycle.number, verified_at: verified.at })
    }
}

/// By what its fix is found in a release, and since when it waits; `None`: it does not wait for one.
fn waits(issue: &Issue) -> Option<(Vec<Arc<str>>, Timestamp)> {
    let (State::Resolved(resolved) | State::Verified(Verified { resolved, .. })) = &issue.state else { return None };
    if resolved.in_production.is_some() {
        return None;
    }
    let code = resolved.fix.known().and_then(Fix::code)?;
    let key = views::production::issue_token(&issue.key);
    let changes = code.changes.iter().map(|change| Arc::from(change.as_str()));
    Some(([key].into_iter().chain(changes).take(TOKENS_MAX).collect(), resolved.at))
}

/// When somebody took it out of production last, other than a rollback: of deployments that stood then, nothing more is said.
fn taken_out(issue: &Issue) -> Timestamp {
    let last = issue.ledger.notes().iter().rev().find(|note| matches!(note.what, Noted::WithdrawnFromProduction));
    let by_hand = last.filter(|note| Reactor::of(&note.by) != Some(Reactor::Production));
    by_hand.map_or(Timestamp::MIN, |note| note.at)
}

/// Is it in production with that release, as far as the log says?
fn is_with(issue: &Issue, release: &str) -> bool {
    duties::release(issue).is_some_and(|with| with.as_str() == release)
}

fn key((project, ordinal): (Arc<str>, u64)) -> Option<IssueKey> {
    Some(IssueKey { project: ProjectId::parse(&project).ok()?, ordinal })
}
