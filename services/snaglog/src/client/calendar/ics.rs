//! Holidays from iCalendar (RFC 5545): all-day events, events of some hours of a day, and those that recur.

mod occurrences;
#[cfg(test)]
mod tests;
mod timed;

use std::collections::BTreeMap;
use std::str::FromStr as _;

use domain::calendar::Hours;
use icalendar::{Calendar, CalendarComponent, CalendarDateTime, Component as _, DatePerhapsTime, Event, EventStatus};
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use occurrences::occurrences;
use timed::{Timed, whole_days};

/// An event lasts at most so many days: school holidays do, a typing error lasts longer.
const DAYS_MAX: usize = 366;
/// An event recurs at most so often within the dates asked for.
const OCCURRENCES_MAX: usize = 1_000;

/// What is closed, by date, and how many dates lay outside those asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Holidays {
    pub(super) dates: BTreeMap<Date, Closed>,
    pub(super) outside: usize,
}

/// Why a date differs, and what of it is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Closed {
    pub(super) name: String,
    pub(super) part: Part,
}

/// What of a date is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Day,
    /// From so many minutes after midnight up to so many, as the wall clock shows them.
    Minutes(Vec<(u16, u16)>),
}

/// Which dates are asked for: from the first to the last; in which zone the calendar counts; and whether events that aren't all day are left out.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) since: Date,
    pub(super) until: Date,
    pub(super) zone: TimeZone,
    pub(super) all_day_only: bool,
}

/// The holidays in a file; or everything in it that is none, by name.
pub(super) fn read(text: &str, wanted: &Wanted) -> Result<Holidays, Vec<String>> {
    if !text.trim_start().starts_with("BEGIN:VCALENDAR") {
        return Err(vec!["it does not begin with BEGIN:VCALENDAR".to_owned()]);
    }
    let calendar = Calendar::from_str(text).map_err(|error| vec![error.lines().next().unwrap_or("?").to_owned()])?;
    let events = calendar.components.iter().filter_map(CalendarComponent::as_event);
    let (mut holidays, mut faults) = (Holidays::default(), Vec::new());
    for event in events.filter(|event| event.get_status() != Some(EventStatus::Cancelled)) {
        match closed(event, wanted) {
            Ok(parts) => parts.into_iter().for_each(|(date, part)| holidays.add(date, part, event, wanted)),
            Err(wrong) => faults.push(format!("“{}” {}", name(event), wrong.told())),
        }
    }
    if faults.is_empty() { Ok(holidays) } else { Err(faults) }
}

/// Why an event is no holiday.
#[derive(Debug)]
enum Wrong {
    NoStart,
    NoEnd,
    EndsBefore,
    TooLong,
    Mixed,
    Zone(String),
    Seconds,
    Ambiguous(String),
    Recurrence(String),
    TooOften,
}
use Wrong::{EndsBefore, Mixed, NoStart, TooLong};

impl Wrong {
    fn told(&self) -> String {
        match self {
            NoStart => "has no date".to_owned(),
            Self::NoEnd => "has hours and no end: what of the day is closed is not known".to_owned(),
            EndsBefore => "ends before it begins".to_owned(),
            TooLong => format!("lasts more than {DAYS_MAX} days"),
            Mixed => "begins with a date and ends with a time, or the other way round".to_owned(),
            Self::Zone(zone) => format!(
                "is in the zone “{zone}”, which is not an IANA time zone: export it with one, write its hours in the calendar's file, or leave it out \
                 with --all-day-only"
            ),
            Self::Seconds => "does not begin and end at a full minute, as a calendar's hours do".to_owned(),
            Self::Ambiguous(at) => {
                format!(
                    "begins or ends at {at}, which the clocks of the calendar's zone, or its own, skip or show twice"
                )
            }
            Self::Recurrence(why) => format!("recurs in a way that is not understood: {why}"),
            Self::TooOften => format!("recurs more than {OCCURRENCES_MAX} times"),
        }
    }
}

