//! A calendar compiled: the working time of each year as sorted spans of instants, with the sum of what went before.
//!
//! A year is compiled when it is first asked for, and kept: some kilobytes each, and all clones of a calendar share them. Filling this memory is the
//! only thing that ever changes in a calendar, and no answer depends on it.

use std::sync::OnceLock;

use jiff::civil::{Date, date};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};

use super::Definition;

/// The years that a calendar is compiled for, first and last. Outside them no time is working time.
pub const HORIZON: (i16, i16) = (1970, 2199);

const YEARS: usize = HORIZON.1.abs_diff(HORIZON.0) as usize + 1;
const DAY_SECONDS: i64 = 24 * 60 * 60;
/// Gregorian years are so long on average.
const YEAR_SECONDS: i64 = 31_556_952;

/// The compiled years of a calendar.
#[derive(Debug)]
pub(super) struct Table {
    years: Box<[OnceLock<Year>]>,
}

impl Default for Table {
    fn default() -> Self {
        Self { years: (0..YEARS).map(|_| OnceLock::new()).collect() }
    }
}

impl Table {
    /// The year of that number, counted from the first; `None`: past the last.
    pub(super) fn year(&self, definition: &Definition, number: usize) -> Option<&Year> {
        let year = self.years.get(number)?;
        Some(year.get_or_init(|| Year::compile(definition, number)))
    }

    /// The number of the year that a second lies in, by the calendar's own zone; the first or last one's where it lies outside.
    pub(super) fn number(&self, definition: &Definition, second: i64) -> usize {
        // A guess, which may be off by one near a year's end.
        let mut number = usize::try_from(second / YEAR_SECONDS).unwrap_or(0).min(YEARS - 1);
        while let Some(year) = self.year(definition, number) {
            if second < year.begins && number > 0 {
                number -= 1;
            } else if second >= year.ends && number + 1 < YEARS {
                number += 1;
            } else {
                break;
            }
        }
        number
    }
}

/// A year's working time. Seconds are counted from its beginning.
#[derive(Debug)]
pub(super) struct Year {
    /// Its first second, as seconds since 1970.
    pub(super) begins: i64,
    /// The first second after it.
    pub(super) ends: i64,
    /// When each span begins, in order. All of a span has one offset from UTC and one date.
    pub(super) starts: Vec<u32>,
    /// The working seconds before each span, and at the end those of the whole year: a span's length is the difference to the next.
    pub(super) before: Vec<u32>,
    /// The number of the date that each span opens on, among `days`.
    pub(super) day_of: Vec<u16>,
    /// The dates with any working time, in order.
    pub(super) days: Vec<Day>,
}

/// A working day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    /// Midnight of its date, as if its zone were UTC, in seconds since 1970.
    pub(super) midnight: i64,
    /// Its first span.
    pub(super) first: u32,
    /// How many spans it has.
    pub(super) spans: u32,
    /// Its offset from UTC in seconds; `None`: it has more than one, or its spans don't stand side by side.
    pub(super) offset: Option<i32>,
}

impl Year {
    /// A second, counted from the year's beginning; those outside count as its first or its end.
    pub(super) fn relative(&self, second: i64) -> u32 {
        let clamped = second.clamp(self.begins, self.ends) - self.begins;
        u32::try_from(clamped).unwrap_or(u32::MAX)
    }

    /// How many spans begin at or before that second of the year.
    pub(super) fn begun(&self, relative: u32) -> usize {
        self.starts.partition_point(|start| *start <= relative)
    }

    /// The length of a span in seconds.
    pub(super) fn length(&self, span: usize) -> u32 {
        self.before[span + 1] - self.before[span]
    }

    /// The working seconds of the whole year.
    pub(super) fn total(&self) -> u32 {
        self.before[self.starts.len()]
    }

    fn compile(definition: &Definition, number: usize) -> Self {
        let zone = definition.zone().time_zone();
        let first_year = HORIZON.0.saturating_add(i16::try_from(number).unwrap_or(i16::MAX));
        let begins = first_instant(zone, date(first_year, 1, 1));
        let ends = first_instant(zone, date(first_year + 1, 1, 1));
        let (starts, before) = (Vec::new(), vec![0]);
        let mut year = Self { begins, ends, starts, before, day_of: Vec::new(), days: Vec::new() };
        let mut from = begins;
        let mut offset = offset_at(zone, begins);
        for transition in zone.following(instant(begins)) {
            let at = transition.timestamp().as_second().min(ends);
            year.add_segment(definition, from, at, offset);
            (from, offset) = (at, transition.offset());
            if at == ends {
                break;
            }
        }
        year.add_segment(definition, from, ends, offset);
        year
    }

    /// The working time of `from..until`, throughout which the zone's offset is that one.
    fn add_segment(&mut self, definition: &Definition, from: i64, until: i64, offset: Offset) {
        if from >= until {
            return;
        }
        let offset = offset.seconds();
        let (local_from, local_until) = (from + i64::from(offset), until + i64::from(offset));
        // What opened on the day before may go over midnight.
        let mut midnight = (local_from.div_euclid(DAY_SECONDS) - 1) * DAY_SECONDS;
        let mut date = date_of(midnight);
        while midnight < local_until {
            for hours in definition.hours(date) {
                let opens = (midnight + i64::from(hours.opens()) * 60).max(local_from);
                let closes = (midnight + i64::from(hours.closes()) * 60).min(local_until);
                if opens < closes {
                    self.add_span(opens - i64::from(offset), closes - i64::from(offset), midnight, offset);
                }
            }
            midnight += DAY_SECONDS;
            date = date.tomorrow().unwrap_or(Date::MAX);
        }
    }

    fn add_span(&mut self, opens: i64, closes: i64, midnight: i64, offset: i32) {
        let span = u32::try_from(self.starts.len()).unwrap_or(u32::MAX);
        let length = u32::try_from(closes - opens).unwrap_or(u32::MAX);
        self.starts.push(self.relative(opens));
        self.before.push(self.total_before_push() + length);
        // A clock put back over midnight shows an earlier date again.
        let day = self.days.partition_point(|day| day.midnight < midnight);
        match self.days.get_mut(day) {
            Some(known) if known.midnight == midnight => {
                let side_by_side = known.first + known.spans == span;
                known.spans += 1;
                known.offset = known.offset.filter(|known| *known == offset && side_by_side);
            }
            _ => self.days.push(Day { midnight, first: span, spans: 1, offset: Some(offset) }),
        }
        self.day_of.push(u16::try_from(day).unwrap_or(u16::MAX));
    }

    fn total_before_push(&self) -> u32 {
        self.before.last().copied().unwrap_or(0)
    }
}

/// The first second at which the zone's clocks show that date, or a later one.
fn first_instant(zone: &TimeZone, date: Date) -> i64 {
    let ambiguous = zone.to_ambiguous_timestamp(date.at(0, 0, 0, 0));
    let gap = matches!(ambiguous.offset(), jiff::tz::AmbiguousOffset::Gap { .. });
    let earlier = ambiguous.earlier().unwrap_or(Timestamp::MIN);
    let first = if gap { zone.following(earlier).next().map(|put_forward| put_forward.timestamp()) } else { None };
    first.unwrap_or(earlier).as_second()
}

fn instant(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

fn offset_at(zone: &TimeZone, second: i64) -> Offset {
    zone.to_offset(instant(second))
}

fn date_of(midnight: i64) -> Date {
    let days = midnight.div_euclid(DAY_SECONDS);
    date(1970, 1, 1).saturating_add(days.days())
}
