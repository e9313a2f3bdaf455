//! Events of projects, teams and releases.

use domain::Event;
use domain::ids::ProjectId;
use domain::project::{ProjectEvent as P, Reactor, Scheme, Severity, TeamModel};
use domain::release::ReleaseEvent as R;
use domain::team::TeamEvent;
use domain::text::Title;
use jiff::Timestamp;

use super::{Example, example, imported, key, people, person};

pub(super) fn examples() -> Vec<Example> {
    let mut examples = settings();
    examples.extend(teams());
    examples.extend(people_of_a_project());
    examples.extend(releases());
    examples
}

fn scheme() -> Scheme {
    let severity = |id: &str, name: &str, definition: &str, retired| Severity {
        id: id.parse().unwrap(),
        name: name.into(),
        definition: definition.into(),
        retired,
    };
    Scheme {
        severities: vec![
            severity("sev1", "Sev 1", "Production is down, or customers can't use \"key\" features", false),
            severity("sev2", "Sev 2", "Serious, many customers", false),
            severity("sev3", "Sev 3", "Few customers, easy workaround", true),
        ],
        default: "sev2".parse().unwrap(),
    }
}

fn settings() -> Vec<Example> {
    let id = ProjectId::parse("PAY").unwrap();
    let name = Title::parse("Payments").unwrap();
    let (component, owner) = ("checkout".parse().unwrap(), Some("payments".parse().unwrap()));
    vec![
        example("ProjectCreated.v1", P::ProjectCreated { id, name, scheme: scheme() }),
        example("SeveritySchemeChanged.v1", P::SeveritySchemeChanged { scheme: scheme() }),
        example("ComponentAdded.v1", P::ComponentAdded { component, owner }),
        imported(
            "ComponentAdded.v1.imported",
            P::ComponentAdded { component: "XUL".parse().unwrap(), owner: None },
            false,
        ),
        example(
            "ComponentOwnerChanged.v1",
            P::ComponentOwnerChanged { component: "checkout".parse().unwrap(), owner: None },
        ),
        example("SelfVerificationSet.v1", P::SelfVerificationSet { on: true }),
        example("ReactorSwitched.v1", P::ReactorSwitched { reactor: Reactor::Deadlines, on: false }),
    ]
}

fn teams() -> Vec<Example> {
    let added = |golden, team: &str, model| {
        let team = team.parse().unwrap();
        example(golden, P::TeamAdded { team, model })
    };
    vec![
        added("TeamAdded.v1", "payments", TeamModel::Combined),
        added("TeamAdded.v1.development", "dev", TeamModel::Development),
        added("TeamAdded.v1.maintenance", "care", TeamModel::Maintenance),
        added("TeamAdded.v1.operations", "ops", TeamModel::Operations),
        added("TeamAdded.v1.support", "first-line", TeamModel::Support),
        example("MemberAdded.v1", TeamEvent::MemberAdded { person: person("ada") }),
        example("MemberRemoved.v1", TeamEvent::MemberRemoved { person: person("ada") }),
        example("MemberAway.v1", TeamEvent::MemberAway { person: person("ada"), from: day(1), until: day(14) }),
        example("MemberBack.v1", TeamEvent::MemberBack { person: person("ada"), from: day(1) }),
    ]
}

fn day(n: i64) -> Timestamp {
    Timestamp::from_second(1_793_000_000 + n * 86_400).unwrap()
}

fn people_of_a_project() -> Vec<Example> {
    let customer = || "acme".parse().unwrap();
    let events = [
        (
            "CustomerAdded.v1",
            P::CustomerAdded { customer: customer(), tier: Some("gold".into()), people: people(&["zoe", "ben"]) },
        ),
        ("CustomerAdded.v1.alone", P::CustomerAdded { customer: customer(), tier: None, people: people(&[]) }),
        ("CustomerPersonAdded.v1", P::CustomerPersonAdded { customer: customer(), person: person("cy") }),
        ("CustomerPersonRemoved.v1", P::CustomerPersonRemoved { customer: customer(), person: person("cy") }),
        ("ProductOwnerAdded.v1", P::ProductOwnerAdded { person: person("pia") }),
        ("ProductOwnerRemoved.v1", P::ProductOwnerRemoved { person: person("pia") }),
    ];
    events.map(|(golden, event)| example(golden, Event::from(event))).into()
}

fn releases() -> Vec<Example> {
    vec![
        example(
            "ReleaseDeployed.v1",
            R::ReleaseDeployed {
                environment: "production".into(),
                changes: vec!["git:4f2a".parse().unwrap(), "mr/812".parse().unwrap()],
                issues: vec![key("PAY-42"), key("PAY-7")],
            },
        ),
        example("ReleaseRolledBack.v1", R::ReleaseRolledBack { environment: "production".into() }),
    ]
}
