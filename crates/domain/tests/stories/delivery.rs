//! Delivery rules: kept or broken as the issue's marks and the named release have it, and refused where they don't.

use domain::Rejection;
use domain::clocks::{Clock, State, clocks};
use domain::issue::{Command, Delivered, Fix, IssueEvent};
use domain::policy::Delivery;
use jiff::Timestamp;

use super::story::{given, given_at};
use super::words::{
    accepted, data_fix, filed, hour, release, resolved, text, then_verified, to_accepted, to_resolved,
    to_resolved_with, to_verified, triaged_as, verified,
};
use super::world::world;

// It is hour 100. Releases r1, with the change c1 that resolves, and r4, without, were deployed at hour 50. Sev 2 asks for the next push, Sev 1 for a
// patch within 24 hours.

fn kept(rule: Delivery, by: Option<&str>) -> Command {
    Command::RecordDelivery { cycle: 1, rule, delivered: Delivered::Kept { release: by.map(release) } }
}

fn broken(rule: Delivery, due: i64, by: Option<&str>) -> Command {
    let delivered = Delivered::Broken { due: hour(due), release: by.map(release) };
    Command::RecordDelivery { cycle: 1, rule, delivered }
}

fn not_kept(due: Option<i64>) -> Rejection {
    Rejection::DeliveryNotKept { cycle: 1, due: due.map(hour) }
}

fn not_broken(due: Option<i64>) -> Rejection {
    Rejection::DeliveryNotBroken { cycle: 1, due: due.map(hour) }
}

const PUSH: Delivery = Delivery::NextPush;
const PATCH: Delivery = Delivery::PatchNow;

#[test]
fn the_next_push_is_judged_by_the_release_that_is_named() {
    given(to_verified()).when(kept(PUSH, Some("r1"))).then_at(hour(50));
    given(to_verified()).when(broken(PUSH, 50, Some("r4"))).then_at(hour(50));
    given(to_verified()).when(kept(PUSH, Some("r4"))).then_rejected(not_kept(Some(50)));
    given(to_verified()).when(broken(PUSH, 50, Some("r1"))).then_rejected(not_broken(Some(50)));
    // Not the instant of its deployment; never deployed; no release named; one that nobody knows.
    given(to_verified()).when(broken(PUSH, 49, Some("r4"))).then_rejected(not_broken(Some(50)));
    given(to_verified()).when(kept(PUSH, Some("r3"))).then_rejected(not_kept(None));
    given(to_verified()).when(kept(PUSH, None)).then_rejected(not_kept(None));
    given(to_verified()).when(broken(PUSH, 50, None)).then_rejected(not_broken(None));
    let unknown = Rejection::UnknownRelease { release: release("r9") };
    given(to_verified()).when(kept(PUSH, Some("r9"))).then_rejected(unknown);
    // A deployment before the verification is no push after it.
    let late = [(0, filed()), (1, triaged_as(3, "sev2", "dev")), (2, accepted()), (3, resolved()), (51, verified())];
    given_at(late).when(broken(PUSH, 50, Some("r4"))).then_rejected(not_broken(None));
    // One that was rolled back since was a push all the same.
    given(to_verified()).when(kept(PUSH, Some("r2"))).then_at(hour(50));
}

#[test]
fn what_stood_in_production_when_it_was_verified_missed_no_push() {
    let mark = IssueEvent::MarkedInProduction { release: release("r1") };
    let mut history = to_resolved();
    history.extend([mark, verified()]);
    given(history.clone()).when(kept(PUSH, Some("r1"))).then_at(hour(5));
    given(history.clone()).when(broken(PUSH, 50, Some("r4"))).then_rejected(not_broken(Some(5)));
    // Taken out before it was verified, it waits for the next push again.
    history.insert(5, IssueEvent::WithdrawnFromProduction { reason: None });
    given(history).when(broken(PUSH, 50, Some("r4"))).then_at(hour(50));
}

#[test]
fn a_push_is_asked_of_verified_code_once_a_cycle() {
    given(to_resolved()).when(kept(PUSH, Some("r1"))).then_rejected(Rejection::NotVerified);
    let other = |asked| Rejection::NoDeliveryRule { cycle: 1, asked };
    let data = then_verified(to_resolved_with(Fix::Data(data_fix())));
    given(data).when(broken(PUSH, 50, Some("r4"))).then_rejected(other(None));
    given(to_verified()).when(kept(PATCH, Some("r1"))).then_rejected(other(Some(PUSH)));
    given(to_verified()).when(kept(Delivery::Planned, None)).then_rejected(other(Some(PUSH)));
    let mut history = to_verified();
    history.push(IssueEvent::DeliveryRuleKept { cycle: 1, rule: PUSH, release: Some(release("r1")) });
    given(history).when(kept(PUSH, Some("r1"))).then_rejected(Rejection::DeliveryAlreadyRecorded { cycle: 1 });
}

/// Filed at hour 0 as Sev 1: a patch is due at hour 24.
fn severe(then: impl IntoIterator<Item = (i64, IssueEvent)>) -> Vec<(i64, IssueEvent)> {
    let begin = [(0, filed()), (1, triaged_as(3, "sev1", "dev")), (2, accepted())];
    begin.into_iter().chain(then).collect()
}

#[test]
fn a_patch_is_judged_by_the_issues_own_marks() {
    let mark = || IssueEvent::MarkedInProduction { release: release("r1") };
    let deployed_at = |at| given_at(severe([(20, resolved()), (at, mark())]));
    deployed_at(24).when(kept(PATCH, Some("r1"))).then_at(hour(24));
    deployed_at(24).when(broken(PATCH, 24, None)).then_rejected(not_broken(Some(24)));
    deployed_at(24).when(kept(PATCH, Some("r4"))).then_rejected(not_kept(Some(24)));
    deployed_at(25).when(kept(PATCH, Some("r1"))).then_rejected(not_kept(Some(24)));
    deployed_at(25).when(broken(PATCH, 24, None)).then_at(hour(24));
    deployed_at(25).when(broken(PATCH, 23, None)).then_rejected(not_broken(Some(24)));
    // Not before it is too late.
    let early = |now: Timestamp| given_at(severe([])).now(now).when(broken(PATCH, 24, None));
    early(hour(24)).then_rejected(not_broken(Some(24)));
    early(hour(25)).then_at(hour(24));
}

#[test]
fn a_fix_that_is_in_production_mitigates_whether_it_is_verified_or_not() {
    let marked = given(to_resolved()).when(Command::MarkInProduction { release: release("r1") });
    let issue = marked.then_at(hour(50)).then_state("R");
    let mitigated = |issue: &domain::issue::Issue| {
        let counted = clocks(&issue.ledger, &world().project.terms(), hour(100));
        let last = counted.current(Clock::Mitigate).unwrap().clone();
        (last.number, matches!(last.state, State::Ended { at, .. } if at == hour(50)))
    };
    assert_eq!(mitigated(&issue), (1, true));
    // A rollback takes it out, and its clock runs anew.
    let story = given(to_resolved()).when(Command::MarkInProduction { release: release("r1") }).then_on();
    let rolled_back = story.when(Command::WithdrawFromProduction { reason: Some(text("it fails")) }).then_state("R");
    assert_eq!(mitigated(&rolled_back), (2, false));
    let mark = Command::MarkInProduction { release: release("r1") };
    given(to_accepted()).when(mark).then_rejected(Rejection::NotResolved);
}
