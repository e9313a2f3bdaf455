//! A definition as somebody wrote it: texts, to be read all at once.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::definition::{DatedDay, Definition, WEEK};
use super::fault::{Fault, Faults};
use super::hours::Hours;
use super::zone::Zone;
use crate::ids::CalendarId;

/// A definition as somebody wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// What the calendar is to be called.
    pub id: String,
    /// An IANA zone such as `Europe/London`.
    pub zone: String,
    /// The weekdays that have working time, in any order.
    pub week: Vec<DraftDay>,
    /// The dates that differ, in any order.
    pub dates: Vec<DraftDate>,
}

/// A weekday's working time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DraftDay {
    /// `mon` to `sun`.
    pub day: String,
    /// Such as `09:00-17:00`.
    pub hours: Vec<String>,
}

/// A date's working time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DraftDate {
    /// Such as `2026-12-24`.
    pub date: String,
    /// Such as `Christmas Eve`.
    pub name: String,
    /// Such as `09:00-12:00`; none: a holiday.
    pub hours: Vec<String>,
}

impl Draft {
    /// The definition, or everything that is wrong, each with its place.
    pub fn read(&self) -> Result<Definition, Faults> {
        let mut faults = Vec::new();
        let id = CalendarId::parse(&self.id).map_err(|wrong| faults.push(Fault::new("id", wrong.to_string()))).ok();
        let zone = Zone::find(&self.zone);
        if zone.is_none() {
            faults.push(Fault::new("zone", unknown_zone(&self.zone)));
        }
        let week = self.read_week(&mut faults);
        let dates = self.read_dates(&mut faults);
        // What could be read is checked also where the rest could not: a user sees all at once.
        let stand_in = || CalendarId::parse("draft").ok();
        let (Some(named), Some(zoned)) = (id.clone().or_else(stand_in), zone.clone().or_else(|| Zone::find("UTC")))
        else {
            return Err(Faults(faults));
        };
        match Definition::new(named, zoned, week, dates) {
            Ok(definition) if faults.is_empty() => Ok(definition),
            Ok(_) => Err(Faults(faults)),
            Err(Faults(more)) => {
                // A week that could not be read isn't empty.
                let unread = faults.iter().any(|fault| fault.place.starts_with("week"));
                faults.extend(more.into_iter().filter(|fault| !(unread && fault.place == "week")));
                Err(Faults(faults))
            }
        }
    }

    fn read_week(&self, faults: &mut Vec<Fault>) -> [Vec<Hours>; 7] {
        let mut week: [Vec<Hours>; 7] = Default::default();
        let mut seen = [false; 7];
        for (n, DraftDay { day, hours }) in self.week.iter().enumerate() {
            let Some(index) = WEEK.iter().position(|name| name.eq_ignore_ascii_case(day)) else {
                faults.push(Fault::new(
                    format!("week[{n}].day"),
                    format!("must be one of {}; it is {day:?}", WEEK.join(", ")),
                ));
                continue;
            };
            if std::mem::replace(&mut seen[index], true) {
                faults.push(Fault::new(format!("week.{}", WEEK[index]), "stands there twice"));
                continue;
            }
            week[index] = read_hours(&format!("week.{}", WEEK[index]), hours, faults);
        }
        week
    }

    fn read_dates(&self, faults: &mut Vec<Fault>) -> BTreeMap<Date, DatedDay> {
        let mut dates = BTreeMap::new();
        for (n, DraftDate { date, name, hours }) in self.dates.iter().enumerate() {
            let Ok(date) = date.parse::<Date>() else {
                faults.push(Fault::new(
                    format!("dates[{n}].date"),
                    format!("must be a date such as 2026-12-24; it is {date:?}"),
                ));
                continue;
            };
            let place = format!("dates.{date}");
            let hours = read_hours(&place, hours, faults);
            if dates.insert(date, DatedDay { name: name.trim().into(), hours }).is_some() {
                faults.push(Fault::new(place, "stands there twice"));
            }
        }
        dates
    }
}

fn read_hours(place: &str, texts: &[String], faults: &mut Vec<Fault>) -> Vec<Hours> {
    let mut hours = Vec::with_capacity(texts.len());
    for (n, text) in texts.iter().enumerate() {
        match text.parse() {
            Ok(read) => hours.push(read),
            Err(wrong) => faults.push(Fault::new(format!("{place}[{n}]"), format!("{text:?} {wrong}"))),
        }
    }
    hours
}

fn unknown_zone(name: &str) -> String {
    format!("must be a time zone of the IANA database, such as Europe/London; {name:?} is none")
}
