//! What changes after triage: severity, level, component.

use domain::Fact::Known;
use domain::issue::{Command, IssueEvent, Level, Nature};
use domain::{Missing, Rejection};

use super::story::given;
use super::words::{
    because, by_customer, component, filed, full_report, missing, person, severity, team, to_accepted, to_triaged,
    triaged_as,
};

#[test]
fn a_severity_is_another_one() {
    let change = |to| Command::ChangeSeverity { severity: severity(to), reason: because("worse") };
    given(to_accepted()).when(change("sev2")).then_rejected(Rejection::SameSeverity { severity: severity("sev2") });
    given(to_accepted()).when(change("sev9")).then_rejected(Rejection::UnknownSeverity {
        severity: severity("sev9"),
        known: vec![severity("sev1"), severity("sev2"), severity("sev3")],
    });
    let issue = given(to_accepted()).when(change("sev1")).then_state("A");
    assert_eq!(issue.triage.unwrap().severity, Known(severity("sev1")));
}

#[test]
fn a_retired_severity_is_given_no_more_but_may_stay() {
    let retire = |world: &mut super::world::World| world.project.scheme.severities[0].retired = true;
    let change = |to| Command::ChangeSeverity { severity: severity(to), reason: because("worse") };
    given(to_accepted()).where_world(retire).when(change("sev1")).then_rejected(Rejection::UnknownSeverity {
        severity: severity("sev1"),
        known: vec![severity("sev2"), severity("sev3")],
    });
    given([filed(), triaged_as(3, "sev1", "dev")]).where_world(retire).when(Command::AcceptIssue).then_state("A");
}

#[test]
fn changes_of_mind_need_a_reason() {
    let commands = [
        Command::ChangeSeverity { severity: severity("sev1"), reason: None },
        Command::ChangeLevel { level: Level::System, nature: None, team: Some(team("ops")), reason: None },
        Command::HandOverIssue { team: team("maint"), reason: None },
        Command::ReturnToTriage { reason: None },
        Command::ChangeComponent { component: component("attic"), reason: None },
    ];
    for command in commands {
        given(to_accepted()).when(command).then_rejected(missing([Missing::ReasonMissing]));
    }
}

fn change_level(level: Level, owner: Option<&str>) -> Command {
    Command::ChangeLevel { level, nature: None, team: owner.map(team), reason: because("the disk") }
}

#[test]
fn another_level_may_need_another_team() {
    // Dev owns checkout and so may take any level of it, but not of the attic.
    let attic = |issue: &mut domain::issue::Issue| issue.component = Some(component("attic"));
    given(to_triaged()).where_issue(attic).when(change_level(Level::System, None)).then_rejected(
        Rejection::WrongTeamForLevel { team: team("dev"), level: Level::System, may: ["core", "ops"].map(team).into() },
    );
    let issue = given(to_accepted()).where_issue(attic).when(change_level(Level::System, Some("ops"))).then_state("Nt");
    let triage = issue.triage.unwrap();
    assert_eq!((triage.level, triage.nature), (Known(Level::System), Some(Nature::Incident)));
    assert_eq!((triage.team, issue.assignee), (Known(team("ops")), None));
}

#[test]
fn the_same_team_may_go_on_at_another_level() {
    let event = IssueEvent::LevelChanged {
        from: Known(Level::CodeOrData),
        to: Level::UserError,
        nature: None,
        team: None,
        reason: because("the disk"),
    };
    given(to_triaged()).when(change_level(Level::UserError, None)).then([event]);
}

#[test]
fn a_level_is_another_one_and_its_nature_fits() {
    given(to_triaged())
        .when(change_level(Level::CodeOrData, None))
        .then_rejected(Rejection::SameLevel { level: Level::CodeOrData });
    let named = Command::ChangeLevel {
        level: Level::UserError,
        nature: Some(Nature::Bug),
        team: None,
        reason: because("he clicked wrong"),
    };
    given(to_triaged()).when(named).then_rejected(Rejection::LevelHasNoNature);
}

#[test]
fn a_component_moves_without_its_issue_changing_hands() {
    let change = |to| Command::ChangeComponent { component: component(to), reason: because("the text is wrong") };
    let issue = given(to_accepted()).when(change("manual")).then_state("A");
    assert_eq!(issue.triage.unwrap().team, Known(team("dev")));
    assert_eq!((issue.component, issue.assignee), (Some(component("manual")), Some(person("dan"))));
    given(to_accepted())
        .when(change("checkout"))
        .then_rejected(Rejection::SameComponent { component: component("checkout") });
    given(to_accepted())
        .when(change("moon"))
        .then_rejected(Rejection::UnknownComponent { component: component("moon") });
}

#[test]
fn a_first_component_names_none_before() {
    let change = Command::ChangeComponent { component: component("manual"), reason: because("found it") };
    given([super::words::filed_from(by_customer(), full_report())])
        .where_issue(|issue| issue.component = None)
        .when(change)
        .then([IssueEvent::ComponentChanged { from: None, to: component("manual"), reason: because("found it") }]);
}

/// Triaged and assigned to Dan, not accepted yet.
fn assigned() -> Vec<IssueEvent> {
    let mut history = to_triaged();
    history.push(IssueEvent::IssueAssigned { assignee: Some(person("dan")) });
    history
}

#[test]
fn a_new_level_that_names_the_present_team_changes_no_hands() {
    let told = given(assigned()).when(change_level(Level::System, Some("dev")));
    let event = IssueEvent::LevelChanged {
        from: Known(Level::CodeOrData),
        to: Level::System,
        nature: Some(Nature::Incident),
        team: None,
        reason: because("the disk"),
    };
    assert_eq!(told.then([event]).then_state("Nt").assignee, Some(person("dan")));
}

#[test]
fn a_new_level_with_a_new_team_clears_the_assignee() {
    let issue = given(assigned()).when(change_level(Level::System, Some("ops"))).then_state("Nt");
    assert_eq!((issue.assignee, issue.triage.unwrap().team), (None, Known(team("ops"))));
}
