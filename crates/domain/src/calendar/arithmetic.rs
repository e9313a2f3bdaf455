//! Working time: when the calendar opens next, when a target is used up, how much lies between two instants.

use jiff::{SignedDuration, Timestamp};

use super::Calendar;
use super::table::{Day, Year};

const SECOND_NANOS: i64 = 1_000_000_000;
const DAY_SECONDS: i64 = 24 * 60 * 60;
/// No horizon holds more working time than this, and its nanoseconds fit into 64 bits.
const LONGEST: SignedDuration = SignedDuration::from_secs(240 * 366 * DAY_SECONDS);

/// Why a target has no deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// The calendar has no working time so late.
    #[error("the calendar's working time ends, in the year 2199, before the target is used up")]
    Exhausted,
    /// Where an interval belongs to two dates, a working day is not one date.
    #[error("targets in working days can't be counted on a calendar with intervals over midnight")]
    OverMidnight,
}

/// A stretch of working time: from its opening up to its closing, which no longer belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// When it opens.
    pub opens: Timestamp,
    /// When it closes.
    pub closes: Timestamp,
}

impl Calendar {
    /// The first working instant at or after `at`. `None`: the calendar has none so late.
    pub fn next_open(&self, at: Timestamp) -> Option<Timestamp> {
        let (mut number, second) = self.locate(at);
        let mut year = self.year(number)?;
        let relative = year.relative(second);
        let mut span = if second < year.begins { 0 } else { year.begun(relative) };
        if let Some(last) = span.checked_sub(1)
            && relative - year.starts[last] < year.length(last)
        {
            return Some(at);
        }
        while span == year.starts.len() {
            (number, span) = (number + 1, 0);
            year = self.year(number)?;
        }
        Some(instant(year.begins + i64::from(year.starts[span]), 0))
    }

    /// The earliest instant at which that much working time after `from` is used up: closing time, where an interval just suffices. `from` itself for
    /// nothing or less.
    pub fn add(&self, from: Timestamp, target: SignedDuration) -> Result<Timestamp, Unreachable> {
        if !target.is_positive() {
            return Ok(from);
        }
        if target > LONGEST {
            return Err(Unreachable::Exhausted);
        }
        let (mut number, _) = self.locate(from);
        let mut year = self.year(number).ok_or(Unreachable::Exhausted)?;
        let target = target.as_secs() * SECOND_NANOS + i64::from(target.subsec_nanos());
        let mut wanted = used(year, from) + target;
        while wanted > i64::from(year.total()) * SECOND_NANOS {
            wanted -= i64::from(year.total()) * SECOND_NANOS;
            number += 1;
            year = self.year(number).ok_or(Unreachable::Exhausted)?;
        }
        let span = year.before[1..].partition_point(|sum| i64::from(*sum) * SECOND_NANOS < wanted);
        let into = wanted - i64::from(year.before[span]) * SECOND_NANOS;
        Ok(instant(year.begins + i64::from(year.starts[span]), into))
    }

    /// The deadline of a target in working days: `from` moves to the next working instant; the Nth later working day, at the latest working instant at
    /// or before that local time (closing time counts), else at that day's opening. No days: that next working instant.
    pub fn add_days(&self, from: Timestamp, days: u32) -> Result<Timestamp, Unreachable> {
        if !self.counts_days() {
            return Err(Unreachable::OverMidnight);
        }
        let from = self.next_open(from).ok_or(Unreachable::Exhausted)?;
        if days == 0 {
            return Ok(from);
        }
        let (mut number, second) = self.locate(from);
        let mut year = self.year(number).ok_or(Unreachable::Exhausted)?;
        let span = year.begun(year.relative(second)) - 1;
        let begun = usize::from(year.day_of[span]);
        let local = second + i64::from(self.offset(year.days[begun], from));
        let of_day = local.rem_euclid(DAY_SECONDS) * SECOND_NANOS + nanos(from);
        let mut day = begun + days as usize;
        while day >= year.days.len() {
            day -= year.days.len();
            number += 1;
            year = self.year(number).ok_or(Unreachable::Exhausted)?;
        }
        Ok(self.at_or_before(year, day, of_day))
    }

