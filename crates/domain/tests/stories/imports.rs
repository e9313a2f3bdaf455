//! Imported histories: refused only for the order of states, the order of time and unknown ids; the rest is recorded as known or not known.

use domain::Fact::{Known, NotKnown};
use domain::Rejection;
use domain::issue::{
    Capacity, Closing, Command, Dismissal, Fix, IssueEvent, IssueRef, Nature, RaisedBy, Report, Source, SourceKind,
    TriageIssue,
};

use super::story::{Story, bugzilla, given};
use super::words::{
    accepted, asked, by_customer, component, filed, filing, hour, in_release, issue_ref, key, operation, person,
    release, resolve, s, severity, team, to_accepted, to_resolved, to_triaged, to_verified, triage, triaged, verify,
};

/// Filed, then triaged by an import that told nothing.
pub(crate) fn vaguely_triaged() -> Vec<IssueEvent> {
    let triaged =
        IssueEvent::IssueTriaged { level: NotKnown, nature: None, severity: NotKnown, component: None, team: NotKnown };
    vec![filed(), triaged]
}

pub(crate) fn vaguely_accepted() -> Vec<IssueEvent> {
    let accepted = IssueEvent::IssueAccepted { assignee: NotKnown, report_owed: false };
    vaguely_triaged().into_iter().chain([accepted]).collect()
}

pub(crate) fn imported(events: impl IntoIterator<Item = IssueEvent>) -> Story {
    given(events).by("stranger").imported()
}

fn nothing_known() -> TriageIssue {
    TriageIssue { level: NotKnown, severity: NotKnown, ..triage(3, "sev2") }
}

#[test]
fn a_filing_keeps_its_origin_and_needs_no_source() {
    let source = Source { kind: NotKnown, raised_by: RaisedBy::Nobody, reference: Some(s("bugzilla:446261")) };
    let file = filing(source.clone(), Report::default());
    let issue = imported([]).late(hour(-9_000)).when(file).then_state("Nu");
    assert_eq!((issue.origin, issue.source), (Some(bugzilla()), source));
    assert_eq!((issue.filed_at, issue.filed_by), (hour(-9_000), person("stranger")));
}

#[test]
fn a_source_may_come_without_its_own_data() {
    let kind = SourceKind::System { monitor: s("probe"), fingerprint: s("") };
    let source = Source { kind: Known(kind), ..by_customer() };
    imported([]).when(filing(source, Report::default())).then_state("Nu");
}

#[test]
fn nothing_is_known_of_a_step_the_other_system_skipped() {
    let told = imported([filed()]).where_issue(|issue| issue.component = None);
    told.when(Command::TriageIssue(nothing_known())).then(vaguely_triaged().into_iter().skip(1)).then_state("Nt");
    let event = IssueEvent::IssueAccepted { assignee: NotKnown, report_owed: false };
    imported(vaguely_triaged()).when(Command::AcceptIssue).then([event]).then_state("A");
    let event = IssueEvent::IssueResolved { fix: NotKnown };
    imported(vaguely_accepted()).when(Command::ResolveIssue { fix: NotKnown }).then([event]).then_state("R");
    let event = IssueEvent::IssueVerified { confirmed_by: NotKnown, capacity: NotKnown, self_verified: false };
    imported(to_resolved()).when(Command::VerifyIssue { confirmed_by: NotKnown }).then([event]).then_state("V");
    let event = IssueEvent::IssueClosed { closing: NotKnown, deployed_at: None };
    imported(to_verified()).when(Command::CloseIssue { closing: NotKnown }).then([event]).then_state("C");
    let event = IssueEvent::IssueDismissed { dismissal: NotKnown, note: None };
    let dismiss = Command::DismissIssue { dismissal: NotKnown, note: None };
    imported([filed()]).when(dismiss).then([event]).then_state("D");
}

#[test]
fn what_follows_from_the_component_is_known() {
    imported([filed()]).when(Command::TriageIssue(nothing_known())).then([IssueEvent::IssueTriaged {
        level: NotKnown,
        nature: None,
        severity: NotKnown,
        component: Some(component("checkout")),
        team: Known(team("dev")),
    }]);
}

#[test]
fn an_accepted_issue_stays_its_assignees() {
    let assigned = IssueEvent::IssueAssigned { assignee: Some(person("dora")) };
    let event = IssueEvent::IssueAccepted { assignee: Known(person("dora")), report_owed: false };
    imported([filed(), triaged(), assigned]).when(Command::AcceptIssue).then([event]);
}

#[test]
fn who_did_it_there_is_not_asked() {
    let assign = Command::AssignIssue { assignee: Some(person("stranger")) };
    imported(to_triaged()).when(assign).then_state("Nt");
    imported(to_accepted()).when(resolve(operation())).then_state("R");
    let event =
        IssueEvent::IssueVerified { confirmed_by: Known(person("dan")), capacity: NotKnown, self_verified: true };
    imported(to_resolved()).when(verify("dan")).then([event]);
    let withdrawn = Command::DismissIssue { dismissal: Known(Dismissal::Withdrawn), note: None };
    imported(to_triaged()).when(withdrawn).then_state("D");
    let event = IssueEvent::VerificationDelegated { to: person("tess"), capacity: NotKnown };
    imported(to_triaged()).when(Command::DelegateVerification { to: person("tess") }).then([event]);
}

