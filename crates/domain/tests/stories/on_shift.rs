//! Shifts of an issue: when they are planned, renewed, mended, handed over and ended.

use domain::clocks::Ledger;
use domain::issue::{Command, IssueEvent};
use domain::shifts::{Agenda, Ending, Obstacle, Plan, agenda};
use domain::team::Absence;
use domain::{Recorded, Rejection};
use jiff::Timestamp;

use super::story::{Story, given, recorded};
use super::words::{because, dismissed, filed, hour, person, severity, team, text, triaged_as};
use super::world::world;

/// Filed at hour 0, triaged at hour 1 as Sev 1 for the team dev, of dan and dora.
fn down() -> Vec<IssueEvent> {
    vec![filed(), triaged_as(3, "sev1", "dev")]
}

fn workaround() -> IssueEvent {
    IssueEvent::WorkaroundRecorded { text: text("pay by invoice") }
}

/// What follows at that hour.
fn planning(history: Vec<IssueEvent>, at: i64) -> Story {
    given(history).now(hour(at))
}

/// What was planned at that hour.
#[track_caller]
fn plan_of(story: Story) -> Plan {
    let plan = story.when(Command::PlanShifts).then_issue().shifts.expect("it was planned");
    plan.plan
}

/// Such as `24 dan, 32 dora`: who is on from which hour.
fn on(plan: &Plan) -> String {
    let at = |time: Timestamp| time.duration_since(hour(0)).as_hours();
    let shifts = plan.shifts.iter().map(|shift| format!("{} {}", at(shift.hours.from), shift.person));
    shifts.collect::<Vec<_>>().join(", ")
}

// When they are needed.

#[track_caller]
fn check_agenda(history: &[(i64, IssueEvent)], now: i64, expected: Agenda) {
    let records: Vec<Recorded<IssueEvent>> =
        (1..).zip(history).map(|(n, (at, event))| recorded(event.clone(), 1, n, hour(*at))).collect();
    let ledger = Ledger::of(&records);
    let standing = domain::issue::fold(&records).and_then(|issue| issue.shifts);
    assert_eq!(agenda(&ledger, &world().project.terms(), standing.as_ref(), hour(now)), expected);
}

fn changed(to: &str) -> IssueEvent {
    IssueEvent::SeverityChanged { from: domain::Fact::NotKnown, to: severity(to), reason: because("as it is") }
}

fn planned(from: i64) -> IssueEvent {
    let world = world();
    let owner = team("dev");
    IssueEvent::ShiftsPlanned { plan: domain::shifts::plan(Some((&owner, world.teams.get(&owner))), hour(from), None) }
}

#[test]
fn a_day_unmitigated_from_filing_or_from_becoming_that_severe() {
    let due = |at: i64| Agenda::Plan { due: hour(at) };
    let sev1 = || triaged_as(3, "sev1", "dev");
    let sev2 = || triaged_as(3, "sev2", "dev");
    // The first triage says what it was from filing on.
    check_agenda(&[(0, filed()), (1, sev1())], 2, due(24));
    check_agenda(&[(0, filed()), (30, sev1())], 31, due(24));
    check_agenda(&[(0, filed()), (1, sev2()), (20, changed("sev1"))], 21, due(44));
    check_agenda(&[(0, filed()), (1, sev1()), (10, changed("sev2")), (20, changed("sev1"))], 21, due(44));
    check_agenda(&[(0, filed()), (1, sev2())], 100, Agenda::Nothing);
    check_agenda(&[(0, filed()), (1, sev1()), (5, workaround())], 100, Agenda::Nothing);
    // The workaround is withdrawn: a new cycle of the mitigate clock begins.
    let withdrawn = IssueEvent::WorkaroundWithdrawn { reason: None };
    check_agenda(&[(0, filed()), (1, sev1()), (5, workaround()), (9, withdrawn)], 10, due(33));
}

#[test]
fn a_standing_plan_is_renewed_or_ended() {
    let sev1 = || triaged_as(3, "sev1", "dev");
    let end = |at: i64, because| Agenda::End { due: hour(at), because };
    check_agenda(&[(0, filed()), (1, sev1()), (24, planned(24))], 25, Agenda::Plan { due: hour(48) });
    check_agenda(&[(0, filed()), (1, sev1()), (24, planned(24)), (30, workaround())], 31, end(30, Ending::Mitigated));
    check_agenda(&[(0, filed()), (1, sev1()), (24, planned(24)), (30, dismissed())], 31, end(30, Ending::Dismissed));
    check_agenda(
        &[(0, filed()), (1, sev1()), (24, planned(24)), (30, changed("sev2"))],
        31,
        end(30, Ending::Downgraded),
    );
    let handed = IssueEvent::IssueHandedOver { from: domain::Fact::NotKnown, to: team("core"), reason: None };
    check_agenda(&[(0, filed()), (1, sev1()), (24, planned(24)), (30, handed)], 31, Agenda::Plan { due: hour(30) });
}

