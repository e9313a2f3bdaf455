//! Who may confirm a fix.

use domain::Fact::{Known, NotKnown};
use domain::issue::{Capacity, Command, IssueEvent, RaisedBy, Report, Source};
use domain::{Missing, Rejection};

use super::story::{Story, given};
use super::words::{
    accepted, by_customer, by_monitor, customer, explanation, filed_from, full_report, person, resolved, to_resolved,
    to_resolved_with, triaged, verify,
};

fn confirmed(who: &str, capacity: Capacity) -> IssueEvent {
    IssueEvent::IssueVerified { confirmed_by: Known(person(who)), capacity: Known(capacity), self_verified: false }
}

fn resolved_from(source: Source) -> Story {
    given([filed_from(source, full_report()), triaged(), accepted(), resolved()])
}

fn not_allowed(who: &str, opener: Option<&str>) -> Rejection {
    Rejection::NotOpenerOrCustomer { person: person(who), opener: opener.map(person) }
}

#[test]
fn the_opener_the_customers_people_and_the_product_owners_may() {
    let capacities =
        [("carl", Capacity::Opener), ("cora", Capacity::Customer(customer("acme"))), ("olga", Capacity::ProductOwner)];
    for (who, capacity) in capacities {
        given(to_resolved()).when(verify(who)).then([confirmed(who, capacity)]).then_state("V");
    }
}

#[test]
fn nobody_else_may() {
    given(to_resolved()).when(verify("dora")).then_rejected(not_allowed("dora", Some("carl")));
    resolved_from(by_monitor()).when(verify("carl")).then_rejected(not_allowed("carl", None));
}

#[test]
fn product_owners_stand_for_an_opener_that_is_no_person() {
    let nobody = Source { raised_by: RaisedBy::Nobody, ..by_customer() };
    for source in [by_monitor(), nobody] {
        resolved_from(source).when(verify("olga")).then([confirmed("olga", Capacity::Opener)]);
    }
}

#[test]
fn they_may_name_somebody_else() {
    let delegated = given(to_resolved()).by("cora").when(Command::DelegateVerification { to: person("tess") });
    let capacity = Capacity::Customer(customer("acme"));
    let delegated =
        delegated.then([IssueEvent::VerificationDelegated { to: person("tess"), capacity: Known(capacity) }]);
    let named_by = person("cora");
    delegated.then_on().when(verify("tess")).then([confirmed("tess", Capacity::Delegate { named_by })]);
}

#[test]
fn nobody_else_may_name_and_the_named_may_not_name_further() {
    let delegate = |to| Command::DelegateVerification { to: person(to) };
    given(to_resolved()).by("dan").when(delegate("dora")).then_rejected(not_allowed("dan", Some("carl")));
    let named = given(to_resolved()).by("carl").when(delegate("tess")).then_on();
    named.by("tess").when(delegate("dora")).then_rejected(not_allowed("tess", Some("carl")));
}

#[test]
fn who_may_already_is_not_named_again() {
    for who in ["carl", "cora", "olga"] {
        given(to_resolved())
            .by("carl")
            .when(Command::DelegateVerification { to: person(who) })
            .then_rejected(Rejection::AlreadyDelegated { person: person(who) });
    }
    let named = given(to_resolved()).by("carl").when(Command::DelegateVerification { to: person("tess") }).then_on();
    named
        .by("carl")
        .when(Command::DelegateVerification { to: person("tess") })
        .then_rejected(Rejection::AlreadyDelegated { person: person("tess") });
}

/// Carl is opener, assignee and resolver in one.
fn by_himself() -> Story {
    given([filed_from(by_customer(), Report::default()), triaged(), super::words::accepted_by("carl"), resolved()])
}

#[test]
fn neither_assignee_nor_resolver_verifies() {
    by_himself().when(verify("carl")).then_rejected(Rejection::VerifierIsResolver { person: person("carl") });
    // Dan resolved; in the meantime it was nobody's who tests.
    let raised_by_dan = Source { raised_by: RaisedBy::Person(person("dan")), ..by_customer() };
    resolved_from(raised_by_dan)
        .where_issue(|issue| issue.assignee = Some(person("dora")))
        .when(verify("dan"))
        .then_rejected(Rejection::VerifierIsResolver { person: person("dan") });
}

#[test]
fn a_team_of_one_may_where_the_project_says_so() {
    let event = IssueEvent::IssueVerified {
        confirmed_by: Known(person("carl")),
        capacity: Known(Capacity::Opener),
        self_verified: true,
    };
    by_himself().where_world(|world| world.project.self_verification = true).when(verify("carl")).then([event]);
}

#[test]
fn a_team_of_one_still_needs_a_capacity() {
    given(to_resolved())
        .where_world(|world| world.project.self_verification = true)
        .when(verify("dan"))
        .then_rejected(not_allowed("dan", Some("carl")));
}

#[test]
fn the_resolver_may_record_what_another_confirms() {
    given(to_resolved_with(explanation())).by("dan").when(verify("carl")).then_state("V");
}

#[test]
fn a_confirmation_names_who_tested() {
    given(to_resolved())
        .when(Command::VerifyIssue { confirmed_by: NotKnown })
        .then_rejected(Rejection::Incomplete { missing: vec![Missing::ConfirmerMissing] });
}
