//! What a calendar is defined by: valid, once it stands.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::{Date, Weekday};

use super::fault::{Fault, Faults};
use super::hours::Hours;
use super::zone::Zone;
use crate::ids::CalendarId;

/// A day holds at most this many intervals.
pub const HOURS_MAX: usize = 24;
/// A calendar holds at most this many dated days: holidays of several countries over decades.
pub const DATES_MAX: usize = 2_000;
/// A dated day's name holds at most this many characters.
pub const NAME_CHARS_MAX: usize = 200;
/// The weekdays as they are written, Monday first.
pub const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A calendar's definition. It has working time in every week, and no intervals that overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    id: CalendarId,
    zone: Zone,
    week: [Vec<Hours>; 7],
    dates: BTreeMap<Date, DatedDay>,
}

/// A date that differs from its weekday: a holiday, a half day, a Saturday that is worked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedDay {
    /// Such as `Christmas Day`; empty: unnamed. At most 200 characters.
    pub name: Arc<str>,
    /// The working time that begins on it; none: a holiday.
    pub hours: Vec<Hours>,
}

impl Definition {
    /// Sorts the intervals; answers everything that is wrong, at once. `week` begins on Monday.
    pub fn new(
        id: CalendarId,
        zone: Zone,
        week: [Vec<Hours>; 7],
        dates: BTreeMap<Date, DatedDay>,
    ) -> Result<Self, Faults> {
        let mut definition = Self { id, zone, week, dates };
        let faults = definition.check();
        if !faults.is_empty() {
            return Err(Faults(faults));
        }
        for hours in definition.week.iter_mut().chain(definition.dates.values_mut().map(|day| &mut day.hours)) {
            hours.sort_unstable();
        }
        Ok(definition)
    }

    /// What the project calls it.
    pub fn id(&self) -> &CalendarId {
        &self.id
    }

    /// The zone that its times are in.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The intervals of each weekday, Monday first; each day's in order.
    pub fn week(&self) -> &[Vec<Hours>; 7] {
        &self.week
    }

    /// The dates that differ.
    pub fn dates(&self) -> &BTreeMap<Date, DatedDay> {
        &self.dates
    }

    /// The intervals that open on that date.
    pub fn hours(&self, date: Date) -> &[Hours] {
        self.dates.get(&date).map_or_else(|| &self.week[index(date.weekday())], |day| &day.hours)
    }

    /// Whether any interval goes over midnight.
    pub fn over_midnight(&self) -> bool {
        self.week.iter().chain(self.dates.values().map(|day| &day.hours)).flatten().any(|hours| hours.over_midnight())
    }

    /// What is wrong with it. Its intervals need not be in order yet.
    pub(super) fn check(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.week.iter().all(Vec::is_empty) {
            faults.push(Fault::new("week", "has no working time at all"));
        }
        for (day, hours) in self.week.iter().enumerate() {
            let place = format!("week.{}", WEEK[day]);
            check_day(&place, hours, &mut faults);
            check_night(&place, &self.week[(day + 6) % 7], hours, &mut faults);
        }
        if self.dates.len() > DATES_MAX {
            faults.push(Fault::new("dates", format!("are {}, at most {DATES_MAX} are allowed", self.dates.len())));
        }
        for (date, day) in &self.dates {
            self.check_date(*date, day, &mut faults);
        }
        faults
    }

    fn check_date(&self, date: Date, day: &DatedDay, faults: &mut Vec<Fault>) {
        let place = format!("dates.{date}");
        let length = day.name.chars().count();
        if length > NAME_CHARS_MAX {
            faults.push(Fault::new(
                format!("{place}.name"),
                format!("is {length} characters long, at most {NAME_CHARS_MAX} are allowed"),
            ));
        }
        if day.name.chars().any(char::is_control) {
            faults.push(Fault::new(format!("{place}.name"), "may not contain control characters"));
        }
        check_day(&place, &day.hours, faults);
        if let Ok(yesterday) = date.yesterday() {
            check_night(&place, self.hours(yesterday), &day.hours, faults);
        }
        match date.tomorrow() {
            // Where tomorrow is dated too, the fault is told there.
            Ok(tomorrow) if !self.dates.contains_key(&tomorrow) => {
                check_night(&format!("{place} (its next day)"), &day.hours, self.hours(tomorrow), faults);
            }
            _ => {}
        }
    }
}

/// Where a weekday stands in a week that begins on Monday.
pub(super) fn index(weekday: Weekday) -> usize {
    usize::from(weekday.to_monday_zero_offset().unsigned_abs())
}

/// Intervals of one day that overlap: each is told once, with the first that it overlaps.
fn check_day(place: &str, hours: &[Hours], faults: &mut Vec<Fault>) {
    if hours.len() > HOURS_MAX {
        faults.push(Fault::new(place, format!("has {} intervals, at most {HOURS_MAX} are allowed", hours.len())));
        return;
    }
    for (n, later) in hours.iter().enumerate() {
        let overlaps = |earlier: &&Hours| later.opens() < earlier.closes() && earlier.opens() < later.closes();
        if let Some(earlier) = hours[..n].iter().find(overlaps) {
            faults.push(Fault::new(format!("{place}[{n}]"), format!("{later} overlaps {earlier}")));
        }
    }
}

/// Intervals of a day that begin before yesterday's last one has ended.
fn check_night(place: &str, yesterday: &[Hours], hours: &[Hours], faults: &mut Vec<Fault>) {
    let Some(night) = yesterday.iter().max_by_key(|hours| hours.tomorrow()) else {
        return;
    };
    for (n, hours) in hours.iter().enumerate().filter(|(_, hours)| hours.opens() < night.tomorrow()) {
        faults.push(Fault::new(format!("{place}[{n}]"), format!("{hours} overlaps {night} of the day before")));
    }
}
