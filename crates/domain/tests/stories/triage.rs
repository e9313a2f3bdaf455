//! Triage, and back to it.

use domain::Fact::{Known, NotKnown};
use domain::issue::{Command, IssueEvent, Level, Nature, TriageIssue};
use domain::{Missing, Rejection};

use super::story::{Story, given};
use super::words::{
    accepted, because, component, filed, missing, person, severity, team, to_accepted, to_triaged, triage, triaged,
    triaged_as,
};

/// Filed without a component.
fn filed_vaguely() -> IssueEvent {
    match filed() {
        IssueEvent::IssueFiled { id, title, source, report, reported_severity, .. } => {
            IssueEvent::IssueFiled { id, title, source, report, reported_severity, component: None }
        }
        other => other,
    }
}

fn triage_when(story: Story, asked: TriageIssue) -> super::story::Then {
    story.when(Command::TriageIssue(asked))
}

#[test]
fn component_team_and_nature_follow_from_what_is_known() {
    triage_when(given([filed()]), triage(3, "sev2")).then([triaged()]).then_state("Nt");
}

#[test]
fn a_system_problem_is_an_incident_unless_it_is_said_to_be_a_bug() {
    let ops = |nature| TriageIssue { team: Some(team("ops")), nature, ..triage(2, "sev2") };
    triage_when(given([filed()]), ops(None)).then([triaged_as(2, "sev2", "ops")]);
    let issue = triage_when(given([filed()]), ops(Some(Nature::Bug))).then_issue();
    assert_eq!(issue.triage.unwrap().nature, Some(Nature::Bug));
}

#[test]
fn a_user_error_has_no_nature() {
    let help = TriageIssue { team: Some(team("help")), ..triage(1, "sev3") };
    triage_when(given([filed()]), help.clone()).then([triaged_as(1, "sev3", "help")]);
    let asked = TriageIssue { nature: Some(Nature::Bug), ..help };
    triage_when(given([filed()]), asked).then_rejected(Rejection::LevelHasNoNature);
}

#[test]
fn unknown_ids_come_before_everything() {
    triage_when(given(to_accepted()), triage(3, "sev9")).then_rejected(Rejection::UnknownSeverity {
        severity: severity("sev9"),
        known: vec![severity("sev1"), severity("sev2"), severity("sev3")],
    });
    let elsewhere = TriageIssue { component: Some(component("moon")), ..triage(3, "sev2") };
    triage_when(given([filed()]), elsewhere)
        .then_rejected(Rejection::UnknownComponent { component: component("moon") });
    let nobody = TriageIssue { team: Some(team("moon")), ..triage(3, "sev2") };
    triage_when(given([filed()]), nobody).then_rejected(Rejection::UnknownTeam { team: team("moon") });
}

#[test]
fn all_that_is_missing_is_said_at_once() {
    let nothing = TriageIssue { level: NotKnown, severity: NotKnown, ..triage(3, "sev2") };
    triage_when(given([filed_vaguely()]), nothing).then_rejected(missing([
        Missing::LevelMissing,
        Missing::SeverityMissing,
        Missing::ComponentMissing,
    ]));
    let attic = TriageIssue { component: Some(component("attic")), ..triage(3, "sev2") };
    triage_when(given([filed()]), attic).then_rejected(missing([Missing::TeamMissing]));
}

#[test]
fn each_kind_of_team_takes_its_levels() {
    let may = |level, owner: &str| {
        let asked =
            TriageIssue { team: Some(team(owner)), component: Some(component("attic")), ..triage(level, "sev3") };
        triage_when(given([filed()]), asked)
    };
    let allowed = [(1, "help"), (2, "ops"), (3, "dev"), (3, "maint"), (1, "core"), (2, "core"), (3, "core")];
    for (level, owner) in allowed {
        may(level, owner).then_state("Nt");
    }
    let teams = |ids: &[&str]| ids.iter().map(|id| team(id)).collect::<Vec<_>>();
    let refused = [
        (1, "dev", teams(&["core", "help"])),
        (2, "help", teams(&["core", "ops"])),
        (3, "ops", teams(&["core", "dev", "maint"])),
    ];
    for (number, owner, may_take) in refused {
        let level = Level::from_number(number).unwrap();
        may(number, owner).then_rejected(Rejection::WrongTeamForLevel { team: team(owner), level, may: may_take });
    }
}

