//! Days, weeks and months, all in UTC.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 24 * 3600 * SECOND;

/// A day in UTC: how many after 1970-01-01 it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Day(i32);

/// How long a step of an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A day.
    Day,
    /// A week, from Monday (ISO 8601).
    Week,
    /// A month.
    Month,
}

impl Day {
    /// The day of an instant.
    pub fn of(at: Timestamp) -> Self {
        Self::of_micros(at.as_microsecond())
    }

    pub(crate) fn of_micros(micros: i64) -> Self {
        // An instant lies between the years -9999 and 9999.
        Self(i32::try_from(micros.div_euclid(DAY)).unwrap_or_default())
    }

    /// Its first instant.
    pub fn start(self) -> Timestamp {
        Timestamp::from_microsecond(self.micros()).unwrap_or_default()
    }

    pub(crate) fn micros(self) -> i64 {
        i64::from(self.0) * DAY
    }

    /// So many days later; earlier where it is negative.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// How many days it is after another.
    pub fn since(self, other: Self) -> i32 {
        self.0.saturating_sub(other.0)
    }

    /// The calendar's date.
    pub fn date(self) -> Date {
        self.start().to_zoned(TimeZone::UTC).date()
    }

    fn on(date: Date) -> Self {
        TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).map_or(Self(0), Self::of)
    }

    /// The first day of the step that it is in.
    #[must_use]
    pub fn floor(self, step: Step) -> Self {
        match step {
            Step::Day => self,
            Step::Week => self.plus(-i32::from(self.date().weekday().to_monday_zero_offset())),
            Step::Month => Self::on(self.date().first_of_month()),
        }
    }

    /// The first day of the next step.
    #[must_use]
    pub fn next(self, step: Step) -> Self {
        match step {
            Step::Day => self.plus(1),
            Step::Week => self.floor(step).plus(7),
            // At the end of time there is no next month: but a later day, always.
            Step::Month => Self::on(self.date().first_of_month().saturating_add(1.month())).max(self.plus(1)),
        }
    }

    /// The first day of a step at or after it.
    #[must_use]
    pub fn ceil(self, step: Step) -> Self {
        let floor = self.floor(step);
        if floor == self { self } else { self.next(step) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(date: &str, step: Step, first: &str, next: &str) {
        let day = Day::on(date.parse().unwrap());
        let told = [day.floor(step), day.next(step)].map(|day| day.date().to_string());
        assert_eq!((day.date().to_string().as_str(), [first, next]), (date, told.each_ref().map(String::as_str)));
    }

    #[test]
    fn steps_begin_where_the_calendar_says() {
        check("2026-11-22", Step::Day, "2026-11-22", "2026-11-23");
        check("2026-11-22", Step::Week, "2026-11-16", "2026-11-23");
        check("2026-11-23", Step::Week, "2026-11-23", "2026-11-30");
        check("2024-02-29", Step::Month, "2024-02-01", "2024-03-01");
        check("1969-12-31", Step::Month, "1969-12-01", "1970-01-01");
        check("1969-12-31", Step::Week, "1969-12-29", "1970-01-05");
    }

    #[test]
    fn an_instant_before_1970_has_a_day_too() {
        let at: Timestamp = "1969-12-31T23:59:59.5Z".parse().unwrap();
        assert_eq!(Day::of(at).date().to_string(), "1969-12-31");
        assert_eq!(Day::of(at).next(Step::Day).start(), Timestamp::UNIX_EPOCH);
    }
}
