//! Calendars as they are defined.

use domain::calendar::{Calendar, Definition, Draft, DraftDate, DraftDay, Zone};
use domain::project::ProjectEvent;

use super::{Example, example};

pub(super) fn examples() -> Vec<Example> {
    let defined = |calendar| ProjectEvent::CalendarDefined { calendar };
    vec![example("CalendarDefined.v1", defined(office())), example("CalendarDefined.v1.nights", defined(nights()))]
}

fn day(day: &str, hours: &[&str]) -> DraftDay {
    DraftDay { day: day.to_owned(), hours: hours.iter().map(|hours| (*hours).to_owned()).collect() }
}

fn date(date: &str, name: &str, hours: &[&str]) -> DraftDate {
    DraftDate { date: date.to_owned(), name: name.to_owned(), hours: day("", hours).hours }
}

/// Lunch breaks, a holiday and a half day. The rules are written out in the golden file: it stays what it is when the database moves on.
fn office() -> Calendar {
    let week = vec![day("mon", &["09:00-12:30", "13:30-17:00"]), day("fri", &["09:00-12:00"])];
    let dates = vec![date("2026-12-24", "Christmas Eve", &["09:00-12:00"]), date("2026-12-25", "", &[])];
    let draft = Draft { id: "office".to_owned(), zone: "UTC".to_owned(), week, dates };
    Calendar::new(draft.read().unwrap(), 3)
}

/// Over midnight, in a zone whose rules no database has.
fn nights() -> Calendar {
    let week = vec![day("mon", &["22:00-06:00"]), day("sun", &["00:00-24:00"])];
    let draft = Draft { id: "nights".to_owned(), zone: "UTC".to_owned(), week, dates: Vec::new() };
    let read = draft.read().unwrap();
    let zone = Zone::stored("Somewhere/Else", "1999z", read.zone().rules()).unwrap();
    let (id, week, dates) = (read.id().clone(), read.week().clone(), read.dates().clone());
    Calendar::new(Definition::new(id, zone, week, dates).unwrap(), 1)
}
