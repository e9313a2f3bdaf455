//! What is recorded of clocks: by whom it may be, when it happened, and what is refused.

use domain::clocks::{AlarmKind, Cause, Clock, State, clocks};
use domain::issue::{Command, Correction, EscalateSla, IssueEvent};
use domain::policy::Recipient;
use domain::{Missing, Rejection};

use super::story::{given, given_at};
use super::words::{
    because, filed, hour, person, release, severity, to_accepted, to_triaged, to_verified, triage, triaged, triaged_as,
};
use super::world::{policies, world};

// Every story begins on a Monday at 09:00 UTC; sev2 has 4 h of office hours to be accepted, 2 working days to be mitigated, 5 to be resolved.

fn breach(clock: Clock, set_by: u64) -> Command {
    Command::RecordSlaBreach { clock, cycle: 1, set_by }
}

fn at_risk(clock: Clock, set_by: u64) -> Command {
    Command::RecordSlaAtRisk { clock, cycle: 1, set_by }
}

fn breached(clock: Clock, set_by: u64, deadline: i64) -> IssueEvent {
    let (deadline, cause) = (hour(deadline), Cause::Deadline);
    IssueEvent::SlaBreachRecorded { clock, cycle: 1, set_by, deadline, policy_version: 0, cause }
}

#[test]
fn a_breach_is_recorded_with_its_own_time_once() {
    // Triaged in the second hour as it was reported: the deadline is still that of the filing, at 13:00.
    given(to_triaged()).now(hour(3)).when(breach(Clock::Accept, 1)).then_rejected(Rejection::SlaNotBreached {
        clock: Clock::Accept,
        cycle: 1,
        deadline: Some(hour(4)),
    });
    given(to_triaged()).now(hour(4)).when(breach(Clock::Accept, 1)).then_rejected(Rejection::SlaNotBreached {
        clock: Clock::Accept,
        cycle: 1,
        deadline: Some(hour(4)),
    });
    given(to_triaged()).now(hour(6)).when(breach(Clock::Accept, 1)).then([breached(Clock::Accept, 1, 4)]);
    given(to_triaged()).now(hour(6)).when(breach(Clock::Accept, 1)).then_at(hour(4));
    given_at([(0, filed()), (1, triaged()), (4, breached(Clock::Accept, 1, 4))])
        .now(hour(6))
        .when(breach(Clock::Accept, 1))
        .then_rejected(Rejection::SlaAlreadyRecorded { clock: Clock::Accept, cycle: 1 });
    given(to_triaged())
        .when(Command::RecordSlaBreach { clock: Clock::Accept, cycle: 2, set_by: 1 })
        .then_rejected(Rejection::NoSuchCycle { clock: Clock::Accept, cycle: 2 });
    // Accepted at hour 2.
    given(to_accepted()).when(breach(Clock::Accept, 1)).then_rejected(Rejection::SlaNotBreached {
        clock: Clock::Accept,
        cycle: 1,
        deadline: Some(hour(4)),
    });
}

#[test]
fn at_risk_is_recorded_with_its_own_time_also_after_the_breach() {
    let event = IssueEvent::SlaAtRiskRecorded {
        clock: Clock::Accept,
        cycle: 1,
        set_by: 1,
        deadline: hour(4),
        policy_version: 0,
    };
    given(to_triaged()).now(hour(50)).when(at_risk(Clock::Accept, 1)).then([event]);
    given(to_triaged()).now(hour(50)).when(at_risk(Clock::Accept, 1)).then_at(hour(3));
    given(to_triaged()).now(hour(2)).when(at_risk(Clock::Accept, 1)).then_rejected(Rejection::SlaNotAtRisk {
        clock: Clock::Accept,
        cycle: 1,
        at_risk_at: Some(hour(3)),
    });
    // Of a deadline that nothing set.
    given(to_triaged()).now(hour(50)).when(at_risk(Clock::Accept, 2)).then_rejected(Rejection::SlaNotAtRisk {
        clock: Clock::Accept,
        cycle: 1,
        at_risk_at: Some(hour(3)),
    });
}

