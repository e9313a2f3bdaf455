//! Events of some hours: which readings of the wall clock in the calendar's zone they close.

use domain::calendar::Zone;
use icalendar::{CalendarDateTime, Component as _, Event};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan as _};

use super::occurrences::occurrences;
use super::{DAYS_MAX, Part, Wanted, Wrong};

const DAY_MINUTES: u16 = 24 * 60;

/// When an event begins, as its own zone's clocks show it, and how long it lasts.
#[derive(Debug)]
pub(super) struct Timed {
    start: DateTime,
    zone: TimeZone,
    length: SignedDuration,
}

impl Timed {
    pub(super) fn of(
        event: &Event,
        (start, end): (&CalendarDateTime, Option<&CalendarDateTime>),
        wanted: &Wanted,
    ) -> Result<Self, Wrong> {
        let (begins, zone) = local(start, wanted)?;
        let start = instant(begins, &zone)?;
        let length = match (end, event.property_value("DURATION")) {
            (Some(end), _) => {
                let (ends, zone) = local(end, wanted)?;
                instant(ends, &zone)?.duration_since(start)
            }
            (None, Some(length)) => {
                let span: Span = length.parse().map_err(|_| Wrong::NoEnd)?;
                let ends = begins.checked_add(span).map_err(|_| Wrong::TooLong)?;
                instant(ends, &zone)?.duration_since(start)
            }
            (None, None) => return Err(Wrong::NoEnd),
        };
        if !length.is_positive() {
            return Err(Wrong::EndsBefore);
        }
        if length > SignedDuration::from_hours(24 * i64::try_from(DAYS_MAX).unwrap_or(i64::MAX)) {
            return Err(Wrong::TooLong);
        }
        Ok(Self { start: begins, zone, length })
    }

    /// What it closes, by each of its occurrences.
    pub(super) fn closed(&self, event: &Event, wanted: &Wanted) -> Result<Vec<(Date, Part)>, Wrong> {
        let mut closed = Vec::new();
        for date in occurrences(event, self.start.date(), Some((self.start.time(), &self.zone)), wanted.until)? {
            let start = instant(date.to_datetime(self.start.time()), &self.zone)?;
            let ends = start.checked_add(self.length).map_err(|_| Wrong::TooLong)?;
            let (from, until) = (reading(start, wanted)?, reading(ends, wanted)?);
            closed.extend(parts(from, until));
        }
        Ok(closed)
    }
}

/// The dates of what is all day after all, as Outlook writes it: from midnight to midnight, wherever that is. The second is the first after it.
pub(super) fn whole_days(event: &Event, start: &CalendarDateTime, end: &CalendarDateTime) -> Option<(Date, Date)> {
    let all_day = event.property_value("X-MICROSOFT-CDO-ALLDAYEVENT")?.eq_ignore_ascii_case("TRUE");
    let (start, end) = (shown(start).ok()?, shown(end).ok()?);
    let midnights = start.time() == Time::midnight() && end.time() == Time::midnight();
    (all_day && midnights).then(|| (start.date(), end.date()))
}

/// What it closes of each date that it touches.
fn parts(from: DateTime, until: DateTime) -> impl Iterator<Item = (Date, Part)> {
    let dates = from.date().series(1.day()).take_while(move |date| *date <= until.date());
    dates.filter_map(move |date| {
        let opens = if date == from.date() { minutes(from.time()) } else { 0 };
        let closes = if date == until.date() { minutes(until.time()) } else { DAY_MINUTES };
        match (opens, closes) {
            (0, DAY_MINUTES) => Some((date, Part::Day)),
            (opens, closes) => (opens < closes).then(|| (date, Part::Minutes(vec![(opens, closes)]))),
        }
    })
}

/// What a clock shows, and in which zone. Without a zone it is the calendar's.
fn local(at: &CalendarDateTime, wanted: &Wanted) -> Result<(DateTime, TimeZone), Wrong> {
    let zone = match at {
        CalendarDateTime::Floating(_) => wanted.zone.clone(),
        CalendarDateTime::Utc(_) => TimeZone::UTC,
        CalendarDateTime::WithTimezone { tzid, .. } => named(tzid)?,
    };
    Ok((shown(at)?, zone))
}

fn shown(at: &CalendarDateTime) -> Result<DateTime, Wrong> {
    let shown = match at {
        CalendarDateTime::Floating(shown) | CalendarDateTime::WithTimezone { date_time: shown, .. } => {
            shown.to_string()
        }
        CalendarDateTime::Utc(at) => at.naive_utc().to_string(),
    };
    shown.parse().map_err(|_| Wrong::NoStart)
}

/// An IANA zone; some put a prefix of their own before it (RFC 5545, 3.2.19).
pub(super) fn named(tzid: &str) -> Result<TimeZone, Wrong> {
    let tzid = tzid.trim_matches('"');
    let starts = tzid.match_indices('/').map(|(at, _)| &tzid[at + 1..]);
    let mut names = [tzid].into_iter().chain(starts.filter(|_| tzid.starts_with('/')));
    names.find_map(Zone::find).map(|zone| zone.time_zone().clone()).ok_or_else(|| Wrong::Zone(tzid.to_owned()))
}

/// The one instant at which a clock shows that.
fn instant(shown: DateTime, zone: &TimeZone) -> Result<Timestamp, Wrong> {
    zone.to_ambiguous_timestamp(shown).unambiguous().map_err(|_| Wrong::Ambiguous(shown.to_string()))
}

/// What the clocks of the calendar's zone show, to the minute, and at no other instant.
fn reading(at: Timestamp, wanted: &Wanted) -> Result<DateTime, Wrong> {
    let shown = at.to_zoned(wanted.zone.clone()).datetime();
    if shown.second() != 0 || shown.subsec_nanosecond() != 0 {
        return Err(Wrong::Seconds);
    }
    instant(shown, &wanted.zone)?;
    Ok(shown)
}

fn minutes(time: Time) -> u16 {
    u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs())
}
