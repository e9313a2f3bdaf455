//! Calendars of a project: defined, defined anew, and what follows for the policies that count on them.

use domain::calendar::{Draft, DraftDate, DraftDay, WEEK};
use domain::ids::CalendarId;
use domain::policy;
use domain::project::{Command, Project, ProjectEvent};
use domain::{Rejection, StreamKind, project};

use super::words::{self, hour, person};
use super::world::{context, record, world};

fn office(id: &str, hours: &str, holidays: &[&str]) -> Command {
    let day = |day: &str| DraftDay { day: day.to_owned(), hours: vec![hours.to_owned()] };
    let holiday = |date: &&str| DraftDate { date: (*date).to_owned(), ..DraftDate::default() };
    let week = WEEK[..5].iter().map(|name| day(name)).collect();
    let dates = holidays.iter().map(holiday).collect();
    let draft = Draft { id: id.to_owned(), zone: "Europe/London".to_owned(), week, dates };
    Command::DefineCalendar { definition: draft.read().unwrap() }
}

fn decide(there: &Project, command: Command) -> Result<Vec<ProjectEvent>, Rejection> {
    let (actor, id) = (person("olga"), words::project_id());
    project::decide(Some(there), command, &context(&actor, &id, Some(there))).map(|decision| decision.events)
}

fn after(there: Project, events: Vec<ProjectEvent>) -> Project {
    let recorded = events.into_iter().map(|event| record(event, StreamKind::Project, "PAY", 2, hour(100)));
    let recorded: Vec<_> = recorded.collect();
    recorded.iter().fold(Some(there), project::evolve).unwrap()
}

fn id(text: &str) -> CalendarId {
    CalendarId::parse(text).unwrap()
}

/// Versions of policies, and of the calendar that each pins.
fn pins(project: &Project, calendar: &str) -> Vec<(u32, Option<u32>)> {
    project.policies.all().iter().map(|policy| (policy.version, policy.calendar_version(&id(calendar)))).collect()
}

#[test]
fn a_new_definition_is_the_next_version() {
    let first = decide(&world().project, office("office", "09:00-17:00", &[])).unwrap();
    let project = after(world().project, first.clone());
    assert!(matches!(&first[..], [ProjectEvent::CalendarDefined { calendar }] if calendar.version() == 1), "{first:?}");
    let second = decide(&project, office("office", "08:00-16:00", &[])).unwrap();
    assert!(
        matches!(&second[..], [ProjectEvent::CalendarDefined { calendar }] if calendar.version() == 2),
        "{second:?}"
    );
    let project = after(project, second);
    assert_eq!(project.calendars.versions(&id("office")).len(), 2);
    assert_eq!(project.calendars.latest(&id("office")).unwrap().version(), 2);
}

#[test]
fn what_is_so_already_is_refused() {
    let project = after(world().project, decide(&world().project, office("office", "09:00-17:00", &[])).unwrap());
    assert_eq!(decide(&project, office("office", "09:00-17:00", &[])), Err(Rejection::SettingUnchanged));
}

#[test]
fn the_calendar_without_closing_time_is_nobody_s_to_define() {
    let refusal = decide(&world().project, office("24x7", "09:00-17:00", &[]));
    assert_eq!(refusal, Err(Rejection::CalendarBuiltIn { calendar: id("24x7") }));
}

#[test]
fn a_project_bounds_its_calendars() {
    let mut project = world().project;
    for n in 0..100 {
        let events = decide(&project, office(&format!("office-{n}"), "09:00-17:00", &[])).unwrap();
        project = after(project, events);
    }
    let refusal = decide(&project, office("office-100", "09:00-17:00", &[]));
    assert_eq!(refusal, Err(Rejection::TooManyCalendars { limit: 100 }));
    assert!(decide(&project, office("office-99", "09:00-18:00", &[])).is_ok(), "one that is there goes on");
}

#[test]
fn a_holiday_added_late_is_of_the_next_policy() {
    // The default policy counts on `business`; from the first definition on a policy of the project's own does.
    let project = world().project;
    let project = after(project.clone(), decide(&project, office("business", "09:00-17:00", &[])).unwrap());
    assert_eq!(pins(&project, "business"), [(0, Some(0)), (1, Some(1))]);
    let project = after(project.clone(), decide(&project, office("business", "09:00-17:00", &["2026-12-25"])).unwrap());
    assert_eq!(pins(&project, "business"), [(0, Some(0)), (1, Some(1)), (2, Some(2))]);
    let [before, now] = [hour(99), hour(100)].map(|at| project.policies.in_force(at).version);
    assert_eq!((before, now), (0, 2), "what began before is ruled by the version of its start");
}

#[test]
fn a_policy_that_waits_for_its_day_moves_too() {
    let project = world().project;
    let project = after(project.clone(), decide(&project, office("business", "09:00-17:00", &[])).unwrap());
    let mut draft = policy::Draft::of(project.policies.in_force(hour(200)));
    draft.effective_from = Some(hour(500));
    draft.severities[1].rules.at_risk_percent = 50;
    let project = after(project.clone(), decide(&project, Command::AdoptPolicy { draft }).unwrap());
    let project = after(project.clone(), decide(&project, office("business", "08:00-16:00", &[])).unwrap());
    assert_eq!(pins(&project, "business"), [(0, Some(0)), (1, Some(1)), (2, Some(1)), (3, Some(2)), (4, Some(2))]);
    let [present, coming] = [hour(499), hour(500)].map(|at| project.policies.in_force(at));
    assert_eq!((present.version, coming.version), (3, 4));
    assert_eq!((present.severities[1].rules.at_risk_percent, coming.severities[1].rules.at_risk_percent), (75, 50));
}

#[test]
fn a_policy_that_pins_an_older_version_on_purpose_keeps_it() {
    let project = world().project;
    let project = after(project.clone(), decide(&project, office("business", "09:00-17:00", &[])).unwrap());
    let project = after(project.clone(), decide(&project, office("business", "08:00-16:00", &[])).unwrap());
    let mut draft = policy::Draft::of(project.policies.in_force(hour(200)));
    draft.calendars.insert(id("business"), 1);
    let project = after(project.clone(), decide(&project, Command::AdoptPolicy { draft }).unwrap());
    let events = decide(&project, office("business", "07:00-15:00", &[])).unwrap();
    assert_eq!(events.len(), 1, "{events:?}");
}

#[test]
fn a_calendar_that_a_policy_can_t_count_on_is_refused_with_its_reason() {
    // Sev 2 has two working days to mitigate on `business`: nights have no days to count.
    let refusal = decide(&world().project, office("business", "22:00-06:00", &[])).unwrap_err();
    let Rejection::CalendarMalformed { faults } = refusal else {
        panic!("{refusal:?}");
    };
    let places: Vec<_> = faults.0.iter().map(|fault| fault.place.as_str()).collect();
    assert!(places.iter().all(|place| place.starts_with("policies[0].severities.")), "{places:?}");
    assert!(places.contains(&"policies[0].severities.sev2.mitigate"), "{places:?}");
}
