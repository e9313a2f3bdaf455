//! Which version is in force when.

use domain::Rejection;
use domain::policy::{Draft, Target};
use domain::project::Command;
use jiff::Timestamp;

use crate::given::{NOON, adopted, after, at, decide, draft, hours, project, subject};

/// The default with another target for accepting a sev2.
fn with_accept(hours_of: i64) -> Draft {
    let mut draft = draft();
    draft.severities[1].rules.targets.accept = Some(Target::Working(hours(hours_of)));
    draft
}

fn from(effective_from: &str, draft: Draft) -> Draft {
    Draft { effective_from: Some(at(effective_from)), ..draft }
}

#[test]
fn a_project_that_adopts_nothing_is_ruled_by_the_default() {
    let project = project();
    for instant in [Timestamp::MIN, at(NOON), Timestamp::MAX] {
        assert_eq!(project.policies.in_force(instant).version, 0);
    }
    assert_eq!(project.policies.version(1), None);
}

#[test]
fn a_policy_is_in_force_from_its_time_on_and_the_older_ones_stay() {
    let project = adopted(&project(), at(NOON), with_accept(2));
    let project = adopted(&project, at(NOON), from("2026-04-01T00:00:00Z", with_accept(3)));
    let in_force = |instant| project.policies.in_force(at(instant)).version;
    assert_eq!(in_force("2026-03-02T11:59:59.999999Z"), 0);
    assert_eq!(in_force(NOON), 1);
    assert_eq!(in_force("2026-03-31T23:59:59.999999Z"), 1);
    assert_eq!(in_force("2026-04-01T00:00:00Z"), 2);
    let accept = |version| project.policies.rules(version, &subject("sev2")).unwrap().rules.targets.accept;
    assert_eq!([0, 1, 2].map(accept), [4, 2, 3].map(|n| Some(Target::Working(hours(n)))));
}

#[test]
fn of_two_that_begin_together_the_later_one_rules() {
    let april = "2026-04-01T00:00:00Z";
    let project = adopted(&project(), at(NOON), from(april, with_accept(2)));
    let project = adopted(&project, at("2026-03-20T00:00:00Z"), from(april, with_accept(3)));
    assert_eq!(project.policies.in_force(at(april)).version, 2);
    assert_eq!(project.policies.in_force(at(NOON)).version, 0);
}

#[test]
fn one_to_come_takes_over_from_one_that_was_adopted_after_it() {
    let project = adopted(&project(), at(NOON), from("2026-04-01T00:00:00Z", with_accept(2)));
    let project = adopted(&project, at("2026-03-20T00:00:00Z"), with_accept(3));
    assert_eq!(project.policies.in_force(at("2026-03-31T00:00:00Z")).version, 2);
    assert_eq!(project.policies.in_force(at("2026-04-01T00:00:00Z")).version, 1);
}

#[test]
fn what_was_recorded_between_deciding_and_recording_was_not_under_it() {
    let project = project();
    let events = decide(&project, at(NOON), Command::AdoptPolicy { draft: with_accept(2) }).unwrap();
    let late = at("2026-03-02T12:00:00.25Z");
    let event = crate::given::recorded(events[0].clone(), 2, late);
    let project = domain::project::evolve(Some(project), &event).unwrap();
    assert_eq!(project.policies.in_force(at("2026-03-02T12:00:00.249Z")).version, 0);
    assert_eq!(project.policies.in_force(late).version, 1);
}

#[test]
fn the_past_stays_as_it_was_but_clocks_may_differ() {
    let propose = |effective_from: &str| {
        decide(&project(), at(NOON), Command::AdoptPolicy { draft: from(effective_from, with_accept(2)) })
    };
    let Err(Rejection::PolicyMalformed { faults }) = propose("2026-03-02T11:59:29Z") else { panic!() };
    assert_eq!(
        faults.to_string(),
        "effective_from lies in the past: 2026-03-02T11:59:29Z is before 2026-03-02T12:00:00Z; what held then holds"
    );
    assert!(propose("2026-03-02T11:59:30Z").is_ok());
}

#[test]
fn the_same_again_is_refused_by_name() {
    let project = adopted(&project(), at(NOON), with_accept(2));
    let adopt = |draft| decide(&project, at("2026-03-03T12:00:00Z"), Command::AdoptPolicy { draft });
    assert_eq!(adopt(with_accept(2)), Err(Rejection::SamePolicy { version: 1 }));
    assert_eq!(adopt(from("2026-05-01T00:00:00Z", with_accept(2))), Err(Rejection::SamePolicy { version: 1 }));
    assert!(adopt(with_accept(3)).is_ok());
}

#[test]
fn severities_stand_in_the_schemes_order_however_they_were_proposed() {
    let project = adopted(&project(), at(NOON), with_accept(2));
    let mut upside_down = with_accept(2);
    upside_down.severities.reverse();
    let again = decide(&project, at(NOON), Command::AdoptPolicy { draft: upside_down });
    assert_eq!(again, Err(Rejection::SamePolicy { version: 1 }));
}

#[test]
fn one_to_come_is_taken_back_by_adopting_the_old_one_for_its_time() {
    let april = "2026-04-01T00:00:00Z";
    let project = adopted(&project(), at(NOON), with_accept(2));
    let project = adopted(&project, at(NOON), from(april, with_accept(3)));
    let project = adopted(&project, at(NOON), from(april, with_accept(2)));
    assert_eq!(project.policies.in_force(at(april)).version, 3);
}

#[test]
fn the_default_may_be_made_ones_own() {
    let project = adopted(&project(), at(NOON), draft());
    assert_eq!(project.policies.in_force(at(NOON)).version, 1);
    let again = decide(&project, at(NOON), Command::AdoptPolicy { draft: draft() });
    assert_eq!(again, Err(Rejection::SamePolicy { version: 1 }));
}

#[test]
fn a_calendar_is_pinned_as_it_is_then() {
    let week = || ["mon", "tue", "wed", "thu", "fri"];
    let define = |hours: &str| {
        let day = |day: &str| domain::calendar::DraftDay { day: day.into(), hours: vec![hours.into()] };
        let week = week().map(day).into();
        let draft =
            domain::calendar::Draft { id: "london".into(), zone: "Europe/London".into(), week, ..Default::default() };
        Command::DefineCalendar { definition: draft.read().unwrap() }
    };
    let project = after(&project(), at(NOON), define("09:00-17:00"));
    let mut counted_in_london = draft();
    counted_in_london.calendars.clear();
    counted_in_london.severities[1].rules.calendar = "london".parse().unwrap();
    let project = adopted(&project, at(NOON), counted_in_london.clone());
    let pinned = |project: &domain::project::Project, version| {
        let ruling = project.policies.rules(version, &subject("sev2")).unwrap();
        (ruling.calendar().0.to_string(), ruling.calendar().1)
    };
    assert_eq!(pinned(&project, 1), ("london".into(), 1));

    let project = after(&project, at("2026-03-03T12:00:00Z"), define("08:00-16:00"));
    assert_eq!(pinned(&project, 1), ("london".into(), 1));
    assert_eq!(pinned(&project, 2), ("london".into(), 2));

    counted_in_london.calendars.insert("london".parse().unwrap(), 1);
    let project = adopted(&project, at("2026-03-04T12:00:00Z"), counted_in_london);
    assert_eq!(pinned(&project, 3), ("london".into(), 1));
}
