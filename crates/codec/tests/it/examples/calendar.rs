//! Calendars as they are defined.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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

/// Lunch breaks, a holiday and a half day.
fn office() -> Calendar {
    let week = vec![day("mon", &["09:00-12:30", "13:30-17:00"]), day("fri", &["09:00-12:00"])];
    let dates = vec![date("2026-12-24", "Christmas Eve", &["09:00-12:00"]), date("2026-12-25", "Christmas Day", &[])];
    defined("office", week, dates, 3)
}

/// Over midnight, and without dates.
fn nights() -> Calendar {
    let week = vec![day("mon", &["22:00-06:00"]), day("sun", &["00:00-24:00"])];
    defined("nights", week, Vec::new(), 1)
}

/// In a zone that no database has: a golden file stays what it is when the database moves on.
fn defined(id: &str, week: Vec<DraftDay>, dates: Vec<DraftDate>, version: u32) -> Calendar {
    let draft = Draft { id: id.to_owned(), zone: "UTC".to_owned(), week, dates };
    let read = draft.read().unwrap();
    let zone = Zone::stored("Somewhere/Else", "1999z", &STANDARD.decode(RULES).unwrap()).unwrap();
    let (id, week, dates) = (read.id().clone(), read.week().clone(), read.dates().clone());
    Calendar::new(Definition::new(id, zone, week, dates).unwrap(), version)
}

/// UTC as TZif, in base64.
const RULES: &str = concat!(
    "VFppZjIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAAAAEAAAAAAAAAVFppZjIAAAAAAAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAQAAAAQAAAAAAABVVEMAClVUQzAK",
);
