//! Projects: schemes, components, teams, product owners, customers.

use domain::project::{Command, Project, ProjectEvent, Reactor, Scheme, TeamModel};
use domain::text::Title;
use domain::{Rejection, StreamKind, project};

use super::words::{self, component, customer, hour, person, s, severity};
use super::world::{context, record, world};

fn decide_project(there: Option<&Project>, command: Command) -> Result<Vec<ProjectEvent>, Rejection> {
    let (actor, id) = (person("olga"), words::project_id());
    project::decide(there, command, &context(&actor, &id, there)).map(|decision| decision.events)
}

/// In the project of all stories; what is accepted is refused by that name when it is said again.
#[track_caller]
fn once(command: &Command, again: &Rejection) -> Project {
    let before = world().project;
    let events = decide_project(Some(&before), command.clone()).expect("it is accepted at first");
    let mut after = Some(before.clone());
    for event in events {
        after = project::evolve(after, &record(event, StreamKind::Project, "PAY", 2, hour(1)));
    }
    let after = after.expect("it was there");
    assert_ne!(after, Project { revision: after.revision, ..before });
    assert_eq!(decide_project(Some(&after), command.clone()), Err(again.clone()));
    after
}

#[track_caller]
fn refused(command: Command, rejection: Rejection) {
    assert_eq!(decide_project(Some(&world().project), command), Err(rejection));
}

fn create(scheme: Scheme) -> Command {
    Command::CreateProject { id: words::project_id(), name: Title::parse("Payments").unwrap(), scheme }
}

#[test]
fn a_project_is_created_once_with_its_scheme() {
    for scheme in [Scheme::three(), Scheme::four()] {
        let events = decide_project(None, create(scheme.clone())).unwrap();
        let project = project::fold(&[record(events[0].clone(), StreamKind::Project, "PAY", 1, hour(0))]).unwrap();
        assert_eq!((project.id, project.scheme), (words::project_id(), scheme));
    }
    refused(create(Scheme::three()), Rejection::ProjectExists { project: words::project_id() });
}

#[test]
fn nothing_else_comes_first() {
    let unknown = Err(Rejection::UnknownProject { project: words::project_id() });
    assert_eq!(decide_project(None, Command::SetSelfVerification { on: true }), unknown);
}

#[test]
fn the_presets_order_their_severities_and_default_to_the_third() {
    for (scheme, count) in [(Scheme::three(), 3), (Scheme::four(), 4)] {
        let ids: Vec<_> = scheme.in_use().map(|severity| severity.id.to_string()).collect();
        assert_eq!(ids, (1..=count).map(|n| format!("sev{n}")).collect::<Vec<_>>());
        assert_eq!(scheme.default, severity("sev3"));
    }
}

#[test]
fn a_scheme_must_be_one() {
    let broken: [fn(&mut Scheme); 6] = [
        |scheme| scheme.severities.clear(),
        |scheme| scheme.severities[1].id = severity("sev1"),
        |scheme| scheme.default = severity("sev9"),
        |scheme| scheme.severities[2].retired = true,
        |scheme| scheme.severities[0].name = s(" "),
        |scheme| scheme.severities[0].definition = "x".repeat(501).into(),
    ];
    for break_it in broken {
        let mut scheme = Scheme::three();
        break_it(&mut scheme);
        let refusal = decide_project(None, create(scheme.clone())).unwrap_err();
        assert!(matches!(refusal, Rejection::SchemeMalformed { .. }), "{refusal} of {scheme:?}");
        let refusal = decide_project(Some(&world().project), Command::ChangeSeverityScheme { scheme }).unwrap_err();
        assert!(matches!(refusal, Rejection::SchemeMalformed { .. }), "{refusal}");
    }
}

#[test]
fn a_severity_may_come_and_be_retired_but_not_go() {
    let scheme = Scheme::four();
    once(&Command::ChangeSeverityScheme { scheme }, &Rejection::SettingUnchanged);
    let mut retiring = Scheme::three();
    retiring.severities[0].retired = true;
    once(&Command::ChangeSeverityScheme { scheme: retiring }, &Rejection::SettingUnchanged);
    let mut without = Scheme::three();
    without.severities.remove(0);
    refused(
        Command::ChangeSeverityScheme { scheme: without },
        Rejection::SeverityRemoved { severity: severity("sev1") },
    );
}

#[test]
fn components_have_owners_that_are_teams() {
    let add =
        |id, owner: Option<&str>| Command::AddComponent { component: component(id), owner: owner.map(words::team) };
    once(&add("cellar", Some("ops")), &Rejection::ComponentExists { component: component("cellar") });
    refused(add("cellar", Some("moon")), Rejection::UnknownTeam { team: words::team("moon") });
    let change = |id, owner: Option<&str>| Command::ChangeComponentOwner {
        component: component(id),
        owner: owner.map(words::team),
    };
    let project = once(&change("checkout", Some("maint")), &Rejection::SettingUnchanged);
    assert_eq!(project.components[&component("checkout")].owner, Some(words::team("maint")));
    once(&change("checkout", None), &Rejection::SettingUnchanged);
    refused(change("moon", None), Rejection::UnknownComponent { component: component("moon") });
    refused(change("checkout", Some("moon")), Rejection::UnknownTeam { team: words::team("moon") });
}

#[test]
fn teams_product_owners_and_customers() {
    let team = words::team("night");
    once(&Command::AddTeam { team: team.clone(), model: TeamModel::Support }, &Rejection::TeamExists { team });
    let pete = || person("pete");
    once(&Command::AddProductOwner { person: pete() }, &Rejection::AlreadyProductOwner { person: pete() });
    let olga = person("olga");
    once(&Command::RemoveProductOwner { person: olga.clone() }, &Rejection::NotProductOwner { person: olga });
    let add = Command::AddCustomer { customer: customer("zed"), tier: None, people: [pete()].into() };
    once(&add, &Rejection::CustomerExists { customer: customer("zed") });
    let add = Command::AddCustomerPerson { customer: customer("acme"), person: pete() };
    once(&add, &Rejection::AlreadyOfCustomer { person: pete(), customer: customer("acme") });
    let remove = Command::RemoveCustomerPerson { customer: customer("acme"), person: person("carl") };
    once(&remove, &Rejection::NotOfCustomer { person: person("carl"), customer: customer("acme") });
    let moon = customer("moon");
    let add = Command::AddCustomerPerson { customer: moon.clone(), person: pete() };
    refused(add, Rejection::UnknownCustomer { customer: moon });
    once(&Command::SetSelfVerification { on: true }, &Rejection::SettingUnchanged);
}

#[test]
fn what_the_system_does_by_itself_is_switched_off_and_on() {
    for reactor in Reactor::ALL {
        refused(Command::SwitchReactor { reactor, on: true }, Rejection::SettingUnchanged);
        let off = Command::SwitchReactor { reactor, on: false };
        assert_eq!(once(&off, &Rejection::SettingUnchanged).switched_off, [reactor].into());
        assert_eq!(Reactor::of(&reactor.actor()), Some(reactor));
    }
    assert_eq!(Reactor::of(&person("deadlines")), None);
}
