//! Events of projects, teams and releases.

use domain::project::{ProjectEvent as P, Reactor, Scheme, Severity, TeamModel};
use domain::release::ReleaseEvent as R;
use domain::team::TeamEvent as T;
use jiff::Timestamp;
use proptest::collection::{btree_set, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::calendar::calendar;
use super::policy::policy;
use super::words::{id, issue_key, marked, name, project_id, title};

fn scheme() -> BoxedStrategy<Scheme> {
    let severity = (id(), marked(), marked(), any::<bool>()).prop_map(|(id, name, definition, retired)| Severity {
        id,
        name,
        definition,
        retired,
    });
    (vec(severity, 1..5), id()).prop_map(|(severities, default)| Scheme { severities, default }).boxed()
}

fn model() -> BoxedStrategy<TeamModel> {
    prop_oneof![
        Just(TeamModel::Combined),
        Just(TeamModel::Development),
        Just(TeamModel::Maintenance),
        Just(TeamModel::Operations),
        Just(TeamModel::Support),
    ]
    .boxed()
}

pub(super) fn project_events() -> BoxedStrategy<P> {
    prop_oneof![
        (project_id(), title(), scheme()).prop_map(|(id, name, scheme)| P::ProjectCreated { id, name, scheme }),
        scheme().prop_map(|scheme| P::SeveritySchemeChanged { scheme }),
        (id(), of(id())).prop_map(|(component, owner)| P::ComponentAdded { component, owner }),
        (id(), of(id())).prop_map(|(component, owner)| P::ComponentOwnerChanged { component, owner }),
        (id(), model()).prop_map(|(team, model)| P::TeamAdded { team, model }),
        id().prop_map(|person| P::ProductOwnerAdded { person }),
        id().prop_map(|person| P::ProductOwnerRemoved { person }),
        (id(), of(name()), btree_set(id(), 0..4)).prop_map(|(customer, tier, people)| P::CustomerAdded {
            customer,
            tier,
            people
        }),
        (id(), id()).prop_map(|(customer, person)| P::CustomerPersonAdded { customer, person }),
        (id(), id()).prop_map(|(customer, person)| P::CustomerPersonRemoved { customer, person }),
        calendar().prop_map(|calendar| P::CalendarDefined { calendar }),
        policy().prop_map(|policy| P::PolicyAdopted { policy }),
        any::<bool>().prop_map(|on| P::SelfVerificationSet { on }),
        (select(Reactor::ALL.to_vec()), any::<bool>()).prop_map(|(reactor, on)| P::ReactorSwitched { reactor, on }),
    ]
    .boxed()
}

pub(super) fn team_events() -> BoxedStrategy<T> {
    let at = || (0..4_000_000_000_000_000_i64).prop_map(|micros| Timestamp::from_microsecond(micros).unwrap());
    prop_oneof![
        id().prop_map(|person| T::MemberAdded { person }),
        id().prop_map(|person| T::MemberRemoved { person }),
        (id(), at(), at()).prop_map(|(person, from, until)| T::MemberAway { person, from, until }),
        (id(), at()).prop_map(|(person, from)| T::MemberBack { person, from }),
    ]
    .boxed()
}

pub(super) fn release_events() -> BoxedStrategy<R> {
    prop_oneof![
        (name(), vec(id(), 0..4), vec(issue_key(), 0..4))
            .prop_map(|(environment, changes, issues)| { R::ReleaseDeployed { environment, changes, issues } }),
        name().prop_map(|environment| R::ReleaseRolledBack { environment }),
    ]
    .boxed()
}