// What is decided.

#[test]
fn shifts_are_planned_after_a_day_and_not_before() {
    planning(down(), 23).when(Command::PlanShifts).then_rejected(Rejection::NoShiftsNeeded { from: Some(hour(24)) });
    let plan = plan_of(planning(down(), 24));
    assert_eq!((on(&plan).as_str(), plan.obstacle), ("24 dan, 32 dora, 40 dan", None));
    // A little late, they change at the same hours all the same; very late, from then on.
    assert_eq!(plan_of(planning(down(), 24).now(hour(24) + jiff::SignedDuration::from_mins(9))).from, hour(24));
    assert_eq!(plan_of(planning(down(), 60)).from, hour(60));
}

#[test]
fn nobody_owns_it_yet() {
    let mut filed = filed();
    if let IssueEvent::IssueFiled { reported_severity, .. } = &mut filed {
        *reported_severity = Some(severity("sev1"));
    }
    let plan = plan_of(planning(vec![filed], 24));
    assert_eq!((plan.team.clone(), plan.obstacle, plan.uncovered.len()), (None, Some(Obstacle::NoOwnerTeam), 1));
}

#[test]
fn a_plan_is_renewed_daily_and_mended_when_it_no_longer_holds() {
    let story = planning(down(), 24).when(Command::PlanShifts).then_on();
    story.clone().when(Command::PlanShifts).then_rejected(Rejection::ShiftsStand { until: hour(48) });
    assert_eq!(on(&plan_of(story.clone().now(hour(48)))), "48 dora, 56 dan, 64 dora");

    let mended = |now: i64, away: &[(&str, i64, i64)]| {
        let away: Vec<_> = away.iter().map(|(who, from, until)| (person(who), hour(*from), hour(*until))).collect();
        let absences = away.into_iter().map(|(person, from, until)| Absence { person, from, until });
        let absent = story.clone().where_world(|world| {
            let dev = world.teams.get_mut(&team("dev")).unwrap();
            dev.members.push(person("eve"));
            dev.away.extend(absences);
        });
        plan_of(absent.now(hour(now)))
    };
    assert_eq!(on(&mended(26, &[("dora", 30, 50)])), "24 dan, 32 eve, 40 dan");
    assert_eq!(on(&mended(26, &[("dan", 26, 50)])), "24 dan, 26 dora, 32 eve, 40 dora");
    // Another team owns it now.
    let handed = story.when(Command::HandOverIssue { team: team("core"), reason: because("theirs") }).then_on();
    let plan = plan_of(handed.now(hour(30)));
    assert_eq!((on(&plan).as_str(), plan.obstacle), ("30 kim", Some(Obstacle::TeamOfOne)));
}

#[test]
fn shifts_end_when_they_are_needed_no_longer() {
    let story = planning(down(), 24).when(Command::PlanShifts).then_on();
    story.clone().when(Command::EndShifts).then_rejected(Rejection::ShiftsNeeded);
    let over = story.when(Command::RecordWorkaround { text: text("pay by invoice") }).then_on();
    let ended = over.when(Command::EndShifts);
    let ended = ended.then([IssueEvent::ShiftsEnded { because: Ending::Mitigated }]).then_on();
    assert_eq!(ended.issue.as_ref().unwrap().shifts, None);
    ended.clone().when(Command::EndShifts).then_rejected(Rejection::NoShifts);
    ended.when(Command::PlanShifts).then_rejected(Rejection::NoShiftsNeeded { from: None });
}

#[test]
fn a_shift_is_handed_over_to_a_member_who_is_there() {
    let story = planning(down(), 24).when(Command::PlanShifts).then_on();
    let to = |who: &str, shift: Option<i64>| Command::HandOverShift { shift: shift.map(hour), to: person(who) };
    let dora = story.clone().when(to("dora", None)).then_issue().shifts.unwrap();
    assert_eq!(on(&dora.plan), "24 dan, 25 dora, 32 dora, 40 dan");
    let later = story.clone().when(to("dan", Some(32))).then_issue().shifts.unwrap();
    assert_eq!(on(&later.plan), "24 dan, 32 dan, 40 dan");
    story.clone().when(to("dan", None)).then_rejected(Rejection::OnShiftAlready { person: person("dan") });
    story.clone().when(to("dora", Some(33))).then_rejected(Rejection::NoSuchShift { shift: hour(33) });
    story
        .clone()
        .when(to("kim", None))
        .then_rejected(Rejection::NotAMember { person: person("kim"), team: team("dev") });
    let away = story.where_world(|world| {
        let absence = Absence { person: person("dora"), from: hour(26), until: hour(50) };
        world.teams.get_mut(&team("dev")).unwrap().away.push(absence);
    });
    let rejection = Rejection::AlreadyAway { person: person("dora"), from: hour(26), until: hour(50) };
    away.when(to("dora", None)).then_rejected(rejection);
}
