//! Given, when, then.

use std::collections::BTreeMap;

use domain::ids::{IssueId, PersonId, ReleaseId, TeamId};
use domain::issue::{Command, Issue, IssueEvent, State, decide, evolve, fold, needs};
use domain::project::{Component, Customer, Project, Scheme, TeamModel};
use domain::release::{Deployment, PRODUCTION, Release};
use domain::team::Team;
use domain::text::Title;
use domain::{Context, Decision, Origin, Recorded, Rejection, StreamKind, StreamRef};
use jiff::Timestamp;

use super::words::{change, component, customer, hour, issue_id, key, person, project_id, release, s, team};

/// All that surrounds the issue of a story.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) project: Project,
    pub(crate) teams: BTreeMap<TeamId, Team>,
    pub(crate) releases: BTreeMap<ReleaseId, Release>,
    pub(crate) issues: BTreeMap<IssueId, Issue>,
}

/// Project PAY: `dev` (dan, dora) owns checkout, `help` (hal) owns the manual, nobody owns the attic; `ops` (otto), `core` (kim, who owns all of the
/// stack), `maint`. Olga is product owner; Carl and Cora are customer acme. Release r1 carries change c1 and is in production since hour 50; r2 was
/// rolled back; r3 is on staging; r4 carries something else.
pub(crate) fn world() -> World {
    let models = [
        ("core", TeamModel::Combined),
        ("dev", TeamModel::Development),
        ("help", TeamModel::Support),
        ("maint", TeamModel::Maintenance),
        ("ops", TeamModel::Operations),
    ];
    let component_of = |id: &str, owner: Option<&str>| (component(id), Component { owner: owner.map(team) });
    let acme = Customer {
        tier: Some(s("gold")),
        people: [person("carl"), person("cora")].into(),
    };
    let project = Project {
        id: project_id(),
        revision: 1,
        name: Title::parse("Payments").unwrap(),
        scheme: Scheme::three(),
        components: [
            component_of("checkout", Some("dev")),
            component_of("manual", Some("help")),
            component_of("attic", None),
        ]
        .into(),
        teams: models.map(|(id, model)| (team(id), model)).into(),
        product_owners: [person("olga")].into(),
        customers: [(customer("acme"), acme)].into(),
        self_verification: false,
    };
    let members = |id: &str, people: &[&str]| {
        (
            team(id),
            Team {
                id: team(id),
                revision: 1,
                members: people.iter().map(|id| person(id)).collect(),
            },
        )
    };
    let teams = [
        members("core", &["kim"]),
        members("dev", &["dan", "dora"]),
        members("help", &["hal", "dan"]),
        members("ops", &["otto", "dan"]),
    ];
    let at = hour(50);
    let releases = [
        released("r1", "c1", PRODUCTION, Deployment::Deployed { at }),
        released("r2", "c1", PRODUCTION, Deployment::RolledBack { at }),
        released("r3", "c1", "staging", Deployment::Deployed { at }),
        released("r4", "other", PRODUCTION, Deployment::Deployed { at }),
    ];
    let releases = releases
        .into_iter()
        .map(|release| (release.id.clone(), release))
        .collect();
    World {
        project,
        teams: teams.into(),
        releases,
        issues: BTreeMap::new(),
    }
}

pub(crate) fn released(id: &str, carries: &str, environment: &str, last: Deployment) -> Release {
    Release {
        id: release(id),
        revision: 1,
        changes: [change(carries)].into(),
        issues: [].into(),
        environments: [(s(environment), last)].into(),
    }
}

impl World {
    /// Decides as the commands layer does: with what `needs` names, and nothing else.
    pub(crate) fn decide(
        &self,
        issue: Option<&Issue>,
        command: &Command,
        who: &Who,
    ) -> Result<Decision<IssueEvent>, Rejection> {
        let needs = needs(issue, command);
        let project_id = project_id();
        let context = Context {
            actor: &who.actor,
            now: who.now,
            occurred_at: who.occurred_at,
            origin: who.origin.as_ref(),
            project_id: &project_id,
            project: Some(&self.project),
            team: needs.team.and_then(|id| self.teams.get(&id)),
            release: needs.release.and_then(|id| self.releases.get(&id)),
            other: needs.other.and_then(|id| self.issues.get(&id)),
        };
        decide(issue, command.clone(), &context)
    }
}

/// Who acts, and when.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub(crate) actor: PersonId,
    pub(crate) now: Timestamp,
    pub(crate) occurred_at: Option<Timestamp>,
    pub(crate) origin: Option<Origin>,
}

pub(crate) fn bugzilla() -> Origin {
    Origin {
        system: s("bugzilla"),
        reference: s("446261"),
        implied: false,
        imported_by: person("olga"),
    }
}

/// An event of the issue `PAY-<ordinal>`, by Dan unless somebody else is named.
pub(crate) fn recorded(event: IssueEvent, ordinal: u64, revision: u64, at: Timestamp) -> Recorded<IssueEvent> {
    Recorded {
        event,
        stream: StreamRef {
            project: project_id(),
            kind: StreamKind::Issue,
            id: issue_id(ordinal).to_string().into(),
        },
        ordinal,
        revision,
        position: revision,
        actor: person("dan"),
        occurred_at: at,
        recorded_at: at,
        origin: None,
    }
}

pub(crate) struct Story {
    pub(crate) world: World,
    pub(crate) who: Who,
    pub(crate) issue: Option<Issue>,
}

/// These events happened, one an hour from hour 0, by Dan. It is hour 100 now, and Dan acts.
pub(crate) fn given(events: impl IntoIterator<Item = IssueEvent>) -> Story {
    let who = Who {
        actor: person("dan"),
        now: hour(100),
        occurred_at: None,
        origin: None,
    };
    Story {
        world: world(),
        who,
        issue: issue_of(1, events),
    }
}

/// An issue of which these events happened, one an hour from hour 0.
pub(crate) fn issue_of(ordinal: u64, events: impl IntoIterator<Item = IssueEvent>) -> Option<Issue> {
    let history: Vec<_> = (0..)
        .zip(events)
        .map(|(n, event)| recorded(event, ordinal, n + 1, hour(i64::try_from(n).unwrap())))
        .collect();
    fold(&history)
}

impl Story {
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
            change(issue)
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
    (revision + 1..)
        .zip(decision.events)
        .fold(issue, |issue, (revision, event)| {
            let record = Recorded {
                actor: who.actor.clone(),
                origin: origin.clone(),
                ..recorded(event, 1, revision, at)
            };
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
