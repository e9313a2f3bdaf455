//! Whose issue it is: assigning, handing over, accepting.

use domain::Fact::Known;
use domain::issue::{Command, IssueEvent, Level, Report, Source};
use domain::{Missing, Rejection};

use super::story::given;
use super::words::{
    accepted, because, by_advisory, by_customer, by_monitor, by_product_owner, code_fix, component, filed, filed_from,
    full_report, person, resolve, team, to_accepted, to_triaged, triaged, triaged_as,
};

fn assign(who: &str) -> Command {
    Command::AssignIssue { assignee: Some(person(who)) }
}

fn assigned(who: &str) -> IssueEvent {
    IssueEvent::IssueAssigned { assignee: Some(person(who)) }
}

fn hand_over(to: &str) -> Command {
    Command::HandOverIssue { team: team(to), reason: because("old code") }
}

#[test]
fn assigned_to_a_member() {
    let issue = given(to_accepted()).when(assign("dora")).then([assigned("dora")]).then_state("A");
    assert_eq!(issue.assignee, Some(person("dora")));
}

#[test]
fn assigned_to_who_is_no_member() {
    given(to_triaged())
        .when(assign("otto"))
        .then_rejected(Rejection::NotAMember { person: person("otto"), team: team("dev") });
    // Nobody was ever in maint.
    given([filed(), triaged_as(3, "sev2", "maint")])
        .when(assign("dan"))
        .then_rejected(Rejection::NotAMember { person: person("dan"), team: team("maint") });
}

#[test]
fn assigned_so_already() {
    given(to_accepted())
        .when(assign("dan"))
        .then_rejected(Rejection::AlreadyAssigned { assignee: Some(person("dan")) });
}

#[test]
fn assigned_to_nobody_only_elsewhere() {
    given(to_accepted())
        .when(Command::AssignIssue { assignee: None })
        .then_rejected(Rejection::Incomplete { missing: vec![Missing::AssigneeMissing] });
}

#[test]
fn a_handover_clears_the_assignee_and_asks_for_acceptance_anew() {
    for history in [vec![filed(), triaged(), assigned("dora")], to_accepted()] {
        let issue = given(history).when(hand_over("maint")).then_state("Nt");
        assert_eq!(issue.assignee, None);
        assert_eq!(issue.triage.unwrap().team, Known(team("maint")));
    }
}

#[test]
fn a_handover_goes_to_another_known_team_that_may_take_it() {
    given(to_triaged()).when(hand_over("dev")).then_rejected(Rejection::SameTeam { team: team("dev") });
    given(to_triaged()).when(hand_over("moon")).then_rejected(Rejection::UnknownTeam { team: team("moon") });
    given(to_triaged()).when(hand_over("ops")).then_rejected(Rejection::WrongTeamForLevel {
        team: team("ops"),
        level: Level::CodeOrData,
        may: ["core", "dev", "maint"].map(team).into(),
    });
}

#[test]
fn an_unassigned_issue_becomes_theirs_who_accepts() {
    let issue = given(to_triaged()).by("dora").when(Command::AcceptIssue).then_state("A");
    assert_eq!(issue.assignee, Some(person("dora")));
}

#[test]
fn an_assigned_issue_is_accepted_by_its_assignee() {
    let history = [filed(), triaged(), assigned("dora")];
    given(history.clone()).by("dora").when(Command::AcceptIssue).then_state("A");
    given(history)
        .by("dan")
        .when(Command::AcceptIssue)
        .then_rejected(Rejection::NotAssignee { assignee: Some(person("dora")) });
}

#[test]
fn accepted_by_members_only() {
    given(to_triaged())
        .by("otto")
        .when(Command::AcceptIssue)
        .then_rejected(Rejection::NotAMember { person: person("otto"), team: team("dev") });
}

#[test]
fn who_comes_before_what_is_missing() {
    given([filed_from(by_customer(), Report::default()), triaged()])
        .by("otto")
        .when(Command::AcceptIssue)
        .then_rejected(Rejection::NotAMember { person: person("otto"), team: team("dev") });
}

#[test]
fn a_team_that_lost_its_component_may_not_go_on_at_its_level() {
    // Help could take level 3 only as the owner of the manual.
    let history = [filed(), triaged_as(3, "sev2", "help")];
    let refused = Rejection::WrongTeamForLevel {
        team: team("help"),
        level: Level::CodeOrData,
        may: ["core", "dev", "maint"].map(team).into(),
    };
    given(history.clone()).by("hal").when(Command::AcceptIssue).then_rejected(refused.clone());
    given(history.clone()).when(assign("hal")).then_rejected(refused);
    given(history)
        .by("hal")
        .where_issue(|issue| issue.component = Some(component("manual")))
        .when(Command::AcceptIssue)
        .then_state("A");
}

fn half_a_report() -> Report {
    Report { steps: None, expected: None, ..full_report() }
}

#[test]
fn a_change_needs_a_complete_report_of_those_who_tell() {
    for source in [by_customer(), by_product_owner()] {
        given([filed_from(source, half_a_report()), triaged()])
            .when(Command::AcceptIssue)
            .then_rejected(Rejection::Incomplete { missing: vec![Missing::StepsMissing, Missing::ExpectedMissing] });
    }
}

#[test]
fn systems_advisories_and_other_levels_need_no_report() {
    let accept = |source: Source, level, owner| {
        given([filed_from(source, Report::default()), triaged_as(level, "sev2", owner)])
            .when(Command::AcceptIssue)
            .then([accepted()]);
    };
    accept(by_monitor(), 3, "dev");
    accept(by_advisory(), 3, "dev");
    accept(by_customer(), 2, "ops");
    accept(by_customer(), 1, "help");
}

#[test]
fn the_gravest_is_accepted_at_once_and_the_report_owed_until_it_is_resolved() {
    let worst = given([filed_from(by_customer(), half_a_report()), triaged_as(3, "sev1", "dev")]);
    let owing = worst
        .when(Command::AcceptIssue)
        .then([IssueEvent::IssueAccepted { assignee: Known(person("dan")), report_owed: true }]);
    let fix = || resolve(domain::issue::Fix::Code(code_fix()));
    let refused = Rejection::Incomplete { missing: vec![Missing::StepsMissing, Missing::ExpectedMissing] };
    let owing = owing.then_on();
    owing.clone().when(fix()).then_rejected(refused);
    let complete = owing.when(Command::AmendReport { report: full_report() }).then_on();
    complete.when(fix()).then_state("R");
}

#[test]
fn the_gravest_with_a_complete_report_owes_nothing() {
    given([filed(), triaged_as(3, "sev1", "dev")]).when(Command::AcceptIssue).then([accepted()]);
}

#[test]
fn who_takes_it_over_is_asked_for_the_report_anew() {
    let owing = IssueEvent::IssueAccepted { assignee: Known(person("dan")), report_owed: true };
    let worst = || vec![filed_from(by_customer(), half_a_report()), triaged_as(3, "sev1", "dev"), owing.clone()];
    assert!(given(worst()).issue.unwrap().report_owed);
    assert!(!given(worst()).when(hand_over("maint")).then_state("Nt").report_owed);
    let dismiss = super::words::dismiss(domain::issue::Dismissal::WontFix);
    assert!(!given(worst()).when(dismiss).then_state("D").report_owed);
}
