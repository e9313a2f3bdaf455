//! What holds for any commands to projects, teams and releases.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::project::{self, Command, Project, Reactor, Scheme, TeamModel};
use domain::release::{self, PRODUCTION, Release};
use domain::team::{self, Team};
use domain::text::Title;
use domain::{Context, Decision, Recorded, Rejection, StreamKind};
use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::select;

use super::arbitrary::{component, person, team as team_id};
use super::words::{self, change, customer, hour, key, s};
use super::world::{context, record, world};

fn scheme() -> impl Strategy<Value = Scheme> {
    let mut retiring = Scheme::four();
    retiring.severities[0].retired = true;
    let empty = Scheme { severities: vec![], ..Scheme::three() };
    select(vec![Scheme::three(), Scheme::four(), retiring, empty])
}

fn project_command() -> impl Strategy<Value = Command> {
    let model = || select(vec![TeamModel::Combined, TeamModel::Operations, TeamModel::Support]);
    let customer = || select(vec!["acme", "zed"]).prop_map(customer);
    let name = || Title::parse("Payments").unwrap();
    prop_oneof![
        scheme().prop_map(move |scheme| Command::CreateProject { id: words::project_id(), name: name(), scheme }),
        scheme().prop_map(|scheme| Command::ChangeSeverityScheme { scheme }),
        (component(), of(team_id())).prop_map(|(component, owner)| Command::AddComponent { component, owner }),
        (component(), of(team_id())).prop_map(|(component, owner)| Command::ChangeComponentOwner { component, owner }),
        (team_id(), model()).prop_map(|(team, model)| Command::AddTeam { team, model }),
        person().prop_map(|person| Command::AddProductOwner { person }),
        person().prop_map(|person| Command::RemoveProductOwner { person }),
        (customer(), of(Just(s("gold"))), vec(person(), 0..3)).prop_map(|(customer, tier, people)| {
            Command::AddCustomer { customer, tier, people: people.into_iter().collect::<BTreeSet<_>>() }
        }),
        (customer(), person()).prop_map(|(customer, person)| Command::AddCustomerPerson { customer, person }),
        (customer(), person()).prop_map(|(customer, person)| Command::RemoveCustomerPerson { customer, person }),
        any::<bool>().prop_map(|on| Command::SetSelfVerification { on }),
        (select(Reactor::ALL.to_vec()), any::<bool>()).prop_map(|(reactor, on)| Command::SwitchReactor { reactor, on }),
    ]
}

fn team_command() -> impl Strategy<Value = team::Command> {
    let team = || select(vec!["dev", "moon"]).prop_map(words::team);
    prop_oneof![
        (team(), person()).prop_map(|(team, person)| team::Command::AddMember { team, person }),
        (team(), person()).prop_map(|(team, person)| team::Command::RemoveMember { team, person }),
        (team(), person(), of(0..40_i64), 0..60_i64).prop_map(|(team, person, from, until)| {
            team::Command::MemberAway { team, person, from: from.map(words::hour), until: words::hour(until) }
        }),
        (team(), person(), of(0..40_i64)).prop_map(|(team, person, from)| {
            team::Command::MemberBack { team, person, from: from.map(words::hour) }
        }),
    ]
}

fn release_command() -> impl Strategy<Value = release::Command> {
    let environment = || select::<Arc<str>>(vec![s(PRODUCTION), s("staging")]);
    let changes = vec(select(vec![change("c1"), change("c2"), change("c3")]), 0..3);
    let issues = vec((1..4_u64).prop_map(key), 0..2);
    let id = || words::release("r7");
    prop_oneof![
        (environment(), changes, issues).prop_map(move |(environment, changes, issues)| {
            release::Command::RecordDeployment { release: id(), environment, changes, issues }
        }),
        environment().prop_map(move |environment| release::Command::RecordRollback { release: id(), environment }),
    ]
}

/// A stream to which commands come, an hour after each other, some of them late. Whatever is accepted is an event at least, and refused when it is
/// said again, not for its time.
fn live<S: Clone + PartialEq + std::fmt::Debug, C: Clone + std::fmt::Debug, E>(
    kind: StreamKind,
    id: &str,
    commands: Vec<(C, Option<i64>)>,
    there: impl Fn(Option<&S>) -> Option<Project>,
    decide: impl Fn(Option<&S>, C, &Context<'_>) -> Result<Decision<E>, Rejection>,
    evolve: impl Fn(Option<S>, &Recorded<E>) -> Option<S>,
) -> Result<(), TestCaseError> {
    let (actor, project_id) = (words::person("olga"), words::project_id());
    let mut state: Option<S> = None;
    let mut history: Vec<Recorded<E>> = Vec::new();
    for ((command, late), clock) in commands.into_iter().zip(0..) {
        let project = there(state.as_ref());
        let occurred_at = late.map(|hours| hour(clock - hours));
        let context = Context { now: hour(clock), occurred_at, ..context(&actor, &project_id, project.as_ref()) };
        let Ok(decision) = decide(state.as_ref(), command.clone(), &context) else { continue };
        prop_assert!(!decision.events.is_empty());
        prop_assert!(decision.occurred_at <= hour(clock));
        for event in decision.events {
            let revision = history.len() as u64 + 1;
            history.push(record(event, kind, id, revision, decision.occurred_at));
            state = evolve(state, &history[history.len() - 1]);
        }
        let project = there(state.as_ref());
        let context = Context { project: project.as_ref(), ..context };
        match decide(state.as_ref(), command.clone(), &context) {
            Ok(_) => prop_assert!(false, "repeated, {command:?} is accepted"),
            Err(Rejection::OccurredOutOfOrder { .. } | Rejection::OccurredInFuture { .. }) => {
                prop_assert!(false, "repeated, {command:?} is refused only for its time");
            }
            Err(_) => {}
        }
    }
    let anew = history.iter().fold(None, evolve);
    prop_assert_eq!(anew, state);
    Ok(())
}

fn late() -> impl Strategy<Value = Option<i64>> {
    weighted(0.3, 0..20_i64)
}

proptest! {
    #![proptest_config(super::properties::config())]

    #[test]
    fn any_commands_to_a_project(commands in vec((project_command(), late()), 0..40)) {
        let itself = |project: Option<&Project>| project.cloned();
        live(StreamKind::Project, "PAY", commands, itself, project::decide, project::evolve)?;
    }

    #[test]
    fn any_commands_to_a_team(commands in vec((team_command(), late()), 0..40)) {
        let there = |_: Option<&Team>| Some(world().project);
        live(StreamKind::Team, "dev", commands, there, team::decide, team::evolve)?;
    }

    #[test]
    fn any_commands_to_a_release(commands in vec((release_command(), late()), 0..40)) {
        let there = |_: Option<&Release>| Some(world().project);
        live(StreamKind::Release, "r7", commands, there, release::decide, release::evolve)?;
    }
}