#[test]
fn who_owns_the_component_may_take_any_level() {
    let manual = |owner| TriageIssue { component: Some(component("manual")), team: owner, ..triage(3, "sev3") };
    let issue = triage_when(given([filed()]), manual(None)).then_state("Nt");
    assert_eq!(issue.triage.unwrap().team, Known(team("help")));
    triage_when(given([filed()]), manual(Some(team("ops")))).then_rejected(Rejection::WrongTeamForLevel {
        team: team("ops"),
        level: Level::CodeOrData,
        may: ["core", "dev", "help", "maint"].map(team).into(),
    });
}

#[test]
fn repeated_each_difference_is_a_change() {
    let asked = TriageIssue {
        component: Some(component("attic")),
        team: Some(team("ops")),
        reason: because("it is the disk"),
        ..triage(2, "sev1")
    };
    let reason = || because("it is the disk");
    triage_when(given(to_triaged()), asked).then([
        IssueEvent::LevelChanged {
            from: Known(Level::CodeOrData),
            to: Level::System,
            nature: Some(Nature::Incident),
            team: None,
            reason: reason(),
        },
        IssueEvent::SeverityChanged { from: Known(severity("sev2")), to: severity("sev1"), reason: reason() },
        IssueEvent::ComponentChanged { from: Some(component("checkout")), to: component("attic"), reason: reason() },
        IssueEvent::IssueHandedOver { from: Known(team("dev")), to: team("ops"), reason: reason() },
    ]);
}

#[test]
fn repeated_another_nature_is_a_change() {
    let asked = TriageIssue { nature: Some(Nature::Incident), reason: because("went away"), ..triage(3, "sev2") };
    triage_when(given(to_triaged()), asked).then([IssueEvent::NatureChanged {
        from: Some(Nature::Bug),
        to: Some(Nature::Incident),
        reason: because("went away"),
    }]);
}

#[test]
fn repeated_with_differences_needs_a_reason() {
    triage_when(given(to_triaged()), triage(3, "sev1")).then_rejected(missing([Missing::ReasonMissing]));
    let vague = TriageIssue { severity: NotKnown, team: Some(team("maint")), ..triage(3, "sev1") };
    triage_when(given(to_triaged()), vague).then_rejected(missing([Missing::SeverityMissing, Missing::ReasonMissing]));
}

#[test]
fn repeated_without_a_difference() {
    triage_when(given(to_triaged()), triage(3, "sev2")).then_rejected(Rejection::AlreadyTriaged);
}

#[test]
fn repeated_the_team_must_fit_the_new_level() {
    let asked = TriageIssue { component: Some(component("attic")), reason: because("disk"), ..triage(2, "sev2") };
    triage_when(given(to_triaged()), asked).then_rejected(Rejection::WrongTeamForLevel {
        team: team("dev"),
        level: Level::System,
        may: ["core", "ops"].map(team).into(),
    });
}

#[test]
fn a_handover_by_triage_clears_the_assignee() {
    let assigned = IssueEvent::IssueAssigned { assignee: Some(person("dan")) };
    let asked = TriageIssue { team: Some(team("maint")), reason: because("old code"), ..triage(3, "sev2") };
    let issue = triage_when(given([filed(), triaged(), assigned]), asked).then_state("Nt");
    assert_eq!(issue.assignee, None);
}

#[test]
fn back_in_triage_the_last_severity_goes_on_ruling() {
    let back = given(to_accepted()).when(Command::ReturnToTriage { reason: because("not ours") });
    let issue = back.then_state("Nu");
    assert_eq!(issue.triage.unwrap().severity, Known(severity("sev2")));
    assert_eq!(issue.assignee, None);
}

#[test]
fn back_in_triage_it_is_triaged_anew() {
    let back = IssueEvent::ReturnedToTriage { reason: None };
    let again = triage_when(given([filed(), triaged(), accepted(), back]), triage(3, "sev1"));
    again.then([triaged_as(3, "sev1", "dev")]).then_state("Nt");
}

#[test]
fn repeated_what_is_left_out_stays_as_it_is() {
    let incident = TriageIssue { nature: Some(Nature::Incident), ..triage(3, "sev2") };
    let once = triage_when(given([filed()]), incident).then_on();
    let worse = TriageIssue { reason: because("worse"), ..triage(3, "sev1") };
    let issue = triage_when(once, worse).then_issue();
    assert_eq!(issue.triage.unwrap().nature, Some(Nature::Incident));
}
