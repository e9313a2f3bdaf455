//! What becomes of an imported issue here.

use domain::Fact::NotKnown;
use domain::issue::{Closing, Command, IssueEvent, Level, Report, TriageIssue};
use domain::{Missing, Rejection};

use super::imports::{imported, vaguely_accepted, vaguely_triaged};
use super::story::given;
use super::words::{
    accepted, because, by_customer, filed, filed_from, hour, operation, person, resolve, team, to_triaged, to_verified,
    triage, triaged,
};

#[test]
fn accepted_here_it_needs_what_the_import_did_not_tell() {
    given(vaguely_triaged()).when(Command::AcceptIssue).then_rejected(Rejection::Incomplete {
        missing: vec![Missing::LevelMissing, Missing::SeverityMissing, Missing::TeamMissing],
    });
    given(vaguely_triaged())
        .when(Command::AssignIssue { assignee: Some(person("dan")) })
        .then_rejected(Rejection::Incomplete { missing: vec![Missing::TeamMissing] });
}

#[test]
fn triaged_here_it_gets_what_the_import_did_not_tell() {
    let asked = TriageIssue { team: Some(team("dev")), reason: because("now we know"), ..triage(3, "sev2") };
    let issue = given(vaguely_triaged()).when(Command::TriageIssue(asked)).then_state("Nt");
    assert_eq!(issue.triage, given(to_triaged()).issue.unwrap().triage);
}

#[test]
fn resolved_here_its_level_must_be_known() {
    given([filed(), vaguely_triaged().remove(1), accepted()])
        .when(resolve(operation()))
        .then_rejected(Rejection::Incomplete { missing: vec![Missing::LevelMissing] });
    given(vaguely_accepted())
        .when(Command::ChangeLevel { level: Level::System, nature: None, team: None, reason: because("the disk") })
        .then_rejected(Rejection::Incomplete { missing: vec![Missing::TeamMissing] });
}

#[test]
fn closed_here_its_level_says_how() {
    let unknown_fix = |triaged| {
        let verified = IssueEvent::IssueVerified { confirmed_by: NotKnown, capacity: NotKnown, self_verified: false };
        vec![filed(), triaged, accepted(), IssueEvent::IssueResolved { fix: NotKnown }, verified]
    };
    let applied = Closing::DataApplied { at: Some(hour(60)), by: Some(person("dora")) };
    given(unknown_fix(triaged())).when(super::words::close(applied)).then_state("C");
    given(unknown_fix(triaged()))
        .when(super::words::close(Closing::Confirmed))
        .then_rejected(Rejection::WrongClosingForFix);
    given(unknown_fix(triaged()))
        .when(Command::CloseIssue { closing: NotKnown })
        .then_rejected(Rejection::Incomplete { missing: vec![Missing::ReleaseMissing, Missing::ReverifierMissing] });
    given(unknown_fix(vaguely_triaged().remove(1))).when(super::words::close(Closing::Confirmed)).then_state("C");
    // Neither fix nor level is known: nor is what had to be done.
    let not_known = IssueEvent::IssueClosed { closing: NotKnown, deployed_at: None };
    given(unknown_fix(vaguely_triaged().remove(1))).when(Command::CloseIssue { closing: NotKnown }).then([not_known]);
}

#[test]
fn a_rollback_reaches_what_was_imported_as_closed() {
    let mut history = to_verified();
    history.push(IssueEvent::IssueClosed { closing: NotKnown, deployed_at: None });
    given(history).when(Command::WithdrawFromProduction { reason: None }).then_state("V");
}

#[test]
fn a_report_is_never_owed_by_an_import() {
    let file = filed_from(by_customer(), Report::default());
    let issue = imported([file, triaged()]).when(Command::AcceptIssue).then_state("A");
    assert!(!issue.report_owed);
}
