//! Short ways to write calendars and instants.

use domain::calendar::{Calendar, Definition, Draft, DraftDate, DraftDay, Faults, WEEK};
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

/// `09:00-12:00 13:00-17:00`.
pub(crate) fn hours(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// A draft with `hours` on the first `days` weekdays.
pub(crate) fn draft(zone: &str, days: usize, text: &str) -> Draft {
    let week = WEEK[..days].iter().map(|day| DraftDay { day: (*day).to_owned(), hours: hours(text) }).collect();
    Draft { id: "office".to_owned(), zone: zone.to_owned(), week, dates: Vec::new() }
}

/// With a date that differs; no hours: a holiday.
pub(crate) fn with_date(mut draft: Draft, date: &str, text: &str) -> Draft {
    draft.dates.push(DraftDate { date: date.to_owned(), name: format!("named {date}"), hours: hours(text) });
    draft
}

/// The first version of it.
pub(crate) fn calendar(draft: &Draft) -> Calendar {
    Calendar::new(draft.read().unwrap(), 1)
}

/// Monday to Friday 09:00 to 17:00 in London.
pub(crate) fn london() -> Draft {
    draft("Europe/London", 5, "09:00-17:00")
}

/// What is wrong with it, a line each.
pub(crate) fn faults(read: &Result<Definition, Faults>) -> Vec<String> {
    read.as_ref().err().map(|Faults(faults)| faults.iter().map(ToString::to_string).collect()).unwrap_or_default()
}

/// What the wall clock shows in the calendar's zone, `2026-03-02 15:00`; the first of two.
pub(crate) fn at(calendar: &Calendar, local: &str) -> Timestamp {
    let local: DateTime = local.parse().unwrap();
    calendar.zone().time_zone().to_ambiguous_timestamp(local).earlier().unwrap()
}

/// What the wall clock shows then, as `Mon 2026-03-02 15:00`.
pub(crate) fn shown(calendar: &Calendar, at: Timestamp) -> String {
    at.to_zoned(calendar.zone().time_zone().clone()).strftime("%a %Y-%m-%d %H:%M").to_string()
}

pub(crate) fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_secs(60 * count)
}
