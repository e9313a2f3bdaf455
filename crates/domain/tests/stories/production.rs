//! Closing, and what is in production.

use std::sync::Arc;

use domain::Fact::{Known, NotKnown};
use domain::issue::{Closing, Command, Fix, IssueEvent, State};
use domain::project::Reactor;
use domain::release::{Deployment, PRODUCTION};
use domain::{Missing, Rejection};

use super::story::given;
use super::words::{
    because, change, close, code_fix, data_fix, explanation, hour, in_release, key, missing, operation, person,
    release, then_verified, to_closed, to_resolved_with, to_verified,
};
use super::world::{World, released};

fn mark(id: &str) -> Command {
    Command::MarkInProduction { release: release(id) }
}

fn withdraw() -> Command {
    Command::WithdrawFromProduction { reason: because("rolled back") }
}

fn not_in(id: &str) -> Rejection {
    Rejection::NotInProduction { release: Some(release(id)) }
}

fn applied() -> Closing {
    Closing::DataApplied { at: Some(hour(60)), by: Some(person("dora")) }
}

#[test]
fn closed_with_the_release_that_carries_its_change() {
    let issue = given(to_verified()).when(close(in_release("r1"))).then_state("C");
    let State::Closed(closed) = issue.state else { unreachable!("it is closed") };
    assert_eq!(closed.verified.resolved.in_production, Some(release("r1")));
    assert_eq!(closed.closing, Known(in_release("r1")));
}

#[test]
fn closed_with_a_release_that_names_the_issue() {
    given(to_verified())
        .where_world(|world| {
            let carrying = world.releases.get_mut(&release("r4")).unwrap();
            Arc::make_mut(&mut carrying.cargo).issues.insert(key(1));
        })
        .when(close(in_release("r4")))
        .then_state("C");
}

#[test]
fn not_with_a_release_that_is_not_in_production_or_carries_nothing_of_it() {
    for id in ["r2", "r3", "r4"] {
        given(to_verified()).when(close(in_release(id))).then_rejected(not_in(id));
        given(to_verified()).when(mark(id)).then_rejected(not_in(id));
    }
    given(to_verified())
        .when(close(in_release("r9")))
        .then_rejected(Rejection::UnknownRelease { release: release("r9") });
    given(to_verified()).when(mark("r9")).then_rejected(Rejection::UnknownRelease { release: release("r9") });
}

#[test]
fn not_with_a_deployment_from_before_the_present_cycle() {
    // The first fix was deployed at hour 50; it was reopened at hour 6 and fixed again.
    let mut history = to_closed();
    history.extend([
        IssueEvent::IssueReopened { reason: because("again"), unassigned: false },
        super::words::resolved(),
        super::words::verified(),
    ]);
    let again = |deployed_at| {
        given(history.clone()).where_world(move |world| {
            let at = hour(deployed_at);
            world.releases.insert(release("r1"), released("r1", "c1", PRODUCTION, Deployment::Deployed { at }));
        })
    };
    again(6).when(close(in_release("r1"))).then_rejected(not_in("r1"));
    again(7).when(close(in_release("r1"))).then_state("C");
}

#[test]
fn re_verified_by_another_than_the_resolver() {
    let closing = Closing::Released { release: Some(release("r1")), reverified_by: Some(person("dan")) };
    given(to_verified())
        .when(close(closing.clone()))
        .then_rejected(Rejection::VerifierIsResolver { person: person("dan") });
    given(to_verified())
        .where_world(|world| world.project.self_verification = true)
        .when(close(closing))
        .then_state("C");
}

#[test]
fn all_that_is_missing_is_said_at_once() {
    let nothing = [Known(Closing::Released { release: None, reverified_by: None }), NotKnown];
    for closing in nothing {
        given(to_verified())
            .when(Command::CloseIssue { closing })
            .then_rejected(missing([Missing::ReleaseMissing, Missing::ReverifierMissing]));
    }
    let half = [
        Known(Closing::DataApplied { at: Some(hour(60)), by: None }),
        Known(Closing::DataApplied { at: None, by: Some(person("dora")) }),
        NotKnown,
    ];
    for closing in half {
        given(then_verified(to_resolved_with(Fix::Data(data_fix()))))
            .when(Command::CloseIssue { closing })
            .then_rejected(missing([Missing::AppliedMissing]));
    }
}