#[test]
fn a_capacity_that_can_be_told_is() {
    let event = IssueEvent::IssueVerified {
        confirmed_by: Known(person("carl")),
        capacity: Known(Capacity::Opener),
        self_verified: false,
    };
    imported(to_resolved()).when(verify("carl")).then([event]);
}

#[test]
fn reasons_and_evidence_are_not_asked() {
    let moves = [
        (to_accepted(), Command::ReturnToTriage { reason: None }, "Nu"),
        (to_accepted(), Command::ChangeSeverity { severity: severity("sev1"), reason: None }, "A"),
        (to_accepted(), Command::HandOverIssue { team: team("ops"), reason: None }, "Nt"),
        (to_accepted(), resolve(Fix::Operation { action: None }), "R"),
        (to_resolved(), Command::RejectResolution { reason: None }, "A"),
        (to_verified(), super::words::close(Closing::Confirmed), "C"),
        (to_verified(), super::words::close(in_release("r2")), "C"),
        (to_verified(), Command::MarkInProduction { release: release("r3") }, "V"),
        (vec![filed(), asked(1)], Command::ProvideInformation { questions: vec![], text: None }, "Nu"),
    ];
    for (history, command, state) in moves {
        imported(history).when(command).then_state(state);
    }
}

#[test]
fn a_user_error_keeps_no_nature() {
    let told = TriageIssue { nature: Some(Nature::Bug), ..triage(1, "sev3") };
    let issue = imported([filed()]).when(Command::TriageIssue(told)).then_state("Nt");
    assert_eq!(issue.triage.unwrap().nature, None);
}

#[test]
fn assigned_to_nobody() {
    let nobody = || Command::AssignIssue { assignee: None };
    let issue = imported(to_accepted()).when(nobody()).then_state("A");
    assert_eq!(issue.assignee, None);
    imported(to_triaged()).when(nobody()).then_rejected(Rejection::AlreadyAssigned { assignee: None });
}

#[test]
fn a_duplicate_of_what_is_elsewhere_or_a_duplicate_itself() {
    let duplicate_of = |other| Command::DismissIssue { dismissal: Known(Dismissal::DuplicateOf(other)), note: None };
    imported(to_triaged()).when(duplicate_of(IssueRef::External(s("bugzilla:1")))).then_state("D");
    let other = [filed(), super::words::dismissed_as(Dismissal::DuplicateOf(issue_ref(3)))];
    imported(to_triaged()).beside(2, other).when(duplicate_of(issue_ref(2))).then_state("D");
    imported(to_triaged()).when(duplicate_of(issue_ref(9))).then_rejected(Rejection::UnknownIssue { issue: key(9) });
}

#[test]
fn retired_severities_are_taken_unknown_ones_are_not() {
    let retired = |world: &mut super::world::World| world.project.scheme.severities[0].retired = true;
    let change = |to| Command::ChangeSeverity { severity: severity(to), reason: None };
    imported(to_accepted()).where_world(retired).when(change("sev1")).then_state("A");
    imported(to_accepted()).where_world(retired).when(change("trivial")).then_rejected(Rejection::UnknownSeverity {
        severity: severity("trivial"),
        known: vec![severity("sev2"), severity("sev3")],
    });
}

#[test]
fn unknown_ids_are_refused() {
    let elsewhere = TriageIssue { component: Some(component("moon")), ..nothing_known() };
    imported([filed()])
        .when(Command::TriageIssue(elsewhere))
        .then_rejected(Rejection::UnknownComponent { component: component("moon") });
    imported(to_verified())
        .when(super::words::close(in_release("r9")))
        .then_rejected(Rejection::UnknownRelease { release: release("r9") });
}

#[test]
fn the_order_of_states_is_kept() {
    imported([filed()]).when(Command::AcceptIssue).then_rejected(Rejection::NotTriaged);
    imported(to_triaged()).when(Command::ResolveIssue { fix: NotKnown }).then_rejected(Rejection::NotAccepted);
    imported(to_accepted()).when(Command::VerifyIssue { confirmed_by: NotKnown }).then_rejected(Rejection::NotResolved);
    imported(to_resolved()).when(Command::CloseIssue { closing: NotKnown }).then_rejected(Rejection::NotVerified);
}

#[test]
fn the_order_of_time_is_kept() {
    imported(to_triaged())
        .late(hour(0))
        .when(Command::AcceptIssue)
        .then_rejected(Rejection::OccurredOutOfOrder { occurred_at: hour(0), bound: hour(1) });
}

#[test]
fn said_twice_is_refused_by_name() {
    imported(to_triaged()).when(Command::TriageIssue(nothing_known())).then_rejected(Rejection::AlreadyTriaged);
    imported(to_triaged())
        .when(Command::ChangeSeverity { severity: severity("sev2"), reason: None })
        .then_rejected(Rejection::SameSeverity { severity: severity("sev2") });
    imported(to_resolved()).when(Command::AddRegressionTests { tests: vec![] }).then_rejected(Rejection::SameTests);
}

#[test]
fn what_is_sent_back_stays_its_assignees_whoever_they_were() {
    let assigned = IssueEvent::IssueAssigned { assignee: Some(person("stranger")) };
    let event = IssueEvent::ResolutionRejected { reason: None, unassigned: false };
    imported([filed(), triaged(), accepted(), assigned, super::words::resolved()])
        .when(Command::RejectResolution { reason: None })
        .then([event]);
}
