//! Holidays from iCalendar (RFC 5545): all-day events, those that recur too.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use icalendar::rrule::RRuleSet;
use icalendar::{Calendar, CalendarComponent, Component as _, DatePerhapsTime, Event, EventStatus};
use jiff::ToSpan as _;
use jiff::civil::Date;

/// An event lasts at most so many days: school holidays do, a typing error lasts longer.
const DAYS_MAX: usize = 366;
/// An event recurs at most so often within the dates asked for.
const OCCURRENCES_MAX: usize = 1_000;

/// Holidays with their names, by date, and how many lay outside the dates asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Holidays {
    pub(super) dates: BTreeMap<Date, String>,
    pub(super) outside: usize,
}

/// Which dates are asked for: from the first to the last, and whether events that aren't all day are left out instead of refused.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) since: Date,
    pub(super) until: Date,
    pub(super) all_day_only: bool,
}

/// The holidays in a file; or everything in it that is none, by name.
pub(super) fn read(text: &str, wanted: Wanted) -> Result<Holidays, Vec<String>> {
    if !text.trim_start().starts_with("BEGIN:VCALENDAR") {
        return Err(vec!["it does not begin with BEGIN:VCALENDAR".to_owned()]);
    }
    let calendar = Calendar::from_str(text).map_err(|error| vec![error.lines().next().unwrap_or("?").to_owned()])?;
    let events = calendar.components.iter().filter_map(CalendarComponent::as_event);
    let (mut holidays, mut faults) = (Holidays::default(), Vec::new());
    for event in events.filter(|event| event.get_status() != Some(EventStatus::Cancelled)) {
        match days(event, wanted) {
            Ok(days) => days.into_iter().for_each(|day| holidays.add(day, event, wanted)),
            Err(NotAllDay) if wanted.all_day_only => {}
            Err(wrong) => faults.push(format!("“{}” {}", name(event), wrong.told())),
        }
    }
    if faults.is_empty() { Ok(holidays) } else { Err(faults) }
}

/// Why an event is no holiday.
#[derive(Debug)]
enum Wrong {
    NoStart,
    NotAllDay,
    EndsBefore,
    TooLong,
    Recurrence(String),
    TooOften,
}
use Wrong::{EndsBefore, NoStart, NotAllDay, Recurrence, TooLong, TooOften};

impl Wrong {
    fn told(&self) -> String {
        match self {
            NoStart => "has no date".to_owned(),
            NotAllDay => {
                "is not all day: half days are written in the calendar's file; --all-day-only leaves it out".to_owned()
            }
            EndsBefore => "ends before it begins".to_owned(),
            TooLong => format!("lasts more than {DAYS_MAX} days"),
            Recurrence(why) => format!("recurs in a way that is not understood: {why}"),
            TooOften => format!("recurs more than {OCCURRENCES_MAX} times"),
        }
    }
}

impl Holidays {
    /// Two holidays on one date share it.
    fn add(&mut self, date: Date, event: &Event, wanted: Wanted) {
        if date < wanted.since || date > wanted.until {
            self.outside += 1;
            return;
        }
        let name = name(event);
        match self.dates.entry(date) {
            std::collections::btree_map::Entry::Vacant(vacant) => {
                vacant.insert(name);
            }
            std::collections::btree_map::Entry::Occupied(mut there)
                if !there.get().split(", ").any(|one| one == name) =>
            {
                there.get_mut().push_str(", ");
                there.get_mut().push_str(&name);
            }
            std::collections::btree_map::Entry::Occupied(_) => {}
        }
    }
}

fn name(event: &Event) -> String {
    event.get_summary().map_or("unnamed", str::trim).replace(|c: char| c.is_control(), " ")
}