#[test]
fn each_fix_closes_in_its_own_way() {
    let fixes = [
        (Fix::Code(code_fix()), in_release("r1")),
        (Fix::CodeAndData(code_fix(), data_fix()), in_release("r1")),
        (Fix::Data(data_fix()), applied()),
        (operation(), Closing::Confirmed),
        (explanation(), Closing::Confirmed),
    ];
    for (fix, right) in &fixes {
        for closing in [in_release("r1"), applied(), Closing::Confirmed] {
            let told = given(then_verified(to_resolved_with(fix.clone()))).when(close(closing.clone()));
            if closing == *right {
                told.then_state("C");
            } else {
                told.then_rejected(Rejection::WrongClosingForFix);
            }
        }
    }
}

#[test]
fn levels_1_and_2_need_nothing_said() {
    let event = IssueEvent::IssueClosed { closing: Known(Closing::Confirmed), deployed_at: None };
    given(then_verified(to_resolved_with(explanation()))).when(Command::CloseIssue { closing: NotKnown }).then([event]);
}

#[test]
fn data_was_not_applied_in_the_future() {
    let tomorrow = hour(124);
    given(then_verified(to_resolved_with(Fix::Data(data_fix()))))
        .when(close(Closing::DataApplied { at: Some(tomorrow), by: Some(person("dora")) }))
        .then_rejected(Rejection::OccurredInFuture { occurred_at: tomorrow, now: hour(100) });
}

#[test]
fn a_deployment_marks_and_a_rollback_takes_the_mark_off() {
    let marked =
        given(to_verified()).when(mark("r1")).then([IssueEvent::MarkedInProduction { release: release("r1") }]);
    let marked = marked.then_on();
    marked.clone().when(mark("r1")).then_rejected(Rejection::AlreadyInProduction { release: release("r1") });
    let unmarked =
        marked.when(withdraw()).then([IssueEvent::WithdrawnFromProduction { reason: because("rolled back") }]);
    let unmarked = unmarked.then_on();
    let State::Verified(verified) = &unmarked.issue.as_ref().unwrap().state else { panic!("it stays verified") };
    assert_eq!(verified.resolved.in_production, None);
    unmarked.when(withdraw()).then_rejected(Rejection::NotInProduction { release: None });
}

#[test]
fn a_rollback_opens_what_was_closed_for_re_verification() {
    let issue = given(to_closed()).when(withdraw()).then_state("V");
    let State::Verified(verified) = issue.state else { unreachable!("it is verified") };
    assert_eq!((verified.resolved.in_production, verified.confirmed_by), (None, Known(person("carl"))));
    assert_eq!(issue.state_since, hour(100));
}

#[test]
fn a_rollback_does_not_touch_what_came_with_no_release() {
    for (fix, closing) in [(operation(), Closing::Confirmed), (Fix::Data(data_fix()), applied())] {
        let mut history = then_verified(to_resolved_with(fix));
        history.push(IssueEvent::IssueClosed { closing: Known(closing), deployed_at: None });
        given(history).when(withdraw()).then_rejected(Rejection::NotInProduction { release: None });
    }
}

#[test]
fn the_issue_knows_nothing_of_other_changes() {
    let mut fix = code_fix();
    fix.changes = vec![change("c2"), change("c3")];
    given(then_verified(to_resolved_with(Fix::Code(fix)))).when(close(in_release("r1"))).then_rejected(not_in("r1"));
}

#[test]
fn what_is_switched_off_does_nothing_and_the_rest_goes_on() {
    let off = |world: &mut World| {
        world.project.switched_off.insert(Reactor::Production);
    };
    given(to_verified())
        .where_world(off)
        .by("system:production")
        .when(mark("r1"))
        .then_rejected(Rejection::SwitchedOff { reactor: Reactor::Production });
    given(to_verified()).where_world(off).by("system:deadlines").when(mark("r1")).then_state("V");
    given(to_verified()).where_world(off).when(mark("r1")).then_state("V");
}
