//! A calendar as a file, for the user's own repository.

use api::calendars::v1::{CalendarDefinition, DatedDay, Weekday, WorkingDay};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_saphyr::{FlowSeq, Spanned};

use crate::client::yaml::{self, At, Places, at, unplaced};

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

/// Those of a day, on one line, each with its place.
type Intervals = FlowSeq<Vec<Spanned<String>>>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    calendar: Spanned<String>,
    zone: Spanned<String>,
    week: Spanned<IndexMap<String, Spanned<Intervals>>>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    dates: IndexMap<String, Spanned<Date>>,
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

/// Reads a file of that name: what it says, which is the server's to judge, and where. What is no file of this form is told with line and column.
pub(super) fn read(name: &str, text: &str) -> Result<(CalendarDefinition, Places), Vec<String>> {
    let File { calendar, zone, week, dates } = yaml::read(name, text).map_err(|fault| vec![fault])?;
    let mut places = Places::of(name, "definition");
    places.note("id", at(&calendar.referenced));
    places.note("zone", at(&zone.referenced));
    places.note("week", at(&week.referenced));
    let (mut days, mut faults) = (Vec::new(), Vec::new());
    for (named, hours) in &week.value {
        let here = at(&hours.referenced);
        let Some(weekdays) = weekdays(named) else {
            faults.push(no_weekday(name, here, named));
            continue;
        };
        for (day, weekday) in weekdays {
            let place = format!("week.{day}");
            places.note(&place, here);
            for (n, interval) in hours.value.0.iter().enumerate() {
                places.note(format!("{place}[{n}]"), at(&interval.referenced));
            }
            let hours = hours.value.0.iter().map(|interval| interval.value.clone());
            days.push(WorkingDay { weekday: (*weekday).into(), hours: hours.collect() });
        }
    }
    let dates = dates.into_iter().enumerate().map(|(n, (date, day))| {
        if n == 0 {
            places.note("dates", at(&day.referenced));
        }
        places.note(format!("dates[{n}]"), at(&day.referenced));
        places.note(format!("dates.{date}"), at(&day.referenced));
        match day.value {
            Date::Closed(name) => DatedDay { date, name, hours: Vec::new() },
            Date::Open(Open { name, hours }) => {
                DatedDay { date, name, hours: hours.map_or_else(Vec::new, |FlowSeq(hours)| hours) }
            }
        }
    });
    let dates = dates.collect();
    if faults.is_empty() {
        Ok((CalendarDefinition { id: calendar.value, zone: zone.value, week: days, dates }, places))
    } else {
        Err(faults)
    }
}

fn no_weekday(name: &str, (line, column): At, named: &str) -> String {
    format!(
        "{name}:{line}:{column}: week: {named:?} is no weekday; there are mon, tue, wed, thu, fri, sat, sun, and mon-fri"
    )
}

/// `mon`, or `mon-fri`.
fn weekdays(name: &str) -> Option<&'static [(&'static str, Weekday)]> {
    let index = |day: &str| DAYS.iter().position(|(known, _)| known.eq_ignore_ascii_case(day.trim()));
    let (first, last) = name.split_once('-').unwrap_or((name, name));
    DAYS.get(index(first)?..=index(last)?)
}

/// Writes such a file.
pub(super) fn write(definition: &CalendarDefinition) -> Result<String, serde_saphyr::ser::Error> {
    let date = |day: &DatedDay| match &day.hours[..] {
        [] => (day.date.clone(), unplaced(Date::Closed(day.name.clone()))),
        hours => {
            let open = Open { name: day.name.clone(), hours: Some(FlowSeq(hours.to_vec())) };
            (day.date.clone(), unplaced(Date::Open(open)))
        }
    };
    let day = |day: &WorkingDay| {
        let hours = day.hours.iter().map(|interval| unplaced(interval.clone()));
        (short(day.weekday).to_owned(), unplaced(FlowSeq(hours.collect())))
    };
    serde_saphyr::to_string(&File {
        calendar: unplaced(definition.id.clone()),
        zone: unplaced(definition.zone.clone()),
        week: unplaced(definition.week.iter().map(day).collect()),
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
        let (read, _) = read("c.yaml", OFFICE).unwrap();
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
        let (definition, _) = read("c.yaml", OFFICE).unwrap();
        let written = write(&definition).unwrap();
        assert_eq!(read("c.yaml", &written).unwrap().0, definition, "{written}");
    }

    #[test]
    fn what_stands_there_twice_is_kept_for_the_server_to_name() {
        let twice = "calendar: c\nzone: UTC\nweek:\n  mon-fri: [\"09:00-17:00\"]\n  fri: [\"09:00-12:00\"]\n";
        assert_eq!(read("c.yaml", twice).unwrap().0.week.len(), 6);
    }

    #[test]
    fn a_slip_of_the_pen_is_told_with_its_line_and_column() {
        let cases = [
            (
                OFFICE.replace("zone:", "zoen:"),
                "2:1: unknown field `zoen`, expected one of calendar, zone, week, dates",
            ),
            (
                OFFICE.replace("mon-wed", "mo-we"),
                "4:10: week: \"mo-we\" is no weekday; there are mon, tue, wed, thu, fri, sat, sun, and mon-fri",
            ),
            (OFFICE.replace("mon-wed", "wed-mon"), "4:12: week: \"wed-mon\" is no weekday; "),
            (OFFICE.replace("  fri: [\"09:00-12:00\"]", "  fri: 9"), "5:8: "),
            (OFFICE.replace("  fri:", "  mon-wed:"), "5:3: duplicate mapping key: mon-wed"),
            (OFFICE.replace("calendar: office\n", ""), "5:1: missing field `calendar`"),
            (OFFICE.replace("Christmas Day", "[closed]"), "8:15: must be a name, or `{ name: …, hours: […] }`"),
        ];
        for (text, expected) in cases {
            let told = read("c.yaml", &text).unwrap_err();
            assert!(
                told.len() == 1 && told[0].starts_with(&format!("c.yaml:{expected}")),
                "{told:?} is not {expected}"
            );
        }
    }

    #[test]
    fn what_the_server_finds_is_shown_where_it_stands() {
        let (_, places) = read("c.yaml", OFFICE).unwrap();
        let cases = [
            ("definition.zone", "c.yaml:2:7: zone is wrong"),
            ("definition.week", "c.yaml:4:3: week is wrong"),
            ("definition.week.tue[1]", "c.yaml:4:28: week.tue[1] is wrong"),
            ("definition.week.fri", "c.yaml:5:8: week.fri is wrong"),
            ("definition.dates[0].date", "c.yaml:7:15: dates[0].date is wrong"),
            ("definition.dates.2026-12-24[0]", "c.yaml:7:15: dates.2026-12-24[0] is wrong"),
            ("project", "project is wrong"),
        ];
        for (field, expected) in cases {
            assert_eq!(places.placed(field, "is wrong"), expected);
        }
    }
}