    /// The working time from one instant up to another; negative where `to` is the earlier one.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        if to < from {
            return -self.between(to, from);
        }
        let ((first, _), (last, _)) = (self.locate(from), self.locate(to));
        let whole =
            (first..last).filter_map(|number| self.year(number)).map(|year| i64::from(year.total())).sum::<i64>();
        let of = |number, at| self.year(number).map_or(0, |year| used(year, at));
        SignedDuration::from_nanos(whole * SECOND_NANOS + of(last, to) - of(first, from))
    }

    /// The stretches of working time within `from..to`, in order: how a deadline was counted. They end at midnight also where work goes on.
    pub fn spans(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Span> {
        let (first, second) = self.locate(from);
        let skipped = self.year(first).map_or(0, |year| year.begun(year.relative(second)).saturating_sub(1));
        let years = (first..).map_while(|number| self.year(number));
        let all = years.flat_map(|year| (0..year.starts.len()).map(|span| span_of(year, span))).skip(skipped);
        all.take_while(move |span| span.opens < to).filter_map(move |Span { opens, closes }| {
            let span = Span { opens: opens.max(from), closes: closes.min(to) };
            (span.opens < span.closes).then_some(span)
        })
    }

    fn year(&self, number: usize) -> Option<&Year> {
        self.table.year(&self.definition, number)
    }

    /// The number of its year, and its second.
    fn locate(&self, at: Timestamp) -> (usize, i64) {
        let second = floor(at);
        (self.table.number(&self.definition, second), second)
    }

    fn offset(&self, day: Day, at: Timestamp) -> i32 {
        day.offset.unwrap_or_else(|| self.zone().time_zone().to_offset(at).seconds())
    }

    /// On a working day, the latest working instant whose local time is at or before that one, in nanoseconds since midnight; else its opening.
    fn at_or_before(&self, year: &Year, day: usize, of_day: i64) -> Timestamp {
        let Day { midnight, first, spans, .. } = year.days[day];
        let (first, spans) = (first as usize, spans as usize);
        let candidates = match year.days[day].offset {
            Some(_) => first..first + spans,
            None => first..year.starts.len(),
        };
        let mut latest = None;
        for span in candidates.filter(|span| usize::from(year.day_of[*span]) == day) {
            let Span { opens, closes } = span_of(year, span);
            let offset = i64::from(self.offset(year.days[day], opens));
            // The local time as an instant of this span, were it long enough.
            let reading = instant(midnight - offset, of_day);
            if opens <= reading {
                latest = Some(reading.min(closes));
            }
        }
        latest.unwrap_or_else(|| span_of(year, first).opens)
    }
}

/// The working nanoseconds of a year before an instant.
fn used(year: &Year, at: Timestamp) -> i64 {
    let second = floor(at);
    let relative = year.relative(second);
    let Some(span) = year.begun(relative).checked_sub(1) else {
        return 0;
    };
    let inside = second >= year.begins && second < year.ends;
    let into = i64::from(relative - year.starts[span]) * SECOND_NANOS + if inside { nanos(at) } else { 0 };
    i64::from(year.before[span]) * SECOND_NANOS + into.min(i64::from(year.length(span)) * SECOND_NANOS)
}

fn span_of(year: &Year, span: usize) -> Span {
    let opens = year.begins + i64::from(year.starts[span]);
    Span { opens: instant(opens, 0), closes: instant(opens + i64::from(year.length(span)), 0) }
}

/// Its whole second, rounded down also before 1970.
fn floor(at: Timestamp) -> i64 {
    at.as_second() - i64::from(at.subsec_nanosecond() < 0)
}

/// Its nanoseconds since that second.
fn nanos(at: Timestamp) -> i64 {
    i64::from(at.subsec_nanosecond()).rem_euclid(SECOND_NANOS)
}

/// That second, and nanoseconds after it. Within the horizon, and so within what an instant can be.
fn instant(second: i64, nanos: i64) -> Timestamp {
    let (second, nanos) = (second + nanos.div_euclid(SECOND_NANOS), nanos.rem_euclid(SECOND_NANOS));
    Timestamp::new(second, i32::try_from(nanos).unwrap_or(0)).unwrap_or(Timestamp::MAX)
}