/// All days of an event, of each of its occurrences up to the last date asked for.
fn days(event: &Event, wanted: Wanted) -> Result<Vec<Date>, Wrong> {
    let first = match event.get_start().ok_or(NoStart)? {
        DatePerhapsTime::Date(date) => civil(date).ok_or(NoStart)?,
        DatePerhapsTime::DateTime(_) => return Err(NotAllDay),
    };
    // The end is the first date after it (RFC 5545, 3.6.1); without one it lasts a day.
    let end = match event.get_end() {
        None => first.saturating_add(1.day()),
        Some(DatePerhapsTime::Date(date)) => civil(date).ok_or(NoStart)?,
        Some(DatePerhapsTime::DateTime(_)) => return Err(NotAllDay),
    };
    // Some write the same date for both.
    let length = match first.until(end).map_or(-1, |span| span.get_days()) {
        ..0 => return Err(EndsBefore),
        days => usize::try_from(days).unwrap_or_default().max(1),
    };
    if length > DAYS_MAX {
        return Err(TooLong);
    }
    let mut days = Vec::new();
    for start in starts(event, first, wanted)? {
        days.extend(start.series(1.day()).take(length));
    }
    Ok(days)
}

/// On which dates its occurrences begin.
fn starts(event: &Event, first: Date, wanted: Wanted) -> Result<Vec<Date>, Wrong> {
    let mut rules = Vec::new();
    for name in ["RRULE", "RDATE", "EXDATE"] {
        let single = event.properties().get(name).into_iter();
        let several = event.multi_properties().get(name).into_iter().flatten();
        rules.extend(single.chain(several).map(|property| (name, property.value().to_owned())));
    }
    if rules.is_empty() {
        return Ok(vec![first]);
    }
    let begin = first.strftime("%Y%m%d").to_string();
    if !rules.iter().any(|(name, _)| *name == "RRULE") {
        // With a rule the library counts the start as its first occurrence, else it must be told.
        rules.push(("RDATE", begin.clone()));
    }
    // Dates have no zone: as midnights in UTC they recur alike, and no daylight saving is in their way.
    let mut set = format!("DTSTART:{}", midnight(&begin));
    for (name, value) in rules {
        let value =
            if name == "RRULE" { until(&value) } else { value.split(',').map(midnight).collect::<Vec<_>>().join(",") };
        set.extend(["\n", name, ":", &value]);
    }
    let set: RRuleSet = set.parse().map_err(|error: icalendar::rrule::RRuleError| Recurrence(error.to_string()))?;
    let set = set.limit();
    let found = set.into_iter().filter_map(|start| civil(start.date_naive()));
    let found: Vec<_> = found.take_while(|start| *start <= wanted.until).take(OCCURRENCES_MAX + 1).collect();
    if found.len() > OCCURRENCES_MAX { Err(TooOften) } else { Ok(found) }
}

/// A date of the library's, which writes it as ISO 8601 does.
fn civil(date: impl std::fmt::Display) -> Option<Date> {
    date.to_string().parse().ok()
}

/// `20261225` as the midnight that begins it, in UTC.
fn midnight(date: &str) -> String {
    let date = date.trim();
    if date.contains('T') { date.to_owned() } else { format!("{date}T000000Z") }
}