impl Holidays {
    /// Two holidays on one date share it.
    fn add(&mut self, date: Date, part: Part, event: &Event, wanted: &Wanted) {
        if date < wanted.since || date > wanted.until {
            self.outside += 1;
            return;
        }
        let name = name(event);
        let Some(there) = self.dates.get_mut(&date) else {
            self.dates.insert(date, Closed { name, part });
            return;
        };
        if !there.name.split(", ").any(|one| one == name) {
            there.name.push_str(", ");
            there.name.push_str(&name);
        }
        match (&mut there.part, part) {
            (Part::Day, _) => {}
            (there, Part::Day) => *there = Part::Day,
            (Part::Minutes(there), Part::Minutes(more)) => there.extend(more),
        }
    }
}

impl Part {
    /// What is still worked of a day's hours; none goes over midnight.
    pub(super) fn leaves(&self, hours: &[Hours]) -> Vec<Hours> {
        let Self::Minutes(closed) = self else { return Vec::new() };
        let mut left: Vec<(u16, u16)> = hours.iter().map(|hours| (hours.opens(), hours.closes())).collect();
        for (from, until) in closed {
            left = left
                .into_iter()
                .flat_map(|(opens, closes)| [(opens, closes.min(*from)), (opens.max(*until), closes)])
                .collect();
            left.retain(|(opens, closes)| opens < closes);
        }
        left.into_iter().filter_map(|(opens, closes)| Hours::new(opens, closes).ok()).collect()
    }
}

fn name(event: &Event) -> String {
    event.get_summary().map_or("unnamed", str::trim).replace(|c: char| c.is_control(), " ")
}

/// What is closed by an event, by each of its occurrences up to the last date asked for.
fn closed(event: &Event, wanted: &Wanted) -> Result<Vec<(Date, Part)>, Wrong> {
    match (event.get_start().ok_or(NoStart)?, event.get_end()) {
        (DatePerhapsTime::Date(first), None) => days(event, civil(first)?, None, wanted),
        (DatePerhapsTime::Date(first), Some(DatePerhapsTime::Date(end))) => {
            days(event, civil(first)?, Some(civil(end)?), wanted)
        }
        (DatePerhapsTime::DateTime(start), None) => hours(event, (&start, None), wanted),
        (DatePerhapsTime::DateTime(start), Some(DatePerhapsTime::DateTime(end))) => {
            match whole_days(event, &start, &end) {
                Some((first, end)) => days(event, first, Some(end), wanted),
                None => hours(event, (&start, Some(&end)), wanted),
            }
        }
        _ => Err(Mixed),
    }
}

/// The hours that an event closes, unless they aren't asked for.
fn hours(
    event: &Event,
    span: (&CalendarDateTime, Option<&CalendarDateTime>),
    wanted: &Wanted,
) -> Result<Vec<(Date, Part)>, Wrong> {
    if wanted.all_day_only { Ok(Vec::new()) } else { Timed::of(event, span, wanted)?.closed(event, wanted) }
}

/// All days of an event. Its end is the first date after it (RFC 5545, 3.6.1); without one it lasts a day.
fn days(event: &Event, first: Date, end: Option<Date>, wanted: &Wanted) -> Result<Vec<(Date, Part)>, Wrong> {
    let end = end.unwrap_or_else(|| first.saturating_add(1.day()));
    // Some write the same date for both.
    let length = match first.until(end).map_or(-1, |span| span.get_days()) {
        ..0 => return Err(EndsBefore),
        days => usize::try_from(days).unwrap_or_default().max(1),
    };
    if length > DAYS_MAX {
        return Err(TooLong);
    }
    let mut days = Vec::new();
    for start in occurrences(event, first, None, wanted.until)? {
        days.extend(start.series(1.day()).take(length).map(|date| (date, Part::Day)));
    }
    Ok(days)
}

/// A date of the library's, which writes it as ISO 8601 does.
fn civil(date: impl std::fmt::Display) -> Result<Date, Wrong> {
    date.to_string().parse().map_err(|_| NoStart)
}
