//! Looks after one issue: finds out what is to be recorded of it, and has it recorded.

use std::fmt::Display;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _, TokioSleeper};
use commands::{CommandError, Commands, Found, LogError, Place};
use domain::ids::{IssueKey, ProjectId, ReleaseId, TeamId};
use domain::issue::Issue;
use domain::project::{Project, Reactor};
use domain::release::Release;
use domain::team::Team;
use domain::{Rejection, issue};
use jiff::Timestamp;
use tracing::Instrument as _;

use crate::act::Act;
use crate::duties::Agenda;
use crate::observe::{Observer, Outcome};
use crate::time::TimeSource;
use crate::{INSTANT, RETRY_MS_MAX, RETRY_MS_MIN};

/// What is to be done for an issue at a moment, which is over: computed of what the log says, never of a view.
pub type Duties = fn(&Issue, &Project, Timestamp) -> Agenda;

/// Looks after issues.
pub(crate) struct Doer {
    pub(crate) commands: Arc<Commands>,
    pub(crate) time: Arc<dyn TimeSource>,
    pub(crate) duties: Duties,
    pub(crate) observer: OnceLock<Arc<dyn Observer>>,
}

/// What is known of an issue once it was looked after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settled {
    /// Where in the log all stands that was seen or recorded of it: a view that has not come so far knows less. `None`: nothing was seen.
    pub(crate) at: Option<(u32, u64)>,
    /// How many events it has.
    pub(crate) revision: u64,
    /// True: some of what would have been done is switched off in its project, and stays due.
    pub(crate) switched_off: bool,
    /// When what is not switched off has something to do next: a view that still waits for the rest doesn't say.
    pub(crate) again: Option<Timestamp>,
}

impl Doer {
    /// Has everything recorded that is to be recorded of the issue by now. Overload and outages are waited out.
    pub(crate) async fn look_after(&self, key: &IssueKey) -> Settled {
        let nothing = Settled { at: None, revision: 0, switched_off: false, again: None };
        let (issue, project) = match self.find(key).await {
            Ok(Some(found)) => found,
            Ok(None) => return nothing,
            Err(error) => {
                tracing::error!(issue = %key, error = %chain(&error), "an issue that is due can't be looked after");
                return nothing;
            }
        };
        let mut settled =
            Settled { at: Some(known(&issue.at)), revision: issue.revision, switched_off: false, again: None };
        // What stops a clock at its very deadline stops it in time: nothing is said of an instant before it is over.
        let over = self.time.now().saturating_sub(INSTANT).unwrap_or(Timestamp::MIN);
        let Agenda { due, upcoming } = (self.duties)(&issue.state, &project.state, over);
        let is_on = |reactor: &Reactor| !project.state.switched_off.contains(reactor);
        settled.again = upcoming.iter().filter(|(_, reactor)| is_on(reactor)).map(|(at, _)| *at).min();
        for act in due {
            if !is_on(&act.reactor) {
                settled.switched_off = true;
                self.tell(&act, Outcome::SwitchedOff);
                continue;
            }
            let (outcome, place) = self.act(key, &issue.state, &act).await;
            self.tell(&act, outcome);
            settled.switched_off |= outcome == Outcome::SwitchedOff;
            if let Some((at, revision)) = place {
                settled.at = settled.at.max(Some(at));
                settled.revision = settled.revision.max(revision);
            }
        }
        settled
    }

    /// Does one act. Gives, too, where it is recorded, and the issue's revision there.
    pub(crate) async fn act(&self, key: &IssueKey, issue: &Issue, act: &Act) -> (Outcome, Option<((u32, u64), u64)>) {
        let span = tracing::info_span!(target: "snaglog::trace", "react", reactor = %act.reactor, issue = %key, act = act.name);
        let request = act.request(&issue.id);
        let command = self.addressed(key, act).await;
        let ask = || self.commands.issue(key, command.clone(), request.clone());
        let done = ask.retry(patience()).sleep(TokioSleeper).when(passes).notify(wait(key)).instrument(span).await;
        match done {
            Ok(done) => {
                let outcome = if done.replayed { Outcome::Known } else { Outcome::Recorded };
                (outcome, Some((known(&done.at), done.revision)))
            }
            Err(CommandError::Rejected(Rejection::SwitchedOff { .. })) => (Outcome::SwitchedOff, None),
            Err(CommandError::Rejected(rejection)) => {
                tracing::debug!(issue = %key, act = act.name, %rejection, "not recorded: it no longer holds, or was done");
                (Outcome::Refused, None)
            }
            Err(error) => {
                tracing::error!(issue = %key, act = act.name, error = %chain(&error), "can't be recorded");
                (Outcome::Failed, None)
            }
        }
    }

