//! Recorded late: when things happened, and when they can't have.

use domain::issue::{Asked, Command, IssueEvent};
use domain::{CLOCK_SKEW_MAX, Rejection};
use jiff::SignedDuration;

use super::story::given;
use super::words::{
    because, by_customer, filed, filing, full_report, hour, severity, text, to_accepted, to_closed, to_resolved,
    to_triaged, verify,
};

const SECOND: SignedDuration = SignedDuration::from_secs(1);

fn around() -> Command {
    Command::RecordWorkaround { text: text("pay by invoice") }
}

#[test]
fn without_a_time_it_happens_now() {
    given(to_triaged()).when(Command::AcceptIssue).then_at(hour(100));
    given([]).when(filing(by_customer(), full_report())).then_at(hour(100));
}

#[test]
fn where_another_clock_runs_ahead_it_happens_at_the_bound() {
    // Triaged at hour 1 by a clock that ran ahead of ours.
    let now = hour(1) - SECOND;
    given(to_triaged()).now(now).when(Command::AcceptIssue).then_at(hour(1));
    // A comment is bound only by the cycle, which began at hour 0.
    given(to_triaged()).now(now).when(around()).then_at(now);
}

#[test]
fn a_filing_may_be_as_old_as_it_is() {
    given([]).late(hour(-50_000)).when(filing(by_customer(), full_report())).then_at(hour(-50_000));
}

#[test]
fn a_change_of_state_follows_the_previous_one() {
    // Filed at hour 0, triaged at 1.
    given(to_triaged()).late(hour(1)).when(Command::AcceptIssue).then_at(hour(1));
    let early = hour(1) - SECOND;
    given(to_triaged())
        .late(early)
        .when(Command::AcceptIssue)
        .then_rejected(Rejection::OccurredOutOfOrder { occurred_at: early, bound: hour(1) });
}

#[test]
fn any_other_fact_follows_the_start_of_its_cycle() {
    given(to_accepted()).late(hour(0)).when(around()).then_at(hour(0));
    let early = hour(0) - SECOND;
    given(to_accepted())
        .late(early)
        .when(around())
        .then_rejected(Rejection::OccurredOutOfOrder { occurred_at: early, bound: hour(0) });
}

#[test]
fn a_reopening_begins_a_cycle_that_no_fact_precedes() {
    let reopened = IssueEvent::IssueReopened { reason: because("again"), unassigned: false };
    let mut history = to_closed();
    history.push(reopened);
    given(history.clone()).late(hour(6)).when(around()).then_at(hour(6));
    let early = hour(6) - SECOND;
    given(history)
        .late(early)
        .when(around())
        .then_rejected(Rejection::OccurredOutOfOrder { occurred_at: early, bound: hour(6) });
}

#[test]
fn the_same_command_is_bound_by_what_it_does_there() {
    // In New a handover moves nothing, in Accepted it changes the state.
    let hand_over = || Command::HandOverIssue { team: super::words::team("maint"), reason: because("old code") };
    given(to_triaged()).late(hour(0)).when(hand_over()).then_at(hour(0));
    given(to_accepted())
        .late(hour(1))
        .when(hand_over())
        .then_rejected(Rejection::OccurredOutOfOrder { occurred_at: hour(1), bound: hour(2) });
}

#[test]
fn a_late_fact_does_not_turn_back_the_clock_of_what_changed_last() {
    let issue = given(to_accepted()).late(hour(1)).when(around()).then_issue();
    assert_eq!(issue.changed_at, hour(2));
    assert_eq!(issue.state_since, hour(2));
    assert_eq!(issue.workaround.unwrap().at, hour(1));
}

#[test]
fn nothing_happens_in_the_future_but_clocks_differ() {
    let (now, skew) = (hour(100), CLOCK_SKEW_MAX);
    given(to_triaged()).late(now + skew).when(Command::AcceptIssue).then_at(now);
    let occurred_at = now + skew + SECOND;
    for command in [Command::AcceptIssue, around()] {
        given(to_triaged())
            .late(occurred_at)
            .when(command)
            .then_rejected(Rejection::OccurredInFuture { occurred_at, now });
    }
    given([])
        .late(occurred_at)
        .when(filing(by_customer(), full_report()))
        .then_rejected(Rejection::OccurredInFuture { occurred_at, now });
}

#[test]
fn within_the_skew_a_time_is_not_drawn_before_what_it_follows() {
    // The state is ten seconds ahead of our clock, and so is the command.
    let now = hour(1) - SignedDuration::from_secs(10);
    given(to_triaged()).now(now).late(hour(1) + SECOND).when(Command::AcceptIssue).then_at(hour(1));
}

#[test]
fn nobody_was_asked_before_the_question_was_sent() {
    let ask = || Command::RequestInformation { of: Asked::Opener, text: text("which card?") };
    given(to_accepted()).late(hour(50)).when(ask()).then_rejected(Rejection::AskedInThePast);
    given(to_accepted()).late(hour(50)).imported().when(ask()).then_at(hour(50));
    given(to_accepted()).when(ask()).then_at(hour(100));
}

#[test]
fn other_refusals_come_first() {
    given(to_resolved()).late(hour(-1)).when(Command::AcceptIssue).then_rejected(Rejection::AlreadyResolved);
    given(to_resolved()).late(hour(-1)).when(verify("dora")).then_rejected(Rejection::NotOpenerOrCustomer {
        person: super::words::person("dora"),
        opener: Some(super::words::person("carl")),
    });
}

#[test]
fn cycles_do_not_begin_anew_with_a_handover_or_a_dismissal() {
    let change = Command::ChangeSeverity { severity: severity("sev1"), reason: because("worse") };
    let issue = given(to_accepted()).when(change).then_issue();
    assert_eq!((issue.cycle_start, issue.state_since), (hour(0), hour(2)));
    let reopened = IssueEvent::IssueReopened { reason: None, unassigned: false };
    let issue = given([filed(), super::words::dismissed(), reopened]).issue.unwrap();
    assert_eq!((issue.cycle_start, issue.state_since), (hour(0), hour(2)));
}
