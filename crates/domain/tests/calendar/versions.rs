//! A project's calendars in their versions.

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
fn all_versions_stay() {
    let mut calendars = Calendars::default();
    calendars.define(Calendar::new(london().read().unwrap(), 1), second(100));
    calendars.define(Calendar::new(with_date(london(), "2026-12-25", "").read().unwrap(), 2), second(200));
    let since: Vec<_> = calendars.versions(&id("office")).iter().map(|defined| defined.since).collect();
    assert_eq!(since, [second(100), second(200)]);
    assert_eq!(calendars.version(&id("office"), 1).unwrap().definition(), &london().read().unwrap());
    assert_eq!(calendars.latest(&id("office")), calendars.version(&id("office"), 2));
    assert_eq!([0, 3].map(|version| calendars.version(&id("office"), version)), [None, None]);
    assert_eq!(calendars.latest(&id("nights")), None);
}

#[test]
fn a_built_in_calendar_is_there_until_it_is_defined() {
    let mut calendars = Calendars::default();
    let mut draft = london();
    draft.id = "business".to_owned();
    assert_eq!(calendars.latest(&id("business")), Some(Calendar::business()));
    calendars.define(Calendar::new(draft.read().unwrap(), 1), second(100));
    assert_eq!(calendars.latest(&id("business")).unwrap().zone().name(), "Europe/London");
    assert_eq!(calendars.version(&id("business"), 0), Some(Calendar::business()));
    assert_eq!(calendars.ids().collect::<Vec<_>>(), [id("24x7"), id("business")]);
}

#[test]
fn what_is_not_the_next_version_changes_nothing() {
    let mut calendars = Calendars::default();
    calendars.define(Calendar::new(london().read().unwrap(), 2), second(100));
    assert_eq!(calendars, Calendars::default());
}