#[test]
fn a_stop_that_undoes_a_recorded_breach_says_why_it_is_late() {
    let story = || given_at([(0, filed()), (1, triaged()), (4, breached(Clock::Accept, 1, 4))]);
    let missing = vec![Missing::LateReasonMissing];
    story().late(hour(3)).when(Command::AcceptIssue).then_rejected(Rejection::Incomplete { missing });
    let told = story().late(hour(3)).because("the train had no network").when(Command::AcceptIssue);
    let corrected = IssueEvent::SlaBreachCorrected {
        clock: Clock::Accept,
        cycle: 1,
        by: Correction::LateStop,
        reason: because("the train had no network"),
    };
    assert_eq!(told.result.as_ref().unwrap().events.last(), Some(&corrected));
    let issue = told.then_issue();
    let world = world();
    let counted = clocks(&issue.ledger, &world.project.terms(), hour(100));
    let accept = counted.current(Clock::Accept).unwrap();
    assert!(accept.breach.is_none() && accept.corrected_at.is_some() && !accept.doubtful);
    // A stop that was too late as well undoes nothing, and needs no reason.
    story().late(hour(5)).when(Command::AcceptIssue).then_at(hour(5));
}

#[test]
fn the_first_triage_takes_back_what_no_longer_holds_and_records_what_now_does() {
    let reported = || given_at([(0, filed()), (4, breached(Clock::Accept, 1, 4))]);
    let told = reported().now(hour(6)).when(Command::TriageIssue(triage(3, "sev3")));
    let corrected =
        IssueEvent::SlaBreachCorrected { clock: Clock::Accept, cycle: 1, by: Correction::FirstTriage, reason: None };
    assert_eq!(told.result.as_ref().unwrap().events[1..], [corrected]);
    // Sev 1: 15 minutes to accept, 4 hours to mitigate, around the clock; the accept breach stands as it was, mitigate is breached by the triage.
    let told = reported().now(hour(6)).when(Command::TriageIssue(triage(3, "sev1")));
    let by_triage = IssueEvent::SlaBreachRecorded {
        clock: Clock::Mitigate,
        cycle: 1,
        set_by: 3,
        deadline: hour(4),
        policy_version: 0,
        cause: Cause::FirstTriage,
    };
    assert_eq!(told.result.as_ref().unwrap().events[1..], [by_triage]);
    assert_eq!(told.result.as_ref().unwrap().occurred_at, hour(6));
    let counted = clocks(&told.then_issue().ledger, &world().project.terms(), hour(6));
    assert!(
        counted
            .cycles
            .iter()
            .flat_map(|cycle| &cycle.alarms)
            .all(|alarm| alarm.kind != AlarmKind::Breach || alarm.recorded)
    );
}

#[test]
fn a_correction_takes_back_only_what_does_not_hold() {
    let correct = |clock| Command::CorrectSlaBreach { clock, cycle: 1, reason: because("it was") };
    given(to_triaged())
        .when(correct(Clock::Accept))
        .then_rejected(Rejection::SlaBreachNotRecorded { clock: Clock::Accept, cycle: 1 });
    given_at([(0, filed()), (1, triaged()), (4, breached(Clock::Accept, 1, 4))])
        .when(correct(Clock::Accept))
        .then_rejected(Rejection::SlaBreachStands { clock: Clock::Accept, cycle: 1 });
    // A log that tells of a first triage with more time, without taking the breach back.
    given_at([(0, filed()), (4, breached(Clock::Accept, 1, 4)), (5, triaged_as(3, "sev3", "dev"))])
        .now(hour(6))
        .when(correct(Clock::Accept))
        .then([IssueEvent::SlaBreachCorrected {
            clock: Clock::Accept,
            cycle: 1,
            by: Correction::FirstTriage,
            reason: because("it was"),
        }]);
}

