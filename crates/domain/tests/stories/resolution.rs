//! Resolutions with their evidence, and ways around.

use domain::Fact::{Known, NotKnown};
use domain::issue::{CodeFix, Command, DataFix, Fix, IssueEvent, Level};
use domain::{Missing, Rejection};

use super::story::given;
use super::words::{
    accepted, because, closed, code_fix, data_fix, explanation, filed, hour, missing, operation, person, resolve,
    resolved, resolved_by, s, text, to_accepted, to_closed, to_resolved, to_resolved_with, triaged_as,
};

fn accepted_at(level: u32, owner: &str) -> [IssueEvent; 3] {
    [filed(), triaged_as(level, "sev3", owner), accepted()]
}

#[test]
fn each_level_has_its_fixes() {
    let fixes = [
        (3, "dev", Fix::Code(code_fix())),
        (3, "dev", Fix::Data(data_fix())),
        (3, "dev", Fix::CodeAndData(code_fix(), data_fix())),
        (2, "ops", operation()),
        (1, "help", explanation()),
    ];
    for (level, owner, fix) in &fixes {
        let given_accepted = || given(accepted_at(*level, owner));
        given_accepted().when(resolve(fix.clone())).then([resolved_by(fix.clone())]).then_state("R");
        for (_, _, other) in fixes.iter().filter(|(other_level, ..)| other_level != level) {
            given_accepted()
                .when(resolve(other.clone()))
                .then_rejected(Rejection::WrongFixForLevel { level: Level::from_number(*level).unwrap() });
        }
    }
}

#[test]
fn resolved_by_the_assignee() {
    given(to_accepted())
        .by("dora")
        .when(resolve(Fix::Code(code_fix())))
        .then_rejected(Rejection::NotAssignee { assignee: Some(person("dan")) });
}

#[test]
fn all_evidence_that_is_missing_is_said_at_once() {
    let nothing = Fix::CodeAndData(CodeFix::default(), DataFix::default());
    given(to_accepted()).when(resolve(nothing)).then_rejected(missing([
        Missing::ChangeMissing,
        Missing::RegressionTestMissing,
        Missing::TestEnvironmentMissing,
        Missing::CorrectionMissing,
    ]));
    given(accepted_at(2, "ops"))
        .when(resolve(Fix::Operation { action: None }))
        .then_rejected(missing([Missing::ActionMissing]));
    given(accepted_at(1, "help"))
        .when(resolve(Fix::Explanation { explanation: None, topic: Some(s(" ")) }))
        .then_rejected(missing([Missing::ExplanationMissing, Missing::TopicMissing]));
    given(to_accepted()).when(Command::ResolveIssue { fix: NotKnown }).then_rejected(missing([Missing::FixMissing]));
}

#[test]
fn no_code_without_a_regression_test() {
    for tests in [vec![], vec![s("")]] {
        given(to_accepted())
            .when(resolve(Fix::Code(CodeFix { tests, ..code_fix() })))
            .then_rejected(missing([Missing::RegressionTestMissing]));
    }
}

#[test]
fn a_correction_of_data_says_what_and_where_it_was_tried() {
    for fix in [DataFix { correction: None, ..data_fix() }, DataFix { tried_in: None, ..data_fix() }] {
        given(to_accepted()).when(resolve(Fix::Data(fix))).then_rejected(missing([Missing::CorrectionMissing]));
    }
}

fn add(tests: &[&str]) -> Command {
    Command::AddRegressionTests { tests: tests.iter().map(|test| s(test)).collect() }
}

#[test]
fn tests_may_be_added_later_each_once() {
    let more = given(to_resolved()).by("tess").when(add(&["basket::keeps", "basket::again", "basket::again"]));
    let more = more.then([IssueEvent::RegressionTestsAdded { tests: vec![s("basket::again")] }]);
    more.then_on().when(add(&["basket::again"])).then_rejected(Rejection::SameTests);
    given(to_closed()).when(add(&["basket::keeps"])).then_rejected(Rejection::SameTests);
    given(to_closed()).when(add(&[])).then_rejected(missing([Missing::RegressionTestMissing]));
}

#[test]
fn tests_added_stay_with_the_resolution_through_its_life() {
    let added = IssueEvent::RegressionTestsAdded { tests: vec![s("basket::again")] };
    let mut history = to_closed();
    history.insert(4, added.clone());
    history.push(added);
    let issue = given(history).issue.unwrap();
    let domain::issue::State::Closed(closed) = issue.state else { panic!("it is closed") };
    assert_eq!(closed.verified.resolved.tests_added, [s("basket::again"), s("basket::again")]);
}

#[test]
fn what_needed_no_change_needs_no_regression_test() {
    given(to_resolved_with(operation()))
        .when(add(&["basket::again"]))
        .then_rejected(Rejection::WrongFixForLevel { level: Level::System });
}

#[test]
fn one_way_around_at_a_time() {
    let record = |way| Command::RecordWorkaround { text: text(way) };
    let recorded = given(to_accepted()).when(record("pay by invoice")).then_on();
    let issue = recorded.when(record("pay twice")).then_issue();
    assert_eq!(issue.workaround.unwrap().text, text("pay twice"));
    let again = given(to_accepted()).when(record("pay twice")).then_on();
    again.when(record("pay twice")).then_rejected(Rejection::SameWorkaround);
    given(to_accepted()).when(Command::WithdrawWorkaround { reason: None }).then_rejected(Rejection::NoWorkaround);
}

#[test]
fn a_whole_life_and_again() {
    let mut history = to_closed();
    history.extend([
        IssueEvent::IssueReopened { reason: because("again"), unassigned: false },
        resolved(),
        super::words::verified(),
        closed(),
    ]);
    let issue = given(history).issue.unwrap();
    assert_eq!((issue.state_name(), issue.revision, issue.cycle_start), ("Closed", 10, hour(6)));
    let Known(severity) = issue.triage.unwrap().severity else { panic!("it was triaged") };
    assert_eq!(severity.as_str(), "sev2");
}

#[test]
fn an_event_that_cannot_follow_changes_nothing() {
    let assigned = || IssueEvent::IssueAssigned { assignee: Some(person("dora")) };
    let senseless = [
        (vec![filed()], assigned()),
        (vec![filed()], accepted()),
        (vec![filed()], super::words::verified()),
        (to_accepted(), filed()),
        (to_accepted(), triaged_as(1, "sev3", "help")),
        (to_accepted(), super::words::closed()),
        (to_resolved(), super::words::asked(1)),
        (to_resolved(), assigned()),
        (to_resolved(), super::words::dismissed()),
        (to_resolved(), IssueEvent::ReportAmended { report: domain::issue::Report::default() }),
    ];
    for (mut history, event) in senseless {
        let before = given(history.clone()).issue.unwrap();
        history.push(event.clone());
        let after = given(history).issue.unwrap();
        assert_eq!(after.revision, before.revision + 1);
        let unchanged = domain::issue::Issue { revision: after.revision, changed_at: after.changed_at, ..before };
        assert_eq!(after, unchanged, "after {event:?}");
    }
}
