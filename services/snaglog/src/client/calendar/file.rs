//! A calendar as a file, for the user's own repository.

use api::calendars::v1::{CalendarDefinition, DatedDay, Weekday, WorkingDay};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_saphyr::FlowSeq;

/// What a file looks like.
pub(super) const HELP: &str = "\
The file is YAML:

  calendar: office
  zone: Europe/London              # a time zone of the IANA database
  week:
    mon-thu: [\"09:00-12:30\", \"13:30-17:00\"]
    fri: [\"09:00-12:00\"]           # 22:00-06:00 goes over midnight, 00:00-24:00 is a whole day
  dates:
    2026-12-24: { name: Christmas Eve, hours: [\"09:00-12:00\"] }
    2026-12-25: Christmas Day      # closed

`snaglog calendar show PROJECT CALENDAR --yaml` writes such a file.";

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    calendar: String,
    zone: String,
    week: IndexMap<String, FlowSeq<Vec<String>>>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    dates: IndexMap<String, Date>,
}

/// A date: its name alone where nothing is worked.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "must be a name, or `{ name: …, hours: […] }`")]
enum Date {
    Closed(String),
    Open(Open),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    #[serde(default)]
    name: String,
    hours: Option<FlowSeq<Vec<String>>>,
}

/// Reads a file. What it says is the server's to judge; what is no file of this form is told with its line.
pub(super) fn read(text: &str) -> Result<CalendarDefinition, String> {
    let File { calendar, zone, week, dates } = serde_saphyr::from_str(text).map_err(|error| {
        let told = error.to_string();
        told.strip_prefix("error: ").unwrap_or(&told).to_owned()
    })?;
    let mut days = Vec::new();
    for (name, FlowSeq(hours)) in week {
        for weekday in weekdays(&name)? {
            days.push(WorkingDay { weekday: weekday.into(), hours: hours.clone() });
        }
    }
    let dates = dates.into_iter().map(|(date, day)| match day {
        Date::Closed(name) => DatedDay { date, name, hours: Vec::new() },
        Date::Open(Open { name, hours }) => {
            DatedDay { date, name, hours: hours.map_or_else(Vec::new, |FlowSeq(hours)| hours) }
        }
    });
    Ok(CalendarDefinition { id: calendar, zone, week: days, dates: dates.collect() })
}

/// `mon`, or `mon-fri`.
fn weekdays(name: &str) -> Result<Vec<Weekday>, String> {
    let index = |day: &str| DAYS.iter().position(|(known, _)| known.eq_ignore_ascii_case(day.trim()));
    let (first, last) = name.split_once('-').unwrap_or((name, name));
    match (index(first), index(last)) {
        (Some(first), Some(last)) if first <= last => Ok(DAYS[first..=last].iter().map(|(_, day)| *day).collect()),
        _ => Err(format!("week: {name:?} is no weekday; there are mon, tue, wed, thu, fri, sat, sun, and mon-fri")),
    }
}

/// Writes such a file.
pub(super) fn write(definition: &CalendarDefinition) -> Result<String, serde_saphyr::ser::Error> {
    let date = |day: &DatedDay| match &day.hours[..] {
        [] => (day.date.clone(), Date::Closed(day.name.clone())),
        hours => (day.date.clone(), Date::Open(Open { name: day.name.clone(), hours: Some(FlowSeq(hours.to_vec())) })),
    };
    let day = |day: &WorkingDay| (short(day.weekday).to_owned(), FlowSeq(day.hours.clone()));
    serde_saphyr::to_string(&File {
        calendar: definition.id.clone(),
        zone: definition.zone.clone(),
        week: definition.week.iter().map(day).collect(),
        dates: definition.dates.iter().map(date).collect(),
    })
}

/// `mon` of a weekday's number.
pub(super) fn short(weekday: i32) -> &'static str {
    DAYS.iter().find(|(_, day)| i32::from(*day) == weekday).map_or("?", |(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFICE: &str = "\
calendar: office
zone: Europe/London
week:
  mon-wed: [\"09:00-12:30\", \"13:30-17:00\"]
  fri: [\"09:00-12:00\"]
dates:
  2026-12-24: { name: Christmas Eve, hours: [\"09:00-12:00\"] }
  2026-12-25: Christmas Day
";

    #[test]
    fn a_file_says_what_a_definition_says() {
        let read = read(OFFICE).unwrap();
        let days: Vec<_> = read.week.iter().map(|day| (short(day.weekday), day.hours.join(" "))).collect();
        let whole = "09:00-12:30 13:30-17:00".to_owned();
        let expected =
            [("mon", whole.clone()), ("tue", whole.clone()), ("wed", whole), ("fri", "09:00-12:00".to_owned())];
        assert_eq!(days, expected);
        let dates: Vec<_> =
            read.dates.iter().map(|day| (day.date.as_str(), day.name.as_str(), day.hours.len())).collect();
        assert_eq!(dates, [("2026-12-24", "Christmas Eve", 1), ("2026-12-25", "Christmas Day", 0)]);
    }

    #[test]
    fn what_was_written_is_read_again() {
        let definition = read(OFFICE).unwrap();
        let written = write(&definition).unwrap();
        assert_eq!(read(&written).unwrap(), definition, "{written}");
    }

    #[test]
    fn what_stands_there_twice_is_kept_for_the_server_to_name() {
        let twice = "calendar: c\nzone: UTC\nweek:\n  mon-fri: [\"09:00-17:00\"]\n  fri: [\"09:00-12:00\"]\n";
        assert_eq!(read(twice).unwrap().week.len(), 6);
    }

    #[test]
    fn a_slip_of_the_pen_is_told_with_its_line() {
        let cases = [
            (
                OFFICE.replace("zone:", "zoen:"),
                "line 2 column 1: unknown field `zoen`, expected one of calendar, zone, week, dates",
            ),
            (
                OFFICE.replace("mon-wed", "mo-we"),
                "week: \"mo-we\" is no weekday; there are mon, tue, wed, thu, fri, sat, sun, and mon-fri",
            ),
            (OFFICE.replace("  fri: [\"09:00-12:00\"]", "  fri: 9"), "line 5 column 8: "),
            (OFFICE.replace("  fri:", "  mon-wed:"), "line 5 column 3: duplicate mapping key: mon-wed"),
            (OFFICE.replace("calendar: office\n", ""), "line 5 column 1: missing field `calendar`"),
            (
                OFFICE.replace("Christmas Day", "[closed]"),
                "line 8 column 15: must be a name, or `{ name: …, hours: […] }`",
            ),
        ];
        for (text, expected) in cases {
            let told = read(&text).unwrap_err();
            assert!(told.starts_with(expected), "{told}");
        }
    }
}
