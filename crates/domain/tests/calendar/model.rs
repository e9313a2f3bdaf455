//! A calendar as slow as it is plain: looks at the wall clock, a step at a time.

use std::collections::BTreeMap;

use domain::calendar::Calendar;
use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};

/// Walks over a calendar in steps that none of its zone's offsets splits.
pub(crate) struct Model<'a> {
    pub(crate) calendar: &'a Calendar,
    pub(crate) step: SignedDuration,
}

impl Model<'_> {
    fn reading(&self, at: Timestamp) -> DateTime {
        self.calendar.zone().time_zone().to_datetime(at)
    }

    /// Whether the wall clock shows working time.
    pub(crate) fn works(&self, at: Timestamp) -> bool {
        let reading = self.reading(at);
        let second = i32::from(reading.hour()) * 3600 + i32::from(reading.minute()) * 60 + i32::from(reading.second());
        let inside = |date: Date, second: i32| {
            let hours = self.calendar.hours(date).iter();
            hours
                .into_iter()
                .any(|hours| (i32::from(hours.opens()) * 60..i32::from(hours.closes()) * 60).contains(&second))
        };
        inside(reading.date(), second) || inside(reading.date().yesterday().unwrap(), second + 24 * 3600)
    }

    pub(crate) fn next_open(&self, mut at: Timestamp, limit: Timestamp) -> Option<Timestamp> {
        while !self.works(at) {
            at += self.step;
            if at >= limit {
                return None;
            }
        }
        Some(at)
    }

    pub(crate) fn between(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        let (mut at, mut sum) = (from, SignedDuration::ZERO);
        while at < to {
            if self.works(at) {
                sum += self.step;
            }
            at += self.step;
        }
        sum
    }

    /// `None`: not before `limit`.
    pub(crate) fn add(&self, from: Timestamp, target: SignedDuration, limit: Timestamp) -> Option<Timestamp> {
        let (mut at, mut sum) = (from, SignedDuration::ZERO);
        while sum < target {
            if at >= limit {
                return None;
            }
            if self.works(at) {
                sum += self.step;
            }
            at += self.step;
        }
        Some(at)
    }

    /// `None`: not safely before `limit`.
    pub(crate) fn add_days(&self, from: Timestamp, days: usize, limit: Timestamp) -> Option<Timestamp> {
        let from = self.next_open(from, limit)?;
        let start = self.reading(from);
        let mut worked: BTreeMap<Date, Vec<Timestamp>> = BTreeMap::new();
        let mut at = from;
        while at < limit {
            let date = self.reading(at).date();
            if date > start.date() && self.works(at) {
                worked.entry(date).or_default().push(at);
            }
            at += self.step;
        }
        // The limit may cut its day off.
        worked.remove(&self.reading(limit).date());
        let steps = worked.into_values().nth(days - 1)?;
        let reached = steps.iter().filter(|step| self.reading(**step).time() <= start.time());
        let latest = reached.map(|step| {
            let left = self.reading(*step).time().duration_until(start.time());
            *step + self.step.min(left)
        });
        Some(latest.max().unwrap_or(steps[0]))
    }
}
