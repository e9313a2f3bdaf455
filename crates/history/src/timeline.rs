//! How long an issue stood where, and how long it waited for answers: pure, from its events.

use domain::issue::{Asked, Issue, IssueEvent, State, evolve};
use domain::{Actor, Recorded};
use jiff::Timestamp;

/// A board's column: a state, New told apart by triage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stand {
    /// New, and nobody has triaged it.
    NewUntriaged,
    /// New, and triaged.
    NewTriaged,
    /// Accepted.
    Accepted,
    /// Resolved.
    Resolved,
    /// Verified.
    Verified,
    /// Closed.
    Closed,
    /// Dismissed.
    Dismissed,
}

/// A stay in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// Where.
    pub stand: Stand,
    /// Since when.
    pub from: Timestamp,
    /// Until when, not before `from`; `None`: it stands there.
    pub to: Option<Timestamp>,
    /// The revision of the event that brought it there.
    pub revision: u64,
    /// Who did.
    pub by: Actor,
}

/// A question, for as long as it was open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// Its number within the issue.
    pub question: u32,
    /// Of whom it was asked.
    pub of: Asked,
    /// Who asked.
    pub by: Actor,
    /// Since when.
    pub from: Timestamp,
    /// Until when, not before `from`; `None`: it is open.
    pub to: Option<Timestamp>,
    /// What closed it; `None`: it is open.
    pub end: Option<WaitEnd>,
}

/// What closed a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitEnd {
    /// It was answered.
    Answered,
    /// It was taken back.
    Withdrawn,
    /// The issue moved on without an answer.
    MovedOn,
}

/// What an issue's events tell of time. A fact that was recorded late counts at its own time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    /// In order, each from where the one before ends.
    pub stays: Vec<Stay>,
    /// In the order of their questions.
    pub waits: Vec<Wait>,
    /// For each event how long the state that it ended had lasted; `None`: it ended none.
    pub ended: Vec<Option<Stay>>,
}

impl Stand {
    /// Of a state.
    pub fn of(state: &State) -> Self {
        match state {
            State::New { triaged: false } => Self::NewUntriaged,
            State::New { triaged: true } => Self::NewTriaged,
            State::Accepted => Self::Accepted,
            State::Resolved(_) => Self::Resolved,
            State::Verified(_) => Self::Verified,
            State::Closed(_) => Self::Closed,
            State::Dismissed(_) => Self::Dismissed,
        }
    }
}

impl Stay {
    /// How long it lasted, or has lasted by then.
    pub fn length(&self, now: Timestamp) -> jiff::SignedDuration {
        length(self.from, self.to, now)
    }
}

impl Wait {
    /// How long it lasted, or has lasted by then.
    pub fn length(&self, now: Timestamp) -> jiff::SignedDuration {
        length(self.from, self.to, now)
    }
}

impl Timeline {
    /// Of all of an issue's events, in the log's order.
    pub fn of(events: &[Recorded<IssueEvent>]) -> Self {
        let mut timeline = Self::default();
        let mut issue: Option<Issue> = None;
        for recorded in events {
            let asked = issue.as_ref().map_or(0, |issue| issue.questions_asked);
            let before = issue.as_ref().map(|issue| (Stand::of(&issue.state), issue.state_since));
            issue = evolve(issue, recorded);
            let Some(after) = &issue else {
                timeline.ended.push(None);
                continue;
            };
            let moved = before != Some((Stand::of(&after.state), after.state_since));
            let ended = if moved { timeline.moves(after, recorded) } else { None };
            timeline.ended.push(ended);
            timeline.asks(after, asked);
            timeline.closes(after, recorded);
        }
        timeline
    }

    /// How long at least one question was open, by then.
    pub fn waited(&self, now: Timestamp) -> jiff::SignedDuration {
        let mut spans: Vec<_> = self.waits.iter().map(|wait| (wait.from, wait.to.unwrap_or(now))).collect();
        spans.sort_unstable();
        let mut total = jiff::SignedDuration::ZERO;
        let mut counted = Timestamp::MIN;
        for (from, to) in spans {
            let from = from.max(counted);
            if to > from {
                total += to.duration_since(from);
                counted = to;
            }
        }
        total
    }

    fn moves(&mut self, issue: &Issue, recorded: &Recorded<IssueEvent>) -> Option<Stay> {
        let last = self.stays.last_mut();
        let from = last.as_ref().map_or(issue.state_since, |last| issue.state_since.max(last.from));
        let ended = last.map(|last| {
            last.to = Some(from);
            last.clone()
        });
        let (stand, revision, by) = (Stand::of(&issue.state), recorded.revision, recorded.actor.clone());
        self.stays.push(Stay { stand, from, to: None, revision, by });
        ended
    }

    fn asks(&mut self, issue: &Issue, asked_before: u32) {
        for question in issue.questions.iter().filter(|question| question.number > asked_before) {
            self.waits.push(Wait {
                question: question.number,
                of: question.of.clone(),
                by: question.by.clone(),
                from: question.at,
                to: None,
                end: None,
            });
        }
    }

    fn closes(&mut self, issue: &Issue, recorded: &Recorded<IssueEvent>) {
        let end = match &recorded.event {
            IssueEvent::InformationProvided { .. } => WaitEnd::Answered,
            IssueEvent::RequestWithdrawn { .. } => WaitEnd::Withdrawn,
            _ => WaitEnd::MovedOn,
        };
        let open = |wait: &Wait| issue.questions.iter().any(|question| question.number == wait.question);
        for wait in self.waits.iter_mut().filter(|wait| wait.to.is_none()) {
            if !open(wait) {
                wait.to = Some(recorded.occurred_at.max(wait.from));
                wait.end = Some(end);
            }
        }
    }
}

/// Of what a clock ahead of ours recorded: no time.
fn length(from: Timestamp, to: Option<Timestamp>, now: Timestamp) -> jiff::SignedDuration {
    to.unwrap_or(now).duration_since(from).max(jiff::SignedDuration::ZERO)
}
