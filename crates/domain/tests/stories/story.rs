//! Given, when, then.

use domain::ids::PersonId;
use domain::issue::{Command, Issue, IssueEvent, State, evolve, fold};
use domain::text::Text;
use domain::{Decision, Origin, Recorded, Rejection, StreamKind};
use jiff::Timestamp;

use super::words::{hour, issue_id, key, person, s};
use super::world::{World, record, world};

/// Who acts, and when.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub(crate) actor: PersonId,
    pub(crate) now: Timestamp,
    pub(crate) occurred_at: Option<Timestamp>,
    pub(crate) late_reason: Option<Text>,
    pub(crate) origin: Option<Origin>,
}

pub(crate) fn bugzilla() -> Origin {
    Origin { system: s("bugzilla"), reference: s("446261"), implied: false, imported_by: person("olga") }
}

/// An event of the issue `PAY-<ordinal>`, by Dan unless somebody else is named.
pub(crate) fn recorded(event: IssueEvent, ordinal: u64, revision: u64, at: Timestamp) -> Recorded<IssueEvent> {
    let record = record(event, StreamKind::Issue, &issue_id(ordinal).to_string(), revision, at);
    Recorded { actor: person("dan"), ordinal, ..record }
}

#[derive(Clone)]
pub(crate) struct Story {
    pub(crate) world: World,
    pub(crate) who: Who,
    pub(crate) issue: Option<Issue>,
}

/// These events happened, one an hour from hour 0, by Dan. It is hour 100 now, and Dan acts.
pub(crate) fn given(events: impl IntoIterator<Item = IssueEvent>) -> Story {
    let who = Who { actor: person("dan"), now: hour(100), occurred_at: None, late_reason: None, origin: None };
    Story { world: world(), who, issue: issue_of(1, events) }
}

/// An issue of which these events happened, one an hour from hour 0.
pub(crate) fn issue_of(ordinal: u64, events: impl IntoIterator<Item = IssueEvent>) -> Option<Issue> {
    let history: Vec<_> =
        (0..).zip(events).map(|(n, event)| recorded(event, ordinal, n + 1, hour(i64::try_from(n).unwrap()))).collect();
    fold(&history)
}

/// These events happened, each at its hour. It is hour 100 now, and Dan acts.
pub(crate) fn given_at(events: impl IntoIterator<Item = (i64, IssueEvent)>) -> Story {
    let history: Vec<_> =
        (1..).zip(events).map(|(revision, (at, event))| recorded(event, 1, revision, hour(at))).collect();
    Story { issue: fold(&history), ..given([]) }
}

impl Story {
    /// Why it is recorded late.
    pub(crate) fn because(mut self, reason: &str) -> Self {
        self.who.late_reason = super::words::because(reason);
        self
    }

    pub(crate) fn by(mut self, actor: &str) -> Self {
        self.who.actor = person(actor);
        self
    }

    /// Somebody records now what happened then.
    pub(crate) fn late(mut self, occurred_at: Timestamp) -> Self {
        self.who.occurred_at = Some(occurred_at);
        self
    }

    pub(crate) fn imported(mut self) -> Self {
        self.who.origin = Some(bugzilla());
        self
    }

    pub(crate) fn now(mut self, now: Timestamp) -> Self {
        self.who.now = now;
        self
    }

    pub(crate) fn where_world(mut self, change: impl FnOnce(&mut World)) -> Self {
        change(&mut self.world);
        self
    }

    pub(crate) fn where_issue(mut self, change: impl FnOnce(&mut Issue)) -> Self {
        if let Some(issue) = &mut self.issue {
            change(issue);
        }
        self
    }

    /// Another issue of the project, of which these events happened.
    pub(crate) fn beside(mut self, ordinal: u64, events: impl IntoIterator<Item = IssueEvent>) -> Self {
        let mut issue = issue_of(ordinal, events).expect("it was filed");
        issue.id = issue_id(ordinal);
        issue.key = key(ordinal);
        self.world.issues.insert(issue.id, issue);
        self
    }

    #[expect(clippy::needless_pass_by_value, reason = "a story reads better without borrowing")]
    pub(crate) fn when(self, command: Command) -> Then {
        let result = self.world.decide(self.issue.as_ref(), &command, &self.who);
        Then { story: self, result }
    }
}

pub(crate) struct Then {
    pub(crate) story: Story,
    pub(crate) result: Result<Decision<IssueEvent>, Rejection>,
}

impl Then {
    /// Exactly these events follow.
    #[track_caller]
    pub(crate) fn then(self, events: impl IntoIterator<Item = IssueEvent>) -> Self {
        let expected: Vec<IssueEvent> = events.into_iter().collect();
        assert_eq!(self.decided().events, expected);
        self
    }

    /// That rule refuses.
    #[track_caller]
    pub(crate) fn then_rejected(self, rejection: Rejection) {
        assert_eq!(self.result, Err(rejection));
    }

    /// It happened then.
    #[track_caller]
    pub(crate) fn then_at(self, at: Timestamp) -> Self {
        assert_eq!(self.decided().occurred_at, at);
        self
    }

    /// The issue stands there.
    #[track_caller]
    pub(crate) fn then_state(self, state: &str) -> Issue {
        let issue = self.then_issue();
        assert_eq!(column_of(&issue.state), state);
        issue
    }

    /// What the issue is afterwards.
    #[track_caller]
    pub(crate) fn then_issue(self) -> Issue {
        self.then_on().issue.expect("it was filed")
    }

    /// The story goes on from there, an hour later.
    #[track_caller]
    pub(crate) fn then_on(self) -> Story {
        let decision = self.decided().clone();
        let Story { world, mut who, issue } = self.story;
        let issue = apply(issue, decision, &who);
        who.now += jiff::SignedDuration::from_hours(1);
        who.occurred_at = None;
        Story { world, who, issue }
    }

    #[track_caller]
    fn decided(&self) -> &Decision<IssueEvent> {
        self.result.as_ref().expect("it is accepted")
    }
}

/// The issue after a decision was recorded.
pub(crate) fn apply(issue: Option<Issue>, decision: Decision<IssueEvent>, who: &Who) -> Option<Issue> {
    let revision = issue.as_ref().map_or(0, |issue| issue.revision);
    let (at, origin) = (decision.occurred_at, &who.origin);
    (revision + 1..).zip(decision.events).fold(issue, |issue, (revision, event)| {
        let record = Recorded { actor: who.actor.clone(), origin: origin.clone(), ..recorded(event, 1, revision, at) };
        evolve(issue, &record)
    })
}

/// The column of the state × command table.
pub(crate) fn column_of(state: &State) -> &'static str {
    match state {
        State::New { triaged: false } => "Nu",
        State::New { triaged: true } => "Nt",
        State::Accepted => "A",
        State::Resolved(_) => "R",
        State::Verified(_) => "V",
        State::Closed(_) => "C",
        State::Dismissed(_) => "D",
    }
}

/// A rejection's name on the wire.
pub(crate) fn name_of(rejection: &Rejection) -> String {
    let shown = format!("{rejection:?}");
    shown.split([' ', '(']).next().unwrap_or_default().to_owned()
}