/// A rule whose `UNTIL` is a date, as midnight.
fn until(rule: &str) -> String {
    let part = |part: &str| match part.split_once('=') {
        Some((name, date)) if name.eq_ignore_ascii_case("UNTIL") => format!("UNTIL={}", midnight(date)),
        _ => part.to_owned(),
    };
    rule.split(';').map(part).collect::<Vec<_>>().join(";")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn wanted() -> Wanted {
        Wanted { since: date(2026, 1, 1), until: date(2028, 12, 31), all_day_only: false }
    }

    fn file(events: &[&str]) -> String {
        let events: Vec<_> = events.iter().map(|event| format!("BEGIN:VEVENT\nUID:x\n{event}\nEND:VEVENT\n")).collect();
        format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n{}END:VCALENDAR\n", events.concat())
            .replace('\n', "\r\n")
    }

    fn holidays(events: &[&str]) -> Vec<(String, String)> {
        let read = read(&file(events), wanted()).unwrap();
        read.dates.into_iter().map(|(date, name)| (date.to_string(), name)).collect()
    }

    #[track_caller]
    fn dates(event: &str, expected: &[&str]) {
        let dates: Vec<_> = holidays(&[event]).into_iter().map(|(date, _)| date).collect();
        assert_eq!(dates, expected, "{event}");
    }

    #[test]
    fn an_all_day_event_is_a_holiday() {
        let read =
            holidays(&["DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261226\nSUMMARY:Christmas Day\\, a Friday"]);
        assert_eq!(read, [("2026-12-25".to_owned(), "Christmas Day, a Friday".to_owned())]);
        // Without an end, or with one on the same date, it lasts a day.
        dates("DTSTART;VALUE=DATE:20261225", &["2026-12-25"]);
        dates("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261225", &["2026-12-25"]);
        // The end is not part of it.
        dates("DTSTART;VALUE=DATE:20261231\nDTEND;VALUE=DATE:20270102", &["2026-12-31", "2027-01-01"]);
    }

    #[test]
    fn what_recurs_is_told_for_the_dates_asked_for() {
        dates("DTSTART;VALUE=DATE:20200101\nRRULE:FREQ=YEARLY", &["2026-01-01", "2027-01-01", "2028-01-01"]);
        dates(
            "DTSTART;VALUE=DATE:20260525\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO",
            &["2026-05-25", "2027-05-31", "2028-05-29"],
        );
        dates("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=YEARLY;UNTIL=20270101", &["2026-01-01", "2027-01-01"]);
        dates(
            "DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=YEARLY\nEXDATE;VALUE=DATE:20270101",
            &["2026-01-01", "2028-01-01"],
        );
        dates(
            "DTSTART;VALUE=DATE:20260101\nRDATE;VALUE=DATE:20260105,20260107",
            &["2026-01-01", "2026-01-05", "2026-01-07"],
        );
        dates("DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY", &["2028-02-29"]);
    }

    #[test]
    fn two_holidays_share_a_date_and_a_cancelled_one_is_none() {
        let read = holidays(&[
            "DTSTART;VALUE=DATE:20260106\nSUMMARY:Epiphany",
            "DTSTART;VALUE=DATE:20260106\nSUMMARY:Three Kings",
            "DTSTART;VALUE=DATE:20260106\nSUMMARY:Epiphany",
            "DTSTART;VALUE=DATE:20260107\nSUMMARY:Gone\nSTATUS:CANCELLED",
        ]);
        assert_eq!(read, [("2026-01-06".to_owned(), "Epiphany, Three Kings".to_owned())]);
    }

    #[test]
    fn what_lies_outside_is_counted() {
        let events = ["DTSTART;VALUE=DATE:20251225", "DTSTART;VALUE=DATE:20290101", "DTSTART;VALUE=DATE:20260101"];
        let read = read(&file(&events), wanted()).unwrap();
        assert_eq!((read.dates.len(), read.outside), (1, 2));
    }

    #[test]
    fn everything_that_is_no_holiday_is_named_at_once() {
        let events = [
            "DTSTART:20261224T090000Z\nSUMMARY:Half day",
            "SUMMARY:Nowhere",
            "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261223\nSUMMARY:Backwards",
            "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20281224\nSUMMARY:Sabbatical",
            "DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=SOMETIMES\nSUMMARY:Odd",
            "DTSTART;VALUE=DATE:19000101\nRRULE:FREQ=DAILY\nSUMMARY:Always",
        ];
        let told = read(&file(&events), wanted()).unwrap_err();
        let starts = [
            "“Half day” is not all day",
            "“Nowhere” has no date",
            "“Backwards” ends before it begins",
            "“Sabbatical” lasts more than 366 days",
            "“Odd” recurs in a way that is not understood: ",
            "“Always” recurs more than 1000 times",
        ];
        assert_eq!(told.len(), starts.len(), "{told:#?}");
        for (told, start) in told.iter().zip(starts) {
            assert!(told.starts_with(start), "{told}");
        }
        let wanted = Wanted { all_day_only: true, ..wanted() };
        assert_eq!(read(&file(&events[..1]), wanted), Ok(Holidays::default()));
    }

    #[test]
    fn what_is_no_calendar_is_refused() {
        for text in ["", "holidays", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"] {
            assert!(read(text, wanted()).is_err(), "{text:?}");
        }
    }
}
