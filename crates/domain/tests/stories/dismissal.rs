//! Sent back, dismissed, reopened.

use domain::Fact::NotKnown;
use domain::issue::{Command, Dismissal, IssueEvent};
use domain::{Missing, Rejection};

use super::story::given;
use super::words::{
    accepted, because, dismiss, dismissed, dismissed_as, filed, hour, issue_ref, key, missing, person, s, text,
    to_closed, to_resolved, to_triaged, to_verified, triaged,
};

fn reject() -> Command {
    Command::RejectResolution { reason: because("still empty") }
}

fn reopen() -> Command {
    Command::ReopenIssue { reason: because("again") }
}

#[test]
fn a_rejected_resolution_goes_back_to_its_assignee_and_begins_a_cycle() {
    for history in [to_resolved(), to_verified()] {
        let issue = given(history).when(reject()).then_state("A");
        assert_eq!(issue.assignee, Some(person("dan")));
        assert_eq!(issue.cycle_start, hour(100));
    }
}

#[test]
fn a_standing_workaround_survives_a_rejection_but_no_reopening() {
    let around = IssueEvent::WorkaroundRecorded { text: text("pay by invoice") };
    let mut history = to_resolved();
    history.insert(1, around.clone());
    assert!(given(history).when(reject()).then_issue().workaround.is_some());
    let mut history = to_closed();
    history.insert(1, around);
    let issue = given(history).when(reopen()).then_state("A");
    assert_eq!((issue.workaround, issue.cycle_start), (None, hour(100)));
}

#[test]
fn who_left_the_team_gets_nothing_back() {
    let left = |world: &mut super::world::World| {
        world.teams.remove(&super::words::team("dev"));
    };
    let sent_back = given(to_resolved()).where_world(left).when(reject());
    let event = IssueEvent::ResolutionRejected { reason: because("still empty"), unassigned: true };
    assert_eq!(sent_back.then([event]).then_state("A").assignee, None);
    let event = IssueEvent::IssueReopened { reason: because("again"), unassigned: true };
    let reopened = given(to_closed()).where_world(left).when(reopen());
    assert_eq!(reopened.then([event]).then_state("A").assignee, None);
}

#[test]
fn sending_back_needs_a_reason() {
    let refused = || missing([Missing::ReasonMissing]);
    given(to_resolved()).when(Command::RejectResolution { reason: None }).then_rejected(refused());
    given(to_closed()).when(Command::ReopenIssue { reason: None }).then_rejected(refused());
}

#[test]
fn a_dismissal_reopened_is_as_it_was_in_new() {
    given([filed(), dismissed()]).when(reopen()).then_state("Nu");
    given([filed(), triaged(), dismissed()]).when(reopen()).then_state("Nt");
    let issue = given([filed(), triaged(), accepted(), dismissed()]).when(reopen()).then_state("Nt");
    assert_eq!(issue.cycle_start, hour(0), "its cycle goes on");
    assert_eq!(issue.assignee, Some(person("dan")));
}

#[test]
fn dismissed_for_a_reason() {
    given(to_triaged())
        .when(Command::DismissIssue { dismissal: NotKnown, note: because("no") })
        .then_rejected(missing([Missing::DismissalMissing]));
    for reason in [Dismissal::CannotReproduce, Dismissal::NotADefect, Dismissal::WontFix, Dismissal::NoAnswer] {
        given(to_triaged()).when(dismiss(reason.clone())).then([dismissed_as(reason)]).then_state("D");
    }
}

#[test]
fn withdrawn_only_by_those_who_have_the_problem() {
    for who in ["carl", "cora", "olga"] {
        given(to_triaged()).by(who).when(dismiss(Dismissal::Withdrawn)).then_state("D");
    }
    given(to_triaged())
        .by("dan")
        .when(dismiss(Dismissal::Withdrawn))
        .then_rejected(Rejection::NotOpenerOrCustomer { person: person("dan"), opener: Some(person("carl")) });
}

#[test]
fn a_delegate_may_confirm_but_not_withdraw() {
    let delegated = IssueEvent::VerificationDelegated { to: person("tess"), capacity: NotKnown };
    given([filed(), delegated])
        .by("tess")
        .when(dismiss(Dismissal::Withdrawn))
        .then_rejected(Rejection::NotOpenerOrCustomer { person: person("tess"), opener: Some(person("carl")) });
}

#[test]
fn a_duplicate_names_the_root() {
    let duplicate_of = |ordinal| dismiss(Dismissal::DuplicateOf(issue_ref(ordinal)));
    given(to_triaged()).beside(2, [filed()]).when(duplicate_of(2)).then_state("D");
    given(to_triaged()).beside(2, [filed(), dismissed()]).when(duplicate_of(2)).then_state("D");
    let itself_a_duplicate = [filed(), dismissed_as(Dismissal::DuplicateOf(issue_ref(3)))];
    given(to_triaged())
        .beside(2, itself_a_duplicate)
        .when(duplicate_of(2))
        .then_rejected(Rejection::DuplicateOfDuplicate { root: issue_ref(3) });
    given(to_triaged()).when(duplicate_of(1)).then_rejected(Rejection::DuplicateOfItself);
    given(to_triaged()).when(duplicate_of(9)).then_rejected(Rejection::UnknownIssue { issue: key(9) });
    let elsewhere = dismiss(Dismissal::DuplicateOf(domain::issue::IssueRef::External(s("bugzilla:1"))));
    given(to_triaged()).when(elsewhere).then_rejected(Rejection::DuplicateElsewhere { reference: s("bugzilla:1") });
}

#[test]
fn unknown_ids_come_before_the_state() {
    given(to_closed())
        .when(dismiss(Dismissal::DuplicateOf(issue_ref(9))))
        .then_rejected(Rejection::UnknownIssue { issue: key(9) });
}
