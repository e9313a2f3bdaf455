//! What surrounds the issue of a story: its project, teams, releases, other issues.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::ids::{IssueId, PersonId, ProjectId, ReleaseId, TeamId};
use domain::issue::{Command, Issue, IssueEvent, decide, needs};
use domain::policy::{Escalation, Moment, Policies, Policy, Recipient};
use domain::project::{Component, Customer, DefaultSeverity, Project, Scheme, TeamModel};
use domain::release::{Cargo, Deployment, PRODUCTION, Push, Release};
use domain::team::Team;
use domain::text::Title;
use domain::{Context, Decision, Recorded, Rejection, StreamKind, StreamRef};
use jiff::{SignedDuration, Timestamp};

use super::story::Who;
use super::words::{change, component, customer, hour, person, project_id, release, s, severity, team};

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
    let acme = Customer { tier: Some(s("gold")), people: [person("carl"), person("cora")].into() };
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
        switched_off: [].into(),
        calendars: Default::default(),
        policies: Policies::new(&Scheme::three()),
        default_severities: vec![DefaultSeverity::from_the_beginning(severity("sev3"))],
    };
    let members = |id: &str, people: &[&str]| {
        (
            team(id),
            Team { id: team(id), revision: 1, members: people.iter().map(|id| person(id)).collect(), away: Vec::new() },
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
    let releases = releases.into_iter().map(|release| (release.id.clone(), release)).collect();
    World { project, teams: teams.into(), releases, issues: BTreeMap::new() }
}

/// Policy 1 is the default, and tells the product owners of what is at risk, and of breaches an hour later; policy 2 takes effect in a thousand years.
pub(crate) fn policies() -> Policies {
    let mut policies = Policies::new(&Scheme::three());
    let told = |when, hours| Escalation { clock: None, when, after: hours, to: Recipient::ProductOwners };
    let mut policy = Policy { effective_from: hour(-1_000_000), ..policies.all()[0].as_ref().clone() };
    for one in &mut policy.severities {
        one.rules.escalations =
            vec![told(Moment::AtRisk, SignedDuration::ZERO), told(Moment::Breach, SignedDuration::from_hours(1))];
    }
    policies.adopt(policy.clone());
    policies.adopt(Policy { effective_from: hour(8_766_000), ..policy });
    policies
}

pub(crate) fn released(id: &str, carries: &str, environment: &str, last: Deployment) -> Release {
    let cargo = Arc::new(Cargo { changes: [change(carries)].into(), ..Cargo::default() });
    Release {
        id: release(id),
        revision: 1,
        pushes: if environment == PRODUCTION {
            vec![Push { at: last.at(), cargo: Arc::clone(&cargo) }]
        } else {
            vec![]
        },
        cargo,
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
            late_reason: who.late_reason.as_ref(),
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

/// What a decision of another stream than an issue's rests on.
pub(crate) fn context<'a>(actor: &'a PersonId, id: &'a ProjectId, there: Option<&'a Project>) -> Context<'a> {
    Context {
        actor,
        now: hour(100),
        occurred_at: None,
        late_reason: None,
        origin: None,
        project_id: id,
        project: there,
        team: None,
        release: None,
        other: None,
    }
}

/// An event of a stream of the project, by Olga.
pub(crate) fn record<E>(event: E, kind: StreamKind, id: &str, revision: u64, at: Timestamp) -> Recorded<E> {
    Recorded {
        event,
        stream: StreamRef { project: project_id(), kind, id: id.into() },
        ordinal: 1,
        revision,
        position: revision,
        actor: person("olga"),
        occurred_at: at,
        recorded_at: at,
        origin: None,
    }
}
