//! A project's calendars: which version is in force when.

use domain::calendar::{Calendar, Calendars};
use domain::ids::CalendarId;
use jiff::Timestamp;

use super::words::{london, with_date};

fn second(count: i64) -> Timestamp {
    Timestamp::from_second(count).unwrap()
}

fn id(text: &str) -> CalendarId {
    CalendarId::parse(text).unwrap()
}

#[test]
fn a_new_definition_is_in_force_from_then_on() {
    let mut calendars = Calendars::default();
    calendars.define(Calendar::new(london().read().unwrap(), 1), second(100));
    calendars.define(Calendar::new(with_date(london(), "2026-12-25", "").read().unwrap(), 2), second(200));
    let in_force = |at| calendars.in_force(&id("office"), second(at)).unwrap().version();
    assert_eq!([50, 100, 199, 200, 300].map(in_force), [1, 1, 1, 2, 2], "before the first there is no other");
    assert_eq!(calendars.latest(&id("office")), calendars.version(&id("office"), 2));
    assert_eq!(calendars.version(&id("office"), 3), None);
    assert_eq!(calendars.version(&id("office"), 0), None);
    assert_eq!(calendars.in_force(&id("nights"), second(100)), None);
}

#[test]
fn a_built_in_calendar_rules_until_it_is_defined() {
    let mut calendars = Calendars::default();
    let mut draft = london();
    draft.id = "business".to_owned();
    assert_eq!(calendars.latest(&id("business")), Some(Calendar::business()));
    calendars.define(Calendar::new(draft.read().unwrap(), 1), second(100));
    let zone = |at| calendars.in_force(&id("business"), second(at)).unwrap().zone().name().to_owned();
    assert_eq!([99, 100].map(zone), ["UTC", "Europe/London"]);
    assert_eq!(calendars.version(&id("business"), 0), Some(Calendar::business()));
    assert_eq!(calendars.ids().collect::<Vec<_>>(), [id("24x7"), id("business")]);
}

#[test]
fn what_is_not_the_next_version_changes_nothing() {
    let mut calendars = Calendars::default();
    calendars.define(Calendar::new(london().read().unwrap(), 2), second(100));
    assert_eq!(calendars, Calendars::default());
}