    /// Issue and project, as of all that was acknowledged.
    pub(crate) async fn find(&self, key: &IssueKey) -> Result<Option<(Found<Issue>, Found<Project>)>, CommandError> {
        let find = || async {
            let issue = self.commands.find_issue(key).await?;
            let project = self.commands.find_project(&key.project).await?;
            Ok(issue.zip(project))
        };
        find.retry(patience()).sleep(TokioSleeper).when(passes).notify(wait(key)).await
    }

    /// The team; `None`: there is none, or it can't be looked up, which is told.
    pub(crate) async fn team(&self, project: &ProjectId, id: &TeamId) -> Option<Found<Team>> {
        look_up("team", id, || self.commands.find_team(project, id)).await
    }

    /// The release, likewise.
    pub(crate) async fn release(&self, project: &ProjectId, id: &ReleaseId) -> Option<Found<Release>> {
        look_up("release", id, || self.commands.find_release(project, id)).await
    }

    /// The act's command, with the members of the team that is to be told.
    async fn addressed(&self, key: &IssueKey, act: &Act) -> issue::Command {
        let mut command = act.command.clone();
        if let (issue::Command::RecordEscalation(escalation), Some(team)) = (&mut command, &act.tell) {
            // Where nobody can be named, it is recorded that the team is told; who that is can be looked up.
            let found = self.team(&key.project, team).await;
            escalation.people.extend(found.iter().flat_map(|found| found.state.members.iter().cloned()));
        }
        command
    }

    pub(crate) fn tell(&self, act: &Act, outcome: Outcome) {
        let lag = Duration::try_from(self.time.now().duration_since(act.due)).unwrap_or_default();
        if let Some(observer) = self.observer.get() {
            observer.ended(act.reactor, outcome, lag);
        }
    }
}

/// Looks something up. Overload and outages are waited out.
async fn look_up<T, F>(kind: &str, id: &impl Display, find: impl FnMut() -> F) -> Option<T>
where
    F: Future<Output = Result<Option<T>, CommandError>>,
{
    let notify = |error: &CommandError, _| tracing::debug!(kind, %id, error = %chain(error), "a look-up waits");
    let found = find.retry(patience()).sleep(TokioSleeper).when(passes).notify(notify).await;
    found.unwrap_or_else(|error| {
        tracing::error!(kind, %id, error = %chain(&error), "something can't be looked up");
        None
    })
}

fn known(place: &Place) -> (u32, u64) {
    (place.partition, place.position)
}

/// Might it be gone when it is tried again? A request that may have been done is settled by asking again, under the same id.
pub(crate) fn passes(error: &CommandError) -> bool {
    matches!(
        error,
        CommandError::Unknown(_)
            | CommandError::Contended { .. }
            | CommandError::Log(LogError::Overloaded | LogError::Unavailable { .. })
    )
}

fn wait(key: &IssueKey) -> impl FnMut(&CommandError, Duration) {
    move |error, wait| {
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(issue = %key, error = %chain(error), wait_ms, "what is due waits");
    }
}

/// Ever longer waits, without end.
pub(crate) fn patience() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(RETRY_MS_MIN))
        .with_max_delay(Duration::from_millis(RETRY_MS_MAX))
        .with_jitter()
        .without_max_times()
}

/// An error with all that lies behind it, for people.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut behind = error.source();
    while let Some(error) = behind {
        text.push_str(": ");
        text.push_str(&error.to_string());
        behind = error.source();
    }
    text
}