#[test]
fn a_rebase_moves_what_runs_and_says_from_where_to_where() {
    let rebase = |policy| Command::RebaseClocks { policy, reason: because("the contract changed") };
    let in_two_worlds = || given(to_accepted()).where_world(|world| world.project.policies = policies());
    in_two_worlds()
        .now(hour(3))
        .when(Command::RebaseClocks { policy: None, reason: None })
        .then_rejected(Rejection::Incomplete { missing: vec![Missing::ReasonMissing] });
    in_two_worlds()
        .now(hour(3))
        .when(rebase(Some(9)))
        .then_rejected(Rejection::UnknownPolicy { version: 9, latest: 2 });
    in_two_worlds()
        .now(hour(3))
        .when(rebase(Some(2)))
        .then_rejected(Rejection::PolicyNotInForce { version: 2, effective_from: hour(8_766_000) });
    in_two_worlds().now(hour(3)).when(rebase(None)).then_rejected(Rejection::NothingToRebase { version: 1 });
    let told = in_two_worlds().now(hour(3)).when(rebase(Some(0)));
    let events = told.result.as_ref().unwrap().events.clone();
    let [IssueEvent::ClocksRebased { version: 0, clocks: moved, .. }] = &events[..] else { panic!("{events:?}") };
    let names: Vec<Clock> = moved.iter().map(|moved| moved.clock).collect();
    assert_eq!(names, [Clock::Mitigate, Clock::Resolve], "accept has ended");
    assert!(moved.iter().all(|moved| moved.from_version == 1 && moved.from_deadline == moved.to_deadline));
}

#[test]
fn who_is_told_is_recorded_when_it_is_due() {
    let escalate = |step| {
        Command::RecordEscalation(EscalateSla {
            clock: Clock::Accept,
            cycle: 1,
            set_by: 1,
            step,
            people: vec![person("olga")],
        })
    };
    let story = || given(to_triaged()).where_world(|world| world.project.policies = policies());
    // At risk at 12:00, breached at 13:00, and an hour later the product owners hear of it.
    story().now(hour(4)).when(escalate(2)).then_rejected(Rejection::EscalationNotDue {
        clock: Clock::Accept,
        cycle: 1,
        step: 2,
        due: Some(hour(5)),
    });
    let told = story().now(hour(8)).when(escalate(2));
    let decision = told.result.as_ref().unwrap();
    assert_eq!(decision.occurred_at, hour(5));
    let [IssueEvent::SlaEscalated { to: Recipient::ProductOwners, step: 2, .. }] = &decision.events[..] else {
        panic!()
    };
    story().now(hour(8)).when(escalate(3)).then_rejected(Rejection::EscalationNotDue {
        clock: Clock::Accept,
        cycle: 1,
        step: 3,
        due: None,
    });
}

#[test]
fn a_mark_in_production_happened_when_its_release_was_deployed() {
    given(to_verified()).when(Command::MarkInProduction { release: release("r1") }).then_at(hour(50));
    let issue = given(to_verified()).when(Command::MarkInProduction { release: release("r1") }).then_issue();
    let counted = clocks(&issue.ledger, &world().project.terms(), hour(100));
    let mitigate = counted.current(Clock::Mitigate).unwrap();
    assert!(matches!(mitigate.state, State::Ended { at, .. } if at == hour(50)));
}

#[test]
fn a_severity_that_breaches_is_found_by_who_looks() {
    let change = Command::ChangeSeverity { severity: severity("sev1"), reason: because("all of them") };
    let issue = given(to_accepted()).now(hour(6)).when(change).then_issue();
    let counted = clocks(&issue.ledger, &world().project.terms(), hour(6));
    let told: Vec<_> = counted.untold().iter().map(|alarm| (alarm.clock, alarm.cause, alarm.at)).collect();
    assert_eq!(told, [(Clock::Mitigate, Cause::SeverityChange, hour(6))]);
}
