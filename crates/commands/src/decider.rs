//! What the four kinds of streams have in common: so there is one way to do a command, not four.

use std::fmt;
use std::sync::Arc;

use codec::StoredEvent;
use domain::issue::{self, Issue, Needs};
use domain::project::{self, Project};
use domain::release::{self, Release};
use domain::team::{self, Team};
use domain::{Context, Decision, Recorded, Rejection};

use crate::cache::Held;
use crate::version::Version;
use crate::weight::Weight;

/// A state with how it is decided upon and folded.
pub(crate) trait Decider: Weight + Clone + fmt::Debug + Send + Sync + 'static {
    /// What happens to it.
    type Event: StoredEvent;
    /// What is asked of it.
    type Command: Clone + fmt::Debug + Send + Sync + 'static;

    /// What the command leads to, or the rule that it breaks.
    fn decide(
        state: Option<&Self>,
        command: Self::Command,
        context: &Context<'_>,
    ) -> Result<Decision<Self::Event>, Rejection>;

    /// The state after one event more.
    fn evolve(state: Option<Self>, recorded: &Recorded<Self::Event>) -> Option<Self>;

    /// Which other streams a decision rests on, beside the project.
    fn needs(_state: Option<&Self>, _command: &Self::Command) -> Needs {
        Needs::default()
    }

    /// True: the command makes a stream that nobody has made before, as a rule. Then it is decided without looking, and the append finds out.
    fn creates(_command: &Self::Command) -> bool {
        false
    }

    /// The state where it is the project itself: nothing else needs to be looked at then.
    fn as_project(_state: Option<&Self>) -> Option<&Project> {
        None
    }

    /// The version as the cache holds it.
    fn hold(version: Arc<Version<Self>>) -> Held;

    /// The version that the cache holds, where it is of this kind.
    fn held(held: Held) -> Option<Arc<Version<Self>>>;
}

macro_rules! held_as {
    ($kind:ident) => {
        fn hold(version: Arc<Version<Self>>) -> Held {
            Held::$kind(version)
        }

        fn held(held: Held) -> Option<Arc<Version<Self>>> {
            match held {
                Held::$kind(version) => Some(version),
                _ => None,
            }
        }
    };
}

impl Decider for Issue {
    type Event = issue::IssueEvent;
    type Command = issue::Command;

    fn decide(
        state: Option<&Self>,
        command: issue::Command,
        context: &Context<'_>,
    ) -> Result<Decision<issue::IssueEvent>, Rejection> {
        issue::decide(state, command, context)
    }

    fn evolve(state: Option<Self>, recorded: &Recorded<issue::IssueEvent>) -> Option<Self> {
        issue::evolve(state, recorded)
    }

    fn needs(state: Option<&Self>, command: &issue::Command) -> Needs {
        issue::needs(state, command)
    }

    fn creates(command: &issue::Command) -> bool {
        matches!(command, issue::Command::FileIssue(_))
    }

    held_as!(Issue);
}

impl Decider for Project {
    type Event = project::ProjectEvent;
    type Command = project::Command;

    fn decide(
        state: Option<&Self>,
        command: project::Command,
        context: &Context<'_>,
    ) -> Result<Decision<project::ProjectEvent>, Rejection> {
        project::decide(state, command, context)
    }

    fn evolve(state: Option<Self>, recorded: &Recorded<project::ProjectEvent>) -> Option<Self> {
        project::evolve(state, recorded)
    }

    fn creates(command: &project::Command) -> bool {
        matches!(command, project::Command::CreateProject { .. })
    }

    fn as_project(state: Option<&Self>) -> Option<&Project> {
        state
    }

    held_as!(Project);
}

impl Decider for Team {
    type Event = team::TeamEvent;
    type Command = team::Command;

    fn decide(
        state: Option<&Self>,
        command: team::Command,
        context: &Context<'_>,
    ) -> Result<Decision<team::TeamEvent>, Rejection> {
        team::decide(state, command, context)
    }

    fn evolve(state: Option<Self>, recorded: &Recorded<team::TeamEvent>) -> Option<Self> {
        team::evolve(state, recorded)
    }

    held_as!(Team);
}

impl Decider for Release {
    type Event = release::ReleaseEvent;
    type Command = release::Command;

    fn decide(
        state: Option<&Self>,
        command: release::Command,
        context: &Context<'_>,
    ) -> Result<Decision<release::ReleaseEvent>, Rejection> {
        release::decide(state, command, context)
    }

    fn evolve(state: Option<Self>, recorded: &Recorded<release::ReleaseEvent>) -> Option<Self> {
        release::evolve(state, recorded)
    }

    fn creates(command: &release::Command) -> bool {
        matches!(command, release::Command::RecordDeployment { .. })
    }

    held_as!(Release);
}
